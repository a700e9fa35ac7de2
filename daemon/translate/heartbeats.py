"""The daemon's own heartbeats, back from EventBridge."""

from typing import Annotated

import msgspec

from checks.facts import Fact, Heartbeat
from daemon.translate.envelope import Envelope, cut

SOURCE = "tillwatch.monitoring"
DETAIL_TYPE = "Tillwatch Heartbeat"


class BeatDetail(msgspec.Struct, frozen=True, gc=False):
    """sent_at_ms: Unix milliseconds, because the envelope's own time is to the second."""

    subject: Annotated[str, msgspec.Meta(min_length=1)]
    sent_at_ms: int
    interval_seconds: Annotated[float, msgspec.Meta(gt=0, le=86_400)]


def heartbeat_facts(event: Envelope[BeatDetail]) -> list[Fact]:
    """One beat."""
    return [
        Heartbeat(
            id=f"beat:{event.id}",
            at_ms=event.detail.sent_at_ms,
            subject=cut(event.detail.subject),
            region=event.region,
            interval_seconds=event.detail.interval_seconds,
        )
    ]
