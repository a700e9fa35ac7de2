"""Decodes the records of one kind: each to an object, its hash, and what is wrong with it, if anything."""

import hashlib
import hmac
from collections.abc import Callable
from typing import TypeVar

import msgspec

from payment_core.migration.export.decoding.checking import flaw_of_sums, flaw_of_texts, is_number
from payment_core.migration.export.decoding.nested import BankAccounts, PaymentMethods
from payment_core.migration.export.decoding.opening_balances import OpeningBalances
from payment_core.migration.export.decoding.parts import Part, id_in
from payment_core.migration.export.decoding.typed import Typed
from payment_core.migration.export.decoding.wires import AccountWire, CustomerWire, DisputeWire
from payment_core.migration.export.framing.piece import Flaw
from payment_core.migration.export.kinds import SECRET_KINDS, Kind
from payment_core.migration.export.records import Body
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.charge import Charge
from payment_core.migration.export.shapes.payout import Payout
from payment_core.migration.export.shapes.refund import Refund

B = TypeVar("B", Charge, Refund, Payout, BalanceTransaction)
W = TypeVar("W", CustomerWire, DisputeWire, AccountWire)

Parts = Callable[[bytes], tuple[Part, ...]]
Row = Callable[[dict[str, object]], Body | Flaw]


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """body: the object, or what is wrong with it. id: the processor's, empty when it could not be read."""

    id: str
    source_hash: str
    body: Body | Flaw


class Decoder:
    """Decodes the records of one kind. hash_key: what hashes of records with numbers are keyed with."""

    def __init__(self, kind: Kind, hash_key: bytes | None = None) -> None:
        self._hash_key = hash_key if kind in SECRET_KINDS else None
        self._parts, self._row = _WAYS[kind]()

    def decode(self, raw: bytes) -> list[Decoded]:
        """The objects in one record of a JSON file: one, or those that are nested in their owner's."""
        return [self._decoded(part.body, part.raw, *part.context) for part in self._parts(raw)]

    def decode_row(self, row: dict[str, object], raw: bytes) -> Decoded:
        """The object in a row of CSV. row: as the processor nests it in JSON, with text for values; raw: as sent."""
        return self._decoded(self._row(row), raw)

    def flawed(self, raw: bytes, flaw: Flaw) -> Decoded:
        """What stands for a record that could not be told from its surroundings."""
        return self._decoded(flaw, raw)

    def _decoded(self, body: Body | Flaw, raw: bytes | msgspec.Raw, *context: str) -> Decoded:
        source_hash = self._hash(raw, context)
        if isinstance(body, Flaw):
            return Decoded(id_in(raw), source_hash, body)
        flaw = flaw_of_sums(body)
        if flaw is None:
            flaw = flaw_of_texts(body)
        return Decoded("" if is_number(body.id) else body.id, source_hash, body if flaw is None else flaw)

    def _hash(self, raw: bytes | msgspec.Raw, context: tuple[str, ...]) -> str:
        """Of the bytes without blanks between their parts. context: what else the record is about."""
        try:
            compact = msgspec.json.format(raw, indent=-1)
        except (msgspec.DecodeError, RecursionError):
            compact = bytes(raw)
        if context:
            compact = b"\x00".join((*(part.encode() for part in context), compact))
        if self._hash_key is None:
            return hashlib.sha256(compact).hexdigest()
        return hmac.digest(self._hash_key, compact, "sha256").hex()


def _plain(kind: type[B]) -> Callable[[], tuple[Parts, Row]]:
    """Objects that are kept as they are written."""

    def way() -> tuple[Parts, Row]:
        typed = Typed(kind)
        return lambda raw: (Part(typed.decode(raw), raw),), typed.convert

    return way


def _wired(kind: type[W]) -> Callable[[], tuple[Parts, Row]]:
    """Objects that are written otherwise than they are kept."""

    def way() -> tuple[Parts, Row]:
        typed = Typed(kind)

        def body_of(wire: W | Flaw) -> Body | Flaw:
            return wire if isinstance(wire, Flaw) else wire.body()

        return lambda raw: (Part(body_of(typed.decode(raw)), raw),), lambda row: body_of(typed.convert(row))

    return way


def _payment_methods() -> tuple[Parts, Row]:
    way = PaymentMethods()
    return way.parts, way.row


def _bank_accounts() -> tuple[Parts, Row]:
    way = BankAccounts()
    return way.parts, way.row


def _opening_balances() -> tuple[Parts, Row]:
    way = OpeningBalances()
    return way.parts, way.row


_WAYS: dict[Kind, Callable[[], tuple[Parts, Row]]] = {
    Kind.CUSTOMERS: _wired(CustomerWire),
    Kind.PAYMENT_METHODS: _payment_methods,
    Kind.ACCOUNTS: _wired(AccountWire),
    Kind.BANK_ACCOUNTS: _bank_accounts,
    Kind.OPENING_BALANCES: _opening_balances,
    Kind.CHARGES: _plain(Charge),
    Kind.REFUNDS: _plain(Refund),
    Kind.DISPUTES: _wired(DisputeWire),
    Kind.PAYOUTS: _plain(Payout),
    Kind.BALANCE_TRANSACTIONS: _plain(BalanceTransaction),
}
