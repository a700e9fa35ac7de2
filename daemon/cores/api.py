"""Asks payment cores that share one store over HTTP: the first that answers is enough."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Self, TypeVar, overload

import httpx
import msgspec

from daemon.probes.bearer_client import bearer_client
from remediation.errors import WorldRefused, WorldUnreachable

TIMEOUT_SECONDS = 3.0
"""Of one core; two of them are asked within the ten seconds that an action gives a call."""
DETAIL_LENGTH_MAX = 300
"""Characters of a core's own words that are repeated."""

_STILL_RUNNING = "idempotency-in-progress"
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_SERVER_FAULT = 500
_FAILED = "-failed"
"""Ends the problem of an operation that is over: sent again with its key, it is answered from memory."""

Answer = TypeVar("Answer")


class _Problem(msgspec.Struct, frozen=True):
    type: str = ""
    detail: str = ""


_PROBLEM = msgspec.json.Decoder(_Problem)


class CoreApi:
    """The cores by their addresses. A write carries the same key to each of them, so that it has one effect.

    token: an API key with the scopes that its users name. transport: in place of the network, for tests.
    """

    def __init__(
        self,
        urls: Sequence[str],
        token: str,
        transport: httpx.AsyncBaseTransport | None = None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._urls = tuple(url.rstrip("/") for url in urls)
        self._http = bearer_client(token, timeout_seconds, transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    @overload
    async def ask(self, method: str, path: str, body: object = None, key: str = "") -> bytes: ...

    @overload
    async def ask(self, method: str, path: str, body: object = None, key: str = "", *, known: str) -> bytes | None: ...

    async def ask(self, method: str, path: str, body: object = None, key: str = "", *, known: str = "") -> bytes | None:
        """The body of a core's first answer; None when that is the problem of this name, which is an answer too.

        Raises WorldRefused when a core refuses for good, WorldUnreachable when none answered.
        """
        faults = []
        for url in self._urls:
            try:
                response = await self._send(url, method, path, body, key)
            except (httpx.HTTPError, httpx.InvalidURL) as fault:
                faults.append(f"{url}: {type(fault).__name__} {fault}".rstrip())
                continue
            if response.is_success:
                return response.content
            told = _problem(response)
            if known and told.type.endswith(f":{known}"):
                return None
            said = f"{url} answered {response.status_code}: {told.detail[:DETAIL_LENGTH_MAX]}"
            if _is_certain(response.status_code, told):
                raise WorldRefused(said)
            faults.append(said)
        raise WorldUnreachable("; ".join(faults) if faults else "No core is configured.")

    async def _send(self, url: str, method: str, path: str, body: object, key: str) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        if body is None:
            return await self._http.request(method, f"{url}{path}", headers=headers)
        headers["Content-Type"] = "application/json"
        return await self._http.request(method, f"{url}{path}", headers=headers, content=msgspec.json.encode(body))


def _is_certain(status: int, told: _Problem) -> bool:
    if told.type.endswith((f":{_STILL_RUNNING}", _FAILED)):
        return told.type.endswith(_FAILED)
    return status not in _PASSING and status < _SERVER_FAULT


def _problem(response: httpx.Response) -> _Problem:
    try:
        return _PROBLEM.decode(response.content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _Problem()


def decoded(decoder: msgspec.json.Decoder[Answer], body: bytes) -> Answer:
    """The answer as its type. Raises WorldUnreachable: whoever answered so cannot be asked."""
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as fault:
        raise WorldUnreachable(f"{body[:40]!r} was answered, and not what it should.") from fault
