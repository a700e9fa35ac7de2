"""Deployments from their plan to their end, in a world in memory."""

import pytest

from remediation.deployment.findings import StepFinding, StepReport
from remediation.deployment.plan import Strategy
from remediation.deployment.ports import StepContext, StepWork
from remediation.deployment.run import RunOutcome
from remediation.journal.kinds import DeploymentAsked
from remediation.ports import Look
from tests.unit.remediation.deployment.driving import scene, until
from tests.unit.remediation.deployment.ground import (
    REGION,
    begun_ids,
    daemon,
    deployments,
    ended,
    planned,
    request,
    works,
)


@pytest.mark.parametrize("strategy", list(Strategy))
async def test_a_good_release_goes_through_all_of_its_plan_and_nothing_else(strategy: Strategy) -> None:
    where, _, journal = await scene()
    plan = await planned(where, request(strategy=strategy))
    run = await where.drive()
    assert run.outcome is RunOutcome.SUCCEEDED
    assert await begun_ids(journal) == [step.id for step in plan.steps]
    assert {one.finding for one in run.ended} == {StepFinding.PASSED}
    deployment = where.writer.state.deployments["dep-1"]
    assert (deployment.status, deployment.rolled_back) == ("succeeded", False)


async def test_blue_green_stands_in_full_before_the_first_payment_and_the_old_one_goes_last() -> None:
    where, ground, _ = await scene()
    await planned(where)
    await where.drive()
    assert ground.changes == [
        ("deploy", f"{REGION}/green", "2.0.0 x 4"),
        ("write", REGION, "green 5"),
        ("write", REGION, "green 50"),
        ("write", REGION, "green 100"),
        ("resize", f"{REGION}/blue", "0"),
    ]


async def test_a_canary_grows_before_each_shift() -> None:
    where, ground, _ = await scene()
    await planned(where, request(strategy=Strategy.CANARY))
    await where.drive()
    assert [change[0] + " " + change[2] for change in ground.changes] == [
        "deploy 2.0.0 x 1",
        "write green 5",
        "resize 2",
        "write green 50",
        "resize 4",
        "write green 100",
        "resize 0",
    ]


async def test_a_rolling_release_replaces_batches_and_moves_no_traffic() -> None:
    where, ground, _ = await scene()
    await planned(where, request(strategy=Strategy.ROLLING))
    await where.drive()
    assert [change[2] for change in ground.changes if change[0] == "roll"] == ["2.0.0 x 1", "2.0.0 x 2", "2.0.0 x 4"]
    assert not [change for change in ground.changes if change[0] == "write"]


async def test_the_second_region_waits_for_the_end_of_the_first() -> None:
    where, ground, _ = await scene(REGION, "us-west-2")
    await planned(where, request(regions=(REGION, "us-west-2")))
    await where.drive()
    regions = [change[1].partition("/")[0] for change in ground.changes]
    assert regions == sorted(regions)
    assert ground.weights["us-west-2"] == {"blue": 0, "green": 100}


async def test_a_deployment_is_told_of_before_its_traffic_moves() -> None:
    where, ground, _ = await scene()
    await planned(where)

    async def told(boundary: str) -> None:
        if boundary.startswith("before write"):
            weight = int(boundary.rpartition(" ")[2])
            deployment = where.writer.state.deployments["dep-1"]
            assert (deployment.weight_percent, deployment.previous_environment) == (weight, "blue")

    ground.cross = told
    await where.drive()


async def test_rules_begin_anew_with_the_first_payments_and_not_while_the_environment_is_put_up() -> None:
    where, _, _ = await scene()
    await planned(where)
    await where.drive()
    started = [fact for fact in where.facts if fact.status == "started"]
    assert [(fact.phase, fact.weight_percent, fact.environment) for fact in started] == [
        ("traffic_rollout", 5, "green")
    ]
    before = where.facts[: where.facts.index(started[0])]
    assert before
    assert {fact.previous_environment for fact in before} == {""}


async def test_a_gate_that_is_red_at_the_start_refuses_before_anything_is_changed() -> None:
    where, ground, journal = await scene()
    ground.red = True
    await planned(where)
    run = await where.drive()
    assert (run.outcome, ground.changes) == (RunOutcome.FAILED, [])
    assert "red at the start: payment-failure-rate" in run.detail
    assert (await ended(journal))[-6].finding is StepFinding.PASSED


