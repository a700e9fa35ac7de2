"""What an incident exposed is counted once, where it was, from its begin to its end, and a part is said to be one."""

from pathlib import Path
from typing import Literal

from checks.facts import Fact, PaymentAttempted
from daemon.incidents.exposure import SETTLE_MS, Exposures
from daemon.storage.checkpoint import Checkpoint
from tests.unit.daemon.incidents.incident_world import World, world
from tests.unit.remediation.incidents.telling import breach, clear
from tests.unit.remediation.worlds import NOW_MS

DAY_MS = 86_400_000
Ended = Literal["succeeded", "failed"]


def attempt(name: str, at_ms: int, outcome: Ended = "succeeded", environment: str = "green") -> PaymentAttempted:
    return PaymentAttempted(
        id=f"evt-{name}-{at_ms}",
        at_ms=at_ms,
        subject=name,
        region="us-east-1",
        environment=environment,
        outcome=outcome,
        rail="card",
        amount_cents=1_000,
    )


async def over(tmp_path: Path, *facts: Fact, arrived_ms: int = NOW_MS) -> tuple[World, Checkpoint]:
    """An incident on green that lasted ten seconds, and these facts in the log."""
    here = await world()
    checkpoint = await Checkpoint.open(tmp_path / "checkpoint.db", DAY_MS)
    await checkpoint.record(facts, "sqs", arrived_ms)
    await here.say(breach())
    here.later(10)
    await here.say(clear())
    here.later(SETTLE_MS / 1000)
    return here, checkpoint


async def test_distinct_payments_of_the_place_and_time_are_counted_once(tmp_path: Path) -> None:
    here, checkpoint = await over(
        tmp_path,
        attempt("before", NOW_MS - 1),
        attempt("paid", NOW_MS),
        attempt("again", NOW_MS + 1, "failed"),
        attempt("again", NOW_MS + 2, "failed"),
        attempt("elsewhere", NOW_MS + 3, environment="blue"),
        attempt("after", NOW_MS + 10_001),
    )
    try:
        exposures = Exposures(checkpoint, here.scene.writer, here.scene.clock)
        await exposures.tick()
        await exposures.tick()
        seen = here.state.incidents["inc-1"].exposed
        assert seen is not None
        assert (seen.payments, seen.failed, seen.amount_cents, seen.whole) == (2, 1, 2_000, True)
        assert (seen.from_ms, seen.until_ms) == (NOW_MS, NOW_MS + 10_000)
        assert (await here.kinds()).count("incident.exposed") == 1
    finally:
        await checkpoint.close()


async def test_nothing_is_counted_while_an_incident_lasts(tmp_path: Path) -> None:
    here = await world()
    checkpoint = await Checkpoint.open(tmp_path / "checkpoint.db", DAY_MS)
    try:
        await here.say(breach())
        here.later(60)
        await Exposures(checkpoint, here.scene.writer, here.scene.clock).tick()
        assert await here.kinds() == ["finding"]
    finally:
        await checkpoint.close()


async def test_a_log_that_begins_later_gives_a_lower_bound(tmp_path: Path) -> None:
    late = attempt("late", NOW_MS + 5_000)
    here, checkpoint = await over(tmp_path, late, arrived_ms=NOW_MS + 120_000)
    try:
        seen = await Exposures(checkpoint, here.scene.writer, here.scene.clock).of(here.state.incidents["inc-1"])
        assert (seen.payments, seen.whole) == (1, False)
    finally:
        await checkpoint.close()
