"""``distinct``: how many different values of a text a key has had within the window."""

from collections.abc import Collection, Iterable

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
from checks.windows.distinct import Distinct
from checks.windows.panes import Key

VALUES_PER_KEY = 16
"""On average; of more pairs of key and value those longest unseen are forgotten and counted as refused."""
PAIRS_MAX = 1_000_000
"""About 250 MB; a million values at once are a census and no rule."""


class DistinctState(msgspec.Struct, frozen=True, kw_only=True):
    """seen: of each pane, the pairs of key and value that were last seen in it."""

    newest: int
    seen: dict[int, list[tuple[KeyRead, str]]]


class DistinctValues(Keyed):
    """One ``distinct`` rule."""

    def __init__(self, compiled: CompiledRule, reading: ValueExpression, window_seconds: float) -> None:
        super().__init__(compiled)
        self._reading = reading
        self._window_ms = round(window_seconds * 1000)
        self._values = Distinct(self._window_ms, min(PAIRS_MAX, VALUES_PER_KEY * compiled.rule.max_keys))
        self._test = number_test(compiled)

    @property
    def refused(self) -> int:
        """Facts of new keys beyond max_keys, values that made room, and episodes that did."""
        return super().refused + self._values.evicted

    def take(self, batch: Selection, now_ms: int, findings: list[Finding]) -> None:
        """Count the text of each fact; an empty one names nothing."""
        values, totals, opened = self._values, self._values.totals, self.episodes.open
        for key, fact, value in self.read(batch, self._reading):
            at_ms = self.event_time(fact, now_ms)
            self.elapse(findings)
            if not value:
                continue
            before = totals.get(key, 0)
            if not before and len(totals) >= self.compiled.rule.max_keys:
                self.refused_facts += 1
                continue
            late = values.late
            values.add(key, value, at_ms)
            self.late += values.late - late
            if totals.get(key, 0) != before or key in opened:
                self.settle(key, at_ms, fact.id, findings)

    def elapse(self, findings: list[Finding]) -> None:
        """Let values leave the window, and judge the keys that are open: fewer values can only end something."""
        newest = self._values.newest
        self._values.advance_to(self.moment_ms)
        if self._values.newest != newest and self.episodes.open:
            for key in list(self.episodes.open):
                self.settle(key, self._values.newest * self._values.pane_ms, "", findings)

    def verdict(self, key: Key) -> Verdict:
        """The number of values against the limits; a key without any has 0."""
        return self._test(self._values.totals.get(key, 0), 1)

    def described(self, key: Key) -> Described:
        """The number of values."""
        count = self._values.totals.get(key)
        return msgspec.structs.replace(NOTHING, value=0.0, shown="0") if count is None else _described(count)

    def keys(self) -> Iterable[Key]:
        """Keys with values in the window."""
        return self._values.totals

    def drop(self, keys: Collection[Key]) -> None:
        """Forget their values."""
        self._values.forget(keys)

    def meaning(self) -> dict[str, object]:
        """What is counted, over how long."""
        return {"measure": "distinct", "reading": self._reading.canonical, "window_ms": self._window_ms}

    def keep(self) -> bytes:
        """Each pair with the pane in which it was last seen."""
        seen: dict[int, list[tuple[KeyRead, str]]] = dict(self._values.seen())
        return msgspec.msgpack.encode(DistinctState(newest=self._values.newest, seen=seen))

    def take_back(self, body: bytes) -> None:
        """Count every pair again in its pane."""
        state = msgspec.msgpack.decode(body, type=DistinctState)
        pane_ms = self._values.pane_ms
        for pane in sorted(state.seen):
            for key, value in state.seen[pane]:
                self._values.add(key, value, pane * pane_ms)
        self._values.advance_to(state.newest * pane_ms)


def _described(count: int) -> Described:
    return Described(float(count), shown.number(count), count)
