"""What the daemon reads of the AWS bill, and what was planned that it is held against."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from config.model import Duration, Model, refusal

EVERY_SECONDS_MIN = 3_600.0
"""Cost Explorer asks $0.01 a call and has new figures some three times a day; more often buys nothing."""
THRESHOLDS_MAX = 10
_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9!_.*'()=/-]*)?", re.ASCII)

Cents = Annotated[int, Field(ge=0, le=10**12)]


def _usable(place: str) -> str:
    if "://" in place and not _S3.fullmatch(place):
        raise refusal(f"{place!r:.80} is no place that can be used", "name a folder, or s3://bucket/prefix")
    return place


Location = Annotated[str, Field(max_length=1_024), AfterValidator(_usable)]
"""A folder, or ``s3://bucket/prefix``; another scheme is refused."""


class CostSettings(Model):
    """Where costs are read, and how much was planned.

    cost_explorer: whether GetCostAndUsage and GetCostForecast are called; each call costs $0.01, so it is off.
    every: between two polls of it. exports: FOCUS 1.0 exports, a folder or ``s3://bucket/prefix``; empty for none.
    monthly_budget_cents: 0 for none. thresholds_percent: parts of the budget that are told of when they are reached.
    expected_daily_cents: by service, as the bill names it; what a day's cost is held against.
    log_retention_days: what logs are kept for by your own rule; a longer one is advised against.
    """

    cost_explorer: bool = False
    every: Duration = 28_800.0
    exports: Location = Field(default="", examples=["s3://billing/focus"])
    monthly_budget_cents: Cents = 0
    thresholds_percent: tuple[Annotated[int, Field(ge=1, le=1_000)], ...] = Field(
        default=(50, 80, 100), strict=False, max_length=THRESHOLDS_MAX
    )
    expected_daily_cents: dict[str, Cents] = Field(default_factory=dict, max_length=200)
    log_retention_days: int = Field(default=30, ge=1, le=3_653)

    @field_validator("every")
    @classmethod
    def _no_more_often_than_it_pays(cls, seconds: float) -> float:
        if seconds < EVERY_SECONDS_MIN:
            raise refusal("each poll of Cost Explorer costs $0.01 a call", "write at least 1h, such as 8h")
        return seconds

    @field_validator("thresholds_percent")
    @classmethod
    def _rising(cls, thresholds: tuple[int, ...]) -> tuple[int, ...]:
        if list(thresholds) != sorted(set(thresholds)):
            raise refusal("the thresholds are not in rising order", "write each once, such as [50, 80, 100]")
        return thresholds

    @property
    def is_read(self) -> bool:
        """Whether any bill is read."""
        return self.cost_explorer or self.exports != ""
