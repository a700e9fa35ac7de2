"""The console's door: a token becomes a session cookie, and leaves the URL."""

import base64
import hashlib
from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from daemon.http.access import is_same_origin
from daemon.http.auth import SESSION_COOKIE, SESSION_HOURS, Authority
from daemon.http.body import BodyTooLarge, read_body
from daemon.http.console.templates import render
from daemon.http.problems import problem

FORM_LIMIT_BYTES = 4096
"""A token and its field name."""


class Login:
    """Opens and closes console sessions."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority

    async def lead_in(self, _: Request) -> Response:
        """From the bare address to the console."""
        return RedirectResponse("/console", HTTPStatus.SEE_OTHER)

    def at_the_door(self, request: Request) -> Response:
        """For ``/console`` without a session: take the token from the query, or show the way to the form."""
        token = request.query_params.get("token")
        return RedirectResponse("/console/login", HTTPStatus.SEE_OTHER) if token is None else self.enter(request, token)

    def enter(self, request: Request, token: str) -> Response:
        """A session cookie and the way to ``/console`` for a known token, the form again for another."""
        principal = self._authority.by_token(token.strip())
        if principal is None:
            return RedirectResponse("/console/login?refused=1", HTTPStatus.SEE_OTHER)
        answer = RedirectResponse("/console", HTTPStatus.SEE_OTHER)
        answer.set_cookie(
            SESSION_COOKIE,
            self._authority.open_session(principal),
            max_age=SESSION_HOURS * 3600,
            path="/",
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="strict",
        )
        return answer

    async def form(self, request: Request) -> Response:
        """GET shows the form; POST takes the field ``token``, from our own page only."""
        if request.method != "POST":
            return _page(refused="refused" in request.query_params)
        if not is_same_origin(request):
            return problem(HTTPStatus.FORBIDDEN, "Sign in on the console's own page.", instance=request.url.path)
        try:
            body = await read_body(request, FORM_LIMIT_BYTES)
        except BodyTooLarge:
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "A token is shorter.", instance=request.url.path)
        fields = parse_qs(body.decode("utf-8", "replace"))
        return self.enter(request, fields.get("token", [""])[0])

    async def leave(self, request: Request) -> Response:
        """End the session and go back to the form."""
        self._authority.close_session(request.cookies.get(SESSION_COOKIE, ""))
        answer = RedirectResponse("/console/login", HTTPStatus.SEE_OTHER)
        answer.delete_cookie(SESSION_COOKIE, path="/")
        return answer


def _page(*, refused: bool) -> Response:
    """The form with its style inline and allowed by digest, because the static files need a session."""
    style = render("login.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    page = render("login.html", style=style, refused=refused)
    return HTMLResponse(page, headers={"content-security-policy": policy})
