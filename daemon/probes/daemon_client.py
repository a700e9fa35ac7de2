"""What a command asks of a running daemon, over its API."""

from typing import Self, TypeVar

import httpx
import msgspec

from daemon.errors import DaemonError
from daemon.probes.bearer_client import bearer_client

T = TypeVar("T")

TIMEOUT_SECONDS = 5.0
"""An API that does not answer within this time is down for whoever asks."""
_REFUSED = frozenset({401, 403})


class DaemonSilent(DaemonError):
    """The daemon's API gave no usable answer."""


class RuleReadingNow(msgspec.Struct, frozen=True):
    """A rule's answer for one key. value None: no data."""

    key: dict[str, str]
    state: str
    value: float | None
    shown: str
    samples: int


class RuleNow(msgspec.Struct, frozen=True):
    """A rule and its readings."""

    id: str
    readings: list[RuleReadingNow]


class SloNow(msgspec.Struct, frozen=True):
    """An objective for one key. current: the share of good facts over window_seconds; None: no data.

    budget_left: share of the error budget, below 0 when overspent; None where the objective has none.
    """

    rule_id: str
    key: dict[str, str]
    current: float | None
    samples: int
    window_seconds: float
    budget_left: float | None = None


class _Slos(msgspec.Struct, frozen=True):
    slos: list[SloNow]


class _Rules(msgspec.Struct, frozen=True):
    rules: list[RuleNow]


class DaemonClient:
    """One daemon at one address. token: of a viewer at least. Every method raises DaemonSilent."""

    def __init__(self, url: str, token: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        self._token = token
        # A stranger's question goes without the token.
        self._http = bearer_client("", TIMEOUT_SECONDS, base_url=self.url, transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def rules(self) -> list[RuleNow]:
        """Every rule with what it reads now."""
        return (await self._ask("/api/v1/rules", _Rules)).rules

    async def slos(self) -> list[SloNow]:
        """Every objective with what it has come to."""
        return (await self._ask("/api/v1/slos", _Slos)).slos

    async def _ask(self, path: str, kind: type[T]) -> T:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        response = await self._get(path, headers)
        if response.status_code in _REFUSED:
            raise DaemonSilent(
                f"{self.url} answered {response.status_code}; give a token by --token or TILLWATCH_TOKEN."
            )
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.MsgspecError as fault:
            raise DaemonSilent(f"{self.url}{path} answered {response.status_code} and not what it holds.") from fault

    async def status_for_stranger(self, path: str) -> int:
        """The status that somebody without a token is answered."""
        return (await self._get(path, {})).status_code

    async def _get(self, path: str, headers: dict[str, str]) -> httpx.Response:
        try:
            return await self._http.get(path, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise DaemonSilent(f"{self.url}: {type(fault).__name__} {fault}".rstrip()) from fault
