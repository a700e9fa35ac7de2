"""What was opened about incidents, for whoever composes it or asks it."""

from collections.abc import Callable
from dataclasses import dataclass

from config.escalation.escalation_file import Escalation
from daemon.incidents.desk import IncidentDesk
from daemon.incidents.exposure import Exposures
from daemon.incidents.outside.desk import OutsideDesk
from daemon.incidents.pager import Pager
from daemon.incidents.quiet_desk import QuietDesk
from daemon.procedures.parts import ProcedureParts


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentParts:
    """escalation: by which people are told at this moment. follow: has them told by another one from now on."""

    pager: Pager
    desk: IncidentDesk
    quiet: QuietDesk
    outside: OutsideDesk
    exposures: Exposures
    escalation: Callable[[], Escalation]
    follow: Callable[[Escalation], None]
    procedures: ProcedureParts
