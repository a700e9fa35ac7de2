"""Who may do what: bearer tokens by their SHA-256, console sessions, and roles that include each other."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from config.settings import Role, Token

ROLES: tuple[Role, ...] = ("viewer", "operator", "approver", "admin")
"""Each role may do what the roles before it may."""

SESSION_HOURS = 12
SESSION_LIMIT = 256
"""More sessions than people on call; the oldest goes first."""

SESSION_COOKIE = "till_session"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking. name is the token's, and becomes the actor in the journal."""

    name: str
    role: Role

    def may(self, needed: Role) -> bool:
        """Whether the role includes the needed one."""
        return ROLES.index(self.role) >= ROLES.index(needed)


@dataclass(frozen=True, slots=True)
class _Session:
    principal: Principal
    ends_at_ms: float


class Authority:
    """Knows the tokens' digests and the sessions that were opened with them; a restart ends every session."""

    def __init__(self, tokens: Sequence[Token], monotonic_ms: Callable[[], float]) -> None:
        self._tokens = tuple(tokens)
        self._monotonic_ms = monotonic_ms
        self._sessions: dict[str, _Session] = {}

    def by_token(self, secret: str) -> Principal | None:
        """The owner of a bearer token; every known digest is compared, so time tells nothing."""
        digest = _digest(secret)
        found: Principal | None = None
        for token in self._tokens:
            if hmac.compare_digest(digest, token.sha256):
                found = Principal(token.name, token.role)
        return found

    def by_header(self, authorization: str) -> Principal | None:
        """The owner of an ``Authorization: Bearer`` header's token."""
        scheme, _, secret = authorization.partition(" ")
        return self.by_token(secret.strip()) if scheme.lower() == "bearer" and secret else None

    def open_session(self, principal: Principal) -> str:
        """Start a session and return its id, 256 random bits that are kept here only as a digest."""
        while len(self._sessions) >= SESSION_LIMIT:
            del self._sessions[next(iter(self._sessions))]
        session_id = secrets.token_urlsafe(32)
        ends_at_ms = self._monotonic_ms() + SESSION_HOURS * 3_600_000
        self._sessions[_digest(session_id)] = _Session(principal, ends_at_ms)
        return session_id

    def by_session(self, session_id: str) -> Principal | None:
        """The owner of a session that has not ended."""
        session = self._sessions.get(_digest(session_id))
        if session is None:
            return None
        if session.ends_at_ms <= self._monotonic_ms():
            self.close_session(session_id)
            return None
        return session.principal

    def close_session(self, session_id: str) -> None:
        """End a session; an unknown one is no error."""
        self._sessions.pop(_digest(session_id), None)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
