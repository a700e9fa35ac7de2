"""The shape of a service level objective: its budget, and how fast which part of it may be spent."""

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.model import Duration, Model, refusal

TIERS_MAX = 10
"""More tiers than this tell nobody apart."""
PERIOD_SECONDS_MIN, PERIOD_SECONDS_MAX = 60.0, 366 * 86400.0

Percentage = Annotated[
    str,
    Field(
        pattern=r"^\d{1,2}(\.\d{1,8})?\s*%$",
        description="A share below 100 as a percentage, with at most 8 decimals",
        examples=["99.99%"],
    ),
]
"""Kept as text, because 99.99 % is no binary fraction."""


def share(percentage: str) -> Fraction:
    """The percentage as an exact share of 1."""
    return Fraction(percentage.rstrip(" %")) / 100


def ratio(percentage: str) -> float:
    """The percentage as a share of 1 for statistics, where nothing is compared to the last digit."""
    return float(share(percentage))


def exact(number: float) -> Fraction:
    """The number as it was written: 14.4 and not the binary fraction next to it."""
    return Fraction(str(number))


class Tier(Model):
    """One speed of spending: it fires while both windows burn the budget faster than the factor.

    At factor 1 the budget lasts exactly the period. long tells that it is worth a page, short that it still goes on,
    so that it ends soon after the fault does. Source: Google, The Site Reliability Workbook, chapter 5.
    """

    long: Duration = Field(examples=["1h"])
    short: Duration = Field(examples=["5m"])
    factor: float = Field(gt=0, le=1_000_000, allow_inf_nan=False, examples=[14.4])
    severity: Literal["critical", "high", "medium", "low"]


class BurnRateMeasure(Model):
    """How fast the error budget of an objective is spent; burn_rate tells which facts are bad, all others are good.

    min_samples, min_bad: facts and bad facts that a tier's long window must hold, so that one mishap of few is no burn.
    """

    burn_rate: str = Field(min_length=1, max_length=1000, examples=["outcome == 'failed'"])
    objective: Percentage
    period: Duration = Field(examples=["30d"])
    tiers: tuple[Tier, ...] = Field(strict=False, max_length=TIERS_MAX, json_schema_extra={"minItems": 1})
    min_samples: int = Field(default=1, ge=1)
    min_bad: int = Field(default=1, ge=1)

    @property
    def budget(self) -> Fraction:
        """The share of facts that may be bad."""
        return 1 - share(self.objective)

    @model_validator(mode="after")
    def _can_fire(self) -> "BurnRateMeasure":
        if not share(self.objective):
            raise refusal(
                "an objective of 0% promises nothing", "write what was promised, such as 99.9%", ("objective",)
            )
        if not self.tiers:
            raise refusal("there are no tiers", "write one: {long: 1h, short: 5m, factor: 14.4, ...}", ("tiers",))
        if not PERIOD_SECONDS_MIN <= self.period <= PERIOD_SECONDS_MAX:
            raise refusal("the period is not between a minute and 366 days", "write one such as 30d", ("period",))
        for index, tier in enumerate(self.tiers):
            place = ("tiers", index)
            if not tier.short < tier.long:
                what = f"the short window, {tier.short:g} s, is not shorter than the long one, {tier.long:g} s"
                raise refusal(what, "write a twelfth of the long window", (*place, "short"))
            if tier.short < 1:
                raise refusal("the short window is shorter than a second", "write at least 1s", (*place, "short"))
            if tier.long > self.period:
                what = f"a window of {tier.long:g} s is longer than the period of {self.period:g} s"
                raise refusal(what, "write a window within the period", (*place, "long"))
            needed = exact(tier.factor) * self.budget
            if needed >= 1:
                what = (
                    f"burning {tier.factor:g} times the budget of {self.objective} takes {float(needed * 100):g} % bad "
                    "facts, so this tier can never fire"
                )
                fix = f"write a factor below {float(1 / self.budget):g}, or a stricter objective"
                raise refusal(what, fix, (*place, "factor"))
        return self
