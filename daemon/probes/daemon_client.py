"""What a command asks of a running daemon, over its API."""

from typing import Self

import httpx
import msgspec

from daemon.errors import DaemonError

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


class _Rules(msgspec.Struct, frozen=True):
    rules: list[RuleNow]


class DaemonClient:
    """One daemon at one address. token: of a viewer at least. Every method raises DaemonSilent."""

    def __init__(self, url: str, token: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._http = httpx.AsyncClient(
            base_url=self.url, timeout=TIMEOUT_SECONDS, transport=transport, trust_env=False, follow_redirects=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def rules(self) -> list[RuleNow]:
        """Every rule with what it reads now."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        response = await self._get("/api/v1/rules", headers)
        if response.status_code in _REFUSED:
            raise DaemonSilent(
                f"{self.url} answered {response.status_code}; give a token by --token or TILLWATCH_TOKEN."
            )
        try:
            return msgspec.json.decode(response.content, type=_Rules).rules
        except msgspec.MsgspecError as fault:
            raise DaemonSilent(f"{self.url} answered {response.status_code} and not its rules.") from fault

    async def status_for_stranger(self, path: str) -> int:
        """The status that somebody without a token is answered."""
        return (await self._get(path, {})).status_code

    async def _get(self, path: str, headers: dict[str, str]) -> httpx.Response:
        try:
            return await self._http.get(path, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise DaemonSilent(f"{self.url}: {type(fault).__name__} {fault}".rstrip()) from fault
