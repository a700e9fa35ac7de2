"""The shape of a rule file: what is measured over which facts, and what a breach asks for."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from config.model import Duration, Model, refusal
from config.suggest import closest, listed

Identifier = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9-]{1,62}$",
        description="2 to 63 lower-case letters, digits and dashes that begin with a letter",
        examples=["payment-failure-rate"],
    ),
]
ActionName = Literal["rollback.traffic", "page"]
MEASURES = ("count", "ratio", "quantile", "value", "absent")
EXPRESSION_LENGTH_MAX = 1000
"""A longer condition cannot be read by the person who is woken by it."""

Expression = Annotated[str, Field(min_length=1, max_length=EXPRESSION_LENGTH_MAX, examples=["outcome == 'failed'"])]
"""A condition or a number over a fact, in the language of ``docs/rules.md``."""


class CountMeasure(Model):
    """How many facts meet the condition within the window."""

    count: Expression = Field(description="Condition over the fact, or 'true' for every fact")
    window: Duration
    min_samples: int = Field(default=0, ge=0)


class RatioMeasure(Model):
    """The share of facts that meet the condition within the window, between 0 and 1."""

    ratio: Expression
    window: Duration
    min_samples: int = Field(default=1, ge=1)


class QuantileMeasure(Model):
    """The q-quantile of a numeric field; judged exactly, as the share of facts beyond the limit against 1 - q."""

    quantile: Expression
    q: float = Field(gt=0, lt=1, examples=[0.99])
    window: Duration
    min_samples: int = Field(default=1, ge=1)


class ValueMeasure(Model):
    """The latest reading of an expression; older than stale_after it is no data."""

    value: Expression
    stale_after: Duration


class AbsentMeasure(Model):
    """Breached when no fact came for this long; keys count from the first fact that named them."""

    absent: Duration


def _one_measure(measure: object) -> object:
    """Refuse a measure that names none of the kinds, or more than one of them."""
    if not isinstance(measure, dict):
        return measure
    found = [name for name in MEASURES if name in measure]
    if len(found) == 1:
        return measure
    if found:
        what = f"a rule has one measure, this one has {len(found)}: {listed(found)}"
        raise refusal(what, f"keep one of {listed(found)}, and write a rule of its own for each other", (found[1],))
    what = f"the measure names none of {listed(MEASURES)}"
    for key in measure:
        likely = closest(str(key), MEASURES)
        if likely is not None:
            raise refusal(f"{what}; it has {key!r:.80}", f"did you mean {likely}?", (key,))
    raise refusal(what, "add one, for example ratio: \"outcome == 'failed'\"")


def _measure_kind(measure: object) -> str | None:
    present = measure if isinstance(measure, dict) else getattr(measure, "model_fields_set", ())
    return next((name for name in MEASURES if name in present), None)


Measure = Annotated[
    Annotated[CountMeasure, Tag("count")]
    | Annotated[RatioMeasure, Tag("ratio")]
    | Annotated[QuantileMeasure, Tag("quantile")]
    | Annotated[ValueMeasure, Tag("value")]
    | Annotated[AbsentMeasure, Tag("absent")],
    Discriminator(
        _measure_kind,
        custom_error_type="measure_kind",
        custom_error_message=f"a measure is a mapping that names one of {', '.join(MEASURES)}",
    ),
    BeforeValidator(_one_measure),
]


class Rule(Model):
    """One rule. ``on`` is a fact kind; ``per`` are fields of it, one window per combination of their values."""

    id: Identifier
    family: Literal["sla", "fraud", "savings", "health", "security"]
    on: str = Field(min_length=1, examples=["payment.attempted"])
    where: Expression = "true"
    per: tuple[str, ...] = Field(default=(), strict=False, max_length=4)
    measure: Measure = Field(examples=["{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 50}"])
    breach: str = Field(default="", description="Operator and limit: '> 2%', '>= 5', '> 10s', \"== 'ALARM'\"")
    clear: str = Field(default="", description="Limit and how long: '< 1% for 2m'; empty: as soon as not breached")
    severity: Literal["critical", "high", "medium", "low"]
    do: tuple[ActionName, ...] = Field(default=(), strict=False)
    runbook: str = Field(min_length=1, examples=["payment-failures"])
    mode: Literal["enforce", "shadow"] = "enforce"
    max_keys: int = Field(default=10_000, ge=1, le=1_000_000)
    summary: str = ""


class RuleFile(Model):
    """One file under ``rules/``; more rules than 500 in one file cannot be reviewed."""

    rules: tuple[Rule, ...] = Field(strict=False, max_length=500)
