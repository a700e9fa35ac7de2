"""By when somebody has to answer an incident, and what its level asks of them."""

import msgspec

from config.policy import Severities, SeverityLevel
from remediation.state import Incident, IncidentState


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """respond_by_ms: Unix epoch. overdue: nobody took the incident on in time. action: what the level asks for."""

    respond_by_ms: int
    overdue: bool
    action: str


def level_named(severities: Severities, level: int) -> SeverityLevel:
    """What the policy says of a level, 1 to 3; beyond that of the mildest."""
    return {1: severities.critical, 2: severities.high}.get(level, severities.medium)


def response_of(incident: Incident, severities: Severities, now_ms: int) -> Response:
    """The response that an incident asks for; one that was acknowledged or has ended is never overdue."""
    level = level_named(severities, incident.severity)
    respond_by_ms = incident.opened_at_ms + round(level.respond_within * 1000)
    open_still = incident.state is IncidentState.OPEN
    return Response(respond_by_ms=respond_by_ms, overdue=open_still and now_ms > respond_by_ms, action=level.action)
