"""The bodies that requests carry; what they cannot be is refused before anything is stored."""

from typing import Annotated, Literal

import msgspec

from checks.facts import NetworkKind
from payment_core.money import Charge
from payment_core.operations.bodies import Identifier
from payment_core.payments.model import CaptureMode, ReleaseMode

MethodToken = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, description="A token of the vault, or a sandbox token: tok_visa")
]
Prose = Annotated[str, msgspec.Meta(max_length=200)]
Short = Annotated[str, msgspec.Meta(max_length=64)]
Country = Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{2})?$", description="ISO 3166-1 alpha-2")]
Email = Annotated[str, msgspec.Meta(max_length=254, pattern=r"^([^@\s]{1,64}@[^@\s]{1,253})?$")]
TimeMs = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1, description="Unix milliseconds")]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
MetadataKey = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Metadata = Annotated[dict[MetadataKey, Prose], msgspec.Meta(max_length=20)]


class PaymentContext(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is known of the payer and the device, for the fraud score alone. Everything may be left out.

    email: hashed at once, never stored. headless: whether the browser is driven by a program; also told by user_agent.
    latitude_microdegrees, longitude_microdegrees: of the device, in 1/1,000,000 of a degree.
    customer_type: in the marketplace's own words, such as ``business``; flags can ask for it.
    challenge: ``passed`` once the payer answered the challenge that a decline with ``challenge_required`` asked for.
    """

    ip: Short = ""
    ip_country: Country = ""
    ip_kind: NetworkKind = ""
    device_id: Short = ""
    provider_device_id: Short = ""
    user_agent: Annotated[str, msgspec.Meta(max_length=512)] = ""
    headless: bool = False
    email: Email = ""
    billing_country: Country = ""
    account_created_at_ms: TimeMs = 0
    password_reset_at_ms: TimeMs = 0
    latitude_microdegrees: Annotated[int, msgspec.Meta(ge=-90_000_000, le=90_000_000)] = 0
    longitude_microdegrees: Annotated[int, msgspec.Meta(ge=-180_000_000, le=180_000_000)] = 0
    chargeback_count: Count = 0
    refund_count: Count = 0
    paid_count: Count = 0
    first_paid_at_ms: TimeMs = 0
    customer_type: Short = ""
    challenge: Literal["", "passed"] = ""


class CreatePayment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Take a payment. capture: ``manual`` only authorizes; the money is taken by later captures.

    release: when the provider may have the money: ``automatic`` after the configured delay, ``escrow`` only through an
    escrow. cvc: the card's verification code; it passes through to the rail and is never kept.
    """

    amount: Charge
    payment_method: MethodToken
    customer_id: Identifier
    provider_id: Identifier
    capture: CaptureMode = "automatic"
    release: ReleaseMode = "automatic"
    description: Prose = ""
    metadata: Metadata = {}
    context: PaymentContext | None = None
    cvc: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{3,4})?$")] = ""

    def __repr__(self) -> str:
        return f"CreatePayment({self.amount!r}, {self.payment_method!r})"


class CapturePayment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Take authorized money. amount: at most what is left of it, all of that when left out.

    final: false keeps the rest of the authorization for further captures; true releases it.
    """

    amount: Charge | None = None
    final: bool = True


class CancelPayment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Release what is left of an authorization."""


class ReviewPayment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Decide about a payment that a person has to look at. reject: releases the authorization."""

    decision: Literal["approve", "reject"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class CreateRefund(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Give captured money back. amount: at most what is left of it, all of that when left out."""

    payment_id: Identifier
    amount: Charge | None = None
    reason: Prose = ""


class NotifyDispute(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A rail tells of a dispute. reference: the rail's id; the same one again is the same dispute, in any order.

    amount: what the payer claims; all that was captured when left out. return_code: NACHA's, of a bank debit.
    """

    payment_id: Identifier
    reference: Identifier
    outcome: Literal["opened", "won", "lost"] = "opened"
    amount: Charge | None = None
    reason: Short = ""
    return_code: Annotated[str, msgspec.Meta(pattern=r"^(R[0-9]{2})?$")] = ""


class GiveEvidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Answer a dispute, once. evidence: what shows that the payment was right."""

    evidence: Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]


class AcceptDispute(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Give a dispute up; the money is lost."""
