"""A rolling release that is taken back: nobody hears that it is before nobody pays with it any more."""

from msgspec.structs import replace

from remediation.deployment.closing import closing_fact, left_behind, outcome_of
from remediation.deployment.findings import StepFinding
from remediation.deployment.plan import Step, Strategy
from remediation.deployment.run import DeploymentRun, EndedStep, RunOutcome
from remediation.state import State
from tests.unit.remediation.deployment.ground import REGION, CrossedJournal, Daemon, Ground, daemon, planned, request
from tests.unit.remediation.worlds import FakeClock


async def scene() -> tuple[Daemon, Ground]:
    """Half of the instances have the new version, it is bad, and a breach has been seen."""
    ground = Ground(FakeClock()).stands(REGION)
    where = await daemon(ground, CrossedJournal())
    await planned(where, request(strategy=Strategy.ROLLING))
    while where.run.step is None or not where.run.step.id.endswith("watch-50"):
        await where.tick()
    ground.bad = True
    return where, ground


async def test_a_batch_that_cannot_be_taken_back_pages_and_ends_nothing_until_it_is() -> None:
    where, ground = await scene()
    ground.stuck = True
    await where.tick(times=10)
    deployment = where.writer.state.deployments["dep-1"]
    assert (deployment.held, deployment.rolled_back, deployment.weight_percent) == (True, False, 50)
    assert "tasks are killed" in deployment.reason
    await where.tick(seconds=60, times=30)
    assert where.run.outcome is None
    ground.stuck = False
    run = await where.drive()
    assert (run.outcome, ground.new[REGION, "blue"]) == (RunOutcome.ROLLED_BACK, 0)
    assert (where.facts[-1].weight_percent, where.facts[-1].held) == (0, False)


async def test_a_batch_that_is_late_or_out_of_sight_pages_too() -> None:
    for blind in (False, True):
        where, ground = await scene()
        if blind:

            async def batch(*_: object) -> None:
                raise TimeoutError

            ground.batch = batch  # type: ignore[assignment]
        else:

            async def roll(*_: object) -> None:
                return None

            ground.roll = roll  # type: ignore[assignment, method-assign]
        await where.tick(seconds=20, times=3 if blind else 20)
        assert where.writer.state.deployments["dep-1"].held
        assert where.run.outcome is None


async def test_a_target_that_somebody_else_keeps_locked_pages() -> None:
    where, _ = await scene()

    def permitted(step: Step, state: State, now_ms: int, *, unwinding: bool) -> str:
        del step, state, now_ms
        return "somebody is at work" if unwinding else ""

    where.runner._permitted = permitted
    await where.tick(times=20)
    deployment = where.writer.state.deployments["dep-1"]
    assert deployment.held
    assert "somebody is at work" in deployment.reason
    assert where.run.outcome is None


async def test_a_run_that_left_batches_behind_has_failed_and_says_what_it_left() -> None:
    where, _ = await scene()
    run = where.run
    back = [step for step in run.plan.unwinding if step.kind == "roll" and step.arguments["undoes"] in run.begun_ids]

    def ended(*findings: StepFinding) -> DeploymentRun:
        steps = zip(back, findings, strict=False)
        told = [EndedStep(step_id=one.id, finding=f, detail="", begun_at_ms=1, ended_at_ms=2) for one, f in steps]
        return replace(run, stopped=RunOutcome.ROLLED_BACK, stopped_region=REGION, ended=(*run.ended, *told))

    passed, failed = StepFinding.PASSED, StepFinding.FAILED
    for findings, left, outcome in (
        ((passed, passed), 0, RunOutcome.ROLLED_BACK),
        ((passed, failed), 25, RunOutcome.FAILED),
        ((failed, failed), 50, RunOutcome.FAILED),
    ):
        one = ended(*findings)
        assert (left_behind(one), outcome_of(one)) == (left, outcome)
        fact = closing_fact(one, outcome, 3)
        assert (fact.weight_percent, fact.status) == (left, outcome.value)
