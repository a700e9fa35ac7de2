"""The shape of fraud.yaml: families of rules that add points, bands that decide, hard rules, allow rules and lists."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, Tag, model_validator

from config.model import Duration, Instant, Model, refusal
from config.rules.measures import one_of
from config.rules.rule_file import Expression, Identifier

ScoredKind = Literal["payment.requested", "payout.requested"]
ListKind = Literal["card", "bank_account", "email", "ip", "device", "customer", "provider"]
FRAUD_MEASURES = ("count", "sum", "distinct", "ratio", "deviation", "multiple", "rank", "speed")
POINTS_MAX = 1000
"""The score ends here, so a rule or a family worth more means nothing more."""

ReasonCode = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]{1,62}$",
        description="2 to 63 lower-case letters, digits and underscores that begin with a letter",
        examples=["declines_per_ip"],
    ),
]
Points = Annotated[int, Field(ge=-POINTS_MAX, le=POINTS_MAX, examples=[300])]


class CountOf(Model):
    """How many facts of the key meet the condition within the window."""

    count: Expression = Field(description="Condition over the fact, or 'true' for every fact")
    window: Duration


class SumOf(Model):
    """The sum of a number over the facts of the key within the window."""

    sum: Expression = Field(examples=["amount_cents"])
    window: Duration


class DistinctOf(Model):
    """How many different values of a text field the facts of the key have within the window."""

    distinct: str = Field(min_length=1, examples=["method_fingerprint"])
    window: Duration


class RatioOf(Model):
    """The share of the key's facts that meet the condition; with a baseline, how many times the baseline's share.

    min_samples: facts in the window, and in the baseline, below which there is no reading.
    """

    ratio: Expression
    window: Duration
    min_samples: int = Field(default=10, ge=1)
    baseline: Duration | None = None


class DeviationOf(Model):
    """How many standard deviations a number is above the mean of the key's own past."""

    deviation: Expression = Field(examples=["amount_cents"])
    min_samples: int = Field(default=8, ge=2, le=24)


class MultipleOf(Model):
    """How many times the median of the key's own past a number is."""

    multiple: Expression = Field(examples=["amount_cents"])
    min_samples: int = Field(default=8, ge=2, le=24)


class RankOf(Model):
    """The share of the key's facts within the window whose number is smaller."""

    rank: Expression = Field(examples=["amount_cents"])
    window: Duration
    min_samples: int = Field(default=100, ge=10)


class SpeedOf(Model):
    """Kilometres an hour from the key's last place, which is forgotten after the window.

    speed: the fields with latitude and longitude in 1/1,000,000 of a degree.
    min_km: a shorter way is the error of IP geolocation and no journey.
    """

    speed: tuple[str, str] = Field(strict=False, examples=["[latitude_microdegrees, longitude_microdegrees]"])
    window: Duration
    min_km: int = Field(default=200, ge=1, le=20_000)


FraudMeasure = Annotated[
    Annotated[CountOf, Tag("count")]
    | Annotated[SumOf, Tag("sum")]
    | Annotated[DistinctOf, Tag("distinct")]
    | Annotated[RatioOf, Tag("ratio")]
    | Annotated[DeviationOf, Tag("deviation")]
    | Annotated[MultipleOf, Tag("multiple")]
    | Annotated[RankOf, Tag("rank")]
    | Annotated[SpeedOf, Tag("speed")],
    *one_of(FRAUD_MEASURES, 'add one, for example count: "true", or leave the measure out'),
]


