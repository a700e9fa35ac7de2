"""What the console asks payment cores of money and fraud: the trial balance, the fraud lists, whether payments wait."""

from typing import Literal
from urllib.parse import urlencode

import msgspec

from daemon.cores.api import CoreApi, decoded

LISTED_MAX = 100
"""Live entries of the fraud lists that are shown; a person reads no more, ``GET /v1/fraud/lists`` has the rest."""


class AccountTotal(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the chart of accounts over all its owners, in cents; see ``GET /v1/ledger/trial_balance``."""

    account: str
    meaning: str
    currency: str
    normal_side: Literal["debit", "credit"]
    owners: int
    debits_cents: int
    credits_cents: int
    debits_pending_cents: int
    credits_pending_cents: int
    balance_cents: int


class TrialBalance(msgspec.Struct, frozen=True):
    """The chart as it was between began_at_ms and ended_at_ms; 0 where the core is too old to say when.

    at_one_moment: no payment moved while it was read, so that all debits have to be all credits.
    """

    accounts: tuple[AccountTotal, ...]
    began_at_ms: int = 0
    ended_at_ms: int = 0
    at_one_moment: bool = False


class ListedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A live entry of a fraud list. value: a fingerprint, an address, an id; never a number of a card or account."""

    id: str
    list: str
    kind: str
    value: str
    reason: str
    author: str
    points: int
    expires_at_ms: int
    created_at_ms: int


class FraudLists(msgspec.Struct, frozen=True):
    """more: there are more entries than are listed."""

    entries: tuple[ListedEntry, ...]
    more: bool


class _Entries(msgspec.Struct, frozen=True):
    data: tuple[ListedEntry, ...]
    next_after: str = ""


class _Control(msgspec.Struct, frozen=True):
    mode: str


_TRIAL_BALANCE = msgspec.json.Decoder(TrialBalance)
_ENTRIES = msgspec.json.Decoder(_Entries)
_CONTROL = msgspec.json.Decoder(_Control)


class CoreBooks:
    """Scopes ledger:read, fraud:read and control:read. Every method raises WorldRefused and WorldUnreachable."""

    def __init__(self, api: CoreApi) -> None:
        self._api = api

    async def trial_balance(self) -> TrialBalance:
        """The chart with its totals, of the moment that the core last read them."""
        return decoded(_TRIAL_BALANCE, await self._api.ask("GET", "/v1/ledger/trial_balance"))

    async def fraud_lists(self) -> FraudLists:
        """The live entries, the oldest first."""
        asked = urlencode({"state": "active", "limit": LISTED_MAX})
        page = decoded(_ENTRIES, await self._api.ask("GET", f"/v1/fraud/lists?{asked}"))
        return FraudLists(page.data, page.next_after != "")

    async def mode(self) -> str:
        """``normal`` or ``holding``."""
        return decoded(_CONTROL, await self._api.ask("GET", "/v1/control")).mode
