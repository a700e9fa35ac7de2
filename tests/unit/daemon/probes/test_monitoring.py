"""Monitoring is as healthy as its fullest queue, its oldest message and the silence of its own heart."""

from dataclasses import dataclass
from typing import NoReturn

import pytest

from daemon.errors import QueueGone
from daemon.probes.looking import Observed
from daemon.probes.monitoring import look_at_monitoring
from daemon.senses.sightings import Sightings

NOW_MS = 1_795_459_572_000


class Clock:
    """Stands still."""

    def now_ms(self) -> int:
        """The same moment every time."""
        return NOW_MS

    def monotonic_ms(self) -> float:
        """The same."""
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """Go on at once."""


@dataclass
class Queue:
    """A queue of a given depth."""

    name: str
    waiting: int

    async def depth(self) -> tuple[int, int]:
        """As given."""
        return self.waiting, 0


class Gone:
    """A queue that does not exist."""

    name = "till-control-events"

    async def depth(self) -> NoReturn:
        """There is none."""
        raise QueueGone(self.name)


def seen(*, silent_seconds: float = 5.0, age_seconds: float = 0.0, **changes: int) -> Sightings:
    sightings = Sightings(
        beat_sent_at_ms=NOW_MS,
        beat_back_at_ms=NOW_MS - round(silent_seconds * 1000),
        beat_trip_ms=40,
        caught_up={"payments": NOW_MS - round(age_seconds * 1000), "control": NOW_MS},
    )
    for name, value in changes.items():
        setattr(sightings, name, value)
    return sightings


async def look(sightings: Sightings, waiting: int = 0) -> Observed:
    queues = {"payments": Queue("till-payments", waiting), "control": Queue("till-control", 0)}
    return await look_at_monitoring(queues, sightings.see, Clock())()


@pytest.mark.parametrize(
    ("waiting", "age_seconds", "status"),
    [
        (0, 10_000, "healthy"),
        (999, 59, "healthy"),
        (1_000, 0, "degraded"),
        (10_000, 0, "unhealthy"),
        (1, 60, "degraded"),
        (1, 300, "unhealthy"),
    ],
)
async def test_a_queue_is_judged_by_its_depth_and_by_its_oldest_message(
    waiting: int, age_seconds: float, status: str
) -> None:
    assert (await look(seen(age_seconds=age_seconds), waiting)).status == status


@pytest.mark.parametrize(
    ("silent_seconds", "status"), [(0, "healthy"), (29.9, "healthy"), (30, "degraded"), (120, "unhealthy")]
)
async def test_a_heart_that_falls_silent_is_noticed(silent_seconds: float, status: str) -> None:
    observed = await look(seen(silent_seconds=silent_seconds))
    assert observed.status == status
    assert "heartbeat came back" in observed.detail


async def test_a_heart_that_never_came_back_is_unknown_and_says_whether_it_was_sent() -> None:
    sent = await look(seen(beat_back_at_ms=0))
    assert (sent.status, "none came back" in sent.detail) == ("unknown", True)
    silent = await look(seen(beat_back_at_ms=0, beat_sent_at_ms=0))
    assert (silent.status, "is a daemon running?" in silent.detail) == ("unknown", True)


async def test_messages_that_no_daemon_ever_read_have_no_known_age() -> None:
    sightings = seen()
    sightings.caught_up.clear()
    assert (await look(sightings, 1)).status == "unknown"


async def test_a_queue_that_is_gone_is_a_fault_for_the_probe_to_tell() -> None:
    with pytest.raises(QueueGone):
        await look_at_monitoring({"control": Gone()}, seen().see, Clock())()
