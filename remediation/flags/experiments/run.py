"""One run of an experiment: a flag whose customers are drawn to variants, from the first of them to the last."""

from collections.abc import Mapping
from typing import Self

import msgspec

from checks.facts import PaymentAttempted, PaymentCaptured
from checks.measures.buckets import Buckets
from remediation.deployment.gates.observed import FUTURE_MS, LATE_MS, PANE_MS
from remediation.flags.experiments.counts import VariantCounts
from remediation.flags.experiments.customers import Customers
from remediation.flags.experiments.outcomes import counted
from remediation.flags.experiments.pairs import NOTHING, Pair, PairState
from remediation.flags.experiments.sample_ratio import SampleRatio, SampleRatioState
from remediation.flags.experiments.splits import VARIANTS_MAX, Split

SETTLING_MS = 30_000
"""For so long after the shares have changed some process may draw by the old ones; it asks anew every 15 s."""
_ONE = 0
"""The one pane of latencies, which never turns."""


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of a run. Times: Unix milliseconds; split_ms: since when the shares are as they are.

    ended_ms: 0 while it goes on. customers: see Customers. unnamed: payments without a customer, which are drawn to one
    side all together. latencies: payments by variant and bucket. panes: payments that are not weighed yet.
    """

    flag: str
    split: Split
    started_ms: int
    split_ms: int
    ended_ms: int = 0
    unnamed: int = 0
    counts: dict[str, VariantCounts]
    latencies: dict[str, dict[int, int]]
    pairs: dict[str, PairState]
    sample_ratio: SampleRatioState
    panes: dict[int, dict[str, tuple[int, ...]]]
    weighed_ms: int
    customers: bytes


class Run:
    """Counts payments in any order, each once. Its control and variants stay the same; their shares may change."""

    def __init__(self, state: RunState) -> None:
        self.flag = state.flag
        self.split = state.split
        self.started_ms, self.ended_ms = state.started_ms, state.ended_ms
        self.unnamed = state.unnamed
        self.counts = _copied(state.counts)
        self.pairs = {variant: Pair(pair) for variant, pair in state.pairs.items()}
        self.sample_ratio = SampleRatio(state.split.shares, state.sample_ratio)
        self._split_ms = state.split_ms
        self._latencies = Buckets()
        self._latencies.refill({_ONE: {variant: dict(counts) for variant, counts in state.latencies.items()}})
        self._panes = {place: dict(pane) for place, pane in state.panes.items()}
        self._weighed_ms = state.weighed_ms
        self._customers = Customers(f"{state.flag} {state.started_ms}", state.customers)

    @classmethod
    def begun(cls, flag: str, split: Split, at_ms: int) -> Self:
        """With nothing counted yet."""
        return cls(
            RunState(
                flag=flag,
                split=split,
                started_ms=at_ms,
                split_ms=at_ms,
                counts={variant: VariantCounts() for variant in split.shares},
                latencies={},
                pairs={variant: Pair().state for variant in split.shares if variant != split.control},
                sample_ratio=SampleRatio(split.shares).state,
                panes={},
                weighed_ms=0,
                customers=b"",
            )
        )

    @property
    def state(self) -> RunState:
        """All of it, to go on from later."""
        return RunState(
            flag=self.flag,
            split=self.split,
            started_ms=self.started_ms,
            split_ms=self._split_ms,
            ended_ms=self.ended_ms,
            unnamed=self.unnamed,
            counts=_copied(self.counts),
            latencies={str(variant): counts for variant, counts in self._latencies.panes.get(_ONE, {}).items()},
            pairs={variant: pair.state for variant, pair in self.pairs.items()},
            sample_ratio=self.sample_ratio.state,
            panes={place: dict(pane) for place, pane in self._panes.items()},
            weighed_ms=self._weighed_ms,
            customers=self._customers.filled,
        )

    def goes_on_with(self, split: Split) -> bool:
        """Whether this is the same experiment with other shares, or none of the kind."""
        return not self.ended_ms and split.control == self.split.control and set(split.shares) == set(self.split.shares)

    def draw(self, split: Split, at_ms: int) -> None:
        """From now on customers are drawn in these shares."""
        if split == self.split:
            return
        self.split, self._split_ms = split, at_ms
        self.sample_ratio.ask(split.shares)

    def end(self, at_ms: int) -> None:
        """Nobody is drawn any more; what was counted stays."""
        self.weigh(at_ms + PANE_MS + LATE_MS)
        self.ended_ms = at_ms
        # Nobody else comes, so that it need not be known who was here.
        self._customers = Customers("", bits=8)

    def take(self, payment: PaymentAttempted, variant: str, now_ms: int) -> None:
        """One payment of somebody who got this variant. now_ms: when it arrived."""
        at_ms = payment.at_ms if payment.at_ms <= now_ms + FUTURE_MS else now_ms
        counts = self._counts_of(variant)
        if counts is None or at_ms < self.started_ms or self.ended_ms:
            return
        counts.take(payment)
        self._latencies.add(_ONE, (variant,), (payment.latency_ms,))
        if not payment.customer_id:
            self.unnamed += 1
        elif self._customers.is_first(payment.customer_id):
            counts.take_first(payment)
            if at_ms >= self._split_ms + SETTLING_MS or self._split_ms == self.started_ms:
                self.sample_ratio.count(variant)
            self._place(payment, variant, at_ms)

    def capture(self, capture: PaymentCaptured, variant: str) -> None:
        """Money of a payment was captured whose customer got this variant."""
        counts = self.counts.get(variant)
        if counts is not None and not self.ended_ms and capture.at_ms >= self.started_ms:
            counts.capture(capture)

    def weigh(self, now_ms: int) -> None:
        """Weigh every pane that has ended. now_ms: when the newest payment arrived."""
        ended_ms = (now_ms - LATE_MS) // PANE_MS * PANE_MS
        for place in sorted(place for place in self._panes if place * PANE_MS < ended_ms):
            pane = self._panes.pop(place)
            for variant, pair in self.pairs.items():
                pair.fold(pane.get(variant, NOTHING), pane.get(self.split.control, NOTHING))
        if ended_ms > self._weighed_ms:
            self._weighed_ms = ended_ms
            self.sample_ratio.weigh()

    def latency_ms(self, variant: str, quantile: float) -> float | None:
        """What this share of the variant's payments is answered within, 0.6 % off at the most; None without any."""
        return self._latencies.quantile(variant, quantile)

    @property
    def shares(self) -> Mapping[str, float]:
        """That are asked for, by variant."""
        return self.split.shares

    def _counts_of(self, variant: str) -> VariantCounts | None:
        """Those of a variant; one that nobody is drawn to, such as a safe default, is counted beside the others."""
        counts = self.counts.get(variant)
        if counts is None and len(self.counts) < VARIANTS_MAX:
            counts = self.counts[variant] = VariantCounts()
        return counts

    def _place(self, payment: PaymentAttempted, variant: str, at_ms: int) -> None:
        pane = self._panes.setdefault(max(at_ms // PANE_MS, self._weighed_ms // PANE_MS), {})
        before = pane.get(variant, NOTHING)
        pane[variant] = tuple(map(sum, zip(before, (1, *counted(payment)), strict=True)))


def _copied(counts: Mapping[str, VariantCounts]) -> dict[str, VariantCounts]:
    return {variant: msgspec.structs.replace(one, first=list(one.first)) for variant, one in counts.items()}
