"""The windows behind the rules, fed once for each fact and shared by every rule that measures the same."""

from collections.abc import Callable
from typing import Any, Protocol

from checks.scoring.model import Reading
from checks.windows.distinct import Distinct
from checks.windows.own_past import OwnPast, deviations_above, times_median
from checks.windows.panes import Counts, Wheel
from checks.windows.rank import Ranks
from checks.windows.travel import Places

# A fact's slots hold truth values, numbers, texts and keys side by side.
FactSlots = tuple[Any, ...]
Read = Callable[[FactSlots], Reading]

_SUM_MAX = 10**15
"""A single number above this is no amount; it would make every later sum of its key meaningless."""


class Window(Protocol):
    """Takes facts of one kind."""

    @property
    def late(self) -> int:
        """Facts that came after their window had passed."""

    @property
    def evicted(self) -> int:
        """Keys forgotten, or refused, because max_keys were held."""

    def feed(self, slots: FactSlots, at_ms: int) -> None:
        """Take one fact."""

    def advance_to(self, at_ms: int) -> None:
        """Let time pass."""


class Tally:
    """Counts and sums by key. where, key: slots of the fact. counted, summed: what is tallied beside all facts."""

    __slots__ = ("_counted", "_key", "_summed", "_where", "evicted", "wheel")

    def __init__(self, window_ms: int, max_keys: int, where: int, key: int) -> None:
        self.wheel = Wheel(window_ms, max_keys)
        self.evicted = 0
        self._where = where
        self._key = key
        self._counted: list[tuple[Counts, int]] = []
        self._summed: list[tuple[Counts, int]] = []

    @property
    def late(self) -> int:
        """Facts older than the window."""
        return self.wheel.late

    def all(self) -> Counts:
        """All facts of the window."""
        return self.wheel.all_facts

    def counted(self, slot: int) -> Counts:
        """The facts whose slot is true."""
        return self._track(self._counted, slot)

    def summed(self, slot: int) -> Counts:
        """The sum of the slot."""
        return self._track(self._summed, slot)

    def _track(self, tracks: list[tuple[Counts, int]], slot: int) -> Counts:
        for counts, held in tracks:
            if held == slot:
                return counts
        counts = self.wheel.track()
        tracks.append((counts, slot))
        return counts

    def feed(self, slots: FactSlots, at_ms: int) -> None:
        """Take one fact."""
        key = slots[self._key]
        if not key or not slots[self._where]:
            return
        wheel = self.wheel
        held = wheel.all_facts.totals
        if key not in held and len(held) >= wheel.max_keys:
            self.evicted += wheel.shed()
        pane = at_ms // wheel.pane_ms
        if pane != wheel.current:
            if pane <= wheel.newest - wheel.pane_count:
                wheel.late += 1
                return
            wheel.enter(pane)
        wheel.all_facts.add_one(key)
        for counts, slot in self._counted:
            if slots[slot]:
                counts.add_one(key)
        for counts, slot in self._summed:
            amount = slots[slot]
            if amount is not None and 0 < amount < _SUM_MAX:
                counts.add_number(key, amount)

    def advance_to(self, at_ms: int) -> None:
        """Let time pass."""
        wheel = self.wheel
        pane = at_ms // wheel.pane_ms
        if pane > wheel.newest:
            wheel.advance(pane)


class DistinctWindow:
    """Different values by key; a fact without a value is not counted."""

    __slots__ = ("_key", "_value", "_where", "distinct")

    def __init__(self, distinct: Distinct, where: int, key: int, value: int) -> None:
        self.distinct = distinct
        self._where = where
        self._key = key
        self._value = value

    @property
    def late(self) -> int:
        """Facts older than the window."""
        return self.distinct.late

    @property
    def evicted(self) -> int:
        """Values forgotten for want of room."""
        return self.distinct.evicted

    def feed(self, slots: FactSlots, at_ms: int) -> None:
        """Take one fact."""
        key, value = slots[self._key], slots[self._value]
        if key and value and slots[self._where]:
            self.distinct.add(key, value, at_ms)

    def advance_to(self, at_ms: int) -> None:
        """Let time pass."""
        self.distinct.advance_to(at_ms)


