"""What is wrong with records of real exports: spoiled in ways that must be told, or odd and yet records."""

from collections.abc import Callable

from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Reason

Spoil = Callable[[dict[str, object]], bytes]

CANARY_NUMBER = "4242424242424242"
"""A test number; typed into a text it must be found, and must not get further."""

_REQUIRED: dict[Kind, str] = {
    Kind.CUSTOMERS: "id",
    Kind.ACCOUNTS: "id",
    Kind.BANK_ACCOUNTS: "account",
    Kind.CHARGES: "amount",
    Kind.REFUNDS: "charge",
    Kind.DISPUTES: "status",
    Kind.PAYOUTS: "currency",
    Kind.BALANCE_TRANSACTIONS: "net",
    Kind.PAYMENT_METHODS: "exp_year",
}

_COUNTED: dict[Kind, str] = {
    Kind.CUSTOMERS: "created",
    Kind.ACCOUNTS: "created",
    Kind.BANK_ACCOUNTS: "default_for_currency",
    Kind.PAYMENT_METHODS: "exp_month",
}
"""A field that is no text; where nothing is said, the amount."""


_TEXT = {Kind.BANK_ACCOUNTS: "account_holder_name", Kind.BALANCE_TRANSACTIONS: "description"}
"""A text of people's; where nothing is said, the metadata."""


def missing_field(kind: Kind, record: dict[str, object]) -> tuple[dict[str, object], Reason]:
    """Without a field that every one has."""
    return {name: value for name, value in record.items() if name != _REQUIRED[kind]}, Reason.MISSING_FIELD


def wrong_field(kind: Kind, record: dict[str, object]) -> tuple[dict[str, object], Reason]:
    """With words where a number or a truth value stands."""
    return {**record, _COUNTED.get(kind, "amount"): "a lot"}, Reason.WRONG_FIELD


def unknown_object(_kind: Kind, record: dict[str, object]) -> tuple[dict[str, object], Reason]:
    """Of a kind that does not belong here."""
    return {**record, "object": "topup"}, Reason.UNKNOWN_OBJECT


def number_in_text(kind: Kind, record: dict[str, object]) -> tuple[dict[str, object], Reason]:
    """With a card number that somebody typed into a text."""
    field = _TEXT.get(kind, "metadata")
    typed = f"card {CANARY_NUMBER[:4]} {CANARY_NUMBER[4:8]} {CANARY_NUMBER[8:12]} {CANARY_NUMBER[12:]}"
    value: object = typed if field != "metadata" else {"note": typed}
    return {**record, field: value}, Reason.CARD_NUMBER_IN_TEXT


def wrong_sum(kind: Kind, record: dict[str, object]) -> tuple[dict[str, object], Reason]:
    """With amounts that contradict each other."""
    if kind is Kind.BALANCE_TRANSACTIONS:
        return {**record, "net": 999_999_999}, Reason.DOES_NOT_ADD_UP
    if kind is Kind.CHARGES:
        return {**record, "amount_refunded": 999_999_999}, Reason.DOES_NOT_ADD_UP
    return missing_field(kind, record)


SPOILINGS = (missing_field, wrong_field, unknown_object, number_in_text, wrong_sum)


def cut(raw: bytes) -> bytes:
    """Not JSON any more, with its brackets still in pairs."""
    return raw[:-1] + b",,}"
