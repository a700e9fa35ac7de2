"""Health checks are told as metrics unless the settings say no, and what was seen is kept."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from checks.facts import HealthProbed
from config.settings import Settings
from daemon.aws.session import AwsClients
from daemon.clock import SystemClock
from daemon.senses.opened import open_senses
from daemon.senses.sightings import Sightings, read_sightings
from daemon.senses.signs_of_life import Senses

FACT = HealthProbed(id="p", at_ms=5, subject="database", status="healthy")


@dataclass
class Drained:
    """A queue's source."""

    name: str
    caught_up_at_ms: int


class Connected:
    """A source without a queue."""

    name = "mqtt"


async def opened(stack: AsyncExitStack, data_dir: Path, *, publish: bool) -> Senses:
    settings = Settings.model_validate({"data_dir": str(data_dir), "health": {"publish": publish}})
    clients = AwsClients(settings.aws, "test", "test")
    return await open_senses(stack, settings, clients, Sightings(), SystemClock())


async def test_a_health_check_waits_for_cloudwatch_in_a_task_of_its_own(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        senses = await opened(stack, tmp_path, publish=True)
        assert [task.name for task in senses.tasks()] == ["cloudwatch-metrics"]
        senses.tell([FACT])
        assert senses.outlet is not None
        assert (senses.outlet.published, senses.latest) == (0, (FACT,))


async def test_who_wants_no_metrics_gets_none(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        senses = await opened(stack, tmp_path, publish=False)
        assert (senses.outlet, senses.tasks()) == (None, [])
        senses.tell([FACT])


async def test_what_was_seen_is_kept_with_the_ends_of_the_queues(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        senses = await opened(stack, tmp_path, publish=False)
        senses.sightings.beat_back_at_ms = 7
        await senses.keep([Drained("payment-events", 9), Connected()])
    kept = await read_sightings(tmp_path)
    assert (kept.beat_back_at_ms, kept.caught_up) == (7, {"payment-events": 9})