async def test_an_environment_that_never_comes_up_ends_it_and_is_taken_away() -> None:
    where, ground, _ = await scene()
    ground.broken = frozenset({"2.0.0"})
    await planned(where)
    run = await where.drive()
    assert run.outcome is RunOutcome.FAILED
    assert ground.changes == [("deploy", f"{REGION}/green", "2.0.0 x 4"), ("resize", f"{REGION}/green", "0")]
    assert ground.weights[REGION] == {"blue": 100, "green": 0}


async def test_a_breached_gate_takes_the_traffic_back_the_one_way_and_only_once() -> None:
    where, ground, _ = await scene()
    await planned(where)
    await until(where, "watch-5")
    ground.bad = True
    run = await where.drive()
    assert run.outcome is RunOutcome.ROLLED_BACK
    assert [change[2] for change in ground.changes if change[0] == "write"] == ["green 5", "green 0"]
    acted = [one for one in where.writer.state.decisions if one.act]
    assert [(one.rule_id, one.action) for one in acted] == [("deployment-gate", "rollback.traffic")]
    assert ground.changes[-1] == ("resize", f"{REGION}/green", "0")


async def test_a_second_finding_after_a_rollback_is_left_to_a_person() -> None:
    where, ground, _ = await scene()
    await planned(where)
    await until(where, "watch-50")
    ground.bad = True
    await where.drive()
    await where.find(where.findings[0])
    assert len([one for one in where.writer.state.decisions if one.act]) == 1
    assert ground.weights[REGION] == {"blue": 100, "green": 0}


async def test_a_rule_that_takes_the_release_back_ends_the_deployment_without_another_shift() -> None:
    where, ground, _ = await scene()
    await planned(where)
    await until(where, "watch-5")
    ground.bad = True
    await where.runner.tick()
    ground.bad = False
    run = await where.drive()
    assert run.outcome is RunOutcome.ROLLED_BACK
    assert [change[2] for change in ground.changes if change[0] == "write"] == ["green 5", "green 0"]


async def test_a_bad_rolling_release_goes_back_in_the_same_batches() -> None:
    where, ground, _ = await scene()
    await planned(where, request(strategy=Strategy.ROLLING))
    await until(where, "watch-50")
    ground.bad = True
    run = await where.drive()
    assert run.outcome is RunOutcome.ROLLED_BACK
    assert [change[2] for change in ground.changes if change[0] == "roll"] == [
        "2.0.0 x 1",
        "2.0.0 x 2",
        "2.0.0 x 1",
        "2.0.0 x 0",
    ]
    assert where.writer.state.deployments["dep-1"].rolled_back


async def test_in_the_dark_nothing_is_promoted_and_nothing_taken_back_and_it_is_held_within_30_seconds() -> None:
    where, ground, _ = await scene()
    await planned(where)
    await until(where, "watch-5")
    ground.dark = True
    began_ms = where.clock.at_ms
    await where.tick(times=30)
    held = next(fact for fact in where.facts if fact.held)
    assert held.at_ms - began_ms <= 30_000
    await where.tick(seconds=10, times=60)
    assert ground.weights[REGION] == {"blue": 95, "green": 5}
    assert where.run.outcome is None
    assert where.writer.state.deployments["dep-1"].held
    ground.dark = False
    await where.writer.append(DeploymentAsked(deployment_id="dep-1", what="resume"), "anna")
    assert (await where.drive()).outcome is RunOutcome.SUCCEEDED
    assert not where.writer.state.deployments["dep-1"].held


async def test_a_short_darkness_ends_by_itself() -> None:
    where, ground, _ = await scene()
    await planned(where)
    await until(where, "watch-5")
    ground.dark = True
    await where.tick(times=5)
    ground.dark = False
    assert (await where.drive()).outcome is RunOutcome.SUCCEEDED
    assert [fact.held for fact in where.facts].count(True) == 1


async def test_evidence_that_comes_after_its_time_promotes_nothing_before_a_person_resumes() -> None:
    where, ground, _ = await scene()
    await planned(where)
    await until(where, "watch-5")
    ground.poor = True
    await where.tick(seconds=10, times=60)
    ground.poor = False
    await where.tick(times=60)
    assert ground.weights[REGION] == {"blue": 95, "green": 5}
    assert "without evidence" in where.writer.state.deployments["dep-1"].reason
    await where.writer.append(DeploymentAsked(deployment_id="dep-1", what="resume"), "anna")
    assert (await where.drive()).outcome is RunOutcome.SUCCEEDED


