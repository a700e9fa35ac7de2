"""Deny by default: which role each route needs."""

from collections.abc import Mapping
from typing import Literal

from config.settings import Role
from daemon.http.console.acts.table import NEEDED
from daemon.http.console.pages.table import PAGES

Access = Role | Literal["open"]

ACCESS: dict[str, Access] = {
    "/livez": "open",
    "/readyz": "open",
    # Leads to the console, which asks for a session.
    "/": "open",
    # The door itself: it shows a form and checks a token, and tells nothing about the system.
    "/console/login": "open",
    # Firehose sends its key in a header of its own; the door asks for it.
    "/ingest/firehose": "open",
    "/metrics": "viewer",
    **dict.fromkeys((page.path for page in PAGES), "viewer"),
    "/console/journal": "viewer",
    "/console/journal/verification": "viewer",
    "/console/journal/{sequence}": "viewer",
    "/console/stream": "viewer",
    "/console/logout": "viewer",
    "/console/codes": "viewer",
    "/console/static/{name}": "viewer",
    "/console/incidents/{incident_id}/review": "viewer",
    **NEEDED,
    "/api/v1/openapi.json": "viewer",
    "/api/v1/status": "viewer",
    "/api/v1/incidents": "viewer",
    "/api/v1/incidents/{incident_id}": "viewer",
    "/api/v1/incidents/{incident_id}/review": "viewer",
    "/api/v1/incidents/{incident_id}/ack": "operator",
    "/api/v1/incidents/{incident_id}/unack": "operator",
    "/api/v1/incidents/{incident_id}/resolve": "operator",
    "/api/v1/incidents/{incident_id}/merge": "operator",
    "/api/v1/incidents/{incident_id}/note": "operator",
    "/api/v1/escalation": "viewer",
    "/api/v1/escalation/test": "operator",
    "/api/v1/silences": "viewer",
    "POST /api/v1/silences": "operator",
    "/api/v1/silences/{silence_id}/expire": "operator",
    "/api/v1/maintenances": "viewer",
    "POST /api/v1/maintenances": "operator",
    "/api/v1/maintenances/{maintenance_id}/end": "operator",
    "/api/v1/deployments": "viewer",
    "POST /api/v1/deployments": "operator",
    "/api/v1/deployments/{deployment_id}": "viewer",
    "/api/v1/deployments/{deployment_id}/pause": "operator",
    "/api/v1/deployments/{deployment_id}/resume": "operator",
    "/api/v1/deployments/{deployment_id}/abort": "operator",
    "/api/v1/rollbacks": "viewer",
    "POST /api/v1/rollbacks": "operator",
    "/api/v1/rollbacks/{rollback_id}": "viewer",
    "/api/v1/rehearsals": "operator",
    "/api/v1/compensations": "viewer",
    "/api/v1/compensations/{deployment_id}": "operator",
    "/api/v1/actions": "viewer",
    "/api/v1/actions/{decision_id}/undo": "operator",
    "/api/v1/automation": "viewer",
    "/api/v1/automation/stop": "operator",
    "/api/v1/automation/resume": "operator",
    "/api/v1/approvals": "viewer",
    "/api/v1/approvals/{approval_id}": "approver",
    "/api/v1/scaling": "viewer",
    "/api/v1/scaling/{region}/{component}": "operator",
    "/api/v1/flags": "viewer",
    "/api/v1/flags/report": "viewer",
    "/api/v1/flags/document": "viewer",
    "/api/v1/flags/{flag}": "viewer",
    "/api/v1/flags/{flag}/history": "viewer",
    "/api/v1/flags/{flag}/set": "operator",
    "/api/v1/flags/{flag}/ramp": "operator",
    "/api/v1/flags/{flag}/revert": "operator",
    "/api/v1/flags/{flag}/kill": "operator",
    "/api/v1/flags/{flag}/revive": "operator",
    "/api/v1/procedures": "viewer",
    "/api/v1/procedures/drills": "operator",
    "/api/v1/procedures/runs/{run_id}": "viewer",
    "/api/v1/procedures/runs/{run_id}/entries": "operator",
    "/api/v1/journal": "viewer",
    "/api/v1/rules": "viewer",
    "/api/v1/slos": "viewer",
    "/api/v1/costs": "viewer",
    "/ingest/events": "operator",
}
"""Role by route pattern, or by method and pattern where a write needs more. What is not in here is denied to all."""

NO_PAGES = frozenset(
    {"/console/stream", "/console/static/{name}", "/console/logout", "/console/login", "/console/codes"}
)
"""Below the console's address, and nothing that a person goes to."""


def is_page(pattern: str) -> bool:
    """Whether people open this route in a browser, so that whoever is not signed in is led to the form."""
    return pattern == "/console" or (pattern.startswith("/console/") and pattern not in NO_PAGES)


def needed_for(method: str, pattern: str, access: Mapping[str, Access]) -> Access | None:
    """The role that this method of the route needs; None: nobody may."""
    own = access.get(f"{method} {pattern}")
    return access.get(pattern) if own is None else own
