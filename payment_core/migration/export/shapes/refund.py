"""A refund: all of a charge or a part of it given back."""

import msgspec

from payment_core.migration.export.shapes.parts import Amount, Currency, Id, Metadata, Seconds, Text


class Refund(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="object", tag="refund"):
    """``/v1/refunds``. amount: minor units of ``currency``, above 0.

    status: ``succeeded``, ``pending``, ``failed``, ``canceled`` or ``requires_action``. failure_balance_transaction:
    what gave the money back to the balance when it failed. account: whose balance it is taken from.
    """

    id: Id
    amount: Amount
    currency: Currency
    created: Seconds
    charge: Text
    status: Text = "succeeded"
    account: Text | None = None
    balance_transaction: Text | None = None
    description: Text | None = None
    failure_balance_transaction: Text | None = None
    failure_reason: Text | None = None
    metadata: Metadata = {}
    payment_intent: Text | None = None
    reason: Text | None = None
    receipt_number: Text | None = None
    transfer_reversal: Text | None = None
