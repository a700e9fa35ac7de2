"""Says as facts how each channel does, so that one which fails is a page by another: the check ``delivery``."""

from checks.facts import HealthProbed, HealthStatus
from daemon.channels.outbox import Outbox

CHECK = "delivery"
COMPONENT = "channels"
"""Of what no channel can carry; each channel has its own, ``channel-NAME``."""
NAMES_MAX = 5
"""Of notices in one line."""


class ChannelHealth:
    """after_seconds: a channel that has failed for so long is unhealthy, and others do its work."""

    def __init__(self, outbox: Outbox, region: str, after_seconds: float) -> None:
        self._outbox = outbox
        self._region = region
        self._after_ms = round(after_seconds * 1000)

    def look(self, now_ms: int) -> list[HealthProbed]:
        """One fact for each channel, and one for all."""
        found = [(f"channel-{name}", *self._of(name, now_ms)) for name in self._outbox.names]
        return [self._fact(subject, status, detail, now_ms) for subject, status, detail in (*found, self._whole())]

    def _of(self, name: str, now_ms: int) -> tuple[HealthStatus, str]:
        setback = self._outbox.setbacks.of(name)
        if setback is None:
            delivered = self._outbox.tally.counts[name, "delivered"]
            return ("healthy", f"took {delivered}") if delivered else ("unknown", "nothing was sent since the start")
        lasts_ms = now_ms - setback.since_ms
        words = f"takes nothing for {lasts_ms // 1000} s: {setback.why}"
        return ("unhealthy" if lasts_ms >= self._after_ms else "degraded"), words

    def _whole(self) -> tuple[str, HealthStatus, str]:
        waiting = self._outbox.unreachable()
        if not waiting:
            return COMPONENT, "healthy", "every notice has a channel"
        people = ", ".join(dict.fromkeys(one.target.reference for one in waiting[:NAMES_MAX]))
        return COMPONENT, "unhealthy", f"{len(waiting)} notices wait that no channel carries: {people}"

    def _fact(self, subject: str, status: HealthStatus, detail: str, now_ms: int) -> HealthProbed:
        return HealthProbed(
            id=f"probe:{subject}:{now_ms}",
            at_ms=now_ms,
            subject=subject,
            region=self._region,
            status=status,
            check=CHECK,
            detail=detail,
        )
