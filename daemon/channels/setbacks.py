"""What channels failed at lately: the whole channel, or one notice of it; and when they are tried again."""

from collections.abc import Collection
from dataclasses import dataclass

WAIT_MS_FIRST = 500
WAIT_MS_MOST = 4_000
"""A receiver that comes back is asked again within this long, and gets what waited."""


@dataclass(frozen=True, slots=True)
class Setback:
    """since_ms: when the first failure began. last_ms: when the newest ended. until_ms: when it is tried again."""

    since_ms: int
    last_ms: int
    until_ms: int
    failures: int
    why: str


class Setbacks:
    """Of all channels; in memory alone, because a process that starts asks anew."""

    def __init__(self) -> None:
        self._down: dict[str, Setback] = {}
        self._stuck: dict[tuple[str, str], Setback] = {}
        self._doubted: dict[str, str] = {}
        self._refused: dict[str, set[str]] = {}

    def of(self, channel: str) -> Setback | None:
        """How the whole channel fails, None while it does not."""
        return self._down.get(channel)

    def at(self, channel: str, notice_id: str) -> Setback | None:
        """How it fails at this notice; None while it does not."""
        return self._stuck.get((channel, notice_id))

    def either(self, channel: str, notice_id: str) -> Setback | None:
        """How it fails at this notice, or at all."""
        whole = self.of(channel)
        return self.at(channel, notice_id) if whole is None else whole

    def refused_by(self, notice_id: str) -> Collection[str]:
        """The channels that will never take this notice."""
        return self._refused.get(notice_id, ())

    def took(self, channel: str, notice_id: str) -> None:
        """It works."""
        self._down.pop(channel, None)
        self._doubted.pop(channel, None)
        self._stuck.pop((channel, notice_id), None)

    def refused(self, channel: str, notice_id: str) -> None:
        """It works, and will not take this notice."""
        self.took(channel, notice_id)
        self._refused.setdefault(notice_id, set()).add(channel)

    def down(self, channel: str, began_ms: int, now_ms: int, wait_ms: int, why: str) -> None:
        """The channel takes nothing. began_ms: of the attempt. What it failed at alone is forgotten: order is kept."""
        self._down[channel] = _after(self._down.get(channel), began_ms, now_ms, wait_ms, why)
        for key, setback in self._stuck.items():
            if key[0] == channel:
                self._stuck[key] = Setback(setback.since_ms, setback.last_ms, 0, setback.failures, setback.why)

    def stuck(self, channel: str, notice_id: str, began_ms: int, now_ms: int, wait_ms: int, why: str) -> None:
        """The channel failed at this notice; at another one too, and nothing between, means that it takes nothing."""
        key = (channel, notice_id)
        self._stuck[key] = _after(self._stuck.get(key), began_ms, now_ms, wait_ms, why)
        if self._doubted.setdefault(channel, notice_id) != notice_id:
            self.down(channel, began_ms, now_ms, wait_ms, why)

    def failures(self, channel: str, notice_id: str) -> int:
        """How often in a row, at this notice or at all."""
        found = (self.of(channel), self.at(channel, notice_id))
        return max((one.failures for one in found if one is not None), default=0)

    def forget(self, waiting: Collection[str]) -> None:
        """Keep what is about these notices alone."""
        self._stuck = {key: one for key, one in self._stuck.items() if key[1] in waiting}
        self._refused = {notice_id: one for notice_id, one in self._refused.items() if notice_id in waiting}


def wait_ms(failures: int, share: float) -> int:
    """How long to wait after so many failures. share: drawn from 0 to 1, so that receivers are not hit in step."""
    most = min(WAIT_MS_FIRST * 2 ** min(failures, 10), WAIT_MS_MOST)
    return int(most * (1 + share) / 2)


def _after(before: Setback | None, began_ms: int, now_ms: int, wait_ms: int, why: str) -> Setback:
    since_ms, failures = (began_ms, 0) if before is None else (before.since_ms, before.failures)
    return Setback(since_ms, now_ms, now_ms + wait_ms, failures + 1, why)