class PastWindow:
    """The own past of each key; holds what the fact that was fed last is to be held against."""

    __slots__ = ("_key", "_number", "_where", "own", "past", "value")

    def __init__(self, own: OwnPast, where: int, key: int, number: int) -> None:
        self.own = own
        self.past: tuple[float, ...] = ()
        self.value: float = 0
        self._where = where
        self._key = key
        self._number = number

    @property
    def late(self) -> int:
        """None ever: a past has no length."""
        return 0

    @property
    def evicted(self) -> int:
        """Keys forgotten for want of room."""
        return self.own.evicted

    def feed(self, slots: FactSlots, at_ms: int) -> None:
        """Take one fact; its time does not matter."""
        del at_ms
        key, value = slots[self._key], slots[self._number]
        self.past = ()
        if key and value is not None and slots[self._where]:
            self.value = value
            self.past = self.own.take(key, value)

    def advance_to(self, at_ms: int) -> None:
        """Nothing changes with time."""

    def deviation(self, min_samples: int) -> Read:
        """Read how many deviations above its past the last fact is."""
        return lambda _: deviations_above(self.past, self.value) if len(self.past) >= min_samples else None

    def multiple(self, min_samples: int) -> Read:
        """Read how many times the median of its past the last fact is."""
        return lambda _: times_median(self.past, self.value) if len(self.past) >= min_samples else None


class RankWindow:
    """A cohort's numbers; holds where the fact that was fed last stands in it."""

    __slots__ = ("_key", "_min_samples", "_number", "_ranks", "_where", "share")

    def __init__(self, ranks: Ranks, where: int, key: int, number: int, min_samples: int) -> None:
        self.share: float | None = None
        self._ranks = ranks
        self._where = where
        self._key = key
        self._number = number
        self._min_samples = min_samples

    @property
    def late(self) -> int:
        """Facts older than the window."""
        return self._ranks.late

    @property
    def evicted(self) -> int:
        """Numbers of keys that found no room."""
        return self._ranks.refused

    def feed(self, slots: FactSlots, at_ms: int) -> None:
        """Take one fact."""
        key, value = slots[self._key], slots[self._number]
        self.share = None
        if key and value is not None and slots[self._where]:
            self.share = self._ranks.take(key, value, at_ms, self._min_samples)

    def advance_to(self, at_ms: int) -> None:
        """A cohort is read only by the facts that feed it."""

    def read(self, slots: FactSlots) -> Reading:
        """Where the last fact stands."""
        del slots
        return self.share


class SpeedWindow:
    """The last place of each key; holds how fast the fact that was fed last came from there."""

    __slots__ = ("_key", "_latitude", "_longitude", "_places", "_where", "speed")

    def __init__(self, places: Places, where: int, key: int, latitude: int, longitude: int) -> None:
        self.speed: float | None = None
        self._places = places
        self._where = where
        self._key = key
        self._latitude = latitude
        self._longitude = longitude

    @property
    def late(self) -> int:
        """None ever: an older fact is held against the newest place."""
        return 0

    @property
    def evicted(self) -> int:
        """Keys forgotten for want of room."""
        return self._places.evicted

    def feed(self, slots: FactSlots, at_ms: int) -> None:
        """Take one fact."""
        key = slots[self._key]
        self.speed = None
        if key and slots[self._where]:
            self.speed = self._places.take(key, at_ms, slots[self._latitude], slots[self._longitude])

    def advance_to(self, at_ms: int) -> None:
        """A place is forgotten when it is read."""

    def read(self, slots: FactSlots) -> Reading:
        """How fast the last fact came."""
        del slots
        return self.speed


def share_of(tally: Tally, matches: Counts, key_slot: int, min_samples: int) -> Read:
    """Read the share of the key's facts that match; None when they are too few."""
    total_by_key, matched_by_key = tally.all().totals.get, matches.totals.get

    def read(slots: FactSlots) -> Reading:
        key = slots[key_slot]
        total = total_by_key(key, 0)
        return matched_by_key(key, 0) / total if total >= min_samples else None

    return read


def rise_of(now: Read, baseline: Read) -> Read:
    """Read how many times the baseline's share the present share is; a baseline of none counts as one in 10,000."""

    def read(slots: FactSlots) -> Reading:
        share, usual = now(slots), baseline(slots)
        return None if share is None or usual is None else share / max(usual, 0.0001)

    return read
