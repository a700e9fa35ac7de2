"""Turns the processor's events into records, each with the time at which the object was so."""

from collections.abc import Mapping

import msgspec

from payment_core.migration.export.decoding.decoder import Decoded, Decoder
from payment_core.migration.export.framing.piece import Flaw
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Malformed, Position, Read, Record
from payment_core.migration.export.shapes.parts import Id, Seconds, Text
from payment_core.migration.feed.errors import EventUnreadable, OtherMode

KIND_BY_OBJECT: Mapping[str, Kind] = {
    "account": Kind.ACCOUNTS,
    "bank_account": Kind.BANK_ACCOUNTS,
    "card": Kind.PAYMENT_METHODS,
    "charge": Kind.CHARGES,
    "customer": Kind.CUSTOMERS,
    "dispute": Kind.DISPUTES,
    "payment_method": Kind.PAYMENT_METHODS,
    "payout": Kind.PAYOUTS,
    "refund": Kind.REFUNDS,
}
"""What an event's object is. The processor has no events about balance transactions: those are listed by its API."""

REMOVALS = frozenset(
    {
        "account.external_account.deleted",
        "customer.deleted",
        "customer.source.deleted",
        "payment_method.detached",
    }
)
"""Events after which the object is nobody's."""

_FIRST = Position(record=1)
"""An event holds one object."""


class _Look(msgspec.Struct, frozen=True, gc=False):
    object: str = ""
    customer: msgspec.Raw = msgspec.Raw(b"null")


class _Data(msgspec.Struct, frozen=True):
    object: msgspec.Raw


class _Event(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    type: Text
    created: Seconds
    data: _Data
    livemode: bool = True
    account: Text | None = None


_events = msgspec.json.Decoder(_Event)
_look = msgspec.json.Decoder(_Look)


class Events:
    """Translates events. hash_key: as for the export. livemode: as the export's; None believes either."""

    def __init__(self, hash_key: bytes, livemode: bool | None = None) -> None:  # noqa: FBT001 - what the manifest has
        self._hash_key = hash_key
        self._livemode = livemode
        self._decoders: dict[Kind, Decoder] = {}

    def read(self, raw: bytes) -> Read | None:
        """The record in an event as it was sent; None for one about something that is not moved.

        The same event gives the same record. Its ``occurred_at_ms`` is the event's, in whole seconds: of two records
        about one object the later one counts, in whatever order they come. Raises EventUnreadable and OtherMode.
        """
        try:
            event = _events.decode(raw)
            found = _look.decode(event.data.object)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise EventUnreadable(_said(error)) from error
        if self._livemode is not None and event.livemode is not self._livemode:
            raise OtherMode(event.id)
        kind = KIND_BY_OBJECT.get(found.object)
        if kind is None or (found.object == "bank_account" and bytes(found.customer) != b"null"):
            # A customer's bank account is paid from by mandate; that is not handed over by an event.
            return None
        decoded = self._decoder(kind).decode(bytes(event.data.object))
        return _read(kind, event, decoded[0]) if decoded else None

    def _decoder(self, kind: Kind) -> Decoder:
        decoder = self._decoders.get(kind)
        if decoder is None:
            decoder = self._decoders[kind] = Decoder(kind, self._hash_key)
        return decoder


def _read(kind: Kind, event: _Event, decoded: Decoded) -> Read:
    body = decoded.body
    if isinstance(body, Flaw):
        return Malformed(
            kind=kind,
            reason=body.reason,
            detail=body.detail,
            source_hash=decoded.source_hash,
            position=_FIRST,
            file=event.id,
            occurred_at_ms=event.created * 1000,
            id=decoded.id,
        )
    if event.account is not None and getattr(body, "account", event.account) is None:
        body = msgspec.structs.replace(body, account=event.account)
    return Record(
        kind=kind,
        id=decoded.id,
        body=body,
        source_hash=decoded.source_hash,
        position=_FIRST,
        file=event.id,
        occurred_at_ms=event.created * 1000,
        is_removed=event.type in REMOVALS or getattr(body, "deleted", False),
    )


def _said(error: Exception) -> str:
    """What is wrong, without what stood there."""
    return f"{error}." if isinstance(error, msgspec.MsgspecError) else f"{type(error).__name__}."
