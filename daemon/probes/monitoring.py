"""The daemon's own senses: how full its queues are, how long their oldest message waits, and its heart's way round."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from daemon.probes.looking import Look, Observed, worst
from daemon.senses.sightings import BEAT_SECONDS, Sightings
from remediation.ports import Clock

DEPTH_DEGRADED, DEPTH_UNHEALTHY = 1_000, 10_000
"""Waiting messages: a second and ten seconds of what the daemon can take in."""
AGE_DEGRADED_SECONDS, AGE_UNHEALTHY_SECONDS = 60.0, 300.0
"""Of the oldest waiting message: a rule's window, and the longest that a rollback may take altogether."""
SILENT_DEGRADED_SECONDS, SILENT_UNHEALTHY_SECONDS = 3 * BEAT_SECONDS, 12 * BEAT_SECONDS

See = Callable[[], Awaitable[Sightings]]
"""What the running daemon has seen: its own memory, or the file that it keeps."""


class MeasuredQueue(Protocol):
    """A queue that tells how full it is. Raises AwsFailed."""

    @property
    def name(self) -> str:
        """The queue's name."""

    async def depth(self) -> tuple[int, int]:
        """About how many messages wait, and how many are being worked on."""


def look_at_monitoring(queues: Mapping[str, MeasuredQueue], see: See, clock: Clock) -> Look:
    """Queues and heart together, the worst of them. queues: by the source that reads them."""

    async def look() -> Observed:
        depths, seen = await asyncio.gather(asyncio.gather(*(queue.depth() for queue in queues.values())), see())
        now_ms = clock.now_ms()
        looks = [
            _queue(queue.name, depth[0], seen.caught_up.get(source, 0), now_ms)
            for (source, queue), depth in zip(queues.items(), depths, strict=True)
        ]
        return worst([*looks, _heart(seen, now_ms)], "no queue is configured")

    return look


def _queue(name: str, waiting: int, caught_up_at_ms: int, now_ms: int) -> Observed:
    """The oldest message was sent after the daemon last saw the queue's end, so it waits no longer than since then."""
    if waiting == 0:
        return Observed("healthy", f"{name}: 0 waiting")
    if caught_up_at_ms == 0:
        return Observed("unknown", f"{name}: {waiting} waiting, since when is not known: no daemon has read it")
    age_seconds = max(0, now_ms - caught_up_at_ms) / 1000
    detail = f"{name}: {waiting} waiting, the oldest for at most {age_seconds:.0f} s"
    if waiting >= DEPTH_UNHEALTHY or age_seconds >= AGE_UNHEALTHY_SECONDS:
        return Observed("unhealthy", detail, (detail,))
    if waiting >= DEPTH_DEGRADED or age_seconds >= AGE_DEGRADED_SECONDS:
        return Observed("degraded", detail, (detail,))
    return Observed("healthy", detail)


def _heart(seen: Sightings, now_ms: int) -> Observed:
    """EventBridge to rule to queue to daemon: the way of every alarm, tried all the time."""
    if seen.beat_back_at_ms == 0:
        sent = "was sent and none came back" if seen.beat_sent_at_ms > 0 else "was ever sent: is a daemon running?"
        return Observed("unknown", f"alarm pipeline: no heartbeat {sent}")
    silent_seconds = max(0, now_ms - seen.beat_back_at_ms) / 1000
    detail = f"alarm pipeline: the last heartbeat came back {silent_seconds:.0f} s ago after {seen.beat_trip_ms} ms"
    if silent_seconds >= SILENT_UNHEALTHY_SECONDS:
        return Observed("unhealthy", detail, (detail,))
    if silent_seconds >= SILENT_DEGRADED_SECONDS:
        return Observed("degraded", detail, (detail,))
    return Observed("healthy", detail)
