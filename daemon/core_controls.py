"""What the daemon changes in the payment core, over HTTP: fraud lists and the holding mode."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Self, TypeVar

import httpx
import msgspec

from remediation.errors import WorldRefused, WorldUnreachable
from remediation.ports import ListedValue, LiveEntry

TIMEOUT_SECONDS = 3.0
"""Of one core; two of them are asked within the ten seconds that an action gives a call."""
DETAIL_LENGTH_MAX = 300
"""Characters of a core's own words that are repeated."""

_LISTED_ALREADY = "fraud-list-entry-exists"
_ENDED_ALREADY = "fraud-list-entry-ended"
_STILL_RUNNING = "idempotency-in-progress"
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_SERVER_FAULT = 500

Answer = TypeVar("Answer")


class _Entry(msgspec.Struct, frozen=True):
    id: str
    author: str
    expires_at_ms: int


class _Entries(msgspec.Struct, frozen=True):
    data: list[_Entry]


class _Control(msgspec.Struct, frozen=True):
    mode: str


class _Problem(msgspec.Struct, frozen=True):
    type: str = ""
    detail: str = ""


_ENTRIES = msgspec.json.Decoder(_Entries)
_CONTROL = msgspec.json.Decoder(_Control)
_PROBLEM = msgspec.json.Decoder(_Problem)


class CoreControls:
    """The ports FraudLists and Holding over cores that share one store: the first that answers is enough.

    A write carries the same key to each of them, so one that took effect and was not answered is not made twice.
    token: an API key with the scopes fraud:read, fraud:write, control:read and control:write.
    """

    def __init__(self, urls: Sequence[str], token: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._urls = tuple(url.rstrip("/") for url in urls)
        self._http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=TIMEOUT_SECONDS,
            transport=transport,
            trust_env=False,
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def live(self, place: str) -> LiveEntry | None:
        """See FraudLists."""
        answer = await self._ask("GET", f"/v1/fraud/lists?{httpx.QueryParams({'place': place})}")
        found = _decoded(_ENTRIES, answer).data
        if not found:
            return None
        return LiveEntry(id=found[0].id, author=found[0].author, expires_at_ms=found[0].expires_at_ms)

    async def add(self, entry: ListedValue, key: str) -> None:
        """See FraudLists."""
        await self._ask("POST", "/v1/fraud/lists", msgspec.structs.asdict(entry), key, known=_LISTED_ALREADY)

    async def remove(self, entry_id: str, key: str) -> None:
        """See FraudLists."""
        await self._ask("DELETE", f"/v1/fraud/lists/{entry_id}", None, key, known=_ENDED_ALREADY)

    async def mode(self) -> str:
        """See Holding."""
        return _decoded(_CONTROL, await self._ask("GET", "/v1/control")).mode

    async def set_mode(self, mode: str, reason: str, key: str) -> None:
        """See Holding."""
        await self._ask("POST", "/v1/control", {"mode": mode, "reason": reason}, key)

    async def _ask(
        self, method: str, path: str, body: object = None, key: str = "", *, known: str = ""
    ) -> httpx.Response:
        """The first answer of a core. known: the problem that says that what is wanted is so already."""
        faults = []
        for url in self._urls:
            try:
                response = await self._send(url, method, path, body, key)
            except (httpx.HTTPError, httpx.InvalidURL) as fault:
                faults.append(f"{url}: {type(fault).__name__} {fault}".rstrip())
                continue
            if response.is_success:
                return response
            told = _problem(response)
            if known and told.type.endswith(f":{known}"):
                return response
            said = f"{url} answered {response.status_code}: {told.detail[:DETAIL_LENGTH_MAX]}"
            passing = response.status_code in _PASSING or response.status_code >= _SERVER_FAULT
            if not passing and not told.type.endswith(f":{_STILL_RUNNING}"):
                raise WorldRefused(said)
            faults.append(said)
        raise WorldUnreachable("; ".join(faults) if faults else "No core is configured.")

    async def _send(self, url: str, method: str, path: str, body: object, key: str) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        if body is None:
            return await self._http.request(method, f"{url}{path}", headers=headers)
        headers["Content-Type"] = "application/json"
        return await self._http.request(method, f"{url}{path}", headers=headers, content=msgspec.json.encode(body))


def _problem(response: httpx.Response) -> _Problem:
    try:
        return _PROBLEM.decode(response.content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _Problem()


def _decoded(decoder: msgspec.json.Decoder[Answer], response: httpx.Response) -> Answer:
    try:
        return decoder.decode(response.content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as fault:
        raise WorldUnreachable(f"{response.url} answered {response.status_code} and not what it should.") from fault
