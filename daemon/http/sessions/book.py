"""The console's sessions: opened by whoever proved who they are, ended by time, by signing out, by a token's end."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from daemon.http.sessions.authority import Principal, digest_of

SESSIONS_MAX = 1024
"""More than people, so that nobody is pushed out; the one that was used longest ago goes first."""
SESSIONS_OF_ONE_MAX = 16
"""Browsers of one person; one token cannot push the sessions of others out."""
_ID_BYTES = 32


@dataclass(slots=True)
class Session:
    """reference: names the session without opening it. credential: what opened it, by its digest or subject.

    csrf: what a form of this session carries, so that no other site can send it.
    """

    reference: str
    principal: Principal
    credential: str
    csrf: str
    opened_ms: float
    seen_ms: float

    def takes(self, csrf: str) -> bool:
        """Whether a form carries this session's own token; compared in constant time."""
        return hmac.compare_digest(self.csrf.encode(), csrf.encode())


class SessionBook:
    """Every open session, by the digest of its id; a restart ends them all.

    idle_seconds: without a request; longest_seconds: in any case. still: who a credential stands for at this moment,
    None once it is gone: a session has no more rights than what opened it.
    """

    def __init__(
        self,
        monotonic_ms: Callable[[], float],
        still: Callable[[Session], Principal | None],
        *,
        idle_seconds: float,
        longest_seconds: float,
    ) -> None:
        self._monotonic_ms = monotonic_ms
        self._still = still
        self._idle_ms = idle_seconds * 1000
        self._longest_ms = longest_seconds * 1000
        self._sessions: dict[str, Session] = {}

    def open(self, principal: Principal, credential: str) -> str:
        """Start a session and return its id, 256 random bits that are kept here only as a digest."""
        own = [one for one in self._sessions.values() if one.credential == credential]
        if len(own) >= SESSIONS_OF_ONE_MAX:
            self._end(min(own, key=lambda one: one.seen_ms))
        if len(self._sessions) >= SESSIONS_MAX:
            self._end(min(self._sessions.values(), key=lambda one: one.seen_ms))
        session_id, now_ms = secrets.token_urlsafe(_ID_BYTES), self._monotonic_ms()
        reference = digest_of(session_id)
        self._sessions[reference] = Session(
            reference=reference,
            principal=principal,
            credential=credential,
            csrf=secrets.token_urlsafe(_ID_BYTES),
            opened_ms=now_ms,
            seen_ms=now_ms,
        )
        return session_id

    def find(self, session_id: str) -> Session | None:
        """The session that has not ended, which is used by this, with the rights of this moment."""
        session = self._sessions.get(digest_of(session_id))
        if session is None or not self.lives(session):
            return None
        session.seen_ms = self._monotonic_ms()
        return session

    def lives(self, session: Session) -> bool:
        """Whether it is still open; looking does not use it. A page that only watches asks this."""
        if session.reference not in self._sessions:
            return False
        now_ms, principal = self._monotonic_ms(), self._still(session)
        over = now_ms - session.seen_ms >= self._idle_ms or now_ms - session.opened_ms >= self._longest_ms
        if over or principal is None:
            self._end(session)
            return False
        session.principal = principal
        return True

    def close(self, session_id: str) -> None:
        """End a session; an unknown one is no error."""
        self._sessions.pop(digest_of(session_id), None)

    def _end(self, session: Session) -> None:
        self._sessions.pop(session.reference, None)
