"""What the journal says about procedures that people walk: each step before it is done, and what came of it."""

import msgspec

from remediation.procedures.model import RunOutcome, StepState


class ProcedureBegun(msgspec.Struct, frozen=True, kw_only=True):
    """A person began to walk a procedure; the entry's actor is that person.

    run_id: made by whoever walks. number: 1; every later entry of the run has the next one. said_at_ms: by the clock of
    whoever walks. digest: SHA-256 of the procedure. steps: in their order. parameters: what the run was told.
    incident_id: for which it is walked; empty for none. late: written down elsewhere while no daemon answered.
    """

    run_id: str
    number: int
    said_at_ms: int
    procedure: str
    digest: str
    steps: tuple[str, ...]
    parameters: dict[str, str] = {}
    incident_id: str = ""
    late: bool = False


class ProcedureStepBegun(msgspec.Struct, frozen=True, kw_only=True):
    """A step is about to be done; on disk before it is. command: its words; empty where a person does it."""

    run_id: str
    number: int
    said_at_ms: int
    step: str
    command: tuple[str, ...] = ()
    late: bool = False


class ProcedureAnswered(msgspec.Struct, frozen=True, kw_only=True):
    """A person, or a look, answered a question. about: a step, or a question of the tree, named ``?NAME``."""

    run_id: str
    number: int
    said_at_ms: int
    about: str
    answer: str
    late: bool = False


class ProcedureStepEnded(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a step. detail: what its check saw."""

    run_id: str
    number: int
    said_at_ms: int
    step: str
    state: StepState
    detail: str
    late: bool = False


class ProcedureEnded(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody goes on with it. detail: why it was given up, or which steps went wrong."""

    run_id: str
    number: int
    said_at_ms: int
    outcome: RunOutcome
    detail: str = ""
    late: bool = False


class ContinuityMeasured(msgspec.Struct, frozen=True, kw_only=True):
    """A drill of the business-continuity plan on a system of its own.

    scenario: what was lost. recovery_ms: until payments went as before, None when they did not.
    objective_ms: by when they have to. lost_events, lost_payments: acknowledged and not there afterwards. balanced: of
    the ledger. met: all of it as promised. sha256: of the report as JSON. place: where that is.
    """

    drill_id: str
    scenario: str
    recovery_ms: int | None
    objective_ms: int
    lost_events: int
    lost_payments: int
    balanced: bool
    met: bool
    sha256: str
    place: str
    said_at_ms: int


RunEntry = ProcedureBegun | ProcedureStepBegun | ProcedureAnswered | ProcedureStepEnded | ProcedureEnded
"""What is said of one run, in the order of its numbers."""
ProcedureBody = RunEntry | ContinuityMeasured

RUN_TYPE_BY_KIND: dict[str, type[RunEntry]] = {
    "procedure.begun": ProcedureBegun,
    "procedure.step.begun": ProcedureStepBegun,
    "procedure.answered": ProcedureAnswered,
    "procedure.step.ended": ProcedureStepEnded,
    "procedure.ended": ProcedureEnded,
}
PROCEDURE_TYPE_BY_KIND: dict[str, type[ProcedureBody]] = {
    **RUN_TYPE_BY_KIND,
    "continuity.measured": ContinuityMeasured,
}
