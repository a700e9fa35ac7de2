"""The shape of a rule file: what is measured over which facts, and what a breach asks for."""

from typing import Annotated, Literal

from pydantic import Field, Tag, model_validator

from config.flags import FLAG_KEY
from config.loading.suggest import listed
from config.model import Duration, Hold, Model, refusal
from config.rules.actions import ABOUT_COMPONENTS, ABOUT_FLAGS, SUBJECT_FIELDS, ActionName
from config.rules.measures import one_of
from config.rules.slo import BurnRateMeasure, Percentage, share

Identifier = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9-]{1,62}$",
        description="2 to 63 lower-case letters, digits and dashes that begin with a letter",
        examples=["payment-failure-rate"],
    ),
]
MEASURES = (
    "count",
    "ratio",
    "rate",
    "sum",
    "quantile",
    "distinct",
    "anomaly",
    "sequential",
    "burn_rate",
    "value",
    "absent",
)
PAST_MAX = 24
"""As many numbers of its own past as a key remembers, see ``checks/windows/own_past.py``."""
FACTS_MIN, FACTS_MAX = 100, 1_000_000_000_000
"""Of a false-alarm budget: below, a key is always about to alarm; above, thresholds are no longer exact."""
_THOUSANDS = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
EXPRESSION_LENGTH_MAX = 1000
"""A longer condition cannot be read by the person who is woken by it."""

Expression = Annotated[str, Field(min_length=1, max_length=EXPRESSION_LENGTH_MAX, examples=["outcome == 'failed'"])]
"""A condition or a number over a fact, in the language of ``docs/rules.md``."""


NoData = Literal["hold", "page", "breach", "clear"]
"""What silence means: the last state holds, somebody is told, it is a breach, or it ends one."""


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


class RateMeasure(Model):
    """How many facts a second meet the condition, over the window."""

    rate: Expression = Field(description="Condition over the fact, or 'true' for every fact")
    window: Duration
    min_samples: int = Field(default=0, ge=0)


class SumMeasure(Model):
    """The sum of a number over the facts of the window; whole numbers are summed exactly, others to a millionth."""

    sum: Expression = Field(examples=["amount_cents"])
    window: Duration
    min_samples: int = Field(default=1, ge=0)


class DistinctMeasure(Model):
    """How many different values of a text there are in the window; empty ones do not count."""

    distinct: Expression = Field(examples=["method_fingerprint"])
    window: Duration


class AnomalyMeasure(Model):
    """How many standard deviations a number lies above the mean of its key's own past, below it when negative."""

    anomaly: Expression = Field(examples=["amount_cents"])
    min_samples: int = Field(default=8, ge=2, le=PAST_MAX, description="Numbers of the past that it takes to judge")
    stale_after: Duration = 86_400.0


class SequentialMeasure(Model):
    """Whether the facts, one after the other, look more like the faulty ratio than like the healthy one.

    false_alarms: how many facts of a healthy key lie between two false alarms, on average. A key that will see a
    million facts and may be wrong once in a thousand such keys needs ``1 per 1000 million facts``.
    """

    sequential: Expression = Field(examples=["outcome == 'failed'"])
    healthy: Percentage = Field(examples=["0.5%"])
    faulty: Percentage = Field(examples=["2%"])
    false_alarms: str = Field(
        pattern=r"^1 per \d{1,13}( thousand| million| billion)? facts$",
        description="The budget as '1 per 20 million facts'",
        examples=["1 per 20 million facts"],
    )
    stale_after: Duration = 3_600.0
    clear_after: Hold = Field(
        default=0.0, description="A breach ends when only good facts came for so long; 0: by their evidence alone"
    )

    @model_validator(mode="after")
    def _healthy_is_better(self) -> "SequentialMeasure":
        if not 0 < share(self.healthy) < share(self.faulty):
            what = f"healthy, {self.healthy}, is not above 0% and below faulty, {self.faulty}"
            raise refusal(what, "write the ratio of a sound system, and a larger one in faulty", ("healthy",))
        if not FACTS_MIN <= self.facts_per_false_alarm <= FACTS_MAX:
            what = f"{self.facts_per_false_alarm:,} facts are not between {FACTS_MIN:,} and {FACTS_MAX:,}"
            raise refusal(what, "write something like 1 per 20 million facts", ("false_alarms",))
        return self

    @property
    def facts_per_false_alarm(self) -> int:
        """The budget as a number of facts."""
        _, _, number, *unit, _ = self.false_alarms.split()
        return int(number) * (_THOUSANDS[unit[0]] if unit else 1)


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
    """Breached when no fact came for this long; keys count from the first fact that named them.

    expected: a number of seconds that the fact itself names, after which the next one is due; a key is silent after
    twice as long, and after ``absent`` where its fact names none.
    """

    absent: Duration
    expected: str = Field(default="", max_length=EXPRESSION_LENGTH_MAX, examples=["interval_seconds"])


