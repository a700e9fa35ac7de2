"""The old processor's transactions as they are kept: to the field, with what each stands for and belongs to."""

import msgspec

from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import BODY_BY_KIND, Body, Record
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.charge import Charge
from payment_core.migration.export.shapes.dispute import Dispute
from payment_core.migration.export.shapes.opening_balance import OpeningBalance
from payment_core.migration.export.shapes.payout import Payout
from payment_core.migration.export.shapes.refund import Refund
from payment_core.migration.jobs.digests import digest_of
from payment_core.migration.jobs.texts import text
from payment_core.migration.model import Historical, moved_id
from payment_core.migration.proof.sides import Line

Posted = OpeningBalance | BalanceTransaction
"""What changes a balance of the ledger."""

POSTED = frozenset({Kind.OPENING_BALANCES, Kind.BALANCE_TRANSACTIONS})

CAUSES = {
    "charge": (Kind.CHARGES, 1),
    "payment": (Kind.CHARGES, 1),
    "refund": (Kind.REFUNDS, -1),
    "payment_refund": (Kind.REFUNDS, -1),
    "payout": (Kind.PAYOUTS, -1),
}
"""Of which kind the source of a balance transaction is, and with which sign its amount stands in the balance.

Disputes change a balance twice when they are won, by their own type ``adjustment``, so their amounts prove nothing.
"""

_DECODERS = {kind: msgspec.json.Decoder(body) for kind, body in BODY_BY_KIND.items()}
_encode = msgspec.json.Encoder(order="sorted").encode


def encoded(body: Body) -> bytes:
    """The object as it is kept: JSON with sorted keys; fields that it does not have are left out."""
    return _encode(body)


def decoded(kind: Kind, body: bytes) -> Body:
    """A kept object; raises msgspec.MsgspecError for bytes that are none."""
    return _DECODERS[kind].decode(body)


def money_of(body: Body) -> tuple[int, str]:
    """Amount and currency (in capitals) that a proof adds up; of a balance transaction what the balance changed by.

    Of an opening balance all of it.
    """
    match body:
        case BalanceTransaction():
            return body.net, body.currency.upper()
        case OpeningBalance() | Charge() | Refund() | Dispute() | Payout():
            return body.amount, body.currency.upper()
        case _:
            return 0, ""


def account_of(body: Body) -> str:
    """Whose balance it is or changes; empty for the platform's, and for what posts nothing."""
    return text(body.account) if isinstance(body, Posted) else ""


def about(body: Body) -> str:
    """What it belongs to, by which it is listed."""
    match body:
        case Charge():
            return text(body.customer)
        case Refund() | Dispute():
            return moved_id(Kind.CHARGES, body.charge)
        case Payout() | OpeningBalance():
            return text(body.account)
        case BalanceTransaction():
            return text(body.source)
        case _:
            return ""


def exported_line(record: Record) -> Line:
    """The export's side: the object itself."""
    amount, currency = money_of(record.body)
    digest = digest_of(record.id, encoded(record.body), record.is_removed)
    return Line(moved_id(record.kind, record.id), digest, amount, currency)


def stored_line(name: str, stored: Historical) -> Line:
    """The store's side: the kept object read again; its amounts have to be those that the row says."""
    kind, _, old_id = name.partition(":")
    body = decoded(Kind(kind), stored.body)
    amount, currency = money_of(body)
    if (amount, currency) != (stored.amount, stored.currency):
        return Line(name, "the row's amount is not the object's", stored.amount, stored.currency)
    return Line(name, digest_of(old_id, encoded(body), False), amount, currency)  # noqa: FBT003 - a field of the hash


def disagreement(body: BalanceTransaction, cause: Body) -> str:
    """What a balance transaction says other than the object that caused it; empty when they agree.

    A charge that was captured in part changes the balance by that part. Other currencies were exchanged.
    """
    found = CAUSES.get(body.type)
    if found is None or not isinstance(cause, Charge | Refund | Payout) or cause.currency != body.currency:
        return ""
    _, sign = found
    amounts = {cause.amount}
    if isinstance(cause, Charge) and cause.amount_captured > 0:
        amounts.add(cause.amount_captured)
    if any(sign * amount == body.amount for amount in amounts):
        return ""
    return f"It changed the balance by {body.amount} {body.currency.upper()}, {cause.id} is over {cause.amount}."
