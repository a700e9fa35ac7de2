"""What the daemon asks of a payment core, over HTTP."""

from typing import Self, TypeVar

import httpx
import msgspec

from checks.facts import AnyFact
from daemon.errors import CoreUnreachable

TIMEOUT_SECONDS = 2.0
"""A core answers these within milliseconds; one that needs longer is as good as away."""
LEDGER_SECONDS = 8.0
"""Verifying a million entries takes seconds; less than a component probe's deadline."""
MAX_ANSWER_BYTES = 8 * 1_048_576
"""Five hundred events with room to spare."""

Answer = TypeVar("Answer")


class Readiness(msgspec.Struct, frozen=True):
    """``/readyz`` of a core. status_code: 200 when ready."""

    ready: bool
    version: str = ""
    environment: str = ""
    status_code: int = 200


class EventPage(msgspec.Struct, frozen=True):
    """``GET /v1/events``: facts in outbox order. next_after: the place to ask after next.

    last_sequence: the same as a number, 0 where places are no numbers.
    """

    events: list[AnyFact]
    last_sequence: int
    next_after: str = ""


class LedgerViolation(msgspec.Struct, frozen=True):
    """A broken invariant of the ledger, in words."""

    invariant: str
    subject: str
    detail: str


class LedgerReading(msgspec.Struct, frozen=True):
    """``GET /v1/ledger/verification``: whether every invariant held when the core looked."""

    balanced: bool
    entries: int
    violations: list[LedgerViolation] = []


_READY = msgspec.json.Decoder(Readiness)
_PAGE = msgspec.json.Decoder(EventPage)
_LEDGER = msgspec.json.Decoder(LedgerReading)


class CoreClient:
    """One core at one address. Every method raises CoreUnreachable when there is no usable answer in time."""

    def __init__(self, url: str, token: str = "", transport: httpx.AsyncBaseTransport | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.url = url.rstrip("/")
        self._http = httpx.AsyncClient(
            base_url=self.url,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            transport=transport,
            trust_env=False,
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def readiness(self, timeout_seconds: float = TIMEOUT_SECONDS) -> Readiness:
        """What the core says of itself; a core that says 503 is not ready, but it answers."""
        response = await self._get("/readyz", timeout_seconds)
        told = _decoded(_READY, response)
        ready = told.ready and response.status_code == httpx.codes.OK
        return Readiness(ready, told.version, told.environment, response.status_code)

    async def events(self, after: int | str, limit: int) -> EventPage:
        """Facts of the outbox above a position or place, at most so many."""
        asked = httpx.QueryParams({"after": after, "limit": limit})
        response = await self._get(f"/v1/events?{asked}", TIMEOUT_SECONDS)
        if response.status_code != httpx.codes.OK:
            raise CoreUnreachable(f"{self.url} answered {response.status_code} for its events.")
        return _decoded(_PAGE, response)

    async def ledger(self) -> LedgerReading:
        """Let the core verify its ledger."""
        response = await self._get("/v1/ledger/verification", LEDGER_SECONDS)
        if response.status_code != httpx.codes.OK:
            raise CoreUnreachable(f"{self.url} answered {response.status_code} for its ledger.")
        return _decoded(_LEDGER, response)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _get(self, path: str, timeout_seconds: float) -> httpx.Response:
        try:
            response = await self._http.get(path, timeout=timeout_seconds)
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise CoreUnreachable(f"{self.url}: {type(fault).__name__} {fault}".rstrip()) from fault
        if len(response.content) > MAX_ANSWER_BYTES:
            raise CoreUnreachable(f"{self.url} answered {len(response.content)} bytes.")
        return response


def _decoded(decoder: msgspec.json.Decoder[Answer], response: httpx.Response) -> Answer:
    try:
        return decoder.decode(response.content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as fault:
        raise CoreUnreachable(f"{response.url} answered {response.status_code} and not what it should.") from fault
