"""One rule over a wheel that it shares: its counts, its tests and its episodes."""

from collections import Counter
from collections.abc import Collection, Mapping

from checks.compiled_rule import CompiledRule
from checks.measures.buckets import Buckets
from checks.measures.judging.episodes import Episodes
from checks.measures.judging.verdict import Verdict
from checks.measures.windowed.plan import Plan
from checks.windows.panes import Counts, Key

Gained = Mapping[Counts, Counter[Key]]
"""New matches by key, for each of a wheel's tracks."""


class WindowedRule:
    """Reads shared counts; only its episodes are its own."""

    __slots__ = (
        "_breach",
        "_buckets",
        "_clear",
        "_clear_counts",
        "_plan",
        "breach_counts",
        "episodes",
        "heard",
        "least_matches",
        "minimum",
    )

    def __init__(
        self, compiled: CompiledRule, plan: Plan, breach: Counts, clear: Counts | None, buckets: Buckets | None
    ) -> None:
        self._plan = plan
        self._breach = plan.breach.holds
        self._clear = None if plan.clear is None else plan.clear.holds
        self._clear_counts = clear
        self._buckets = buckets
        self.breach_counts = breach
        self.minimum = compiled.min_samples
        self.least_matches = plan.breach.least_matches(self.minimum)
        self.episodes = Episodes(compiled, silence_is_news=False)
        self.heard: set[Key] = set()

    def verdict(self, key: Key, total: int) -> Verdict:
        """What the counts of a key say now."""
        if total < self.minimum:
            return Verdict.NO_DATA
        if self._breach(self.breach_counts.totals.get(key, 0), total):
            return Verdict.BREACHING
        if (
            self._clear is None
            or self._clear_counts is None
            or self._clear(self._clear_counts.totals.get(key, 0), total)
        ):
            return Verdict.CLEAR
        return Verdict.BETWEEN

    def fallen_silent(self, totals: Mapping[Key, int], *, deaf: bool) -> Collection[Key]:
        """Keys that had enough facts at the last call and have too few now, where the rule minds their silence.

        deaf: nobody could have heard them for as long as the window is, so none has fallen silent yet.
        """
        if not self.episodes.heeds_silence:
            return ()
        enough = {key for key, total in totals.items() if total >= self.minimum}
        if deaf:
            self.heard |= enough
            return ()
        silent, self.heard = self.heard - enough, enough
        return silent

    def is_settled(self, key: Key, total: int, count: int, gained: Gained, until_ms: int) -> bool:
        """Whether count new facts of the key, until this event time, change nothing, in whatever order they come.

        total: before them. gained: the matches among them, which the tracks have counted already.

        Then they need not be judged one by one: either no episode can begin, or the open one gets the same verdict
        after each fact and does not come to its end.
        """
        breach, new = self._plan.breach, gained[self.breach_counts][key]
        matches = self.breach_counts.totals.get(key, 0) - new
        if key in self.episodes.open:
            return total >= self.minimum and (
                (breach.must_hold(matches, total, count, new) and self.episodes.stays(key, until_ms))
                or (
                    not breach.may_hold(matches, total, count, new)
                    and self._is_clear_settled(key, total, count, gained, until_ms)
                )
            )
        if total + count < self.minimum or (breach.rises and not new and total >= self.minimum):
            return True
        return not breach.may_hold(matches, total, count, new, self.minimum)

    def _is_clear_settled(self, key: Key, total: int, count: int, gained: Gained, until_ms: int) -> bool:
        """Whether the clear limit is met by none of the new facts, or by each and still not for long enough."""
        if self._plan.clear is None or self._clear_counts is None:
            return False
        new = gained[self._clear_counts][key]
        matches = self._clear_counts.totals.get(key, 0) - new
        if not self._plan.clear.may_hold(matches, total, count, new):
            return self.episodes.rests(key)
        return self.episodes.waits(key, until_ms) and self._plan.clear.must_hold(matches, total, count, new)

    def describe(self, key: Key, total: int) -> tuple[float | None, str]:
        """The value of a key, and as a person reads it."""
        quantile = None if self._buckets is None else self._buckets.quantile(key, self._plan.q)
        return self._plan.describe(self.breach_counts.totals.get(key, 0), total, quantile)
