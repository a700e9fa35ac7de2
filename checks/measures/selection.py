"""Facts of one kind in one call, in columns: whatever several watchers want to know of them is computed once."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from checks.expression import Condition, Selector, read_fields
from checks.facts import Fact
from checks.windows.panes import Key

GRAIN_MS = 1000
"""Facts are counted by the second; the panes of nearly every window are whole seconds, so they add those counts up."""

NARROW = frozenset({"region", "environment", "version", "rail", "card_brand", "baseline", "cohort", "status"})
"""Fields with few different values. Facts that are alike in them are counted together; with many it is only slower."""

Span = tuple[int, int]
"""Places from the first to before the second."""

Fields = tuple[str, ...]

READERS_MAX = 1_000
"""Ways to read keys that are compiled once: more than the rules of any configuration have."""


class Selection:
    """Facts of one kind that meet a condition, in order of event time.

    narrow: fields of few values; facts that are alike in all of them are counted together, once for every key of them.
    """

    __slots__ = ("_columns", "_counts", "_grains", "_matching", "_places", "_times", "facts", "narrow")

    def __init__(self, facts: Sequence[Fact], narrow: Fields = ()) -> None:
        self.facts = facts
        self.narrow = narrow
        self._times: list[int] | None = None
        self._grains: list[Span] | None = None
        self._columns: dict[Fields, list[Key]] = {}
        self._places: dict[Fields, dict[Key, list[int]]] = {}
        self._counts: dict[Span, Counter[Key]] = {}
        self._matching: dict[str, Selection] = {}

    @property
    def times(self) -> list[int]:
        """The event time of each fact."""
        if self._times is None:
            self._times = [fact.at_ms for fact in self.facts]
        return self._times

    def matching(self, condition: Condition) -> "Selection":
        """Those that meet a further condition."""
        if condition.always:
            return self
        found = self._matching.get(condition.canonical)
        if found is None:
            found = self._matching[condition.canonical] = Selection(condition.select(self.facts), self.narrow)
        return found

    def places(self, condition: Condition) -> list[int]:
        """The places of those that meet a condition, which are best few."""
        facts, times, found, place = self.facts, self.times, list[int](), 0
        for fact in self.matching(condition).facts:
            place = bisect_left(times, fact.at_ms, place)
            while facts[place] is not fact:
                place += 1
            found.append(place)
            place += 1
        return found

    def keys(self, per: Fields) -> list[Key]:
        """The key of each fact: one field as it is, several as a tuple, none as empty text."""
        found = self._columns.get(per)
        if found is None:
            found = self._columns[per] = _reader(per)(self.facts) if per else [""] * len(self.facts)
        return found

    def places_by_key(self, per: Fields) -> Mapping[Key, list[int]]:
        """Where the facts of each key are."""
        found = self._places.get(per)
        if found is None:
            found = self._places[per] = {}
            for place, key in enumerate(self.keys(per)):
                of_key = found.get(key)
                if of_key is None:
                    of_key = found[key] = []
                of_key.append(place)
        return found

    def is_narrow(self, per: Fields) -> bool:
        """Whether facts of this key are cheap to count, because its values are few."""
        return set(self.narrow).issuperset(per)

    def counted(self, per: Fields, spans: Sequence[Span] | None = None) -> Mapping[Key, int]:
        """How many facts each key has, or has within these spans."""
        if spans is None:
            spans = self._spans()
        if not per:
            count = sum([end - start for start, end in spans])
            return {"": count} if count else {}
        if not self.is_narrow(per):
            return Counter([key for start, end in spans for key in self.keys(per)[start:end]])
        read = _projection(per, self.narrow)
        found: dict[Key, int] = {}
        for span in spans:
            for alike, count in self._alike(span).items():
                key = read(alike)
                found[key] = found.get(key, 0) + count
        return found

    def within(self, first_ms: int, last_ms: int) -> Span:
        """The places of the facts from one event time to another."""
        return bisect_left(self.times, first_ms), bisect_right(self.times, last_ms)

    def panes(self, pane_ms: int, latest_ms: int, now_ms: int) -> list[tuple[int, list[Span]]]:
        """The facts by pane, oldest first; those later than latest_ms come last and are in the pane of now."""
        times, found = self.times, list[tuple[int, list[Span]]]()
        sound = bisect_right(times, latest_ms)
        for start, end in self._spans() if not pane_ms % GRAIN_MS else self._cut(pane_ms):
            pane = times[start] // pane_ms
            span = (start, min(end, sound))
            if start >= sound:
                break
            if found and found[-1][0] == pane:
                found[-1][1].append(span)
            else:
                found.append((pane, [span]))
        if sound < len(times):
            found.append((now_ms // pane_ms, [(sound, len(times))]))
        return found

    def _spans(self) -> list[Span]:
        if self._grains is None:
            self._grains = self._cut(GRAIN_MS)
        return self._grains

    def _cut(self, length_ms: int) -> list[Span]:
        """Where facts of different times of this length meet."""
        times, found, start = self.times, list[Span](), 0
        while start < len(times):
            end = bisect_left(times, (times[start] // length_ms + 1) * length_ms, start)
            found.append((start, end))
            start = end
        return found

    def _alike(self, span: Span) -> Counter[Key]:
        found = self._counts.get(span)
        if found is None:
            start, end = span
            found = self._counts[span] = Counter(self.keys(self.narrow)[start:end])
        return found


@lru_cache(READERS_MAX)
def _reader(fields: Fields) -> Selector:
    return read_fields(fields)


@lru_cache(READERS_MAX)
def _projection(per: Fields, narrow: Fields) -> Callable[[Any], Key]:
    """Reads the key out of the values of the narrow fields; the values of one field are no tuple."""
    if per == narrow:
        return lambda alike: alike
    return itemgetter(*[narrow.index(field) for field in per])


def latest(facts: Sequence[Fact], keys: Sequence[Key], wanted: Collection[Key]) -> dict[Key, Fact]:
    """The last fact of each wanted key, all of which have one; found from the end, where busy keys are."""
    missing, found = set(wanted), dict[Key, Fact]()
    for key, fact in zip(reversed(keys), reversed(facts), strict=True):
        if key in missing:
            missing.discard(key)
            found[key] = fact
            if not missing:
                break
    return found
