"""What is shown of payment methods."""

from typing import Literal

import msgspec

from payment_core.methods.model import PaymentMethod


class PaymentMethodView(msgspec.Struct, frozen=True, kw_only=True):
    """A payment method: what may be shown of a card, never its number. id: what a payment sends as payment_method."""

    id: str
    status: Literal["active", "deleted"]
    customer_id: str
    brand: str
    bin: str
    last4: str
    exp_month: int
    exp_year: int
    fingerprint: str
    billing_country: str
    created_at_ms: int


def method_view(method: PaymentMethod) -> PaymentMethodView:
    """The method as the API shows it."""
    return PaymentMethodView(
        id=method.id,
        status="active" if method.deleted_at_ms == 0 else "deleted",
        customer_id=method.customer_id,
        brand=method.brand,
        bin=method.bin,
        last4=method.last4,
        exp_month=method.expiry_month,
        exp_year=method.expiry_year,
        fingerprint=method.fingerprint,
        billing_country=method.country,
        created_at_ms=method.created_at_ms,
    )
