"""Puts together what is about incidents."""

from collections.abc import Sequence

from checks.findings import Finding
from config.escalation.escalation_file import Escalation
from config.loading.loader import Loaded
from config.procedures.procedure import Procedure
from daemon.incidents.desk import IncidentDesk
from daemon.incidents.exposure import Exposures
from daemon.incidents.outside.desk import OutsideDesk
from daemon.incidents.pager import Pager
from daemon.incidents.parts import IncidentParts
from daemon.incidents.quiet_desk import QuietDesk
from daemon.pipeline import Pipeline
from daemon.procedures.opened import open_procedures
from daemon.storage.checkpoint import Checkpoint
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock


class _Current:
    """What is in effect; a reload puts another one in its place, and chains that were planned stay as they are."""

    def __init__(self, escalation: Escalation) -> None:
        self._escalation = escalation

    def value(self) -> Escalation:
        """At this moment."""
        return self._escalation

    def follow(self, escalation: Escalation) -> None:
        """From now on."""
        self._escalation = escalation


def open_incidents(
    writer: JournalWriter,
    pipeline: Pipeline,
    checkpoint: Checkpoint,
    clock: Clock,
    escalation: Escalation,
    procedures: Sequence[Loaded[Procedure]],
) -> IncidentParts:
    """Nothing of it begins before the first tick."""
    current = _Current(escalation)

    def breached() -> Sequence[Finding]:
        # A reload puts another engine in its place.
        return pipeline.engine.breached()

    desk = IncidentDesk(writer, clock)
    return IncidentParts(
        pager=Pager(writer, clock, current.value, breached, pipeline.find),
        desk=desk,
        outside=OutsideDesk(writer, desk),
        quiet=QuietDesk(writer, clock, current.value),
        exposures=Exposures(checkpoint, writer, clock),
        escalation=current.value,
        follow=current.follow,
        procedures=open_procedures(writer, procedures, lambda: pipeline.policy.approvals, clock),
    )
