"""Duties: a disk or a core that fails for a while ends none of them; lost leadership ends the lease's."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import cast

import pytest

from config.scaling import Scaling
from daemon.duties import Duties
from daemon.errors import CheckpointFailed
from daemon.leadership import Leadership
from daemon.parts import Parts
from daemon.senses.sightings import Sightings
from daemon.supervisor import Task
from remediation.errors import JournalFailed, JournalFull, SequenceConflict, StaleEpoch
from tests.unit.remediation.worlds import Scene, scene

NAMES = (
    "lease",
    "rules",
    "recover",
    "deployments",
    "automation",
    "paging",
    "public",
    "channel-health",
    "exposure",
    "rollbacks",
    "aftermath",
    "cores",
    "traffic",
    "backfill",
    "ledger",
    "ramps",
    "flags",
    "experiments",
    "scaling",
    "reconcile",
    "prune",
    "state",
    "health",
    "heart",
    "sightings",
    "tally",
    "reports",
    "loop-lag",
)


class Failing:
    """Every call fails with the next fault, and succeeds when there is none; each sets its event."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.failed, self.done = asyncio.Event(), asyncio.Event()

    async def __call__(self, *_: object) -> list[object]:
        """Fail or succeed."""
        if self.faults:
            self.failed.set()
            raise self.faults.pop(0)
        self.done.set()
        return []


def parts(calls: dict[str, Failing], one: Scene) -> Parts:
    """Parts whose calls are the test's, by name; what is not named succeeds."""

    def call(name: str) -> Failing:
        return calls.setdefault(name, Failing())

    made = SimpleNamespace(
        executor=SimpleNamespace(recover=call("recover")),
        deployments=SimpleNamespace(
            runner=SimpleNamespace(tick=call("deploy")), desk=SimpleNamespace(wakes=lambda _: None)
        ),
        rollbacks=SimpleNamespace(rollbacks=SimpleNamespace(tick=call("take_back")), look_back=call("look_back")),
        automation=SimpleNamespace(tick=call("storm")),
        incidents=SimpleNamespace(
            pager=SimpleNamespace(tick=call("page"), wakes=lambda _: None),
            exposures=SimpleNamespace(tick=call("count_exposed")),
        ),
        public=SimpleNamespace(proposer=SimpleNamespace(tick=call("propose"))),
        pipeline=SimpleNamespace(tick=call("tick"), accept=call("accept"), reconcile=call("reconcile")),
        probes=SimpleNamespace(
            core=SimpleNamespace(probe_all=call("probe_cores")),
            payments=SimpleNamespace(probe_all=call("pay")),
            components=SimpleNamespace(probe_all=call("probe_components"), probe=call("look_at_ledger")),
        ),
        backfill=SimpleNamespace(tick=call("backfill")),
        checkpoint=SimpleNamespace(prune=call("prune")),
        keeping=SimpleNamespace(keep_when_due=call("keep")),
        watch=SimpleNamespace(look=call("watch")),
        loop_lag=SimpleNamespace(measure=call("lag")),
        senses=SimpleNamespace(
            heart=SimpleNamespace(beat=call("beat")),
            tell=lambda _: None,
            keep=call("keep_sightings"),
            sightings=Sightings(beat_back_at_ms=1),
        ),
        reporting=SimpleNamespace(
            jobs=SimpleNamespace(
                count=call("count"), run_due=call("run_due"), watch_budget=call("watch_budget"), jobs=(), zone=None
            )
        ),
        scaling=SimpleNamespace(tick=call("scale"), scaler=SimpleNamespace(policy=Scaling())),
        flags=SimpleNamespace(
            tally=SimpleNamespace(tick=call("count_experiments")), ramps=SimpleNamespace(tick=call("ramp"))
        ),
        sources=(),
        writer=one.writer,
    )
    return cast("Parts", made)


async def duty(name: str, calls: dict[str, Failing]) -> tuple[Task, Callable[[], None]]:
    """The duty's task, and what makes it due."""
    one = await scene()
    duties = Duties(parts(calls, one), Leadership(one.journal, one.writer, one.clock), one.clock)
    (task,) = [task for task in duties.tasks() if task.name == name]
    return task, lambda: duties._ticks.now(name)


