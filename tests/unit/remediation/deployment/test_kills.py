"""Killed at every boundary, and paused at every boundary for longer than the lease: each effect exactly once."""

import asyncio
from collections.abc import Callable

import pytest

from remediation.deployment.plan import Strategy
from remediation.deployment.run import RunOutcome
from remediation.errors import StaleEpoch
from tests.unit.remediation.deployment.ground import (
    REGION,
    CrossedJournal,
    Daemon,
    Ground,
    begun_ids,
    daemon,
    planned,
    request,
)
from tests.unit.remediation.worlds import LEASE_MS, FakeClock, Stopped, finding


class Silent:
    """Hundreds of deployments have nothing to log."""

    def info(self, *_: object, **__: object) -> None:
        pass

    error = warning = info


@pytest.fixture(autouse=True)
def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("remediation.deployment.runner.log", Silent())
    monkeypatch.setattr("remediation.executor.log", Silent())


Trouble = Callable[[Daemon, Ground], None]


class Boundaries:
    """Counts what is crossed, and dies at one of them. names: in the order in which they were crossed."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.names: list[str] = []
        self.dies_at = dies_at

    async def cross(self, name: str) -> None:
        self.names.append(name)
        if self.dies_at == len(self.names) - 1:
            raise Stopped


def good(where: Daemon, ground: Ground) -> None:
    """Nothing is wrong with the release."""
    del where, ground


def bad(where: Daemon, ground: Ground) -> None:
    """With half of the traffic the release turns out to be bad."""
    ground.bad = ground.weights[REGION].get("green", 0) >= 50 and where.run.stopped is None


async def deploy(
    strategy: Strategy, trouble: Trouble, dies_at: int | None
) -> tuple[Boundaries, Ground, CrossedJournal, Daemon]:
    """A deployment to its end, with one death and one restart on the way."""
    ground, journal = Ground(FakeClock()).stands(REGION), CrossedJournal()
    boundaries = Boundaries(dies_at)
    where = await daemon(ground, journal)
    await planned(where, request(strategy=strategy))
    ground.cross = journal.cross = boundaries.cross
    for _ in range(400):
        try:
            await where.executor.recover()
            trouble(where, ground)
            await where.runner.tick()
            if where.run.outcome is not None:
                return boundaries, ground, journal, where
            await where.pass_time(2)
        except Stopped:
            boundaries.dies_at = None
            ground.clock.at_ms += 3_000
            where = await daemon(ground, journal)
    message = f"not over after {boundaries.names[-1]}: {where.run.step}"
    raise AssertionError(message)


@pytest.mark.parametrize(
    ("strategy", "trouble"),
    [
        (Strategy.BLUE_GREEN, good),
        (Strategy.ROLLING, good),
        (Strategy.CANARY, bad),
    ],
)
async def test_killed_at_every_boundary_each_effect_is_there_exactly_once(strategy: Strategy, trouble: Trouble) -> None:
    undisturbed, ground, journal, where = await deploy(strategy, trouble, None)
    expected = (ground.changes, await begun_ids(journal), where.run.outcome)
    kinds = {name.split()[1] for name in undisturbed.names}
    assert {
        "step.begun",
        "step.ended",
        "deployment.ended",
        "deploy",
        "write" if strategy != "rolling" else "roll",
    } <= kinds
    for place, name in enumerate(undisturbed.names):
        boundaries, ground, journal, where = await deploy(strategy, trouble, place)
        assert boundaries.names[: place + 1] == undisturbed.names[: place + 1]
        assert (ground.changes, await begun_ids(journal), where.run.outcome) == expected, f"killed {name} ({place})"
    print(f"{strategy} {trouble.__name__}: killed at {len(undisturbed.names)} boundaries")  # noqa: T201 - the count is asked for


class Pausing:
    """Holds the first leader at one boundary until another leader has done all that is left."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.crossed = 0
        self.reached, self.go = asyncio.Event(), asyncio.Event()

    async def cross(self, name: str) -> None:
        del name
        self.crossed += 1
        if self.crossed - 1 == self.at:
            self.reached.set()
            await self.go.wait()


async def fenced(where: Daemon) -> bool:
    """Drive; whether the journal ended it, because another leader had taken over."""
    try:
        for _ in range(400):
            await where.runner.tick()
            await where.pass_time(1)
    except StaleEpoch:
        return True
    return False


@pytest.mark.parametrize("strategy", [Strategy.CANARY, Strategy.ROLLING])
async def test_a_leader_that_was_paused_for_longer_than_its_lease_sends_nothing_more(strategy: Strategy) -> None:
    undisturbed, ground, _, _ = await deploy(strategy, good, None)
    expected = ground.changes
    # What was sent cannot be called back, so the pauses are at what comes before: each entry of the journal.
    entries = sum(name.split()[1] in {"step.begun", "step.ended", "deployment"} for name in undisturbed.names)
    for place in range(entries):
        ground, journal, pausing = Ground(FakeClock()).stands(REGION), CrossedJournal(), Pausing(place)
        first = await daemon(ground, journal, holder="first")
        await planned(first, request(strategy=strategy))
        journal.cross = pausing.cross
        async with asyncio.TaskGroup() as group:
            driving = group.create_task(fenced(first))
            await pausing.reached.wait()
            journal.cross = Boundaries().cross
            ground.clock.at_ms += LEASE_MS + 1
            second = await daemon(ground, journal, holder="second")
            run = await second.drive()
            pausing.go.set()
        assert driving.result()
        assert run.outcome is RunOutcome.SUCCEEDED
        assert ground.changes == expected, f"paused at {place}"


async def test_two_that_tick_at_once_do_each_step_once() -> None:
    ground, journal = Ground(FakeClock()).stands(REGION), CrossedJournal()
    where = await daemon(ground, journal)
    made = await planned(where)
    for _ in range(200):
        await asyncio.gather(where.runner.tick(), where.runner.tick(), where.runner.tick())
        if where.run.outcome is not None:
            break
        await where.pass_time(1)
    assert await begun_ids(journal) == [step.id for step in made.steps]


async def test_a_rollback_waits_for_a_shift_that_was_sent_and_no_shift_follows_it() -> None:
    ground, journal = Ground(FakeClock()).stands(REGION), CrossedJournal()
    where = await daemon(ground, journal)
    await planned(where)
    sending, go = asyncio.Event(), asyncio.Event()

    async def cross(name: str) -> None:
        if name == "before write 50":
            sending.set()
            await go.wait()

    ground.cross = cross

    async def drive() -> None:
        while not sending.is_set():
            await where.runner.tick()
            await where.pass_time(0 if sending.is_set() else 1)

    async with asyncio.TaskGroup() as group:
        group.create_task(drive())
        await sending.wait()
        group.create_task(where.find(finding(at_ms=where.clock.at_ms)))
        for _ in range(20):
            await asyncio.sleep(0)
        assert ground.weights[REGION]["green"] == 5
        go.set()
    run = await where.drive()
    assert run.outcome is RunOutcome.ROLLED_BACK
    assert [change[2] for change in ground.changes if change[0] == "write"] == ["green 5", "green 50", "green 0"]
