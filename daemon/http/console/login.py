"""The console's door: a token, a code or a load balancer's word becomes a session, and stays in no address."""

import base64
import hashlib
import re
from http import HTTPStatus

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from daemon.http.console.acting.forms import fields_of, own_fields_of
from daemon.http.console.templates import render
from daemon.http.doors import door
from daemon.http.sessions.authority import Principal
from daemon.http.sessions.codes import CODE_MINUTES
from daemon.http.sessions.identity import Identity
from daemon.http.sessions.reception import Reception, credential_by, credential_of
from remediation.ports import Clock

log = structlog.get_logger()

_WAY_BACK = re.compile(r"/console(/[A-Za-z0-9._~-]+)*")
"""Where somebody may be sent after signing in: pages of ours, and no address of anybody else."""
_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")


class SignInCode(msgspec.Struct, frozen=True, kw_only=True):
    """code: opens one session, once. path: of the page that takes it. minutes: how long it may be used."""

    code: str
    path: str
    minutes: int


class Login:
    """Opens and closes console sessions."""

    def __init__(self, reception: Reception, clock: Clock) -> None:
        self._reception = reception
        self._clock = clock

    async def lead_in(self, _: Request) -> Response:
        """From the bare address to the console."""
        return RedirectResponse("/console", HTTPStatus.SEE_OTHER)

    async def at_the_door(self, request: Request) -> Response:
        """For a page without a session: in by the load balancer's word, or to the form."""
        if self._reception.balancer is not None:
            found = await self._reception.balancer.identity(request.headers)
            if isinstance(found, Identity):
                return self._enter(request, found.principal, credential_by(found), _way_back(request.url.path))
            if found is not None:
                return _page(problem=f"The load balancer's word was not taken: {found.value}.", status=403)
        if request.headers.get("sec-fetch-site") == "cross-site":
            # A strict cookie does not come along from a page of somebody else, such as a chat with a link in it.
            return HTMLResponse(render("bounce.html"))
        way_back = _way_back(request.url.path)
        return RedirectResponse(f"/console/login?to={way_back}" if way_back else "/console/login", HTTPStatus.SEE_OTHER)

    async def form(self, request: Request) -> Response:
        """GET shows the form; POST takes its fields ``token`` or ``code``, from our own page only."""
        return await (self._take if request.method == "POST" else self._show)(request)

    async def _show(self, request: Request) -> Response:
        query = request.query_params
        code, to = query.get("code", ""), _way_back(query.get("to", ""))
        problem = "This token is not known here." if "refused" in query else ""
        return _page(problem=problem, code=code if _CODE.fullmatch(code) else "", to=to)

    async def _take(self, request: Request) -> Response:
        if not self._reception.is_own_page(request):
            raise door.Refused(HTTPStatus.FORBIDDEN, "Sign in on the console's own page.")
        address, now_ms = _address(request), self._clock.monotonic_ms()
        wait_seconds = self._reception.attempts.wait_seconds(address, now_ms)
        if wait_seconds:
            problem = f"Too many wrong tokens came from here; wait {wait_seconds} s."
            return _page(problem=problem, status=HTTPStatus.TOO_MANY_REQUESTS, wait_seconds=wait_seconds)
        fields = await fields_of(request)
        to = _way_back(fields.get("to", ""))
        code, token = fields.get("code", ""), fields.get("token", "").strip()
        opening = self._reception.codes.use(code) if code else None
        if opening is not None:
            return self._enter(request, opening.principal, opening.credential, to)
        principal = None if code else self._reception.authority.by_token(token)
        if principal is not None:
            return self._enter(request, principal, credential_of(token), to)
        self._reception.attempts.failed(address, now_ms)
        log.warning("sign-in refused", action="sign_in_refused", address=address)
        problem = "This address was used, or is too old; sign in with a token." if code else ""
        return _page(problem=problem, status=403) if code else _again(to)

    async def leave(self, request: Request) -> Response:
        """End the session and go back to the form."""
        await own_fields_of(request)
        answer = RedirectResponse("/console/login", HTTPStatus.SEE_OTHER)
        self._reception.dismiss(request, answer)
        return answer

    async def code(self, request: Request) -> Response:
        """201 with a code that opens one session of whoever asks with a bearer token."""
        if request.state.session is not None:
            raise door.Refused(HTTPStatus.FORBIDDEN, "A code is made for a bearer token, not for a session.")
        token = request.headers["authorization"].partition(" ")[2].strip()
        code = self._reception.codes.make(door.caller(request), credential_of(token))
        made = SignInCode(code=code, path=f"/console/login?code={code}", minutes=CODE_MINUTES)
        return door.answer(made, HTTPStatus.CREATED)

    def _enter(self, request: Request, principal: Principal, credential: str, to: str) -> Response:
        """A new session, whatever the browser had before, and the way to where somebody wanted to go."""
        answer = RedirectResponse(to if to else "/console", HTTPStatus.SEE_OTHER)
        self._reception.admit(request, answer, principal, credential)
        log.info("signed in", action="signed_in", by=principal.name, role=principal.role)
        return answer


def _again(to: str) -> Response:
    way = f"&to={to}" if to else ""
    return RedirectResponse(f"/console/login?refused=1{way}", HTTPStatus.SEE_OTHER)


def _way_back(path: str) -> str:
    """The path if it is a page of ours to come back to; empty for the console itself and for everything else."""
    fits = _WAY_BACK.fullmatch(path) is not None and not path.startswith("/console/log")
    return path if fits and path != "/console" else ""


def _address(request: Request) -> str:
    return "" if request.client is None else request.client.host


def _page(
    *, problem: str = "", code: str = "", to: str = "", status: int = HTTPStatus.OK, wait_seconds: int = 0
) -> Response:
    """The form with its style inline and allowed by digest, because the static files need a session."""
    style = render("login.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    headers = {"content-security-policy": policy}
    if wait_seconds:
        headers["retry-after"] = str(wait_seconds)
    page = render("login.html", style=style, problem=problem, code=code, to=to)
    return HTMLResponse(page, status, headers)