async def test_a_paused_deployment_begins_no_step_and_uses_up_no_time() -> None:
    where, ground, _ = await scene()
    await planned(where)
    await until(where, "watch-5")
    ground.poor = True
    await where.writer.append(DeploymentAsked(deployment_id="dep-1", what="pause"), "anna")
    await where.tick(seconds=10, times=30)
    assert not where.writer.state.deployments["dep-1"].held
    ground.poor = False
    await where.tick(times=10)
    assert ground.weights[REGION]["green"] == 5
    await where.writer.append(DeploymentAsked(deployment_id="dep-1", what="resume"), "anna")
    assert (await where.drive()).outcome is RunOutcome.SUCCEEDED


async def test_a_pause_keeps_nobody_from_taking_a_bad_release_back() -> None:
    where, ground, _ = await scene()
    await planned(where)
    await until(where, "watch-5")
    await where.writer.append(DeploymentAsked(deployment_id="dep-1", what="pause"), "anna")
    ground.bad = True
    assert (await where.drive()).outcome is RunOutcome.ROLLED_BACK


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ("check.health", RunOutcome.ABORTED),
        ("blue_green_deployment/deploy", RunOutcome.ABORTED),
        ("shift-5", RunOutcome.ROLLED_BACK),
        ("watch-50", RunOutcome.ROLLED_BACK),
        ("bake", RunOutcome.ROLLED_BACK),
    ],
)
async def test_a_person_may_end_it_at_any_step(step: str, outcome: RunOutcome) -> None:
    where, ground, _ = await scene()
    await planned(where)
    if step != "check.health":
        await until(where, step)
    abort = DeploymentAsked(deployment_id="dep-1", what="abort", reason="wrong version")
    await where.writer.append(abort, "anna")
    run = await where.drive()
    assert (run.outcome, ground.weights[REGION]) == (outcome, {"blue": 100, "green": 0})
    assert ground.states.get((REGION, "green")) is None or ground.states[REGION, "green"].desired == 0


async def test_past_the_point_of_no_return_a_bad_release_is_held_for_a_fix_forward() -> None:
    where, ground, _ = await scene()
    configuration = deployments()
    jobs = configuration.phases.data_migration.jobs
    migration = configuration.phases.data_migration.model_copy(
        update={"jobs": (jobs[0].model_copy(update={"point_of_no_return": True}), *jobs[1:])}
    )
    phases = configuration.phases.model_copy(update={"data_migration": migration})
    await planned(where, configuration=configuration.model_copy(update={"phases": phases}))
    await until(where, "watch-5")
    ground.bad = True
    await where.tick(times=30)
    assert ground.weights[REGION] == {"blue": 95, "green": 5}
    assert "past the point of no return (customers)" in where.writer.state.deployments["dep-1"].reason
    assert where.findings == []


async def test_a_step_of_a_newer_version_is_held_and_never_passed_over() -> None:
    where, ground, journal = await scene()
    await planned(where)
    await until(where, "watch-5")
    older = {kind: work for kind, work in works(ground, ground.clock).items() if kind != "watch"}
    there = await daemon(ground, journal, known=older)
    await there.tick(times=20)
    assert ground.weights[REGION]["green"] == 5
    assert "knows no step of the kind watch" in there.writer.state.deployments["dep-1"].reason
    newer = await daemon(ground, journal)
    await newer.writer.append(DeploymentAsked(deployment_id="dep-1", what="resume"), "anna")
    assert (await newer.drive()).outcome is RunOutcome.SUCCEEDED


class Broken:
    """Work that fails in a way that nobody foresaw, so many times."""

    def __init__(self, work: StepWork, faults: int) -> None:
        self.work, self.faults = work, faults

    async def probe(self, context: StepContext) -> Look:
        return await self.work.probe(context)

    async def perform(self, context: StepContext, key: str) -> StepReport:
        if self.faults:
            self.faults -= 1
            message = "nobody thought of this"
            raise RuntimeError(message)
        return await self.work.perform(context, key)


async def test_a_fault_that_nobody_foresaw_holds_the_step_and_ends_no_daemon() -> None:
    _, ground, journal = await scene()
    known = works(ground, ground.clock)
    where = await daemon(ground, journal, known={**known, "watch": Broken(known["watch"], 40)})
    await planned(where)
    await until(where, "watch-5")
    await where.tick(times=30)
    assert where.writer.state.deployments["dep-1"].held
    assert "nobody thought of this" in where.writer.state.deployments["dep-1"].reason
    assert (await where.drive()).outcome is RunOutcome.SUCCEEDED
