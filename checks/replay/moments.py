"""Recorded facts in the order of their event times, with the ticks that a daemon would have had between them."""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from checks.facts import Fact

LATENESS_MS = 10_000
"""Facts wait so long for earlier ones that were recorded after them; what comes later yet is late for the rules too."""
WAITING_MAX = 200_000
"""Facts that wait; more, and the earliest go on without waiting."""
LEAP_MS = 3_600_000
"""Nothing for longer: an outage, if more facts than one come from beyond, or a wrong clock."""
LEAP_FACTS = 20
"""So many facts in a row from beyond a leap are no wrong clock."""
MINUTE_MS = 60_000
DAY_MS = 86_400_000

Moment = tuple[int, list[Fact]]


class Moments:
    """Orders facts and cuts them at ticks; holds the facts of ``LATENESS_MS`` and no more.

    tick_ms: how often time is told. first_ms, last_ms: event times of the earliest and latest fact given out, 0 before.
    """

    def __init__(self, tick_ms: int) -> None:
        self._tick_ms = tick_ms
        self._waiting: list[tuple[int, int, Fact]] = []
        self._newest_ms = 0
        self._beyond: list[int] = []
        self._told_ms = 0
        self._given = 0
        self.first_ms = 0
        self.last_ms = 0

    def of(self, facts: Iterable[Fact]) -> Iterator[Moment]:
        """Each moment at which time is told, in order, with the facts up to it that were not given before."""
        for fact in facts:
            self._take(fact)
            if self._waiting[0][0] < self._until() - self._tick_ms or len(self._waiting) > WAITING_MAX:
                yield from self._due(self._until())
        if self._waiting:
            yield from self._due(max(at_ms for at_ms, _, _ in self._waiting) + 1)

    def _take(self, fact: Fact) -> None:
        self._given += 1
        heappush(self._waiting, (fact.at_ms, self._given, fact))
        if not self._newest_ms:
            self._newest_ms = fact.at_ms
        elif fact.at_ms <= self._newest_ms + LEAP_MS:
            self._newest_ms = max(self._newest_ms, fact.at_ms)
            self._beyond.clear()
        else:
            self._beyond.append(fact.at_ms)
            if len(self._beyond) >= LEAP_FACTS:
                self._newest_ms = min(self._beyond)
                self._beyond.clear()

    def _until(self) -> int:
        """Event time before which nothing is expected any longer."""
        return self._newest_ms - LATENESS_MS

    def _due(self, until_ms: int) -> Iterator[Moment]:
        """Everything before this time, tick by tick; while too much waits, the earliest go first."""
        while self._waiting and (self._waiting[0][0] < until_ms or len(self._waiting) > WAITING_MAX):
            at_ms = self._waiting[0][0]
            yield from ((moment_ms, []) for moment_ms in self._silence(at_ms))
            end_ms = max(self._told_ms, self._tick_after(at_ms))
            batch: list[Fact] = []
            while self._waiting and self._waiting[0][0] <= end_ms:
                batch.append(heappop(self._waiting)[2])
            if not self.first_ms:
                self.first_ms = batch[0].at_ms
            self.last_ms = max(self.last_ms, batch[-1].at_ms)
            self._told_ms = end_ms
            yield end_ms, batch

    def _tick_after(self, at_ms: int) -> int:
        return -(-at_ms // self._tick_ms) * self._tick_ms

    def _silence(self, at_ms: int) -> Iterator[int]:
        """The ticks before the next fact: all of the first hour, one a minute for a day, and the last one."""
        if not self._told_ms:
            return
        end_ms = self._tick_after(at_ms) - self._tick_ms
        began_ms = moment_ms = self._told_ms
        while moment_ms < end_ms:
            quiet_ms = moment_ms - began_ms
            step_ms = self._tick_ms if quiet_ms < LEAP_MS else max(self._tick_ms, MINUTE_MS)
            moment_ms = end_ms if quiet_ms >= DAY_MS else min(end_ms, moment_ms + step_ms)
            yield moment_ms
