"""Environments that are processes of one machine, changed through the environment service beside them."""

from http import HTTPStatus
from typing import Self, TypeVar

import httpx
import msgspec

from daemon.environments.load import EnvironmentLoad
from daemon.environments.region import Batch
from daemon.probes.bearer_client import bearer_client
from remediation.deployment.ports import EnvironmentState
from remediation.errors import WorldRefused, WorldUnreachable

TIMEOUT_SECONDS = 5.0
"""The service asks every process whether it is ready, each for at most two seconds and all at once."""
DETAIL_LENGTH_MAX = 300
"""Characters of the service's own words that are repeated."""
SERVER_FAULT = 500
UNKNOWN_ENVIRONMENT = "urn:tillwatch:unknown-environment"

Answer = TypeVar("Answer")

_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class _Problem(msgspec.Struct, frozen=True):
    type: str = ""
    detail: str = ""


_STATE = msgspec.json.Decoder(EnvironmentState)
_BATCH = msgspec.json.Decoder(Batch)
_LOAD = msgspec.json.Decoder(EnvironmentLoad)
_PROBLEM = msgspec.json.Decoder(_Problem)


class Processes:
    """RegionEnvironments and RegionBatches over the environment service at this address. Open as a context manager.

    token: what the service asks for. transport: in place of the network, for tests.
    """

    def __init__(self, url: str, token: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url = f"{url.rstrip('/')}/v1/environments"
        self._http = bearer_client(token, TIMEOUT_SECONDS, transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def look(self, environment: str) -> EnvironmentState | None:
        """See RegionEnvironments."""
        response = await self._send("GET", environment)
        return None if response is None else _decoded(_STATE, response)

    async def deploy(self, environment: str, version: str, size: int, key: str) -> None:
        """See RegionEnvironments; the service carries a key out once."""
        await self._change(environment, "deployment", {"version": version, "size": size}, key)

    async def resize(self, environment: str, size: int, key: str) -> None:
        """See RegionEnvironments."""
        await self._change(environment, "size", {"size": size}, key)

    async def load(self, environment: str) -> EnvironmentLoad:
        """What its processes are busy with. Raises WorldUnreachable, WorldRefused."""
        response = await self._send("GET", f"{environment}/load")
        if response is None:
            raise WorldRefused(f"There is no environment {environment} at {self._url}.")
        return _decoded(_LOAD, response)

    async def batch(self, environment: str, version: str) -> Batch:
        """See RegionBatches."""
        path = f"{environment}/batch?{httpx.QueryParams({'version': version})}"
        response = await self._send("GET", path)
        if response is None:
            raise WorldRefused(f"There is no environment {environment} at {self._url}.")
        return _decoded(_BATCH, response)

    async def roll(self, environment: str, version: str, count: int, key: str) -> None:
        """See RegionBatches; the first process changes last."""
        await self._change(environment, "batch", {"version": version, "count": count}, key)

    async def _change(self, environment: str, part: str, body: object, key: str) -> None:
        if await self._send("PUT", f"{environment}/{part}", body, key) is None:
            raise WorldRefused(f"There is no environment {environment} at {self._url}.")

    async def _send(self, method: str, path: str, body: object = None, key: str = "") -> httpx.Response | None:
        """The answer; None when the service says that it has no such environment."""
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"} if key else {}
        content = None if body is None else msgspec.json.encode(body)
        try:
            response = await self._http.request(method, f"{self._url}/{path}", headers=headers, content=content)
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise WorldUnreachable(f"{self._url}: {type(fault).__name__} {fault}".rstrip()) from fault
        if response.is_success:
            return response
        told = _problem(response)
        if response.status_code == HTTPStatus.NOT_FOUND and told.type == UNKNOWN_ENVIRONMENT:
            return None
        said = f"{self._url} answered {response.status_code}: {told.detail[:DETAIL_LENGTH_MAX]}"
        if response.status_code in _PASSING or response.status_code >= SERVER_FAULT:
            raise WorldUnreachable(said)
        raise WorldRefused(said)


def _decoded(decoder: msgspec.json.Decoder[Answer], response: httpx.Response) -> Answer:
    try:
        return decoder.decode(response.content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as fault:
        raise WorldUnreachable(f"{response.url} answered {response.status_code} and not what it should.") from fault


def _problem(response: httpx.Response) -> _Problem:
    try:
        return _PROBLEM.decode(response.content)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _Problem()
