"""What each fee of the processor was for, from its balance transaction: the processor's words are all there is."""

from collections.abc import Iterator
from enum import StrEnum

from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction


class FeeKind(StrEnum):
    """What a fee was for."""

    PROCESSING = "processing"
    INTERNATIONAL = "international"
    CONVERSION = "conversion"
    BANK_RETURN = "bank_return"
    DISPUTE = "dispute"
    PAYOUT = "payout"
    ACCOUNT = "account"
    RADAR = "radar"
    TAX = "tax"
    OTHER = "other"


NOT_COMPARED = frozenset({FeeKind.DISPUTE})
"""An acquirer charges for a dispute, too, and no price sheet says how much: neither side counts it."""

SALES = frozenset({"charge", "payment"})
"""Types of balance transactions by which a payment arrives: ``charge`` by card, ``payment`` otherwise."""

_APPLICATION = "application_fee"
_WORDS: tuple[tuple[str, FeeKind], ...] = (
    ("international", FeeKind.INTERNATIONAL),
    ("cross-border", FeeKind.INTERNATIONAL),
    ("conversion", FeeKind.CONVERSION),
    ("failed ach", FeeKind.BANK_RETURN),
    ("dispute", FeeKind.DISPUTE),
    ("chargeback", FeeKind.DISPUTE),
    ("payout", FeeKind.PAYOUT),
    ("active account", FeeKind.ACCOUNT),
    ("radar", FeeKind.RADAR),
    ("processing", FeeKind.PROCESSING),
)


def fees_of(transaction: BalanceTransaction) -> Iterator[tuple[FeeKind, int]]:
    """Every fee that the processor took, in minor units; a fee that was given back is below 0.

    What a platform keeps of a charge (``application_fee``) is its own income, and no fee of the processor. Where a
    report has no details, the whole fee is of the transaction's own kind; of a connected account's, that is the
    platform's share, so it is left out.
    """
    if transaction.type == "stripe_fee":
        yield _kind(transaction.description, FeeKind.OTHER), -transaction.amount
        return
    for detail in transaction.fee_details:
        if detail.type == "tax":
            yield FeeKind.TAX, detail.amount
        elif detail.type != _APPLICATION:
            yield _kind(detail.description, _own_kind(transaction)), detail.amount
    if not transaction.fee_details and transaction.fee != 0 and transaction.account is None:
        yield _own_kind(transaction), transaction.fee


def is_sale(transaction: BalanceTransaction) -> bool:
    """Whether a payment arrived by it.

    A destination charge arrives twice, at the platform and at the account it is for: only the former has a fee of the
    processor.
    """
    if transaction.type not in SALES or transaction.amount <= 0:
        return False
    return transaction.account is None or any(one.type != _APPLICATION for one in transaction.fee_details)


def _own_kind(transaction: BalanceTransaction) -> FeeKind:
    match transaction.type:
        case "charge" | "payment":
            return FeeKind.PROCESSING
        case "payment_failure_refund":
            return FeeKind.BANK_RETURN
        case "payout" | "payout_failure" | "payout_cancel":
            return FeeKind.PAYOUT
        case "adjustment":
            return FeeKind.DISPUTE
        case _:
            return FeeKind.OTHER


def _kind(words: str | None, otherwise: FeeKind) -> FeeKind:
    said = "" if words is None else words.lower()
    return next((kind for word, kind in _WORDS if word in said), otherwise)
