"""A payout: money that left a balance for a bank account."""

import msgspec

from payment_core.migration.export.shapes.parts import Amount, Currency, Id, Metadata, Seconds, Text


class Payout(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="object", tag="payout"):
    """``/v1/payouts``. amount: minor units of ``currency``; below 0 takes money back to cover a negative balance.

    status: ``paid``, ``pending``, ``in_transit``, ``canceled`` or ``failed``; one that was paid may still fail.
    method: ``standard`` or ``instant``. destination: the bank account's id. account: whose balance it left.
    """

    id: Id
    amount: Amount
    currency: Currency
    created: Seconds
    status: Text
    account: Text | None = None
    arrival_date: Seconds = 0
    automatic: bool = True
    balance_transaction: Text | None = None
    description: Text | None = None
    destination: Text | None = None
    failure_balance_transaction: Text | None = None
    failure_code: Text | None = None
    livemode: bool = True
    metadata: Metadata = {}
    method: Text = "standard"
    original_payout: Text | None = None
    reversed_by: Text | None = None
    statement_descriptor: Text | None = None
    type: Text = "bank_account"
