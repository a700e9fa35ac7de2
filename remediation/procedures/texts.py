"""All that an entry about a procedure says in words of people, which must hold no card number."""

from collections.abc import Iterable
from typing import assert_never

from remediation.journal.procedure_kinds import (
    ProcedureAnswered,
    ProcedureBegun,
    ProcedureEnded,
    ProcedureStepBegun,
    ProcedureStepEnded,
    RunEntry,
)


def texts_of(said: RunEntry) -> Iterable[str]:
    """Each by itself, so that two harmless ones do not look like a number together."""
    match said:
        case ProcedureBegun():
            return (said.run_id, said.procedure, said.incident_id, *said.steps, *said.parameters.values())
        case ProcedureStepBegun():
            return (said.step, *said.command)
        case ProcedureAnswered():
            return (said.about, said.answer)
        case ProcedureStepEnded():
            return (said.step, said.detail)
        case ProcedureEnded():
            return (said.detail,)
        case _:
            assert_never(said)
