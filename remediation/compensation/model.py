"""A payment that a bad release left wrong, and what would put it right."""

from enum import StrEnum
from typing import Literal

import msgspec

Told = Literal["", "succeeded", "declined", "failed"]
"""How the payer's attempt ended as far as anybody was told; empty when no end was ever told."""


class Fix(StrEnum):
    """What puts a payment right.

    refund: money was taken that the payer was told nothing of. void: money is reserved that nobody will take. resend:
    nothing was taken, and the payer did not come back, so it is tried again. wait: the rail is still being asked.
    investigate: what was told and what is so contradict each other in a way that only a person can judge. none: it is
    right already.
    """

    REFUND = "refund"
    VOID = "void"
    RESEND = "resend"
    WAIT = "wait"
    INVESTIGATE = "investigate"
    NONE = "none"


MOVES_MONEY = frozenset({Fix.REFUND, Fix.VOID, Fix.RESEND})
"""The fixes that are sent to the payment core; the others are for people to read."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One payer's try as its events tell it. at_ms: of the newest event. method: the payment method's fingerprint."""

    payment_id: str
    at_ms: int
    told: Told
    amount_cents: int
    currency: str
    environment: str
    version: str
    customer_id: str = ""
    provider_id: str = ""
    method: str = ""


class PaymentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The payment as the payment core has it now. Amounts: cents. payment_method: the vault's token."""

    payment_id: str
    status: str
    amount_cents: int
    captured_cents: int
    refunded_cents: int
    currency: str
    payment_method: str
    customer_id: str
    provider_id: str
    capture: str
    release_mode: str
    description: str
    created_at_ms: int


class AffectedPayment(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list that people approve. amount_cents: what the fix moves; 0 when it moves nothing.

    why: one sentence with the numbers. at_ms: of the payer's attempt.
    """

    payment_id: str
    at_ms: int
    told: Told
    status: str
    fix: Fix
    amount_cents: int
    currency: str
    why: str
