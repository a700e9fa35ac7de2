"""What must hold of an object beyond the types of its fields: its sums, and that no text holds a card number."""

import re
from collections.abc import Iterable, Mapping

import msgspec

from checks.redaction.card_numbers import holds_card_number
from payment_core.migration.export.framing.piece import Flaw
from payment_core.migration.export.records import Body, Reason
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.charge import Charge
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
    for name, value in _texts(body):
        if _DIGITS.search(value) is not None and holds_card_number(value):
            return Flaw(Reason.CARD_NUMBER_IN_TEXT, f"{name} holds a card number")
    return None


def _balance_flaw(body: BalanceTransaction) -> Flaw | None:
    if body.net != body.amount - body.fee:
        return Flaw(Reason.DOES_NOT_ADD_UP, "net is not amount less fee")
    if body.fee_details and sum(detail.amount for detail in body.fee_details) != body.fee:
        return Flaw(Reason.DOES_NOT_ADD_UP, "fee is not the sum of fee_details")
    return None


def _texts(body: Body) -> Iterable[tuple[str, str]]:
    """The fields that people write, with their names; the keys of metadata are people's, too."""
    for name in _FREE:
        value = getattr(body, name, None)
        if value is not None and len(value) >= _SHORTEST:
            yield name, value
    for key, value in getattr(body, "metadata", _NO_METADATA).items():
        yield "a key of metadata", key
        yield "metadata", value
    address = getattr(body, "address", None)
    if address is not None:
        for name in address.__struct_fields__:
            value = getattr(address, name)
            if value is not None:
                yield f"address.{name}", value


_SHORTEST = 13
_NO_METADATA: Mapping[str, str] = {}
_FREE = (
    "description",
    "name",
    "email",
    "phone",
    "failure_message",
    "failure_reason",
    "receipt_email",
    "statement_descriptor",
    "transfer_group",
    "account_holder_name",
)


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
