"""A charge: one attempt to take money from a card or a bank account."""

import msgspec

from payment_core.migration.export.shapes.parts import Amount, Currency, Id, Metadata, Seconds, Text


class CardUsed(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """``payment_method_details.card``. country: the issuer's, by which the processor tells a card from abroad."""

    brand: Text | None = None
    country: Text | None = None
    exp_month: int = 0
    exp_year: int = 0
    fingerprint: Text | None = None
    funding: Text | None = None
    last4: Text | None = None
    network: Text | None = None


class BankAccountUsed(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """``payment_method_details.us_bank_account``. routing_number: the ABA number, which is public."""

    account_holder_type: Text | None = None
    account_type: Text | None = None
    bank_name: Text | None = None
    fingerprint: Text | None = None
    last4: Text | None = None
    routing_number: Text | None = None


class PaidWith(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``payment_method_details``. type: ``card``, ``us_bank_account``, ``ach_debit`` or another of the processor's."""

    type: Text | None = None
    card: CardUsed | None = None
    us_bank_account: BankAccountUsed | None = None


NOT_SAID = PaidWith()


class TransferData(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """``transfer_data`` of a destination charge. destination: the connected account that it pays."""

    destination: Text


class Charge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="object", tag="charge"):
    """``/v1/charges``. Amounts are minor units of ``currency``; created is Unix seconds.

    account: whose balance it is in, a connected account's id; None for the platform's own. application_fee_amount: what
    the platform keeps of it. status: ``succeeded``, ``pending`` or ``failed``. balance_transaction: what it did to the
    balance; None for one that took nothing.
    """

    id: Id
    amount: Amount
    currency: Currency
    status: Text
    created: Seconds
    amount_captured: Amount = 0
    amount_refunded: Amount = 0
    account: Text | None = None
    application_fee: Text | None = None
    application_fee_amount: Amount | None = None
    balance_transaction: Text | None = None
    captured: bool = False
    customer: Text | None = None
    description: Text | None = None
    disputed: bool = False
    failure_balance_transaction: Text | None = None
    failure_code: Text | None = None
    failure_message: Text | None = None
    livemode: bool = True
    metadata: Metadata = {}
    on_behalf_of: Text | None = None
    paid: bool = False
    payment_intent: Text | None = None
    payment_method: Text | None = None
    payment_method_details: PaidWith = NOT_SAID
    receipt_email: Text | None = None
    refunded: bool = False
    statement_descriptor: Text | None = None
    transfer: Text | None = None
    transfer_data: TransferData | None = None
    transfer_group: Text | None = None
