"""What requests about payment methods look like."""

from typing import Annotated

import msgspec

from payment_core.operations.bodies import Identifier


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
