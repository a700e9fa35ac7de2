"""Deny by default: which role each route needs, and the guard that holds every request against that table."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from config.settings import Role
from daemon.http.auth import SESSION_COOKIE, Authority, Principal
from daemon.http.problems import problem

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
    "/console": "viewer",
    "/console/stream": "viewer",
    "/console/logout": "viewer",
    "/console/static/{name}": "viewer",
    "/api/v1/openapi.json": "viewer",
    "/api/v1/status": "viewer",
    "/api/v1/incidents": "viewer",
    "/api/v1/incidents/{incident_id}": "viewer",
    "/api/v1/incidents/{incident_id}/review": "viewer",
    "/api/v1/incidents/{incident_id}/ack": "operator",
    "/api/v1/incidents/{incident_id}/unack": "operator",
    "/api/v1/incidents/{incident_id}/resolve": "operator",
    "/api/v1/incidents/{incident_id}/merge": "operator",
    "/api/v1/escalation": "viewer",
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
    "/api/v1/journal": "viewer",
    "/api/v1/rules": "viewer",
    "/api/v1/slos": "viewer",
    "/api/v1/costs": "viewer",
    "/ingest/events": "operator",
}
"""Role by route pattern, or by method and pattern where a write needs more. What is not in here is denied to all."""

NO_PAGES = frozenset({"/console/stream", "/console/static/{name}", "/console/logout", "/console/login"})
"""Below the console's address, and nothing that a person goes to."""

SESSION_WRITES = frozenset({"/console/logout"})
"""Routes that change something and accept the console's cookie; every other write needs a bearer token."""

_SAFE_METHODS = frozenset({"GET", "HEAD"})
_SAME_SITE = frozenset({"same-origin", "none"})


class Guard:
    """ASGI middleware: lets a request through when its route is open or its caller's role suffices.

    An unknown path is 401 for strangers, so that they learn nothing, and 404 for everybody who is known.
    """

    def __init__(
        self,
        app: ASGIApp,
        routes: Sequence[Route],
        authority: Authority,
        access: Mapping[str, Access],
        at_the_door: Callable[[Request], Response],
    ) -> None:
        self._app = app
        self._routes = tuple(routes)
        self._authority = authority
        self._access = access
        self._at_the_door = at_the_door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 or 403, or pass the request on with ``scope["state"]["principal"]`` set."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope)
        pattern = self._pattern(scope)
        needed = needed_for(request.method, pattern, self._access)
        if needed == "open":
            await self._app(scope, receive, send)
            return
        principal = self._principal(request, pattern)
        refusal = self._refuse(request, pattern, needed, principal)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        scope.setdefault("state", {})["principal"] = principal
        await self._app(scope, receive, send)

    def _pattern(self, scope: Scope) -> str:
        for route in self._routes:
            if route.matches(scope)[0] is not Match.NONE:
                return route.path
        return ""

    def _principal(self, request: Request, pattern: str) -> Principal | None:
        authorization = request.headers.get("authorization")
        if authorization is not None:
            return self._authority.by_header(authorization)
        session_id = request.cookies.get(SESSION_COOKIE)
        if session_id is None:
            return None
        if request.method not in _SAFE_METHODS and not (pattern in SESSION_WRITES and is_same_origin(request)):
            return None
        return self._authority.by_session(session_id)

    def _refuse(
        self, request: Request, pattern: str, needed: Role | None, principal: Principal | None
    ) -> Response | None:
        path = request.url.path
        if principal is None:
            if request.method == "GET" and is_page(pattern):
                return self._at_the_door(request)
            detail = "Send a bearer token of this daemon's settings in the Authorization header."
            headers = {"www-authenticate": 'Bearer realm="tillwatch"'}
            return problem(HTTPStatus.UNAUTHORIZED, detail, instance=path, headers=headers)
        if pattern == "":
            return None
        if needed is None:
            return problem(HTTPStatus.FORBIDDEN, "No role is allowed here.", instance=path)
        if not principal.may(needed):
            detail = f"This needs the role {needed}; {principal.name} is {principal.role}."
            return problem(HTTPStatus.FORBIDDEN, detail, instance=path)
        return None


def is_page(pattern: str) -> bool:
    """Whether people open this route in a browser, so that whoever is not signed in is led to the form."""
    return pattern == "/console" or (pattern.startswith("/console/") and pattern not in NO_PAGES)


def needed_for(method: str, pattern: str, access: Mapping[str, Access]) -> Access | None:
    """The role that this method of the route needs; None: nobody may."""
    own = access.get(f"{method} {pattern}")
    return access.get(pattern) if own is None else own


def is_same_origin(request: Request) -> bool:
    """Whether a browser says that our own page sent this; clients that are no browser send no such header."""
    return request.headers.get("sec-fetch-site", "none") in _SAME_SITE
