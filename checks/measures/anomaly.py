"""``anomaly``: a number against the same key's own past, in standard deviations."""

from collections.abc import Collection, Iterable

import msgspec

from checks.compiled_rule import CompiledRule
from checks.expression import ValueExpression
from checks.findings import Finding
from checks.limits import holds
from checks.measures.judging.verdict import Verdict
from checks.measures.keyed import NOTHING, Described, Keyed
from checks.measures.selection import Selection
from checks.state import KeyRead
from checks.windows.own_past import OwnPast, deviations_above
from checks.windows.panes import Key

Latest = tuple[int, float | None, int]
"""Event time of a key's latest number, its deviations from the past, None when that is too short, and its length."""


class AnomalyState(msgspec.Struct, frozen=True, kw_only=True):
    """past: the latest numbers of each key, oldest first, keys longest silent first."""

    past: dict[KeyRead, tuple[float, ...]]
    latest: dict[KeyRead, Latest]


class Anomaly(Keyed):
    """One ``anomaly`` rule. An outlier becomes part of the past: what goes on for long is the new normal."""

    def __init__(self, compiled: CompiledRule, reading: ValueExpression, stale_after_seconds: float) -> None:
        super().__init__(compiled)
        self._reading = reading
        self._stale_ms = self.silence_ms = round(stale_after_seconds * 1000)
        self._past = OwnPast(compiled.rule.max_keys)
        self._latest: dict[Key, Latest] = {}

    @property
    def refused(self) -> int:
        """Keys longest silent that made room, and episodes that did."""
        return super().refused + self._past.evicted

    def take(self, batch: Selection, now_ms: int, findings: list[Finding]) -> None:
        """Hold the number of each fact against those before it; one older than the key's latest comes too late."""
        for key, fact, value in self.read(batch, self._reading):
            at_ms = self.event_time(fact, now_ms)
            known = self._latest.get(key)
            if known is not None and at_ms < known[0]:
                self.late += 1
            elif value is not None:
                past = self._past.take(key, value)
                enough = len(past) >= self.compiled.min_samples
                self._latest[key] = (at_ms, deviations_above(past, value) if enough else None, len(past))
                self.settle(key, at_ms, fact.id, findings)
        self._follow_the_past()

    def elapse(self, findings: list[Finding]) -> None:
        """Nothing leaves by time alone; what has become stale is told by its verdict."""

    def verdict(self, key: Key) -> Verdict:
        """The latest deviation against the limits."""
        deviation = self._current(key)
        if deviation is None:
            return Verdict.NO_DATA
        breach, clear = self.compiled.breach, self.compiled.clear
        if holds(breach.operator, deviation, float(breach.number)):
            return Verdict.BREACHING
        if clear is None or holds(clear.operator, deviation, float(clear.number)):
            return Verdict.CLEAR
        return Verdict.BETWEEN

    def described(self, key: Key) -> Described:
        """The latest deviation; samples are the numbers of the past."""
        deviation = self._current(key)
        samples = self._latest[key][2] if key in self._latest else 0
        if deviation is None:
            return msgspec.structs.replace(NOTHING, samples=samples)
        return Described(deviation, f"{deviation:+.2g} deviations", samples)

    def keys(self) -> Iterable[Key]:
        """Keys that have a number."""
        return self._latest

    def drop(self, keys: Collection[Key]) -> None:
        """Forget their past."""
        self._past.forget(keys)
        for key in keys:
            self._latest.pop(key, None)

    def meaning(self) -> dict[str, object]:
        """What is read; how much past a judgement takes changes nothing about the past."""
        return {"measure": "anomaly", "reading": self._reading.canonical}

    def keep(self) -> bytes:
        """Past and latest number of each key."""
        past: dict[KeyRead, tuple[float, ...]] = dict(self._past.held)
        latest: dict[KeyRead, Latest] = dict(self._latest)
        return msgspec.msgpack.encode(AnomalyState(past=past, latest=latest))

    def take_back(self, body: bytes) -> None:
        """Fill past and latest."""
        state = msgspec.msgpack.decode(body, type=AnomalyState)
        self._past.refill(state.past)
        self._latest = dict(state.latest)

    def _current(self, key: Key) -> float | None:
        known = self._latest.get(key)
        if known is None or self.moment_ms - known[0] > self._stale_ms:
            return None
        return known[1]

    def _follow_the_past(self) -> None:
        """Forget the latest number of keys whose past had to make room."""
        if len(self._latest) > len(self._past.held):
            held, opened = self._past.held, self.episodes.open
            for key in [key for key in self._latest if key not in held and key not in opened]:
                del self._latest[key]
