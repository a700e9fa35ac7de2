"""What requests about escrows look like."""

from typing import Annotated

import msgspec

from payment_core.money import Charge
from payment_core.operations.bodies import Identifier

SOURCES_MAX = 5
"""Each payment is several rows of one transaction, of which DynamoDB takes 100."""
PAYEES_MAX = 10
CONDITIONS_MAX = 20
HOLD_HOURS_MAX = 2160
"""90 days: longer than that, a card payment can no longer be disputed anyway."""

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="small letters, digits and _")]
Reference = Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]{1,200}$", description="where the evidence is")]
MomentMs = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1, description="Unix milliseconds; 0 is never")]
PartCents = Annotated[int, msgspec.Meta(ge=0, le=99_999_999)]


class SourceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of several payments. amount: its part, after the platform's fee."""

    payment_id: Identifier
    amount: Charge


class PayeeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of several payees. weight: its share is its weight over the sum of all weights."""

    provider_id: Identifier
    weight: Annotated[int, msgspec.Meta(ge=1, le=10_000)]


class EscrowRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A new escrow. Either payment_id, or payments whose amounts sum to amount.

    payees: who is paid, the provider alone when there are none. conditions: names of what has to happen first.
    auto_release_at_ms, auto_refund_at_ms: at most one. hold_hours: more than the least that the platform holds.
    """

    provider_id: Identifier
    amount: Charge
    payment_id: str = ""
    payments: Annotated[tuple[SourceRequest, ...], msgspec.Meta(max_length=SOURCES_MAX)] = ()
    payees: Annotated[tuple[PayeeRequest, ...], msgspec.Meta(max_length=PAYEES_MAX)] = ()
    conditions: Annotated[tuple[Name, ...], msgspec.Meta(max_length=CONDITIONS_MAX)] = ()
    auto_release_at_ms: MomentMs = 0
    auto_refund_at_ms: MomentMs = 0
    hold_hours: Annotated[int, msgspec.Meta(ge=0, le=HOLD_HOURS_MAX)] = 0
    description: Annotated[str, msgspec.Meta(max_length=200)] = ""


class ConditionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """evidence: a reference, for example the id of a delivery or a document."""

    evidence: Reference


class AmountRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """amount: all that is held when it is left out. reason: for a refund."""

    amount: Charge | None = None
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""


class ResolutionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who gets what: the two sum exactly to what is held."""

    provider_cents: PartCents
    payer_cents: PartCents
