"""What the journal says about procedures that people walk, and about drills, as sentences."""

from typing import assert_never

from daemon.http.words.guardrail_sentences import Parts
from daemon.http.words.wording import counted, duration
from remediation.journal.procedure_kinds import (
    ContinuityMeasured,
    ProcedureAnswered,
    ProcedureBegun,
    ProcedureBody,
    ProcedureEnded,
    ProcedureStepBegun,
    ProcedureStepEnded,
)
from remediation.procedures.model import RunOutcome, StepState

STATE_WORDS = {
    StepState.BEGUN: "has begun",
    StepState.PASSED: "passed",
    StepState.WARNED: "failed, and the procedure goes on",
    StepState.FAILED: "failed",
    StepState.SKIPPED: "was skipped",
    StepState.UNDONE: "was taken back",
}
OUTCOME_WORDS = {RunOutcome.DONE: "is done", RunOutcome.FAILED: "failed", RunOutcome.ABANDONED: "was given up"}


def procedure_parts(body: ProcedureBody) -> Parts:
    """The entry in words; who did it stands beside it."""
    match body:
        case ProcedureBegun():
            about = f" for {body.incident_id}" if body.incident_id else ""
            late = "; written down while no daemon answered" if body.late else ""
            return "act", "procedure", f"{body.procedure} was begun{about} ({body.run_id}).", _steps(body) + late
        case ProcedureStepBegun():
            return "act", "procedure", f"About to do {body.step} of {body.run_id}.", " ".join(body.command)
        case ProcedureAnswered():
            about = body.about.removeprefix("?")
            return "plain", "procedure", f"{about} of {body.run_id} was answered: {body.answer}.", ""
        case ProcedureStepEnded():
            good = body.state in {StepState.PASSED, StepState.UNDONE}
            said = f"{body.step} of {body.run_id} {STATE_WORDS[body.state]}."
            return "good" if good else "bad", "procedure", said, body.detail
        case ProcedureEnded():
            good = body.outcome is RunOutcome.DONE
            return "good" if good else "bad", "procedure", f"{body.run_id} {OUTCOME_WORDS[body.outcome]}.", body.detail
        case ContinuityMeasured():
            took = "never" if body.recovery_ms is None else f"after {duration(body.recovery_ms)}"
            told = (
                f"Drill {body.scenario}: payments went as before {took}, within {duration(body.objective_ms)} promised."
            )
            lost = f"{counted(body.lost_payments, 'payment')} and {counted(body.lost_events, 'event')} lost"
            books = "balanced" if body.balanced else "not balanced"
            return "good" if body.met else "bad", "continuity", told, f"{lost}, ledger {books}; {body.place}"
        case _:
            assert_never(body)


def _steps(body: ProcedureBegun) -> str:
    return counted(len(body.steps), "step")
