"""One rule over a wheel that it shares: its counts, its tests and its episodes."""

from collections.abc import Mapping

from checks.compiled_rule import CompiledRule
from checks.measures.buckets import Buckets
from checks.measures.episodes import Episodes
from checks.measures.plan import Plan
from checks.measures.verdict import Verdict
from checks.windows import Counts, Key

Gained = Mapping[Counts, Mapping[Key, int]]
"""New matches by key, for each of a wheel's tracks."""


class WindowedRule:
    """Reads shared counts; only its episodes are its own."""

    __slots__ = ("_breach", "_buckets", "_clear", "_clear_counts", "_plan", "breach_counts", "episodes", "minimum")

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
        self.episodes = Episodes(compiled, silence_is_news=False)

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

    def is_settled(self, key: Key, total: int, count: int, gained: Gained, until_ms: int) -> bool:
        """Whether count new facts of the key, until this event time, change nothing, in whatever order they come.

        Then they need not be judged one by one: either no episode can begin, or the open one gets the same verdict
        after each fact and does not come to its end.
        """
        breach, matches = self._plan.breach, self.breach_counts.totals.get(key, 0)
        new = gained[self.breach_counts].get(key, 0)
        if key in self.episodes.open:
            return total >= self.minimum and (
                breach.must_hold(matches, total, count, new)
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
        matches, new = self._clear_counts.totals.get(key, 0), gained[self._clear_counts].get(key, 0)
        if not self._plan.clear.may_hold(matches, total, count, new):
            return True
        return self.episodes.waits(key, until_ms) and self._plan.clear.must_hold(matches, total, count, new)

    def describe(self, key: Key, total: int) -> tuple[float | None, str]:
        """The value of a key, and as a person reads it."""
        quantile = None if self._buckets is None else self._buckets.quantile(key, self._plan.q)
        return self._plan.describe(self.breach_counts.totals.get(key, 0), total, quantile)
