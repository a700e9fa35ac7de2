"""Objects that stand within their owner's: cards in a transfer file's customers, bank accounts in accounts."""

import msgspec

from payment_core.migration.export.decoding.parts import Part
from payment_core.migration.export.decoding.typed import Typed, unreadable
from payment_core.migration.export.decoding.wires import (
    OwnerWire,
    PaymentMethodWire,
    TransferCardWire,
    TransferCustomerWire,
)
from payment_core.migration.export.framing.piece import Flaw
from payment_core.migration.export.records import Body, Reason
from payment_core.migration.export.shapes.account import BankAccount
from payment_core.migration.export.shapes.payment_method import PaymentMethod

_ABSENT = msgspec.Raw(b"null")


class _Look(msgspec.Struct, frozen=True, gc=False):
    """What tells which of the ways an object is written in. object: the processor's name of its kind."""

    object: str | None = None
    cards: msgspec.Raw = _ABSENT


_look = msgspec.json.Decoder(_Look)


def _looked(raw: bytes | msgspec.Raw) -> _Look | Flaw:
    try:
        return _look.decode(raw)
    except msgspec.ValidationError:
        return Flaw(Reason.UNKNOWN_OBJECT, "it is no object that says what it is")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return unreadable(error)


class PaymentMethods:
    """Cards of a transfer file, in their customers or by themselves, and payment methods as the API writes them."""

    def __init__(self) -> None:
        self._customers = Typed(TransferCustomerWire)
        self._cards = Typed(TransferCardWire)
        self._methods = Typed(PaymentMethodWire)

    def parts(self, raw: bytes) -> tuple[Part, ...]:
        """The cards in a record."""
        look = _looked(raw)
        if isinstance(look, Flaw):
            return (Part(look, raw),)
        if bytes(look.cards) != bytes(_ABSENT):
            return self._of_customer(raw)
        if look.object == "payment_method":
            method = self._methods.decode(raw)
            return (Part(method if isinstance(method, Flaw) else method.body(), raw),)
        if look.object not in {None, "card"}:
            return (Part(Flaw(Reason.UNKNOWN_OBJECT, "object is neither card nor payment_method"), raw),)
        return (Part(_card(self._cards.decode(raw)), raw),)

    def row(self, row: dict[str, object]) -> Body | Flaw:
        """The card in a row of CSV, which is always one of a transfer file."""
        card = self._cards.convert(row)
        return _NO_NUMBER if isinstance(card, TransferCardWire) and card.number is None else _card(card)

    def _of_customer(self, raw: bytes) -> tuple[Part, ...]:
        customer = self._customers.decode(raw)
        if isinstance(customer, Flaw):
            return (Part(customer, raw),)
        default = customer.default_card if customer.default_source is None else customer.default_source
        context = (customer.id, "" if customer.email is None else customer.email, "" if default is None else default)
        return tuple(
            Part(_owned(self._cards.decode(card), customer, default), card, context) for card in customer.cards
        )


_NO_NUMBER = Flaw(Reason.MISSING_FIELD, "Object missing required field `number`")


def _card(wire: TransferCardWire | Flaw) -> PaymentMethod | Flaw:
    return wire if isinstance(wire, Flaw) else wire.body()


def _owned(wire: TransferCardWire | Flaw, customer: TransferCustomerWire, default: str | None) -> PaymentMethod | Flaw:
    if isinstance(wire, Flaw):
        return wire
    if wire.number is None:
        return _NO_NUMBER
    return msgspec.structs.replace(
        wire.body(), customer=customer.id, email=customer.email, is_default=default == wire.id
    )


class BankAccounts:
    """Bank accounts by themselves, or as the ``external_accounts`` of their accounts."""

    def __init__(self) -> None:
        self._owners = Typed(OwnerWire)
        self._accounts = Typed(BankAccount)

    def parts(self, raw: bytes) -> tuple[Part, ...]:
        """The bank accounts in a record."""
        look = _looked(raw)
        if isinstance(look, Flaw):
            return (Part(look, raw),)
        if look.object == "account":
            return self._of_account(raw)
        return (Part(self._account(raw), raw),)

    def row(self, row: dict[str, object]) -> Body | Flaw:
        """The bank account in a row of CSV."""
        return self._accounts.convert(row)

    def _of_account(self, raw: bytes) -> tuple[Part, ...]:
        owner = self._owners.decode(raw)
        if isinstance(owner, Flaw):
            return (Part(owner, raw),)
        nested = owner.external_accounts
        if nested is None:
            return ()
        parts = tuple(Part(self._account(one), one) for one in nested.data)
        if nested.has_more:
            missing = Flaw(Reason.INCOMPLETE, "external_accounts has more than stand here; list them by themselves")
            parts += (Part(missing, raw),)
        return parts

    def _account(self, raw: bytes | msgspec.Raw) -> BankAccount | Flaw:
        return self._accounts.decode(raw)
