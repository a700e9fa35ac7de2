"""What a payment costs on each rail, and the processor's price it is held against."""

from pydantic import Field

from config.model import Model


class Price(Model):
    """A fee per item and a share of the amount. item_cents_x100: hundredths of a cent. basis_points: of the amount.

    source: where the figure comes from, because a saving is only as true as its prices.
    """

    name: str = Field(min_length=1)
    item_cents_x100: int = Field(ge=0, le=100_000)
    basis_points: int = Field(ge=0, le=10_000)
    source: str = Field(min_length=1)

    def microcents(self, amount_cents: int, items: int = 1) -> int:
        """What it costs to move this amount in so many items, exactly, in millionths of a cent."""
        return items * self.item_cents_x100 * 10_000 + amount_cents * self.basis_points * 100


class Prices(Model):
    """``prices.yaml``: the pay-in price by rail, what AWS takes on top of either, and the baseline."""

    baseline: Price
    card: Price
    ach: Price
    infrastructure_microcents: int = Field(ge=0, description="AWS usage of one payment, millionths of a cent")
    infrastructure_source: str = Field(min_length=1)
