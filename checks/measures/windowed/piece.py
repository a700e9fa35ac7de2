"""The facts of one batch that fall into one pane, with what several windows want to know of them."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from checks.expression import Condition
from checks.facts import Fact
from checks.measures.selection import Fields, Selection, Span
from checks.windows.panes import Key


class Piece:
    """A part of a selection. Answers each question about it once, whoever asks.

    spans: where in the selection it is, one after the other.
    """

    __slots__ = ("_counted", "_end", "_facts", "_keys", "_matches", "_selection", "_spans", "_start")

    def __init__(self, selection: Selection, spans: Sequence[Span]) -> None:
        self._selection = selection
        self._spans = spans
        self._start, self._end = spans[0][0], spans[-1][1]
        self._facts: Sequence[Fact] | None = None
        self._keys: dict[Fields, Sequence[Key]] = {}
        self._counted: dict[Fields, Mapping[Key, int]] = {}
        self._matches: dict[tuple[str, Fields], Sequence[Key]] = {}

    def __len__(self) -> int:
        return self._end - self._start

    @property
    def facts(self) -> Sequence[Fact]:
        """The facts, in order of event time."""
        if self._facts is None:
            self._facts = self._selection.facts[self._start : self._end]
        return self._facts

    @property
    def first_ms(self) -> int:
        """The event time of the first fact."""
        return self._selection.times[self._start]

    @property
    def last_ms(self) -> int:
        """The event time of the last fact."""
        return self._selection.times[self._end - 1]

    def only(self, facts: Sequence[Fact]) -> "Piece":
        """A piece of only these of its facts."""
        return Piece(Selection(facts, self._selection.narrow), [(0, len(facts))])

    def keys(self, per: Fields) -> Sequence[Key]:
        """The key of each fact."""
        found = self._keys.get(per)
        if found is None:
            found = self._keys[per] = self._selection.keys(per)[self._start : self._end]
        return found

    def is_narrow(self, per: Fields) -> bool:
        """Whether facts of this key are cheap to count, because its values are few."""
        return self._selection.is_narrow(per)

    def counted(self, per: Fields) -> Mapping[Key, int]:
        """How many facts each key has; not to be changed."""
        found = self._counted.get(per)
        if found is None:
            found = self._counted[per] = self._selection.counted(per, self._spans)
        return found

    def counted_of(self, per: Fields, wanted: Collection[Key]) -> Mapping[Key, int]:
        """How many facts each of these keys has; others are left out, or not."""
        if self.is_narrow(per) or per in self._counted:
            return self.counted(per)
        return Counter([key for key in self.keys(per) if key in wanted])

    def present(self, per: Fields, wanted: set[Key]) -> set[Key]:
        """Those of the wanted keys that have facts here."""
        if not wanted:
            return set()
        if self.is_narrow(per) or per in self._counted:
            return wanted & self.counted(per).keys()
        return wanted.intersection(self.keys(per))

    def selected(self, condition: Condition) -> Sequence[Fact]:
        """The facts that meet a condition."""
        matching, start, end = self._within(condition)
        return matching.facts[start:end]

    def matches(self, condition: Condition, per: Fields) -> Sequence[Key]:
        """The key of each fact that meets a condition."""
        name = (condition.canonical, per)
        found = self._matches.get(name)
        if found is None:
            matching, start, end = self._within(condition)
            found = self._matches[name] = matching.keys(per)[start:end] if start < end else ()
        return found

    def _within(self, condition: Condition) -> tuple[Selection, int, int]:
        """Facts of one event time are in one piece, so the matches of a piece are those of its times."""
        matching = self._selection.matching(condition)
        if matching is self._selection:
            return matching, self._start, self._end
        if not matching.facts or self._start == self._end:
            return matching, 0, 0
        start, end = matching.within(self.first_ms, self.last_ms)
        return matching, start, end
