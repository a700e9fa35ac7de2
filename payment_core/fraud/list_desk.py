"""The operations on the block and allow lists: add, remove, show."""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from checks.scoring.lists import BadEntry, ListKind, ListName, network_of
from payment_core.answers import Answer, ok
from payment_core.fraud.list_model import FraudListEntry, FraudListPlace
from payment_core.fraud.listing import NewEntry, add_entry, end_entry
from payment_core.fraud.refusals import FraudListRefusal
from payment_core.fraud.requests import AddListEntry
from payment_core.fraud.views import view_entry
from payment_core.operations.call import Call
from payment_core.operations.once import perform_once
from payment_core.operations.pages import answer_one
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction

ADD, REMOVE = "fraud_list.add", "fraud_list.remove"

_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,253}")
_FINGERPRINT = re.compile(r"fp_[A-Za-z0-9_-]{8,64}")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_FORMS: Mapping[ListKind, re.Pattern[str]] = MappingProxyType(
    {
        "card": _FINGERPRINT,
        "bank_account": _FINGERPRINT,
        "email": re.compile(r"[0-9a-f]{32}"),
        "device": re.compile(r".{1,64}"),
        "customer": _ID,
        "provider": _ID,
        "bin": re.compile(r"[0-9]{6}"),
        "rail": re.compile(r"card|ach"),
    }
)
"""What payments and payouts can have; a number of a card or account has none of these forms but that of an id."""


_TOO_WIDE: frozenset[tuple[ListName, ListKind]] = frozenset({("allow", "bin"), ("allow", "rail"), ("block", "rail")})
"""Entries that would let a whole range of cards pass unscored, or stop a rail; holding mode is for that."""


class EmailHasher(Protocol):
    """Turns a mail address into what requests are looked up by."""

    def hash_email(self, address: str) -> str:
        """A keyed hash of the address in one spelling."""
        ...


class FraudListDesk:
    """Adds and removes entries; every process uses a change within a second."""

    def __init__(self, store: LedgerStore, origin: Origin, emails: EmailHasher) -> None:
        self._store = store
        self._origin = origin
        self._emails = emails

    async def add(self, call: Call, body: AddListEntry) -> Answer | StrEnum:
        """Put a value on a list. A mail address is hashed at once and kept nowhere."""
        value = None if (body.list, body.kind) in _TOO_WIDE else self._looked_up(body.kind, body.value)
        if value is None:
            return FraudListRefusal.FRAUD_LIST_VALUE_UNUSABLE
        if (body.list == "stricter") != (body.points > 0):
            return FraudListRefusal.FRAUD_LIST_POINTS_UNUSABLE

        def work(transaction: Transaction) -> Answer | FraudListRefusal:
            if body.expires_at_ms <= transaction.now_ms:
                return FraudListRefusal.FRAUD_LIST_EXPIRY_PAST
            new = NewEntry(
                list=body.list,
                of=body.kind,
                value=value,
                reason=body.reason,
                author=call.actor,
                expires_at_ms=body.expires_at_ms,
                points=body.points,
            )
            entry = add_entry(transaction, self._origin, new)
            return FraudListRefusal.FRAUD_LIST_ENTRY_EXISTS if entry is None else ok(view_entry(entry), 201)

        return await perform_once(self._store, ADD, call, work)

    async def remove(self, call: Call, _body: None) -> Answer | StrEnum:
        """Take an entry off its list."""

        def work(transaction: Transaction) -> Answer | FraudListRefusal:
            entry = transaction.get(FraudListEntry, call.path["entry_id"])
            if entry is None:
                return FraudListRefusal.FRAUD_LIST_ENTRY_NOT_FOUND
            if entry.status != "active":
                return FraudListRefusal.FRAUD_LIST_ENTRY_ENDED
            return ok(view_entry(end_entry(transaction, self._origin, entry, "removed", call.actor)))

        return await perform_once(self._store, REMOVE, call, work)

    async def active(self, place: str) -> list[FraudListEntry]:
        """The live entry at a place, ``list:kind:value``, or none."""
        known = await self._store.read(FraudListPlace, place)
        entry = None if known is None else await self._store.read(FraudListEntry, known.entry_id)
        return [entry] if entry is not None and entry.status == "active" else []

    async def show(self, call: Call, _body: None) -> Answer | StrEnum:
        """One entry, also after its end."""
        missing = FraudListRefusal.FRAUD_LIST_ENTRY_NOT_FOUND
        return await answer_one(self._store, FraudListEntry, call.path["entry_id"], view_entry, missing)

    def _looked_up(self, kind: ListKind, value: str) -> str | None:
        """The value as requests are looked up by; None when no request can ever have it."""
        if kind == "ip":
            try:
                return str(network_of(value))
            except BadEntry:
                return None
        if kind == "email" and _ADDRESS.fullmatch(value):
            return self._emails.hash_email(value)
        return value if _FORMS[kind].fullmatch(value) else None
