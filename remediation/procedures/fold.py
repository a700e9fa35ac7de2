"""Folds entries about procedures into what is known of each run, and tells an entry that comes again from a new one."""

import hashlib
from enum import StrEnum
from typing import assert_never

from msgspec.structs import replace

from remediation.journal.entry import canonical
from remediation.journal.procedure_kinds import (
    ProcedureAnswered,
    ProcedureBegun,
    ProcedureEnded,
    ProcedureStepBegun,
    ProcedureStepEnded,
    RunEntry,
)
from remediation.procedures.model import ENTRIES_MAX, FIRST_NUMBER, Answer, ProcedureRun, StepResult, StepState

SEAL_DIGITS = 16
Runs = dict[str, ProcedureRun]


class Place(StrEnum):
    """next: it belongs behind the newest entry. known: it is there already. gap: one before it is missing.

    other: another one stands in its place. over: the run has ended. full: the run has too many.
    """

    NEXT = "next"
    KNOWN = "known"
    GAP = "gap"
    OTHER = "other"
    OVER = "over"
    FULL = "full"


def seal_of(said: RunEntry) -> str:
    """What tells the same entry from another one; whether it comes late is not part of it."""
    return hashlib.sha256(canonical(replace(said, late=False))).hexdigest()[:SEAL_DIGITS]


def place_of(run: ProcedureRun | None, said: RunEntry) -> Place:
    """Where an entry belongs in its run; a run that is not there yet begins with number 1, and with its begin."""
    begins = isinstance(said, ProcedureBegun)
    if run is None:
        return Place.NEXT if begins and said.number == FIRST_NUMBER else Place.GAP
    if FIRST_NUMBER <= said.number <= run.told:
        return Place.KNOWN if run.seals[said.number - FIRST_NUMBER] == seal_of(said) else Place.OTHER
    if run.is_over:
        return Place.OVER
    if said.number != run.told + 1 or begins:
        return Place.GAP
    return Place.FULL if run.told >= ENTRIES_MAX else Place.NEXT


def with_procedure(runs: Runs, said: RunEntry, actor: str, at_ms: int) -> Runs:
    """What is known after one more entry; one that does not belong there moves nothing."""
    run = runs.get(said.run_id)
    if place_of(run, said) is not Place.NEXT:
        return runs
    if run is None:
        return runs if not isinstance(said, ProcedureBegun) else {**runs, said.run_id: _begun(said, actor, at_ms)}
    people = run.people if actor in run.people else (*run.people, actor)
    told = replace(
        run,
        told=said.number,
        seals=(*run.seals, seal_of(said)),
        people=people,
        late=run.late or said.late,
        changed_at_ms=at_ms,
    )
    return {**runs, run.id: _moved(told, said, actor, at_ms)}


def _begun(said: ProcedureBegun, actor: str, at_ms: int) -> ProcedureRun:
    return ProcedureRun(
        id=said.run_id,
        procedure=said.procedure,
        digest=said.digest,
        steps=said.steps,
        parameters=said.parameters,
        incident_id=said.incident_id,
        begun_by=actor,
        begun_at_ms=said.said_at_ms,
        told=said.number,
        seals=(seal_of(said),),
        people=(actor,),
        late=said.late,
        changed_at_ms=at_ms,
    )


def _moved(run: ProcedureRun, said: RunEntry, actor: str, at_ms: int) -> ProcedureRun:
    match said:
        case ProcedureBegun():
            return run
        case ProcedureStepBegun():
            known = run.results.get(said.step)
            attempts = 1 if known is None else known.attempts + 1
            begun = StepResult(
                state=StepState.BEGUN, detail="", attempts=attempts, at_ms=said.said_at_ms, by=actor, unasked=said.late
            )
            return _with_result(run, said.step, begun)
        case ProcedureAnswered():
            answer = Answer(about=said.about, answer=said.answer, at_ms=said.said_at_ms, by=actor)
            return replace(run, answers=(*run.answers, answer))
        case ProcedureStepEnded():
            known = run.results.get(said.step)
            ended = StepResult(
                state=said.state,
                detail=said.detail,
                attempts=0 if known is None else known.attempts,
                at_ms=said.said_at_ms,
                by=actor,
                unasked=known is None or known.unasked,
            )
            return _with_result(run, said.step, ended)
        case ProcedureEnded():
            return replace(run, outcome=said.outcome, detail=said.detail, ended_at_ms=at_ms)
        case _:
            assert_never(said)


def _with_result(run: ProcedureRun, step: str, result: StepResult) -> ProcedureRun:
    return run if step not in run.steps else replace(run, results={**run.results, step: result})
