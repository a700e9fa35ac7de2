"""Environments that are processes of one machine, changed through the environment service beside them."""

from typing import Self

import httpx
import msgspec

from daemon.cores.api import CoreApi, decoded
from daemon.environments.load import EnvironmentLoad
from daemon.environments.region import Batch
from remediation.deployment.ports import EnvironmentState
from remediation.errors import WorldRefused

TIMEOUT_SECONDS = 5.0
"""The service asks every process whether it is ready, each for at most two seconds and all at once."""
UNKNOWN_ENVIRONMENT = "unknown-environment"
"""The service's problem for an environment that it does not have."""

_STATE = msgspec.json.Decoder(EnvironmentState)
_BATCH = msgspec.json.Decoder(Batch)
_LOAD = msgspec.json.Decoder(EnvironmentLoad)


class Processes:
    """RegionEnvironments and RegionBatches over the environment service at this address. Open as a context manager.

    token: what the service asks for. transport: in place of the network, for tests.
    """

    def __init__(self, url: str, token: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url = f"{url.rstrip('/')}/v1/environments"
        self._api = CoreApi([self._url], token, transport, timeout_seconds=TIMEOUT_SECONDS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._api.__aexit__()

    async def look(self, environment: str) -> EnvironmentState | None:
        """See RegionEnvironments."""
        told = await self._api.ask("GET", f"/{environment}", known=UNKNOWN_ENVIRONMENT)
        return None if told is None else decoded(_STATE, told)

    async def deploy(self, environment: str, version: str, size: int, key: str) -> None:
        """See RegionEnvironments; the service carries a key out once."""
        await self._there("PUT", environment, "deployment", {"version": version, "size": size}, key)

    async def resize(self, environment: str, size: int, key: str) -> None:
        """See RegionEnvironments."""
        await self._there("PUT", environment, "size", {"size": size}, key)

    async def load(self, environment: str) -> EnvironmentLoad:
        """What its processes are busy with. Raises WorldUnreachable, WorldRefused."""
        return decoded(_LOAD, await self._there("GET", environment, "load"))

    async def batch(self, environment: str, version: str) -> Batch:
        """See RegionBatches."""
        asked = f"batch?{httpx.QueryParams({'version': version})}"
        return decoded(_BATCH, await self._there("GET", environment, asked))

    async def roll(self, environment: str, version: str, count: int, key: str) -> None:
        """See RegionBatches; the first process changes last."""
        await self._there("PUT", environment, "batch", {"version": version, "count": count}, key)

    async def _there(self, method: str, environment: str, part: str, body: object = None, key: str = "") -> bytes:
        """The answer about a part of an environment. Raises WorldRefused when there is no such environment."""
        told = await self._api.ask(method, f"/{environment}/{part}", body, key, known=UNKNOWN_ENVIRONMENT)
        if told is None:
            raise WorldRefused(f"There is no environment {environment} at {self._url}.")
        return told
