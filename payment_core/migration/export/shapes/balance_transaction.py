"""A balance transaction: one change of a balance at the processor, with what it charged for it."""

from decimal import Decimal

import msgspec

from payment_core.migration.export.shapes.parts import Amount, Currency, Id, Seconds, Text


class FeeDetail(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One part of a fee. type: ``stripe_fee``, ``application_fee``, ``payment_method_passthrough_fee`` or ``tax``."""

    amount: Amount
    currency: Currency
    type: Text
    application: Text | None = None
    description: Text | None = None


class BalanceTransaction(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="object", tag="balance_transaction"
):
    """``/v1/balance_transactions``. net = amount - fee, each minor units of ``currency``; below 0 leaves the balance.

    type: ``charge``, ``payment``, ``refund``, ``adjustment``, ``payout``, ``stripe_fee``, ``application_fee``,
    ``transfer`` and so on. source: the object that caused it. account: whose balance it is, a connected account's id;
    None for the platform's own. status: ``available`` or ``pending``; available_on: Unix seconds. exchange_rate: of
    the source's currency, exactly as written.
    """

    id: Id
    amount: Amount
    fee: Amount
    net: Amount
    currency: Currency
    type: Text
    created: Seconds
    account: Text | None = None
    available_on: Seconds = 0
    description: Text | None = None
    exchange_rate: Decimal | None = None
    fee_details: tuple[FeeDetail, ...] = ()
    reporting_category: Text | None = None
    source: Text | None = None
    status: Text = "available"
