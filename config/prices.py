"""What a payment costs, by component and from which day on, and the processor's price it is held against."""

from datetime import UTC, date, datetime
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from config.model import Model, refusal


def day_from(value: object) -> object:
    """Turn ``2026-01-31`` into a day; anything else than text is left for the type to refuse."""
    if not isinstance(value, str):
        return value
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise refusal(f"{value!r:.80} is not a day", "write the year, month and day, such as 2026-01-31") from None


Day = Annotated[
    date,
    Field(description="A day, UTC", examples=["2026-01-31"]),
    BeforeValidator(day_from, json_schema_input_type=date),
]


class Price(Model):
    """A fee per item and a share of the amount. item_cents_x100: hundredths of a cent. basis_points: of the amount.

    source: where the figure comes from, because a saving is only as true as its prices.
    """

    name: str = Field(min_length=1)
    item_cents_x100: int = Field(ge=0, le=100_000)
    basis_points: int = Field(default=0, ge=0, le=10_000)
    source: str = Field(min_length=1)

    def microcents(self, amount_cents: int, items: int = 1) -> int:
        """What it costs to move this amount in so many items, exactly, in millionths of a cent."""
        return items * self.item_cents_x100 * 10_000 + amount_cents * self.basis_points * 100


class UnitPrice(Model):
    """The price of a thousand units of something that is used in fractions of a cent, in millionths of a cent."""

    microcents_per_thousand: int = Field(ge=0, le=10**12)
    source: str = Field(min_length=1)

    def microcents(self, thousandths: int) -> int:
        """What so many thousandths of a unit cost, rounded up to a whole millionth of a cent."""
        return -(-thousandths * self.microcents_per_thousand // 1_000_000)


class PriceSheet(Model):
    """The prices of one contract, in force from a day until the next sheet begins.

    checked_on: when the prices were last held against the contract and found right; as of effective_from when left out.
    card, ach: taking a payment. payout: one netted payout. ach_file: sending one file. ach_return: one returned entry.
    """

    effective_from: Day
    checked_on: Day | None = None
    baseline: Price
    card: Price
    ach: Price
    payout: Price
    ach_file: Price
    ach_return: Price
    kms_request: UnitPrice
    dynamodb_write_unit: UnitPrice
    dynamodb_read_unit: UnitPrice
    queue_request: UnitPrice
    compute_second: UnitPrice

    def pay_in(self, rail: str) -> Price:
        """The price of taking a payment on a rail; KeyError for one that no sheet prices."""
        return {"card": self.card, "ach": self.ach}[rail]


class Prices(Model):
    """``prices.yaml``: price sheets in the order of the days from which they are in force."""

    sheets: tuple[PriceSheet, ...] = Field(strict=False, max_length=100)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.sheets:
            raise refusal("there is no price sheet", "write at least one, as in the packaged prices.yaml", ("sheets",))
        for index, (earlier, later) in enumerate(zip(self.sheets, self.sheets[1:], strict=False), start=1):
            if later.effective_from <= earlier.effective_from:
                what = f"this sheet begins on {later.effective_from}, not after the one before it"
                raise refusal(what, "put the sheets in the order of their days", ("sheets", index, "effective_from"))
        return self

    def at(self, at_ms: int) -> PriceSheet:
        """The sheet in force at the time, Unix milliseconds; the first one before it begins."""
        day = datetime.fromtimestamp(at_ms / 1000, tz=UTC).date()
        return next((sheet for sheet in reversed(self.sheets) if sheet.effective_from <= day), self.sheets[0])
