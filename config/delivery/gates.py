"""What tells a good release from a bad one while it takes over: the gates of a rollout, their limits and sources."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.loading.suggest import closest, listed
from config.model import Duration, Model, refusal
from config.rules.rule_file import Expression, Identifier
from config.rules.slo import Percentage, share

Stratum = Literal["", "bin", "rail", "cohort", "card_brand", "customer_id"]
"""Fields of ``payment.attempted`` by whose values payments are told apart; empty for all of them together."""

STRATA_MAX = 10_000
BORROWED_MAX = 20
"""Test payments a second: each is a whole payment with its release, and the store has other work."""
ALWAYS_COUNTED = ("evidence", "telemetry-quorum")
CODE_GATES = (
    "evidence",
    "telemetry-quorum",
    "double-charge",
    "cost-per-100",
    "fraud-score-drift",
)
"""Gates that no rule can say, beside the comparisons."""


class RuleGate(Model):
    """A rule that is read for the version that takes over.

    without_data: what a rule says that has no reading, or too few samples for one. ``waits`` holds the stage;
    ``passes`` is for rules that are silent when all is well, and needs their source in the quorum.
    """

    rule: Identifier
    without_data: Literal["waits", "passes"] = "waits"


class Comparison(Model):
    """The new version against the old one, over the same moments: in which of them ``bad`` is more frequent.

    by: compared within each value of this field, so that one broken issuer is not lost among the others.
    """

    id: Identifier
    bad: Expression = Field(description="Condition over payment.attempted", examples=["outcome == 'failed'"])
    by: Stratum = ""


class Sources(Model):
    """Where evidence comes from, and after which silence a source is dark. Quiet sites need longer times."""

    payments: Duration = 10.0
    probes: Duration = 10.0
    alarms: Duration = 25.0


class CostGate(Model):
    """Cost per $100 of the new version against the old one's, both at the new one's mix of rails and ticket bands."""

    variance: Percentage = "10%"
    samples: int = Field(default=300, ge=30, le=1_000_000)


class DriftGate(Model):
    """How far the new version's fraud scores are from the old one's: the largest difference of their shares."""

    distance: Percentage = "15%"
    samples: int = Field(default=400, ge=50, le=1_000_000)


_RULES = (
    RuleGate(rule="payment-failure-rate"),
    RuleGate(rule="payment-failure-by-bin", without_data="passes"),
    RuleGate(rule="payment-failure-by-rail", without_data="passes"),
    RuleGate(rule="payment-failure-by-amount", without_data="passes"),
    RuleGate(rule="payment-response-time-rollback", without_data="passes"),
    RuleGate(rule="payment-response-time", without_data="passes"),
    RuleGate(rule="availability-rollback"),
    RuleGate(rule="availability-budget", without_data="passes"),
    RuleGate(rule="health-payment-failing", without_data="passes"),
    RuleGate(rule="test-payment-failure", without_data="passes"),
    RuleGate(rule="ledger-broken"),
    RuleGate(rule="rail-mismatch", without_data="passes"),
    RuleGate(rule="rail-unknown", without_data="passes"),
    RuleGate(rule="token-unreadable", without_data="passes"),
    RuleGate(rule="encryption-broken", without_data="passes"),
    RuleGate(rule="cost-variance", without_data="passes"),
    RuleGate(rule="critical-security-finding", without_data="passes"),
    RuleGate(rule="cloudwatch-alarm", without_data="passes"),
)
_COMPARISONS = (
    Comparison(id="failures-against-baseline", bad="outcome == 'failed'"),
    Comparison(id="latency-against-baseline", bad="latency_ms > 2000"),
    Comparison(id="refusals-by-bin-against-baseline", bad="outcome != 'succeeded'", by="bin"),
)


class Gates(Model):
    """Every gate of a rollout.

    false_alarm: how often the comparisons, all of them and over all stages together, take a sound release for a bad
    one, at the most and however often they are looked at. strata: so many values of ``by`` share a comparison's part.
    borrow: test payments a second that the new version is given while a stage is watched; when there are as many as the
    stage needs payments, it has its evidence. 0 for none: a quiet stage is held.
    twins_within: two captures of one payer, card, provider and amount this close together, one by each version, are a
    double charge.
    shadow: gates that are told and do not count.
    """

    rules: tuple[RuleGate, ...] = Field(default=_RULES, strict=False, max_length=50)
    comparisons: tuple[Comparison, ...] = Field(default=_COMPARISONS, strict=False, max_length=10)
    false_alarm: Percentage = "0.05%"
    strata: int = Field(default=500, ge=1, le=STRATA_MAX)
    sources: Sources = Sources()
    borrow: int = Field(default=0, ge=0, le=BORROWED_MAX)
    twins_within: Duration = 5.0
    cost: CostGate = CostGate()
    drift: DriftGate = DriftGate()
    shadow: tuple[Annotated[str, Field(min_length=2, max_length=63)], ...] = Field(
        default=("payment-response-time", "cloudwatch-alarm", "rail-unknown"), strict=False, max_length=60
    )

    @model_validator(mode="after")
    def _named_once(self) -> "Gates":
        if share(self.false_alarm) <= 0:
            raise refusal("no test is never wrong", "write a share above 0%, such as 0.05%", ("false_alarm",))
        names = [*CODE_GATES]
        for field, found in (
            ("rules", [gate.rule for gate in self.rules]),
            ("comparisons", [comparison.id for comparison in self.comparisons]),
        ):
            for place, name in enumerate(found):
                if name in names:
                    raise refusal(f"{name} is the name of another gate", "remove one of the two", (field, place))
                names.append(name)
        if "shadow" in self.model_fields_set:
            self._check_shadow(names)
        return self

    def _check_shadow(self, names: list[str]) -> None:
        for place, name in enumerate(self.shadow):
            if name in ALWAYS_COUNTED:
                what = f"{name} always counts: without it a stage would pass on nothing"
                raise refusal(what, "remove it from shadow", ("shadow", place))
            if name not in names:
                likely = closest(name, names)
                meant = f"did you mean {likely}?" if likely else f"write one of {listed(sorted(names))}"
                raise refusal(f"there is no gate {name!r:.63}", meant, ("shadow", place))
