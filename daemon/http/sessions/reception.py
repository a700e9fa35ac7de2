"""Who may come in: holders of tokens, of sessions and codes, and whom the load balancer names."""

from collections.abc import Callable, Sequence

import httpx
from starlette.requests import Request
from starlette.responses import Response

from config.console import ConsoleSettings
from config.settings import Token
from daemon.http.sessions.attempts import Attempts
from daemon.http.sessions.authority import Authority, Principal, digest_of
from daemon.http.sessions.book import Session, SessionBook
from daemon.http.sessions.codes import Codes
from daemon.http.sessions.identity import Identity
from daemon.http.sessions.load_balancer import SUBJECT_HEADER, LoadBalancer
from daemon.http.sessions.own_page import is_own_page
from daemon.http.sessions.public_keys import PublicKeys
from remediation.ports import Clock

COOKIE = "till_session"
SECURE_COOKIE = "__Host-till_session"
"""Browsers take a cookie of this name over TLS alone, and from this very host."""
BY_IDENTITY = "identity:"
"""Begins the credential of a session that a load balancer's word opened; the subject follows."""


class Reception:
    """tokens: as they are at this moment. transport: of a test, for the load balancer's keys."""

    def __init__(
        self,
        settings: ConsoleSettings,
        tokens: Callable[[], Sequence[Token]],
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._settings = settings
        self.authority = Authority(tokens)
        self.book = SessionBook(
            clock.monotonic_ms, self._still, idle_seconds=settings.idle, longest_seconds=settings.longest
        )
        self.codes = Codes(clock.monotonic_ms)
        self.attempts = Attempts()
        self.balancer: LoadBalancer | None = None
        if settings.load_balancer is not None:
            keys = PublicKeys(settings.load_balancer, clock.monotonic_ms, transport)
            self.balancer = LoadBalancer(settings.load_balancer, keys, clock.now_ms, lambda: self.authority.names)

    def session_of(self, request: Request) -> Session | None:
        """The session that the request's cookie names; it ends when another person sits at that browser now."""
        session_id = request.cookies.get(self._cookie(request))
        session = None if session_id is None else self.book.find(session_id)
        if session is None or session_id is None:
            return None
        subject = request.headers.get(SUBJECT_HEADER)
        is_other = subject is not None and session.credential != BY_IDENTITY + subject
        if self.balancer is not None and session.credential.startswith(BY_IDENTITY) and is_other:
            self.book.close(session_id)
            return None
        return session

    def is_own_page(self, request: Request) -> bool:
        """Whether the request comes from a page of this console."""
        return is_own_page(request.headers, self._settings.public_url)

    def admit(self, request: Request, answer: Response, principal: Principal, credential: str) -> None:
        """Open a session and let the answer bring its cookie."""
        answer.set_cookie(
            self._cookie(request),
            self.book.open(principal, credential),
            max_age=round(self._settings.longest),
            path="/",
            secure=self._is_secure(request),
            httponly=True,
            samesite="strict",
        )

    def dismiss(self, request: Request, answer: Response) -> None:
        """End the request's session."""
        name = self._cookie(request)
        self.book.close(request.cookies.get(name, ""))
        answer.delete_cookie(name, path="/", secure=self._is_secure(request), httponly=True, samesite="strict")

    def _cookie(self, request: Request) -> str:
        return SECURE_COOKIE if self._is_secure(request) else COOKIE

    def _is_secure(self, request: Request) -> bool:
        """TLS may end before the daemon, which is then told by its settings and not by whoever asks."""
        public = self._settings.public_url
        return request.url.scheme == "https" if public is None else public.startswith("https:")

    def _still(self, session: Session) -> Principal | None:
        if session.credential.startswith(BY_IDENTITY):
            return None if self.balancer is None else session.principal
        return self.authority.by_digest(session.credential)


def credential_of(token: str) -> str:
    """What is kept of the token that opened a session: its digest, by which it is found again while it is known."""
    return digest_of(token)


def credential_by(identity: Identity) -> str:
    """What is kept of somebody whom the load balancer named."""
    return BY_IDENTITY + identity.subject
