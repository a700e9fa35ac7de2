"""What a windowed measure needs: which facts to count beside all facts, and the exact test of those counts."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from checks.expression import Condition
from checks.expression.compiled import Selector

ShareTest = Callable[[int, int], bool]
"""Matches and total of a key; whether the limit holds."""

_MATCHES_MAX = 2**62
"""More than a window can hold."""


@dataclass(frozen=True, slots=True)
class Test:
    """A limit over counts. counted: which facts are matches. holds: whether the limit holds for matches and total.

    rises: only a match brings the limit nearer. falls: only a fact that is no match does.
    """

    counted: Condition
    holds: ShareTest
    rises: bool
    falls: bool

    def may_hold(self, matches: int, total: int, count: int, gained: int, minimum: int = 1) -> bool:
        """Whether some order of count new facts, gained of them matches, passes through the limit.

        Never false when one does: all that brings the limit nearer is taken first. minimum: totals below do not count.
        """
        if self.rises:
            return self.holds(matches + gained, max(total + gained, minimum))
        if self.falls:
            return self.holds(matches, max(total + count - gained, minimum))
        return True

    def least_matches(self, minimum: int) -> int:
        """The fewest matches with which the limit can hold at all, once a key has this many facts; 0 if it falls."""
        if not self.rises:
            return 0
        enough = range(_MATCHES_MAX)
        return bisect_left(enough, 1, key=lambda matches: self.holds(matches, max(matches, minimum, 1)))

    def must_hold(self, matches: int, total: int, count: int, gained: int) -> bool:
        """Whether the limit holds after each of the new facts, whatever their order; never true when it does not."""
        if self.rises:
            return self.holds(matches, total + count - gained)
        if self.falls:
            return self.holds(matches + gained, total + gained)
        return False


class Describe(Protocol):
    """The value of a key from its matches, its total, and its quantile if the plan asks for buckets."""

    def __call__(self, matches: int, total: int, quantile: float | None) -> tuple[float | None, str]:
        """The value in the measure's unit, and as a person reads it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One rule's part of a window. clear: None means as soon as breach does not hold.

    bucketed: canonical text and values of what a quantile is displayed of; None when no quantile is displayed.
    """

    breach: Test
    clear: Test | None
    describe: Describe
    bucketed: tuple[str, Selector] | None = None
    q: float = 0.0
