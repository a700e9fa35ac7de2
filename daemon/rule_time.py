"""What time it is for the rules: now, or, while what waited during an outage comes in, the time of what came last."""

from collections.abc import Sequence

FRESH_MS = 5_000
"""Facts that are younger are no backlog."""
QUIET_MS = 10_000
"""No backlog came for so long: nothing more waits, or it does not come."""
BACKLOG_MS_MAX = 600_000
"""However much still comes: after so long the rules look at what is now."""
STEPS_MAX = 600
"""Time that was not told is made up for in steps of a second, or longer ones for more than ten minutes."""
STEP_MS = 1_000


class RuleTime:
    """Lets windows and timers see an outage's facts in their own time, before they are told that it is later.

    Otherwise the first tick after an outage would move every window past the facts that still wait in the queues.
    """

    def __init__(self) -> None:
        self._behind = False
        self._told_ms = 0
        self._started_ms = 0
        self._backlog_ms = 0

    def resume(self, told_ms: int, now_ms: int) -> None:
        """After a restart: the rules were last told of told_ms."""
        self._behind = now_ms - told_ms > FRESH_MS
        self._told_ms = told_ms
        self._started_ms = self._backlog_ms = now_ms

    def heard(self, newest_ms: int, now_ms: int) -> None:
        """Facts came, the newest of this event time; not of the daemon's own probes, which are no backlog."""
        if self._behind:
            self._told_ms = max(self._told_ms, min(newest_ms, now_ms))
            self._backlog_ms = now_ms

    def told_ms(self, now_ms: int) -> int:
        """The time that the rules were told last, or will be told next."""
        return self._told_ms if self._behind else now_ms

    def moments(self, now_ms: int) -> Sequence[int]:
        """What a tick at now has to tell the rules, in order: usually now; everything in between after a backlog."""
        if not self._behind:
            return [now_ms]
        fresh = now_ms - self._told_ms <= FRESH_MS
        if not fresh and now_ms - self._backlog_ms < QUIET_MS and now_ms - self._started_ms < BACKLOG_MS_MAX:
            return [self._told_ms]
        self._behind = False
        step_ms = max(STEP_MS, -(-(now_ms - self._told_ms) // STEPS_MAX))
        return [*range(self._told_ms + step_ms, now_ms, step_ms), now_ms]
