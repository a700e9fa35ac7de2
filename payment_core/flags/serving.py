"""The flags of one process: what it serves now, swapped in one step, and what it answered."""

from collections import Counter
from typing import Literal

import msgspec
import structlog

from payment_core.clock import Clock
from payment_core.flags import Evaluator
from payment_core.flags.declared import ON, Context, DeclaredFlag

log = structlog.get_logger()

EXPERIMENTS_MAX = 8
"""Exposures travel on every payment's event; more experiments at once than this are not told."""

COMPLAINT_MS = 60_000
"""How often the log says of one flag that it is answered with its safe default."""

Source = Literal["none", "embedded", "disk", "mqtt", "http"]


class Serving(msgspec.Struct, frozen=True, kw_only=True):
    """What is served. evaluator: None when nothing could be read, so that every flag has its safe default.

    version, issued_at_ms: of the document, 0 for the packaged one. applied_at_ms: since when it is served here.
    source: where it came from. document: as it was signed.
    """

    evaluator: Evaluator | None
    version: int = 0
    issued_at_ms: int = 0
    applied_at_ms: int = 0
    source: Source = "none"
    document: bytes = b""


class FlagCounts:
    """What flags did, in plain integers, since the start.

    evaluations: by flag and variant; safe_defaults: by flag and why. ignored: documents by why. applied: documents that
    were taken over. lag_ms: from the issue of the newest change to its being served here; None before the first.
    polls: by how they ended. connected: to the broker now; None without one. unkept: documents that could not be
    written to disk.
    """

    def __init__(self) -> None:
        self.evaluations: Counter[tuple[str, str]] = Counter()
        self.safe_defaults: Counter[tuple[str, str]] = Counter()
        self.ignored: Counter[str] = Counter()
        self.polls: Counter[str] = Counter()
        self.applied = 0
        self.unkept = 0
        self.lag_ms: int | None = None
        self.connected: bool | None = None


class Flags:
    """Gates over the document of the moment; see `payment_core.flags.declared.Gates`."""

    def __init__(self, clock: Clock, counts: FlagCounts | None = None) -> None:
        self.counts = FlagCounts() if counts is None else counts
        self._clock = clock
        self._complained_at_ms: dict[str, float] = {}
        self._missed_at_ms: dict[str, float] = {}
        self._serving = Serving(evaluator=None)
        self._experiments: tuple[str, ...] = ()
        self._killed: frozenset[str] = frozenset()

    @property
    def serving(self) -> Serving:
        """What is served now."""
        return self._serving

    def serve(self, serving: Serving) -> None:
        """Answer from this document from now on. Whoever asks sees the old one or the new one, nothing between."""
        flags = {} if serving.evaluator is None else serving.evaluator.flags
        killed = frozenset(key for key, flag in flags.items() if flag.metadata.get("killed") is True)
        experiments = sorted(key for key, flag in flags.items() if flag.metadata.get("experiment") is True)
        self._experiments = tuple(key for key in experiments if key not in killed)[:EXPERIMENTS_MAX]
        self._killed = killed
        self._serving = serving

    def enabled(self, flag: DeclaredFlag, context: Context) -> bool:
        """Whether the flag's variant is ``on``."""
        return self.variant(flag, context) == ON

    def variant(self, flag: DeclaredFlag, context: Context) -> str:
        """The variant: the safe one of a killed flag, and of one that the document answers in no usable way."""
        evaluator = self._serving.evaluator
        if evaluator is None:
            return self._safe(flag, "NOT_READY")
        if flag.key in self._killed:
            self.counts.evaluations[flag.key, flag.safe] += 1
            return flag.safe
        resolution = evaluator.resolve(flag.key, context)
        variant = resolution.variant
        if variant not in flag.variants:
            why = resolution.error_code
            return self._safe(flag, "UNKNOWN_VARIANT" if why is None or why == "" else str(why))
        self.counts.evaluations[flag.key, variant] += 1
        return variant

    def exposures(self, context: Context) -> tuple[str, ...]:
        """``flag=variant`` of every flag whose metadata says ``experiment``, eight at most."""
        evaluator, experiments = self._serving.evaluator, self._experiments
        if not experiments or evaluator is None:
            return ()
        variants = ((key, evaluator.resolve(key, context).variant) for key in experiments)
        return tuple(f"{key}={variant}" for key, variant in variants if variant)

    def age_ms(self) -> int | None:
        """Since what is served was last sealed; None for the packaged document, and for none."""
        issued_at_ms = self._serving.issued_at_ms
        return None if issued_at_ms == 0 else max(0, self._clock.now_ms() - issued_at_ms)

    def missing(self) -> tuple[str, ...]:
        """The flags that were answered with their safe default within the last minute for want of a usable answer."""
        since_ms = self._clock.monotonic_ms() - COMPLAINT_MS
        return tuple(sorted(key for key, at_ms in self._missed_at_ms.items() if at_ms >= since_ms))

    def _safe(self, flag: DeclaredFlag, why: str) -> str:
        self.counts.safe_defaults[flag.key, why] += 1
        now_ms = self._clock.monotonic_ms()
        self._missed_at_ms[flag.key] = now_ms
        complained_at_ms = self._complained_at_ms.get(flag.key)
        if complained_at_ms is None or now_ms >= complained_at_ms + COMPLAINT_MS:
            self._complained_at_ms[flag.key] = now_ms
            version = self._serving.version
            log.error(
                "a flag is at its safe default", action="flag_safe_default", flag=flag.key, why=why, version=version
            )
        return flag.safe
