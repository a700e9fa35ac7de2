"""The gates are read as long as payments are on the release, also where no watch reads them."""

import pytest

from remediation.deployment.plan import Strategy
from remediation.deployment.run import RunOutcome
from remediation.journal.kinds import DeploymentAsked
from tests.unit.remediation.deployment.driving import scene, until
from tests.unit.remediation.deployment.ground import REGION, planned, request


async def test_a_breach_between_two_watches_of_a_paused_deployment_takes_it_back_as_a_watch_does() -> None:
    where, ground, _ = await scene()
    await planned(where)
    await until(where, "watch-5")
    await where.writer.append(DeploymentAsked(deployment_id="dep-1", what="pause"), "anna")
    await where.tick(times=20)
    assert (where.run.step, where.run.began_at_ms) == (where.run.plan.steps[where.run.index], 0)
    assert where.run.step is not None
    assert where.run.step.id.endswith("shift-50")
    ground.bad = True
    assert (await where.drive()).outcome is RunOutcome.ROLLED_BACK
    assert ground.weights[REGION] == {"blue": 100, "green": 0}
    assert where.findings[0].rule_id == "deployment-gate"


@pytest.mark.parametrize("step", ["shift-5", "shift-50", "shift-100"])
async def test_a_breach_while_a_step_may_not_begin_or_waits_for_clients_takes_the_release_back(step: str) -> None:
    where, ground, _ = await scene()
    await planned(where)
    await until(where, step)
    if step == "shift-5":
        await where.tick()
        assert ground.weights[REGION] == {"blue": 95, "green": 5}
    else:
        where.permits = False
        await where.tick(times=10)
        assert not where.run.began_at_ms
    ground.bad = True
    assert (await where.drive()).outcome is RunOutcome.ROLLED_BACK
    assert ground.weights[REGION] == {"blue": 100, "green": 0}


@pytest.mark.parametrize("strategy", [Strategy.ROLLING, Strategy.CANARY])
async def test_a_breach_in_a_pause_takes_batches_back_too(strategy: Strategy) -> None:
    where, ground, _ = await scene()
    await planned(where, request(strategy=strategy))
    await until(where, "watch-5")
    await where.writer.append(DeploymentAsked(deployment_id="dep-1", what="pause"), "anna")
    await where.tick(times=20)
    ground.bad = True
    assert (await where.drive()).outcome is RunOutcome.ROLLED_BACK


async def test_between_watches_gates_that_cannot_tell_take_nothing_back_and_hold_nothing() -> None:
    where, ground, _ = await scene()
    await planned(where)
    await until(where, "watch-5")
    await where.writer.append(DeploymentAsked(deployment_id="dep-1", what="pause"), "anna")
    await where.tick(times=20)
    ground.dark = True
    await where.tick(times=40)
    assert ground.weights[REGION] == {"blue": 95, "green": 5}
    assert not where.writer.state.deployments["dep-1"].held


async def test_before_the_first_payment_no_gate_is_read_but_those_at_the_start() -> None:
    where, ground, _ = await scene()
    await planned(where)
    await until(where, "shift-5")
    assert ground.gates_read == 1
