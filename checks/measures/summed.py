"""``sum``: the sum of a number over the facts of the window, exact."""

from collections.abc import Collection, Iterable
from fractions import Fraction

import msgspec

from checks import shown
from checks.compiled_rule import CompiledRule
from checks.expression import ValueExpression
from checks.findings import Finding
from checks.measures.judging.limit_test import number_test
from checks.measures.judging.verdict import Verdict
from checks.measures.keyed import NOTHING, Described, Keyed
from checks.measures.selection import Selection
from checks.state import KeyRead
from checks.windows.panes import Key, pane_length_ms

MILLION = 1_000_000
"""Numbers are held in millionths, so that what leaves the window takes away exactly what it had added."""
_EXACT_MAX = 2.0**53
"""A float beyond it is a whole number already, and times a million it could be infinite."""
_NEVER = -(2**62)

Tally = tuple[int, int]
"""Sum in millionths, and how many facts."""


class SummedState(msgspec.Struct, frozen=True, kw_only=True):
    """panes: of each pane, sum and facts by key."""

    newest: int
    panes: dict[int, dict[KeyRead, Tally]]


class Tallies:
    """Sum and number of facts by key: two plain dictionaries, which the collector of garbage does not look through."""

    __slots__ = ("counts", "sums")

    def __init__(self) -> None:
        self.sums: dict[Key, int] = {}
        self.counts: dict[Key, int] = {}

    def get(self, key: Key) -> Tally:
        """Nothing for a key that has no facts."""
        return self.sums.get(key, 0), self.counts.get(key, 0)

    def add(self, key: Key, number: int, count: int) -> None:
        """Add facts, or take them away again; a key without any is forgotten."""
        counted = self.counts.get(key, 0) + count
        if counted:
            self.sums[key] = self.sums.get(key, 0) + number
            self.counts[key] = counted
        else:
            self.drop(key)

    def drop(self, key: Key) -> None:
        """Forget a key."""
        self.sums.pop(key, None)
        self.counts.pop(key, None)

    def items(self) -> Iterable[tuple[Key, Tally]]:
        """Every key with its tally."""
        return ((key, (number, self.counts[key])) for key, number in self.sums.items())


class Summed(Keyed):
    """One ``sum`` rule."""

    def __init__(self, compiled: CompiledRule, reading: ValueExpression, window_seconds: float) -> None:
        super().__init__(compiled)
        self._reading = reading
        self._window_ms = round(window_seconds * 1000)
        self._pane_ms = pane_length_ms(self._window_ms)
        self._pane_count = -(-self._window_ms // self._pane_ms)
        self._test = number_test(compiled, Fraction(MILLION))
        self._panes: dict[int, Tallies] = {}
        self._totals = Tallies()
        self._newest = _NEVER

    def take(self, batch: Selection, now_ms: int, findings: list[Finding]) -> None:
        """Add the number of each fact to its key; a division by zero adds nothing."""
        for key, fact, value in self.read(batch, self._reading):
            at_ms = self.event_time(fact, now_ms)
            self.elapse(findings)
            pane = at_ms // self._pane_ms
            if pane <= self._newest - self._pane_count:
                self.late += 1
            elif value is not None and self._add(key, pane, in_millionths(value)):
                self.settle(key, at_ms, fact.id, findings)

    def elapse(self, findings: list[Finding]) -> None:
        """Take away the panes that have left the window, and judge whom they were taken from."""
        newest = self.moment_ms // self._pane_ms
        if newest <= self._newest:
            return
        self._newest = newest
        shrunk: dict[Key, None] = {}
        for pane in [held for held in self._panes if held <= newest - self._pane_count]:
            for key, (number, count) in self._panes.pop(pane).items():
                self._totals.add(key, -number, -count)
                shrunk[key] = None
        for key in shrunk:
            self.settle(key, newest * self._pane_ms, "", findings)

    def verdict(self, key: Key) -> Verdict:
        """The sum against the limits, once there are facts enough."""
        number, count = self._totals.get(key)
        return Verdict.NO_DATA if count < self.compiled.min_samples else self._test(number, 1)

    def described(self, key: Key) -> Described:
        """The sum, as a plain number."""
        number, count = self._totals.get(key)
        if count < self.compiled.min_samples:
            return msgspec.structs.replace(NOTHING, samples=count)
        value = number / MILLION
        return Described(value, shown.number(value), count)

    def keys(self) -> Iterable[Key]:
        """Keys with facts in the window."""
        return self._totals.counts

    def drop(self, keys: Collection[Key]) -> None:
        """Forget their sums."""
        for held in (self._totals, *self._panes.values()):
            for key in keys:
                held.drop(key)

    def meaning(self) -> dict[str, object]:
        """What is summed, over how long."""
        return {"measure": "sum", "reading": self._reading.canonical, "window_ms": self._window_ms}

    def keep(self) -> bytes:
        """The panes; totals are their sums."""
        panes: dict[int, dict[KeyRead, Tally]] = {pane: dict(tallies.items()) for pane, tallies in self._panes.items()}
        return msgspec.msgpack.encode(SummedState(newest=self._newest, panes=panes))

    def take_back(self, body: bytes) -> None:
        """Fill panes and totals."""
        state = msgspec.msgpack.decode(body, type=SummedState)
        self._newest = state.newest
        for pane, tallies in state.panes.items():
            for key, (number, count) in tallies.items():
                self._put(key, pane, number, count)

    def _add(self, key: Key, pane: int, number: int) -> bool:
        if key not in self._totals.counts and len(self._totals.counts) >= self.compiled.rule.max_keys:
            self.refused_facts += 1
            return False
        self._put(key, pane, number, 1)
        return True

    def _put(self, key: Key, pane: int, number: int, count: int) -> None:
        here = self._panes.get(pane)
        if here is None:
            here = self._panes[pane] = Tallies()
        here.add(key, number, count)
        self._totals.add(key, number, count)


def in_millionths(value: float) -> int:
    """The number in millionths: exact for whole numbers, else to the nearest."""
    if isinstance(value, int) or abs(value) >= _EXACT_MAX:
        return int(value) * MILLION
    return round(value * MILLION)
