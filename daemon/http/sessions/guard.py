"""Holds every request against the table of roles, before anything else looks at it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from config.settings import Role
from daemon.http.problems import problem
from daemon.http.sessions.authority import Principal
from daemon.http.sessions.book import Session
from daemon.http.sessions.needed import Access, is_page, needed_for
from daemon.http.sessions.reception import Reception

FRAGMENT_HEADER = "x-fragment"
"""A script of the console asks for a part of a page: it cannot be led to a form."""
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_CONSOLE = "/console/"
"""Below it a session may write, from our own page and with its own token in the form; see `console.acting.forms`."""


class Guard:
    """ASGI middleware: lets a request through when its route is open or its caller's role suffices.

    An unknown path is 401 for strangers, so that they learn nothing, and 404 for everybody who is known.
    """

    def __init__(
        self,
        app: ASGIApp,
        routes: Sequence[Route],
        reception: Reception,
        access: Mapping[str, Access],
        at_the_door: Callable[[Request], Awaitable[Response]],
    ) -> None:
        self._app = app
        self._routes = tuple(routes)
        self._reception = reception
        self._access = access
        self._at_the_door = at_the_door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 or 403, or pass the request on with ``principal`` and ``session`` in ``scope["state"]``."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        request = Request(scope)
        pattern = self._pattern(scope)
        needed = needed_for(request.method, pattern, self._access)
        if needed != "open":
            principal, session = self._who(request)
            refusal = await self._refuse(request, pattern, needed, principal, session)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
            scope.setdefault("state", {}).update(principal=principal, session=session)
        await self._app(scope, receive, send)

    def _pattern(self, scope: Scope) -> str:
        for route in self._routes:
            if route.matches(scope)[0] is not Match.NONE:
                return route.path
        return ""

    def _who(self, request: Request) -> tuple[Principal | None, Session | None]:
        authorization = request.headers.get("authorization")
        if authorization is not None:
            return self._reception.authority.by_header(authorization), None
        session = self._reception.session_of(request)
        return (None, None) if session is None else (session.principal, session)

    async def _refuse(
        self,
        request: Request,
        pattern: str,
        needed: Role | None,
        principal: Principal | None,
        session: Session | None,
    ) -> Response | None:
        path = request.url.path
        if principal is None:
            if request.method == "GET" and is_page(pattern) and FRAGMENT_HEADER not in request.headers:
                return await self._at_the_door(request)
            return _unknown(path)
        if pattern == "":
            return None
        writes = session is not None and request.method not in _SAFE_METHODS
        if writes and not pattern.startswith(_CONSOLE):
            return _unknown(path)
        forbidden = "This did not come from the console's own page."
        if not writes or self._reception.is_own_page(request):
            forbidden = _forbidden(needed, principal)
        return problem(HTTPStatus.FORBIDDEN, forbidden, instance=path) if forbidden else None


def _forbidden(needed: Role | None, principal: Principal) -> str:
    """Why this caller may not; empty when they may."""
    if needed is None:
        return "No role is allowed here."
    return "" if principal.may(needed) else f"This needs the role {needed}; {principal.name} is {principal.role}."


def _unknown(path: str) -> Response:
    detail = "Send a bearer token of this daemon's settings in the Authorization header."
    headers = {"www-authenticate": 'Bearer realm="tillwatch"'}
    return problem(HTTPStatus.UNAUTHORIZED, detail, instance=path, headers=headers)
