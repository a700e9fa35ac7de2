"""Puts together what is about procedures."""

from collections.abc import Callable, Sequence

from config.guardrails import Approvals
from config.loading.loader import Loaded
from config.procedures.procedure import Procedure
from daemon.procedures.catalogue import Catalogue
from daemon.procedures.desk import ProcedureDesk
from daemon.procedures.parts import ProcedureParts
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock


def open_procedures(
    writer: JournalWriter, procedures: Sequence[Loaded[Procedure]], approvals: Callable[[], Approvals], clock: Clock
) -> ProcedureParts:
    """Nothing of it begins by itself."""
    catalogue = Catalogue(procedures)
    return ProcedureParts(desk=ProcedureDesk(writer, catalogue, approvals, clock), catalogue=catalogue)
