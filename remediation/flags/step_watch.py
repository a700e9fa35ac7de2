"""Counts what a step of a ramp goes by: first payments of both variants, and the conditions of the new one."""

from collections.abc import Sequence

import msgspec

from checks.facts import PaymentAttempted, PaymentCaptured
from remediation.deployment.gates.comparison import Contrast, ContrastState, Pane
from remediation.deployment.gates.observed import FUTURE_MS, LATE_MS, PANE_MS
from remediation.flags.conditions import Condition, ConditionState, ConditionWatch
from remediation.flags.experiments.customers import Customers
from remediation.flags.experiments.outcomes import METRICS, Metric, counted
from remediation.flags.experiments.run import SETTLING_MS
from remediation.flags.experiments.sample_ratio import SampleRatio, SampleRatioState
from remediation.flags.model import Ramp

WHOLE = 100
"""Percent."""
CUSTOMERS_BITS = 1 << 20
"""128 KiB: of new customers it passes over 1 % after a hundred thousand; a step has its evidence long before."""


class ContrastReading(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of the new variant against the old one. evidence: its highest so far, against no harm."""

    metric: Metric
    evidence: float
    new: int
    new_bad: int
    old: int
    old_bad: int


class ConditionReading(msgspec.Struct, frozen=True, kw_only=True):
    """One condition. row: bad looks in a row. value, samples, is_bad: of everything since the step began."""

    condition: Condition
    is_met: bool
    row: int
    looks: int
    value: float | None
    samples: int
    is_bad: bool | None


class RampReadings(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of one step. heard_ms: the newest payment of anybody, Unix milliseconds; 0 before the first.

    new, old: customers whose first payment since the step began came to the variant. is_drawn: whether every customer
    is drawn to one of the two, and nobody is given one by targeting. drawn_new, drawn_old: those of new and old who
    came when every process drew by this step's share. mismatch: evidence against that share, a natural logarithm.
    """

    plan_id: str
    percent: int
    since_ms: int
    heard_ms: int
    new: int
    old: int
    is_drawn: bool
    drawn_new: int
    drawn_old: int
    mismatch: float
    contrasts: tuple[ContrastReading, ...]
    conditions: tuple[ConditionReading, ...]


class ContrastWatched(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a contrast, and the highest that its evidence was."""

    state: ContrastState
    highest: float


class StepState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of a step. panes: first payments that are not compared yet, by side and METRICS."""

    ramp: Ramp
    since_ms: int
    heard_ms: int
    is_drawn: bool
    first: tuple[int, int]
    sample_ratio: SampleRatioState
    contrasts: tuple[ContrastWatched, ...]
    conditions: tuple[ConditionState, ...]
    panes: dict[int, list[list[int]]]
    weighed_ms: int
    customers: bytes


class StepWatch:
    """Counts payments in any order, each once."""

    def __init__(self, state: StepState) -> None:
        self.ramp, self.since_ms = state.ramp, state.since_ms
        self._heard_ms, self._is_drawn = state.heard_ms, state.is_drawn
        self._first = list(state.first)
        self._sample_ratio = SampleRatio(state.sample_ratio.shares, state.sample_ratio)
        self._contrasts = [Contrast.resumed(one.state) for one in state.contrasts]
        self._highest = [one.highest for one in state.contrasts]
        self._conditions = [ConditionWatch(one) for one in state.conditions]
        self._panes = {place: [list(side) for side in sides] for place, sides in state.panes.items()}
        self._weighed_ms = state.weighed_ms
        self._customers = Customers(f"{state.ramp.plan.id} {state.since_ms}", state.customers, CUSTOMERS_BITS)

    @classmethod
    def begun(
        cls, ramp: Ramp, since_ms: int, conditions: Sequence[Condition], prior: float, *, is_drawn: bool = True
    ) -> "StepWatch":
        """With nothing counted yet. prior: the ratio that the old variant begins with, see Contrast."""
        share = ramp.percent / WHOLE
        shares = {ramp.plan.to_variant: share, ramp.plan.from_variant: 1 - share}
        untold = ContrastWatched(state=Contrast(prior).state, highest=0.0)
        return cls(
            StepState(
                ramp=ramp,
                since_ms=since_ms,
                heard_ms=0,
                is_drawn=is_drawn,
                first=(0, 0),
                sample_ratio=SampleRatio(shares).state,
                contrasts=(untold,) * len(METRICS),
                conditions=tuple(ConditionState(condition=one, since_ms=since_ms) for one in conditions),
                panes={},
                weighed_ms=0,
                customers=b"",
            )
        )

    @property
    def state(self) -> StepState:
        """All of it, to go on from later."""
        return StepState(
            ramp=self.ramp,
            since_ms=self.since_ms,
            heard_ms=self._heard_ms,
            is_drawn=self._is_drawn,
            first=(self._first[0], self._first[1]),
            sample_ratio=self._sample_ratio.state,
            contrasts=tuple(
                ContrastWatched(state=contrast.state, highest=highest)
                for contrast, highest in zip(self._contrasts, self._highest, strict=True)
            ),
            conditions=tuple(one.state for one in self._conditions),
            panes={place: [list(side) for side in sides] for place, sides in self._panes.items()},
            weighed_ms=self._weighed_ms,
            customers=self._customers.filled,
        )

    def is_of(self, ramp: Ramp, since_ms: int) -> bool:
        """Whether this is that step, since it began then."""
        return self.ramp == ramp and self.since_ms == since_ms

    def hear(self, at_ms: int, now_ms: int) -> None:
        """Somebody's payment, whoever it was: payments are heard of."""
        if at_ms <= now_ms + FUTURE_MS:
            self._heard_ms = max(self._heard_ms, at_ms)

    def take(self, payment: PaymentAttempted, variant: str, now_ms: int) -> None:
        """One payment of somebody who got this variant. now_ms: when it arrived."""
        side = self._side(variant)
        at_ms = payment.at_ms if payment.at_ms <= now_ms + FUTURE_MS else now_ms
        if side is None or at_ms < self.since_ms:
            return
        if side == 0:
            for condition in self._conditions:
                condition.take(payment, at_ms)
        if payment.customer_id and self._customers.is_first(payment.customer_id):
            self._first[side] += 1
            if at_ms >= self.since_ms + SETTLING_MS:
                self._sample_ratio.count(variant)
            self._place(payment, side, at_ms)

    def capture(self, capture: PaymentCaptured, variant: str, now_ms: int) -> None:
        """Money of a payment was captured whose customer got this variant."""
        if self._side(variant) == 0 and capture.at_ms >= self.since_ms:
            for condition in self._conditions:
                condition.capture(capture, min(capture.at_ms, now_ms))

    def weigh(self, now_ms: int) -> None:
        """Weigh what has ended. now_ms: when the newest payment arrived."""
        ended_ms = (now_ms - LATE_MS) // PANE_MS * PANE_MS
        for place in sorted(place for place in self._panes if place * PANE_MS < ended_ms):
            new, old = self._panes.pop(place)
            for metric, contrast in enumerate(self._contrasts):
                contrast.fold(Pane(new[0], new[1 + metric], old[0], old[1 + metric]))
                self._highest[metric] = max(self._highest[metric], contrast.evidence)
        if ended_ms > self._weighed_ms:
            self._weighed_ms = ended_ms
            self._sample_ratio.weigh()
        for condition in self._conditions:
            condition.look(now_ms)

    @property
    def readings(self) -> RampReadings:
        """What was seen, as of the last weighing."""
        plan, drawn = self.ramp.plan, self._sample_ratio.state.counts
        return RampReadings(
            plan_id=plan.id,
            percent=self.ramp.percent,
            since_ms=self.since_ms,
            heard_ms=self._heard_ms,
            new=self._first[0],
            old=self._first[1],
            is_drawn=self._is_drawn,
            drawn_new=drawn[plan.to_variant],
            drawn_old=drawn[plan.from_variant],
            mismatch=self._sample_ratio.highest,
            contrasts=tuple(
                ContrastReading(
                    metric=judged.metric,
                    evidence=highest,
                    new=contrast.seen.new,
                    new_bad=contrast.seen.new_bad,
                    old=contrast.seen.old,
                    old_bad=contrast.seen.old_bad,
                )
                for judged, contrast, highest in zip(METRICS, self._contrasts, self._highest, strict=True)
            ),
            conditions=tuple(_read(one) for one in self._conditions),
        )

    def _side(self, variant: str) -> int | None:
        """0 for the new variant, 1 for the old one, None for any other."""
        plan = self.ramp.plan
        return 0 if variant == plan.to_variant else 1 if variant == plan.from_variant else None

    def _place(self, payment: PaymentAttempted, side: int, at_ms: int) -> None:
        place = max(at_ms // PANE_MS, self._weighed_ms // PANE_MS)
        width = 1 + len(METRICS)
        sides = self._panes.setdefault(place, [[0] * width, [0] * width])
        sides[side][0] += 1
        for metric, (judged, counts) in enumerate(zip(METRICS, counted(payment), strict=True), start=1):
            # Of the ratios that are better when they are larger, what counts as bad is that a payment is not counted.
            sides[side][metric] += counts is not judged.more_is_better


def _read(watch: ConditionWatch) -> ConditionReading:
    condition = watch.condition
    return ConditionReading(
        condition=condition,
        is_met=watch.is_met,
        row=watch.row,
        looks=watch.looks,
        value=watch.whole.value(condition.metric),
        samples=watch.whole.samples(condition.metric),
        is_bad=watch.whole.is_bad(condition),
    )
