"""The table of moves, cell by cell."""

from itertools import product
from typing import get_args

import pytest

from checks.facts import DeploymentPhase
from remediation.deployment.findings import StepFinding
from remediation.deployment.transitions import Move, Pressure, move, move_of_unwinding

PHASES: tuple[DeploymentPhase, ...] = get_args(DeploymentPhase)
N, A, H, S, R, F = Move.NEXT, Move.AGAIN, Move.HOLD, Move.STOP, Move.ROLL_BACK, Move.FIX_FORWARD
FINDINGS = (
    StepFinding.PASSED,
    StepFinding.WAITING,
    StepFinding.HELD,
    StepFinding.UNREACHABLE,
    StepFinding.FAILED,
    StepFinding.BREACHED,
)
TABLE: dict[tuple[str, Pressure], tuple[Move, ...]] = {
    #                                                             passed waiting held unreachable failed breached
    ("pre_deployment_validation", Pressure.NONE): (N, A, H, A, S, S),
    ("infrastructure_initialization", Pressure.NONE): (N, A, H, A, S, S),
    ("data_migration", Pressure.NONE): (N, A, H, A, S, S),
    ("blue_green_deployment", Pressure.NONE): (N, A, H, A, S, S),
    ("traffic_rollout", Pressure.NONE): (N, A, H, A, R, R),
    ("final_validation", Pressure.NONE): (N, A, H, A, R, R),
    ("pre_deployment_validation", Pressure.LATE): (N, H, H, H, S, S),
    ("infrastructure_initialization", Pressure.LATE): (N, H, H, H, S, S),
    ("data_migration", Pressure.LATE): (N, H, H, H, S, S),
    ("blue_green_deployment", Pressure.LATE): (N, H, H, H, S, S),
    ("traffic_rollout", Pressure.LATE): (H, H, H, H, R, R),
    ("final_validation", Pressure.LATE): (H, H, H, H, R, R),
    ("pre_deployment_validation", Pressure.ABORTED): (S, S, S, S, S, S),
    ("infrastructure_initialization", Pressure.ABORTED): (S, S, S, S, S, S),
    ("data_migration", Pressure.ABORTED): (S, S, S, S, S, S),
    ("blue_green_deployment", Pressure.ABORTED): (S, S, S, S, S, S),
    ("traffic_rollout", Pressure.ABORTED): (R, R, R, R, R, R),
    ("final_validation", Pressure.ABORTED): (R, R, R, R, R, R),
    **{(phase, Pressure.TAKEN_BACK): (S, S, S, S, S, S) for phase in PHASES},
}


def test_the_table_has_every_cell() -> None:
    assert set(TABLE) == set(product(PHASES, Pressure))
    assert set(FINDINGS) == set(StepFinding)


@pytest.mark.parametrize(("phase", "pressure"), list(product(PHASES, Pressure)))
def test_each_finding_has_the_move_of_its_cell(phase: DeploymentPhase, pressure: Pressure) -> None:
    assert tuple(move(phase, finding, pressure) for finding in FINDINGS) == TABLE[phase, pressure]


@pytest.mark.parametrize(("phase", "pressure"), list(product(PHASES, Pressure)))
def test_past_the_point_of_no_return_whatever_would_go_back_is_fixed_forward(
    phase: DeploymentPhase, pressure: Pressure
) -> None:
    for finding in FINDINGS:
        wanted = move(phase, finding, pressure)
        goes_back = wanted in {S, R} and pressure is not Pressure.TAKEN_BACK
        assert move(phase, finding, pressure, past_return=True) is (F if goes_back else wanted)


@pytest.mark.parametrize("phase", PHASES)
def test_nothing_but_a_passed_step_is_ever_followed_by_the_next(phase: DeploymentPhase) -> None:
    for finding, pressure in product(StepFinding, Pressure):
        if move(phase, finding, pressure) is N:
            assert finding is StepFinding.PASSED


def test_what_cannot_be_undone_in_its_time_keeps_no_deployment_from_ending() -> None:
    in_time = {finding: move_of_unwinding(finding, late=False) for finding in StepFinding}
    assert [finding for finding, wanted in in_time.items() if wanted is A] == [
        StepFinding.WAITING,
        StepFinding.HELD,
        StepFinding.UNREACHABLE,
    ]
    assert {move_of_unwinding(finding, late=True) for finding in StepFinding} == {N}


def test_what_takes_payments_off_a_bad_release_is_over_when_it_is_done_and_pages_until_then() -> None:
    in_time = [move_of_unwinding(finding, late=False, moves_payments=True) for finding in FINDINGS]
    late = [move_of_unwinding(finding, late=True, moves_payments=True) for finding in FINDINGS]
    assert in_time == [N, A, H, A, H, H]
    assert late == [N, H, H, H, H, H]
