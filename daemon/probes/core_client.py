"""What the daemon asks of a payment core, over HTTP."""

from dataclasses import dataclass
from typing import Self, TypeVar

import httpx
import msgspec

from checks.facts import AnyFact, HealthStatus
from daemon.errors import CoreUnreachable, NotAsked
from daemon.probes.bearer_client import bearer_client
from payment_core.flags.envelope import Report

TIMEOUT_SECONDS = 2.0
"""A core answers these within milliseconds; one that needs longer is as good as away."""
LEDGER_SECONDS = 8.0
"""Verifying a million entries takes seconds; less than a component probe's deadline."""
SELF_CHECK_SECONDS = 8.0
"""A core gives a check 5 s; less than a component probe's deadline."""
HEALTH_PAYMENT_SECONDS = 8.0
"""Twice the rail's own patience would be 10 s; a payment that takes this long is no healthy one."""
_NOT_ASKED = frozenset({401, 403, 404, 429})
"""Nothing was looked at: the key may not ask, asks too often, or the release does not know the question."""
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
    """``GET /v1/events``: facts in outbox order. next_after: the place to ask after next."""

    events: list[AnyFact]
    next_after: str = ""


class SelfCheck(msgspec.Struct, frozen=True):
    """``GET /v1/health/...``: what the core found when it checked a part of itself."""

    status: HealthStatus
    detail: str
    findings: tuple[str, ...] = ()


class HealthPayment(msgspec.Struct, frozen=True):
    """``POST /v1/health/payments``. outcome: ``voided`` is the good one. took_ms: by the payment's own times."""

    outcome: str
    detail: str
    took_ms: int = 0
    version: str = ""


class ReleaseReconciliation(msgspec.Struct, frozen=True):
    """The newest payments of one release, as the rail was asked about them."""

    environment: str
    version: str
    region: str
    examined: int
    unknown: int
    mismatched: int
    example: str = ""


class Reconciliation(msgspec.Struct, frozen=True):
    """``GET /v1/health/reconciliation``: what record and rail come to."""

    releases: list[ReleaseReconciliation]


class OpenedKey(msgspec.Struct, frozen=True):
    """What is sealed under one data key, as the asked release opens it."""

    data_key: str
    opened: int
    failed: int
    example: str = ""


class SealedToken(msgspec.Struct, frozen=True):
    """``POST /v1/health/tokens``: the test card, sealed by the asked release."""

    token: str


class Tokens(msgspec.Struct, frozen=True):
    """``GET /v1/health/tokens``: the newest data keys."""

    keys: list[OpenedKey]


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    """What somebody without an API key is answered. tls_version: empty without TLS."""

    status_code: int
    media_type: str
    body: bytes
    challenge: str
    tls_version: str


class LedgerViolation(msgspec.Struct, frozen=True):
    """A broken invariant of the ledger, in words. difference_cents: by how much it is off, 0 where no sum is."""

    invariant: str
    subject: str
    detail: str
    difference_cents: int = 0


class LedgerReading(msgspec.Struct, frozen=True):
    """``GET /v1/ledger/verification``: whether every invariant held when the core looked.

    moving: accounts that payments moved during every look, of which only bounds were proved.
    """

    balanced: bool
    entries: int
    violations: list[LedgerViolation] = []
    journals: int = 0
    moving: int = 0


class FlagsServed(msgspec.Struct, frozen=True):
    """``GET /v1/flags``: what the process that answered serves."""

    report: Report


_READY = msgspec.json.Decoder(Readiness)
_PAGE = msgspec.json.Decoder(EventPage)
_LEDGER = msgspec.json.Decoder(LedgerReading)
_SELF_CHECK = msgspec.json.Decoder(SelfCheck)
_HEALTH_PAYMENT = msgspec.json.Decoder(HealthPayment)
_RECONCILIATION = msgspec.json.Decoder(Reconciliation)
_TOKENS = msgspec.json.Decoder(Tokens)
_SEALED = msgspec.json.Decoder(SealedToken)
_FLAGS = msgspec.json.Decoder(FlagsServed)


