"""What the daemon changes in the payment core: fraud lists and the holding mode."""

from urllib.parse import urlencode

import msgspec

from daemon.cores.api import CoreApi, decoded
from remediation.ports import ListedValue, LiveEntry

_LISTED_ALREADY = "fraud-list-entry-exists"
_ENDED_ALREADY = "fraud-list-entry-ended"


class _Entry(msgspec.Struct, frozen=True):
    id: str
    author: str
    expires_at_ms: int


class _Entries(msgspec.Struct, frozen=True):
    data: list[_Entry]


class _Control(msgspec.Struct, frozen=True):
    mode: str


_ENTRIES = msgspec.json.Decoder(_Entries)
_CONTROL = msgspec.json.Decoder(_Control)


class CoreControls:
    """The ports FraudLists and Holding; scopes fraud:read, fraud:write, control:read and control:write."""

    def __init__(self, api: CoreApi) -> None:
        self._api = api

    async def live(self, place: str) -> LiveEntry | None:
        """See FraudLists."""
        answer = await self._api.ask("GET", f"/v1/fraud/lists?{urlencode({'place': place})}")
        found = decoded(_ENTRIES, answer).data
        if not found:
            return None
        return LiveEntry(id=found[0].id, author=found[0].author, expires_at_ms=found[0].expires_at_ms)

    async def add(self, entry: ListedValue, key: str) -> None:
        """See FraudLists."""
        await self._api.ask("POST", "/v1/fraud/lists", msgspec.structs.asdict(entry), key, known=_LISTED_ALREADY)

    async def remove(self, entry_id: str, key: str) -> None:
        """See FraudLists."""
        await self._api.ask("DELETE", f"/v1/fraud/lists/{entry_id}", None, key, known=_ENDED_ALREADY)

    async def mode(self) -> str:
        """See Holding."""
        return decoded(_CONTROL, await self._api.ask("GET", "/v1/control")).mode

    async def set_mode(self, mode: str, reason: str, key: str) -> None:
        """See Holding."""
        await self._api.ask("POST", "/v1/control", {"mode": mode, "reason": reason}, key)
