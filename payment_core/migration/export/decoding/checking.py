"""What must hold of an object beyond the types of its fields: its sums, and that no text holds a card number."""

import re
from collections.abc import Iterable

import msgspec

from checks.redaction.card_numbers import holds_card_number
from payment_core.migration.export.framing.piece import Flaw
from payment_core.migration.export.records import BODY_BY_KIND, Body, Reason
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.charge import Charge
from payment_core.migration.export.shapes.parts import NO_ADDRESS, Address
from payment_core.migration.export.shapes.refund import Refund

_DIGITS = re.compile(r"(?:[0-9\uff10-\uff19][^0-9A-Za-z\uff10-\uff19]{0,3}){13}")
"""As many digits as the shortest card number has; most texts have not, and are not looked at further."""


def flaw_of_sums(body: Body) -> Flaw | None:
    """What does not add up in an object; None when all of it does."""
    if isinstance(body, BalanceTransaction):
        return _balance_flaw(body)
    if isinstance(body, Charge):
        if body.amount < 0:
            return Flaw(Reason.DOES_NOT_ADD_UP, "amount is below 0")
        if body.amount_captured > body.amount:
            return Flaw(Reason.DOES_NOT_ADD_UP, "amount_captured is more than amount")
        if not 0 <= body.amount_refunded <= body.amount:
            return Flaw(Reason.DOES_NOT_ADD_UP, "amount_refunded is not between 0 and amount")
    if isinstance(body, Refund) and body.amount <= 0:
        return Flaw(Reason.DOES_NOT_ADD_UP, "amount is not above 0")
    return None


def flaw_of_texts(body: Body) -> Flaw | None:
    """The first text in which somebody typed a card number; the fields that are for one are not texts."""
    names = _TEXTS[type(body)]
    for name in names:
        value = getattr(body, name)
        if value is not None and len(value) >= _SHORTEST and _holds(value):
            return Flaw(Reason.CARD_NUMBER_IN_TEXT, f"{name} holds a card number")
    for name in _CODES_OF[type(body)]:
        value = getattr(body, name)
        if value is not None and is_number(value):
            return Flaw(Reason.CARD_NUMBER_IN_TEXT, f"{name} holds a card number")
    metadata = getattr(body, "metadata", None)
    if metadata and any(_holds(text) for pair in metadata.items() for text in pair):
        return Flaw(Reason.CARD_NUMBER_IN_TEXT, "metadata holds a card number")
    address = getattr(body, "address", None)
    if address is not None and address is not NO_ADDRESS and any(_holds(text) for text in _lines(address)):
        return Flaw(Reason.CARD_NUMBER_IN_TEXT, "address holds a card number")
    return None


def is_number(code: str) -> bool:
    """Whether a card number stands in place of an id or a word, as when the columns of a table are mixed up."""
    return code[:1].isdigit() and _holds(code)


def _holds(text: str) -> bool:
    return len(text) >= _SHORTEST and _DIGITS.search(text) is not None and holds_card_number(text)


def _lines(address: Address) -> Iterable[str]:
    return (text for text in msgspec.structs.astuple(address) if text is not None)


def _balance_flaw(body: BalanceTransaction) -> Flaw | None:
    if body.net != body.amount - body.fee:
        return Flaw(Reason.DOES_NOT_ADD_UP, "net is not amount less fee")
    if body.fee_details and sum(detail.amount for detail in body.fee_details) != body.fee:
        return Flaw(Reason.DOES_NOT_ADD_UP, "fee is not the sum of fee_details")
    return None


_SHORTEST = 13
"""Digits of the shortest card number; a text with fewer characters holds none."""

_FREE = frozenset(
    {
        "account_holder_name",
        "description",
        "email",
        "failure_message",
        "failure_reason",
        "name",
        "phone",
        "receipt_email",
        "statement_descriptor",
        "transfer_group",
    }
)
"""Fields that people write."""

_TEXTS: dict[type, tuple[str, ...]] = {
    body: tuple(name for name in body.__struct_fields__ if name in _FREE) for body in BODY_BY_KIND.values()
}


_CODES = frozenset(
    {
        "account",
        "balance_transaction",
        "bank_name",
        "charge",
        "customer",
        "default_payment_method",
        "default_source",
        "destination",
        "id",
        "payment_intent",
        "payment_method",
        "reason",
        "source",
        "status",
        "type",
    }
)
"""Fields that are kept, shown or told in a reason, and begin with a letter when they are what they should be."""

_CODES_OF: dict[type, tuple[str, ...]] = {
    body: tuple(name for name in body.__struct_fields__ if name in _CODES) for body in BODY_BY_KIND.values()
}


def flaw_of_type(error: msgspec.ValidationError) -> Flaw:
    """What msgspec says of a field, without the value that it may name."""
    text = str(error)
    where = re.search(r"`(\$[^`]*)`", text)
    place = "" if where is None else f" at {where.group(1)}"
    if "missing required field" in text:
        return Flaw(Reason.MISSING_FIELD, text)
    if place.endswith("$.object"):
        return Flaw(Reason.UNKNOWN_OBJECT, "object is of another kind")
    expected = re.match(r"Expected `[^`]*`(?:, got `\w+`)?", text)
    return Flaw(Reason.WRONG_FIELD, f"{'not a value of this field' if expected is None else expected.group()}{place}")