class CoreClient:
    """One core at one address. Every method raises CoreUnreachable when there is no usable answer in time."""

    def __init__(self, url: str, token: str = "", transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        self._http = bearer_client(token, TIMEOUT_SECONDS, base_url=self.url, transport=transport)

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

    async def self_check(self, component: str) -> SelfCheck:
        """Let the core check a part of itself, such as ``fraud-detector``. Raises NotAsked when its key may not ask."""
        path = f"/v1/health/{component.replace('-', '_')}"
        return _decoded(_SELF_CHECK, self._allowed(await self._get(path, SELF_CHECK_SECONDS), component))

    async def pay(self, key: str) -> HealthPayment:
        """Let the core authorize and void one dollar, once for each key. Raises NotAsked when its key may not ask."""
        response = await self._post("/v1/health/payments", key, HEALTH_PAYMENT_SECONDS)
        return _decoded(_HEALTH_PAYMENT, self._allowed(response, "health payments"))

    async def reconciliation(self) -> Reconciliation:
        """Let the core hold payments against the rail. Raises NotAsked when its key may not ask, or it is too old."""
        response = await self._get("/v1/health/reconciliation", SELF_CHECK_SECONDS)
        return _decoded(_RECONCILIATION, self._allowed(response, "reconciliation"))

    async def tokens(self, token: str = "") -> Tokens:
        """Let the core open keys of stored cards, or of one. Raises NotAsked as reconciliation does."""
        asked = f"/v1/health/tokens?{httpx.QueryParams({'token': token})}" if token else "/v1/health/tokens"
        return _decoded(_TOKENS, self._allowed(await self._get(asked, SELF_CHECK_SECONDS), "tokens"))

    async def seal_test_card(self, key: str) -> SealedToken:
        """Let the core seal the test card, once for each key. Raises NotAsked when its key may not ask."""
        response = await self._post("/v1/health/tokens", key, SELF_CHECK_SECONDS)
        return _decoded(_SEALED, self._allowed(response, "a sealed test card"))

    async def flags_served(self) -> Report:
        """Which flags one of its processes serves. Raises NotAsked when its key may not ask, or the core is too old."""
        return _decoded(_FLAGS, self._allowed(await self._get("/v1/flags", TIMEOUT_SECONDS), "flags")).report

    async def as_stranger(self, path: str) -> PublicAnswer:
        """What the address answers to somebody who shows no API key."""
        request = self._http.build_request("GET", path)
        request.headers.pop("Authorization", None)
        response = await self._send(request)
        stream = response.extensions.get("network_stream")
        secured = None if stream is None else stream.get_extra_info("ssl_object")
        return PublicAnswer(
            response.status_code,
            response.headers.get("content-type", "").partition(";")[0],
            response.content,
            response.headers.get("www-authenticate", ""),
            "" if secured is None else str(secured.version()),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _allowed(self, response: httpx.Response, what: str) -> httpx.Response:
        if response.status_code in _NOT_ASKED:
            raise NotAsked(
                f"{self.url} answered {response.status_code} for {what}; its key needs the scope health:probe."
            )
        if response.status_code != httpx.codes.OK:
            raise CoreUnreachable(f"{self.url} answered {response.status_code} for {what}.")
        return response

    async def _get(self, path: str, timeout_seconds: float) -> httpx.Response:
        return await self._send(self._http.build_request("GET", path, timeout=timeout_seconds))

    async def _post(self, path: str, key: str, timeout_seconds: float) -> httpx.Response:
        headers = {"Idempotency-Key": key}
        return await self._send(
            self._http.build_request("POST", path, json={}, headers=headers, timeout=timeout_seconds)
        )

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._http.send(request)
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
