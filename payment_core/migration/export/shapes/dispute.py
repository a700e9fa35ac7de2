"""A dispute: a customer's bank asks for a charge back."""

import msgspec

from payment_core.migration.export.shapes.parts import Amount, Currency, Id, Metadata, Seconds, Text


class Dispute(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="object", tag="dispute"):
    """``/v1/disputes``. amount: minor units of ``currency``. evidence_due_by: Unix seconds, 0 when none is asked for.

    status: ``needs_response``, ``under_review``, ``won``, ``lost``, or the same of an inquiry (``warning_...``), which
    moves no money. balance_transactions: the ids of what it did to the balance: taken, and given back when it was won.
    """

    id: Id
    amount: Amount
    currency: Currency
    created: Seconds
    charge: Text
    status: Text
    account: Text | None = None
    balance_transactions: tuple[Id, ...] = ()
    evidence_due_by: Seconds = 0
    has_evidence: bool = False
    is_charge_refundable: bool = False
    livemode: bool = True
    metadata: Metadata = {}
    network_reason_code: Text | None = None
    payment_intent: Text | None = None
    reason: Text | None = None