Measure = Annotated[
    Annotated[CountMeasure, Tag("count")]
    | Annotated[RatioMeasure, Tag("ratio")]
    | Annotated[RateMeasure, Tag("rate")]
    | Annotated[SumMeasure, Tag("sum")]
    | Annotated[QuantileMeasure, Tag("quantile")]
    | Annotated[DistinctMeasure, Tag("distinct")]
    | Annotated[AnomalyMeasure, Tag("anomaly")]
    | Annotated[SequentialMeasure, Tag("sequential")]
    | Annotated[BurnRateMeasure, Tag("burn_rate")]
    | Annotated[ValueMeasure, Tag("value")]
    | Annotated[AbsentMeasure, Tag("absent")],
    *one_of(MEASURES, "add one, for example ratio: \"outcome == 'failed'\""),
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
    hold_for: Hold = Field(default=0.0, alias="for", description="How long a breach must hold before it fires")
    clear: str = Field(default="", description="Limit and how long: '< 1% for 2m'; empty: as soon as not breached")
    keep_firing_for: Hold = Field(default=0.0, description="How long it fires on after the breach was last seen")
    no_data: NoData = Field(default="hold", description="What silence means; see docs/rules.md")
    severity: Literal["critical", "high", "medium", "low"]
    do: tuple[ActionName, ...] = Field(default=(), strict=False)
    flag: str = Field(
        default="",
        pattern=f"^({FLAG_KEY})?$",
        description="The flag that flags.kill and flags.revert change",
        examples=["instant-payouts"],
    )
    component: str = Field(
        default="",
        pattern=r"^([a-z]([a-z0-9-]{0,46}[a-z0-9])?)?$",
        description="The component of scaling.yaml that scale.out gives one unit more",
        examples=["core"],
    )
    runbook: str = Field(min_length=1, examples=["payment-failures"])
    mode: Literal["enforce", "shadow"] = "enforce"
    max_keys: int = Field(default=10_000, ge=1, le=1_000_000)
    summary: str = ""

    @model_validator(mode="after")
    def _actions_have_a_subject(self) -> "Rule":
        for index, action in enumerate(self.do):
            fields = SUBJECT_FIELDS.get(action)
            if fields is not None and not set(fields) & set(self.per):
                what = f"{action} needs to know whom it is about, and per names none of {listed(fields)}"
                raise refusal(what, f"add one of them to per, or remove {action}", ("do", index))
        return self

    @model_validator(mode="after")
    def _a_component_is_named_where_one_is_scaled(self) -> "Rule":
        asked = [action for action in self.do if action in ABOUT_COMPONENTS]
        if asked and not self.component:
            what = f"{asked[0]} needs to know which component it scales"
            raise refusal(what, f"add component: with a name of scaling.yaml, or remove {asked[0]}", ("do",))
        if self.component and not asked:
            what = f"nothing that the rule asks for scales {self.component}"
            raise refusal(what, "add scale.out to do, or remove component", ("component",))
        return self

    @model_validator(mode="after")
    def _a_flag_is_named_where_one_is_changed(self) -> "Rule":
        asked = [action for action in self.do if action in ABOUT_FLAGS]
        if asked and not self.flag:
            what = f"{asked[0]} needs to know which flag it changes"
            raise refusal(what, f"add flag: with the name of a flag, or remove {asked[0]}", ("do",))
        if self.flag and not asked:
            what = f"nothing that the rule asks for changes the flag {self.flag}"
            raise refusal(what, f"add {listed(sorted(ABOUT_FLAGS))} to do, or remove flag", ("flag",))
        return self


class RuleFile(Model):
    """One file under ``rules/``; more rules than 500 in one file cannot be reviewed."""

    rules: tuple[Rule, ...] = Field(strict=False, max_length=500)
