"""What requests about payment methods look like, and how they are shown."""

from typing import Annotated, Literal

import msgspec

from payment_core.methods.model import PaymentMethod

Identifier = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]


class CardRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A card to keep. pan: the number; spaces or dashes may divide it. exp_year: four digits.

    cvc: checked for its form and kept nowhere (PCI DSS 3.3.1). billing_country: ISO 3166-1 alpha-2.
    """

    customer_id: Identifier
    pan: Annotated[str, msgspec.Meta(max_length=40, description="13 to 19 digits")]
    exp_month: Annotated[int, msgspec.Meta(ge=1, le=12)]
    exp_year: Annotated[int, msgspec.Meta(ge=2000, le=2999)]
    cvc: Annotated[str, msgspec.Meta(max_length=4)] = ""
    billing_country: Annotated[str, msgspec.Meta(pattern="^([A-Z]{2})?$")] = ""

    def __repr__(self) -> str:
        """Without the number and the code."""
        return f"CardRequest(customer_id={self.customer_id!r})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """As repr."""
        return [("customer_id", self.customer_id)]


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
