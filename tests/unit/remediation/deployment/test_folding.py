"""Runs as the journal tells them: what does not fit moves nothing, pauses cost no time, targets are held."""

from msgspec.structs import replace

from remediation.deployment.findings import StepFinding
from remediation.deployment.plan import Step
from remediation.deployment.planning import plan
from remediation.deployment.run import RUNS_MAX, DeploymentRun, RunOutcome
from remediation.deployment.telling import key_of
from remediation.folds import fold
from remediation.journal.entry import GENESIS_HASH, Entry, seal
from remediation.journal.kinds import (
    Body,
    DeploymentAsked,
    DeploymentEnded,
    DeploymentPlanned,
    StepBegun,
    StepEnded,
    draft,
)
from remediation.state import State
from tests.unit.remediation.deployment.ground import REGION, deployments, request, standing
from tests.unit.remediation.worlds import NOW_MS

PLAN = plan(request(), [standing()], deployments())
PLANNED = DeploymentPlanned(plan=PLAN)


def entries(*timed: tuple[float, Body]) -> list[Entry]:
    """Each body so many seconds after the first moment."""
    return [
        seal(
            draft(body, actor="anna", at_ms=NOW_MS + round(seconds * 1000)),
            sequence=place,
            epoch=1,
            previous_hash=GENESIS_HASH,
        )
        for place, (seconds, body) in enumerate(timed, start=1)
    ]


def run_of(*timed: tuple[float, Body]) -> DeploymentRun:
    return fold(entries(*timed)).runs["dep-1"]


def begun(step: Step) -> StepBegun:
    return StepBegun(
        deployment_id="dep-1", step_id=step.id, kind=step.kind, target=step.target, key=key_of("dep-1", step.id)
    )


def ended(step: Step, **changes: object) -> StepEnded:
    end = StepEnded(deployment_id="dep-1", step_id=step.id, finding=StepFinding.PASSED, detail="so")
    return replace(end, **changes)


def asked(what: str) -> DeploymentAsked:
    return DeploymentAsked(deployment_id="dep-1", what=what)  # type: ignore[arg-type]  # one of its words


FIRST, SECOND = PLAN.steps[0], PLAN.steps[1]


def test_a_step_that_is_not_the_next_moves_nothing() -> None:
    run = run_of((0, PLANNED), (1, begun(SECOND)), (2, ended(SECOND)), (3, begun(FIRST)), (4, begun(FIRST)))
    assert (run.index, run.key, run.begun_ids) == (0, key_of("dep-1", FIRST.id), frozenset({FIRST.id}))


def test_the_same_plan_twice_is_one_run_and_an_unknown_one_is_none() -> None:
    state = fold(
        entries(
            (0, PLANNED),
            (1, begun(FIRST)),
            (2, PLANNED),
            (3, DeploymentEnded(deployment_id="x", outcome=RunOutcome.FAILED)),
        )
    )
    assert list(state.runs) == ["dep-1"]
    assert state.runs["dep-1"].began_at_ms == NOW_MS + 1000


def test_a_pause_costs_the_step_no_time_wherever_it_begins() -> None:
    within = run_of((0, PLANNED), (1, begun(FIRST)), (11, asked("pause")), (31, asked("resume")))
    assert within.spent_ms(NOW_MS + 41_000) == 20_000
    lasting = run_of((0, PLANNED), (1, begun(FIRST)), (11, asked("pause")))
    assert lasting.spent_ms(NOW_MS + 500_000) == 10_000
    over_the_end = run_of(
        (0, PLANNED),
        (1, begun(FIRST)),
        (2, asked("pause")),
        (3, ended(FIRST)),
        (50, asked("resume")),
        (51, begun(SECOND)),
    )
    assert over_the_end.spent_ms(NOW_MS + 61_000) == 10_000


def test_payments_may_reach_the_release_from_its_first_shift_on_whatever_is_resumed_or_shifted_later() -> None:
    told: list[tuple[float, Body]] = [(0, PLANNED)]
    since: dict[str, int] = {}
    for place, step in enumerate(PLAN.steps):
        told += [(place + 1, begun(step)), (place + 1.5, asked("resume")), (place + 1.75, ended(step))]
        run = run_of(*told)
        if step.kind == "shift":
            since.setdefault(step.region, run.ended[-1].ended_at_ms - 750)
        assert run.exposed_ms == since
    assert since


def test_resuming_what_was_held_gives_the_step_its_time_once_more() -> None:
    run = run_of((0, PLANNED), (1, begun(FIRST)), (10_000, asked("resume")))
    assert not run.is_late(NOW_MS + 10_001_000)
    assert run_of((0, PLANNED), (1, begun(FIRST))).is_late(NOW_MS + 10_001_000)


def test_an_environment_is_held_while_a_step_changes_it_and_traffic_is_not() -> None:
    steps = {step.kind: step for step in PLAN.steps}
    deploy, shift = steps["deploy"], next(step for step in PLAN.steps if step.kind == "shift")
    told: list[tuple[float, Body]] = [(0, PLANNED)]
    for place, step in enumerate(PLAN.steps):
        told += [(place + 1, begun(step))]
        state = fold(entries(*told))
        held = {name for name, target in state.targets.items() if target.running == "dep-1"}
        assert held == ({step.target} if step.target and step is not shift and step.kind != "shift" else set())
        told += [(place + 1, ended(step))]
    assert deploy.target == f"environment:{REGION}/green"


def test_a_stop_leads_to_the_unwinding_and_an_end_lets_everything_go() -> None:
    stop = ended(FIRST, finding=StepFinding.FAILED, stop=RunOutcome.FAILED)
    run = run_of((0, PLANNED), (1, begun(FIRST)), (2, stop))
    assert (run.stopped, run.stopped_region, run.step) == (RunOutcome.FAILED, REGION, PLAN.unwinding[0])
    over = fold(
        entries(
            (0, PLANNED),
            (1, begun(FIRST)),
            (2, stop),
            (3, DeploymentEnded(deployment_id="dep-1", outcome=RunOutcome.FAILED)),
            (4, begun(SECOND)),
        )
    )
    assert over.runs["dep-1"].outcome is RunOutcome.FAILED
    assert not any(target.running for target in over.targets.values())


def test_runs_are_bounded_and_those_that_are_over_go_first() -> None:
    told: list[tuple[float, Body]] = []
    for number in range(RUNS_MAX + 5):
        name = f"dep-{number}"
        made = replace(PLAN, request=request(deployment_id=name))
        told.append((number, DeploymentPlanned(plan=made)))
        if number:
            told.append((number, DeploymentEnded(deployment_id=name, outcome=RunOutcome.SUCCEEDED)))
    state: State = fold(entries(*told))
    assert len(state.runs) == RUNS_MAX
    assert "dep-0" in state.runs