class Bands(Model):
    """The lowest score of each band; below ``monitor`` a request is approved and forgotten."""

    monitor: int = Field(default=200, ge=1, le=POINTS_MAX)
    review: int = Field(default=500, ge=1, le=POINTS_MAX)
    block: int = Field(default=800, ge=1, le=POINTS_MAX)
    freeze: int = Field(default=950, ge=1, le=POINTS_MAX)

    @model_validator(mode="after")
    def _rising(self) -> "Bands":
        names = list(Bands.model_fields)
        for lower, higher in pairwise(names):
            if getattr(self, higher) <= getattr(self, lower):
                what = f"{higher} begins at {getattr(self, higher)}, not above {lower} at {getattr(self, lower)}"
                raise refusal(what, f"write a {higher} of more than {getattr(self, lower)}", (higher,))
        return self


class FraudRule(Model):
    """Points for a request that meets ``where`` and whose measure, if it has one, breaches the limit.

    of: the kind of fact that is measured, the scored kind when empty. per: one window for each combination of values;
    a request whose key has an empty part is not judged. Negative points are a credit within their family.
    """

    id: Identifier
    family: Identifier
    on: ScoredKind
    where: Expression = "true"
    of: str = ""
    per: tuple[str, ...] = Field(default=(), strict=False, max_length=4)
    measure: FraudMeasure | None = Field(default=None, examples=['{count: "true", window: 1h}'])
    breach: str = Field(default="", description="Operator and limit: '> 10', '>= 60%'", examples=['"> 10"'])
    points: Points
    reason: ReasonCode
    mode: Literal["enforce", "shadow"] = "enforce"
    max_keys: int = Field(default=50_000, ge=1, le=5_000_000)
    summary: str = Field(min_length=1)


class HardRule(Model):
    """A condition that alone blocks a request, whatever its score."""

    id: Identifier
    on: ScoredKind
    where: Expression
    decision: Literal["block", "freeze"] = "block"
    reason: ReasonCode
    mode: Literal["enforce", "shadow"] = "enforce"
    summary: str = Field(min_length=1)


class AllowRule(Model):
    """A condition under which a request is reviewed where its score would block it; it never undoes a hard rule."""

    id: Identifier
    on: ScoredKind
    where: Expression
    reason: ReasonCode
    summary: str = Field(min_length=1)


class ListedValue(Model):
    """One entry of the block or the allow list: who put it there, why and until when."""

    list: Literal["block", "allow"]
    kind: ListKind
    value: str = Field(min_length=1, max_length=200, examples=["203.0.113.0/24"])
    reason: str = Field(min_length=1, examples=["chargeback ring of November"])
    author: str = Field(min_length=1, examples=["maria"])
    expires: Instant


class Screening(Model):
    """How like a listed name a name must be: 0 to 100, after case, accents, punctuation and word order are gone."""

    possible_percent: int = Field(default=85, ge=50, le=100)
    match_percent: int = Field(default=95, ge=50, le=100)

    @model_validator(mode="after")
    def _ordered(self) -> "Screening":
        if self.match_percent < self.possible_percent:
            what = f"match_percent is {self.match_percent}, less than possible_percent, {self.possible_percent}"
            raise refusal(what, f"write at least {self.possible_percent}", ("match_percent",))
        return self


class Fraud(Model):
    """``fraud.yaml``: everything an operator tunes about the score.

    families: the most that each adds to a score. clock_skew: a fact from further ahead is counted at the present.
    """

    bands: Bands = Bands()
    clock_skew: Duration = 5.0
    screening: Screening = Screening()
    families: dict[Identifier, Annotated[int, Field(ge=1, le=POINTS_MAX)]] = Field(examples=["{velocity: 600}"])
    rules: tuple[FraudRule, ...] = Field(strict=False, max_length=500)
    hard: tuple[HardRule, ...] = Field(default=(), strict=False, max_length=100)
    allow: tuple[AllowRule, ...] = Field(default=(), strict=False, max_length=100)
    lists: tuple[ListedValue, ...] = Field(default=(), strict=False, max_length=10_000)

    @model_validator(mode="after")
    def _judges_something(self) -> "Fraud":
        if not self.rules:
            raise refusal("there is no rule, so every request would be approved", "add a rule", ("rules",))
        return self