async def test_every_duty_is_a_task_of_its_own() -> None:
    one = await scene()
    duties = Duties(parts({}, one), Leadership(one.journal, one.writer, one.clock), one.clock)
    assert tuple(task.name for task in duties.tasks()) == NAMES


async def test_once_stopped_nothing_becomes_due() -> None:
    one = await scene()
    duties = Duties(parts({}, one), Leadership(one.journal, one.writer, one.clock), one.clock)
    duties.tasks()
    duties.start()
    assert all(standing.next_at_ms for standing in duties.standings())
    duties.stop()
    await asyncio.sleep(0)
    assert not any(standing.next_at_ms for standing in duties.standings())


@pytest.mark.parametrize(
    ("name", "failing", "fault", "succeeds"),
    [
        ("recover", "recover", JournalFull(), "recover"),
        ("recover", "recover", SequenceConflict(), "recover"),
        ("automation", "storm", JournalFull(), "storm"),
        ("cores", "accept", CheckpointFailed("full"), "accept"),
        ("health", "accept", CheckpointFailed("full"), "accept"),
        ("health", "probe_cores", JournalFailed("I/O"), "accept"),
        ("backfill", "backfill", CheckpointFailed("full"), "backfill"),
        ("ledger", "accept", CheckpointFailed("full"), "accept"),
        ("prune", "prune", CheckpointFailed("full"), "prune"),
        ("paging", "page", JournalFull(), "page"),
        ("public", "propose", JournalFull(), "propose"),
        ("exposure", "count_exposed", CheckpointFailed("full"), "count_exposed"),
        ("rollbacks", "take_back", JournalFull(), "take_back"),
        ("aftermath", "look_back", JournalFull(), "look_back"),
        ("ramps", "ramp", JournalFull(), "ramp"),
        ("scaling", "scale", JournalFull(), "scale"),
        ("reports", "run_due", JournalFull(), "run_due"),
        ("state", "keep", CheckpointFailed("full"), "keep"),
    ],
)
async def test_a_fault_that_passes_leaves_the_duty_to_its_next_tick(
    name: str, failing: str, fault: Exception, succeeds: str
) -> None:
    calls = {failing: Failing(fault)}
    task, make_due = await duty(name, calls)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        running = group.create_task(_run(task.run), name=name)
        make_due()
        await calls[failing].failed.wait()
        make_due()
        await calls[succeeds].done.wait()
        assert not running.done()
        running.cancel()


async def test_the_first_heartbeat_that_comes_back_brings_the_health_check_forward_once() -> None:
    calls: dict[str, Failing] = {}
    one = await scene()
    duties = Duties(parts(calls, one), Leadership(one.journal, one.writer, one.clock), one.clock)
    tasks = [task for task in duties.tasks() if task.name in {"health", "sightings"}]
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        running = [group.create_task(_run(task.run), name=task.name) for task in tasks]
        duties._ticks.now("sightings")
        await calls["probe_components"].done.wait()
        calls["probe_components"].done.clear()
        calls["keep_sightings"].done.clear()
        duties._ticks.now("sightings")
        await calls["keep_sightings"].done.wait()
        assert not calls["probe_components"].done.is_set()
        for task in running:
            task.cancel()


async def _run(run: Callable[[], Awaitable[None]]) -> None:
    await run()


@pytest.mark.parametrize(("name", "failing"), [("recover", "recover"), ("rules", "tick"), ("lease", "lease")])
async def test_lost_leadership_ends_the_duty(name: str, failing: str) -> None:
    calls = {failing: Failing(StaleEpoch())}
    one = await scene()
    await one.journal.acquire_lease("here", 60_000, one.clock.now_ms())
    duties = Duties(parts(calls, one), Leadership(one.journal, one.writer, one.clock), one.clock)
    (task,) = [task for task in duties.tasks() if task.name == name]
    duties._ticks.now(name)
    with pytest.raises(StaleEpoch):
        await task.run()
