"""What follows from what a step found: one pure table, read cell by cell."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from checks.facts import DeploymentPhase
from remediation.deployment.findings import StepFinding


class Move(StrEnum):
    """What is done next with a deployment.

    next: the step is done. again: look again. hold: nothing is promoted, nothing is rolled back, somebody is paged.
    stop: nobody's payments are on the new version, so what was prepared is undone and that is all. roll_back: the
    traffic is given back first. fix_forward: the old version cannot be gone back to, so a person mends the new one.
    """

    NEXT = "next"
    AGAIN = "again"
    HOLD = "hold"
    STOP = "stop"
    ROLL_BACK = "roll_back"
    FIX_FORWARD = "fix_forward"


class Pressure(StrEnum):
    """What bears on a step beside what it found; of several, the first that holds.

    none: nothing. late: the step has used up its time. aborted: a person ends the deployment. taken_back: its traffic
    was given back already. A pause is none of them: it lets a step end and holds the one that follows.
    """

    TAKEN_BACK = "taken_back"
    ABORTED = "aborted"
    LATE = "late"
    NONE = "none"


BEFORE_TRAFFIC: tuple[DeploymentPhase, ...] = (
    "pre_deployment_validation",
    "infrastructure_initialization",
    "data_migration",
    "blue_green_deployment",
)
WITH_TRAFFIC: tuple[DeploymentPhase, ...] = ("traffic_rollout", "final_validation")

_UNHURRIED: Mapping[StepFinding, Move] = MappingProxyType(
    {
        StepFinding.PASSED: Move.NEXT,
        StepFinding.WAITING: Move.AGAIN,
        StepFinding.HELD: Move.HOLD,
        StepFinding.UNREACHABLE: Move.AGAIN,
    }
)
"""In every phase, while there is time and nobody interferes."""

_LATE: Mapping[bool, Mapping[StepFinding, Move]] = MappingProxyType(
    {
        # What was slow and is done all the same, with nobody's payments on it, has cost nothing but time.
        False: MappingProxyType(
            {
                StepFinding.PASSED: Move.NEXT,
                StepFinding.WAITING: Move.HOLD,
                StepFinding.HELD: Move.HOLD,
                StepFinding.UNREACHABLE: Move.HOLD,
            }
        ),
        # Evidence that comes after its time promotes nothing by itself: a person says so, by resuming.
        True: MappingProxyType(dict.fromkeys(_UNHURRIED, Move.HOLD)),
    }
)
"""By whether payments are on the new version: once the step has used up its time."""

_BAD: Mapping[DeploymentPhase, Move] = MappingProxyType(
    dict.fromkeys(BEFORE_TRAFFIC, Move.STOP) | dict.fromkeys(WITH_TRAFFIC, Move.ROLL_BACK)
)
"""After a step that failed or found the release bad, and when a person ends the deployment."""


def move(
    phase: DeploymentPhase,
    finding: StepFinding,
    pressure: Pressure = Pressure.NONE,
    *,
    past_return: bool = False,
) -> Move:
    """The one move for what was found. past_return: a migration was begun that the old version cannot live with."""
    wanted = _wanted(phase, finding, pressure)
    if past_return and wanted in {Move.STOP, Move.ROLL_BACK} and pressure is not Pressure.TAKEN_BACK:
        return Move.FIX_FORWARD
    return wanted


def _wanted(phase: DeploymentPhase, finding: StepFinding, pressure: Pressure) -> Move:
    if pressure is Pressure.TAKEN_BACK:
        # The one way back was taken by a rule or a person; whatever the step found, it is over.
        return Move.STOP
    if pressure is Pressure.ABORTED or finding in {StepFinding.FAILED, StepFinding.BREACHED}:
        return _BAD[phase]
    if pressure is Pressure.LATE:
        return _LATE[phase in WITH_TRAFFIC][finding]
    return _UNHURRIED[finding]


def move_of_unwinding(finding: StepFinding, *, late: bool, moves_payments: bool = False) -> Move:
    """The move after a step that undoes another: what cannot be undone in its time is told and left to a person.

    moves_payments: whether it takes payments off the new version. Then it is over when it is done and not before, and
    somebody is paged meanwhile, because a deployment that ended would say that nobody pays there any more.
    """
    if moves_payments and finding is not StepFinding.PASSED:
        goes_on = finding in {StepFinding.WAITING, StepFinding.UNREACHABLE} and not late
        return Move.AGAIN if goes_on else Move.HOLD
    if finding in {StepFinding.PASSED, StepFinding.FAILED, StepFinding.BREACHED} or late:
        return Move.NEXT
    return Move.AGAIN
