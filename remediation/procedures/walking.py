"""What comes next in a run: the procedure and what was said of the run in, one move out."""

from dataclasses import dataclass
from enum import StrEnum

from config.procedures.check import AnswerCheck
from config.procedures.commands import Nature
from config.procedures.procedure import Procedure, Step
from remediation.procedures.model import ProcedureRun, StepState


class Do(StrEnum):
    """look: run its command without asking. ask: run its command if a person says so. answer: a person does it.

    settle: it may have been done, so its check says whether it was. finish: no step is left.
    """

    LOOK = "look"
    ASK = "ask"
    ANSWER = "answer"
    SETTLE = "settle"
    FINISH = "finish"


@dataclass(frozen=True, slots=True)
class Move:
    """step: None for the end. again: it was begun before, so a person hears that and is asked anew."""

    do: Do
    step: Step | None = None
    again: bool = False


def next_move(procedure: Procedure, run: ProcedureRun) -> Move:
    """The first step that is not settled, and how to go about it.

    What only looks is simply done again. Anything else that was begun is never repeated before its check was asked.
    """
    for step in procedure.steps:
        if run.is_settled(step.id):
            continue
        result = run.results.get(step.id)
        if not step.command:
            return Move(Do.ANSWER if isinstance(step.check, AnswerCheck) else Do.LOOK, step, again=result is not None)
        if step.nature is Nature.LOOKS:
            return Move(Do.LOOK, step, again=result is not None)
        if result is not None and result.attempts:
            return Move(Do.SETTLE, step, again=True)
        return Move(Do.ASK, step)
    return Move(Do.FINISH)


def state_after(step: Step, *, passed: bool) -> StepState:
    """What a step's check makes of it."""
    if passed:
        return StepState.PASSED
    return StepState.FAILED if step.criticality == "blocks" else StepState.WARNED
