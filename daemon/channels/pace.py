"""Keeps a channel within what its receiver takes a minute, with room that only critical notices get."""

from collections import deque
from collections.abc import Iterable

WINDOW_MS = 60_000
RESERVED_SHARE = 6
"""A sixth of each minute is kept for critical notices, so that one never waits for a minute of lesser ones to end."""
_SLACK_MS = 250
"""The receiver's window is not ours: what left later may arrive sooner."""


class Pace:
    """At most ``per_minute`` attempts in any minute. before: when the last attempts of an earlier process were."""

    def __init__(self, per_minute: int, before: Iterable[int] = ()) -> None:
        self._per_minute = per_minute
        self._lesser_most = per_minute - max(1, per_minute // RESERVED_SHARE)
        self._at_ms = deque(sorted(before)[-per_minute:])

    def wait_ms(self, now_ms: int, *, critical: bool) -> int:
        """How long until one more attempt may be made; 0 for now."""
        self._forget(now_ms)
        most = self._per_minute if critical else self._lesser_most
        if len(self._at_ms) < most:
            return 0
        return max(1, self._at_ms[len(self._at_ms) - most] + WINDOW_MS + _SLACK_MS - now_ms)

    def took(self, now_ms: int) -> None:
        """An attempt is made; whether it succeeds does not matter to a receiver's limit."""
        self._at_ms.append(now_ms)

    def _forget(self, now_ms: int) -> None:
        while self._at_ms and self._at_ms[0] <= now_ms - WINDOW_MS - _SLACK_MS:
            self._at_ms.popleft()
