"""A rehearsal goes the whole way of a rollback, moves no payment, takes its turn, and fails when a rollback would."""

from dataclasses import dataclass

import pytest

from config.policy import Policy
from daemon.rollbacks.drill import AGAIN_MS, EVERY_MS, Drill
from remediation.deployment.works.rehearsed import last_good
from remediation.errors import WorldRefused
from remediation.journal.guardrail_kinds import AutomationStopped
from remediation.ports import DestinationHealth
from tests.unit.remediation.worlds import Scene, decided, deployment, scene

WHOLE = {"blue": 100, "green": 0}


@dataclass
class Stage:
    """A leader, its world, and the drill over both."""

    where: Scene
    drill: Drill


@pytest.fixture
async def stage() -> Stage:
    policy = Policy()
    where = await scene(policy=policy)
    where.world.weights = dict(WHOLE)
    where.writer.renewed(await where.journal.renew_lease(where.writer.lease, 9 * EVERY_MS, where.clock.now_ms()))
    drill = Drill(
        {"us-east-1": where.world},
        lambda _region: where.world,
        lambda: policy,
        where.executor,
        where.writer,
        where.clock,
    )
    return Stage(where, drill)


async def test_a_drill_writes_the_weights_as_they_are_and_is_told_as_a_drill(stage: Stage) -> None:
    measured = await stage.drill.run("ann")
    assert stage.where.world.weights == WHOLE
    assert [weights for weights, _ in stage.where.world.writes] == [WHOLE]
    assert (measured.drill, measured.verified_at_ms > 0, stage.where.world.checks) == (True, True, 2)
    assert last_good(stage.where.writer.state) == measured


@pytest.mark.parametrize("wrong", ["dead", "unreadable", "ignored", "split", "refused"])
async def test_a_drill_fails_where_a_rollback_would_fail_and_is_no_good_rehearsal(stage: Stage, wrong: str) -> None:
    world = stage.where.world
    match wrong:
        case "dead":
            world.healthy = False
        case "unreadable":
            world.faults_before = [WorldRefused("no route")]
        case "ignored":
            world.ignores_writes = True
            world.weights = {"blue": 100, "green": 0}
            reads = iter([WHOLE, WHOLE, *[{"blue": 99, "green": 0}] * 1000])

            async def read() -> dict[str, int]:
                return dict(next(reads))

            world.read = read  # type: ignore[method-assign] # this world forgets what was written
        case "split":
            world.weights = {"blue": 75, "green": 25}
        case _:
            world.faults_before = [WorldRefused("AccessDenied")]
    measured = await stage.drill.run("ann")
    assert measured.verified_at_ms == 0
    assert measured.detail
    assert last_good(stage.where.writer.state) is None


async def test_a_drill_does_not_touch_what_an_action_is_at_work_on(stage: Stage) -> None:
    decision = await decided(stage.where)
    await stage.where.writer.append(decision)
    measured = await stage.drill.run("ann")
    assert measured.detail == f"{decision.id} is at work on {decision.target}"
    assert stage.where.world.writes == []


async def test_by_itself_no_drill_is_held_while_a_person_has_stopped_automation_and_one_who_asks_gets_it(
    stage: Stage,
) -> None:
    await stage.where.writer.append(AutomationStopped(reason="looking"), "ann")
    await stage.drill.tick()
    assert stage.where.world.writes == []
    assert (await stage.drill.run("ann")).verified_at_ms > 0


async def test_a_change_that_somebody_makes_meanwhile_is_not_written_over(stage: Stage) -> None:
    world, moved = stage.where.world, {"blue": 0, "green": 100}

    async def health(environment: str) -> DestinationHealth:
        world.weights = dict(moved)
        return DestinationHealth(healthy=True, detail=environment)

    world.health = health  # type: ignore[method-assign] # somebody moves the traffic while the destination is looked at
    measured = await stage.drill.run("ann")
    assert (world.weights, world.writes) == (moved, [])
    assert measured.detail == "somebody changed the traffic of us-east-1 meanwhile"


async def test_drills_come_by_themselves_once_a_day_an_hour_after_a_failure_and_never_in_a_deployment(
    stage: Stage,
) -> None:
    await stage.drill.tick()
    await stage.drill.tick()
    assert len(stage.where.world.writes) == 1
    await stage.where.clock.sleep(EVERY_MS / 1000)
    stage.where.world.healthy = False
    await stage.drill.tick()
    stage.where.world.healthy = True
    await stage.drill.tick()
    assert len(stage.where.world.writes) == 1, "the failed one is not tried again at once"
    await stage.where.clock.sleep(AGAIN_MS / 1000)
    await stage.where.writer.append(deployment(at_ms=stage.where.clock.now_ms()))
    await stage.drill.tick()
    assert len(stage.where.world.writes) == 1
    await stage.where.writer.append(deployment(status="succeeded", at_ms=stage.where.clock.now_ms()))
    await stage.drill.tick()
    assert len(stage.where.world.writes) == 2
