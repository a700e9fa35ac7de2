"""Codes that open one session each, for an address that is printed: what is used once may stand in a history."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from daemon.http.sessions.authority import Principal, digest_of

CODE_MINUTES = 10
"""From printing an address to opening it."""
CODES_MAX = 64
_CODE_BYTES = 24


@dataclass(frozen=True, slots=True)
class Opening:
    """Whose session a code opens. credential: of whoever asked for the code."""

    principal: Principal
    credential: str
    ends_ms: float


class Codes:
    """Kept by their digests; each is gone once it was used."""

    def __init__(self, monotonic_ms: Callable[[], float]) -> None:
        self._monotonic_ms = monotonic_ms
        self._openings: dict[str, Opening] = {}

    def make(self, principal: Principal, credential: str) -> str:
        """A new code; of too many, the oldest is void."""
        while len(self._openings) >= CODES_MAX:
            del self._openings[next(iter(self._openings))]
        code = secrets.token_urlsafe(_CODE_BYTES)
        ends_ms = self._monotonic_ms() + CODE_MINUTES * 60_000
        self._openings[digest_of(code)] = Opening(principal, credential, ends_ms)
        return code

    def use(self, code: str) -> Opening | None:
        """Whose session it opens, once; None for one that was used, ran out or never was."""
        opening = self._openings.pop(digest_of(code), None)
        return opening if opening is not None and opening.ends_ms > self._monotonic_ms() else None
