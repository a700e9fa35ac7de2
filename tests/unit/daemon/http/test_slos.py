"""An error budget as ``/api/v1/slos`` and ``/api/v1/rules`` show it."""

import pytest

from checks.findings import State
from checks.readings import Reading
from config.rules.rule_file import Rule, SequentialMeasure
from config.rules.slo import BurnRateMeasure, Tier
from daemon.http import resources
from daemon.http.words.wording import measured

BURNING = BurnRateMeasure(
    burn_rate="status == 'unhealthy'",
    objective="99.9%",
    period=30 * 86_400.0,
    tiers=(Tier(long=3_600.0, short=300.0, factor=14.4, severity="critical"),),
)
RULE = Rule(
    id="availability", family="sla", on="health.probed", measure=BURNING, severity="critical", runbook="availability"
)


def reading(value: float | None, budget_left: float | None) -> Reading:
    return Reading(
        rule_id="availability",
        family="sla",
        key={"environment": "blue"},
        state=State.NO_DATA if value is None else State.CLEARED,
        value=value,
        shown="",
        breach="",
        clear="",
        samples=1_800,
        min_samples=1,
        window_seconds=3_600.0,
        severity="critical",
        mode="enforce",
        do=(),
        since_ms=0,
        at_ms=0,
        budget_left=budget_left,
    )


@pytest.mark.parametrize(
    ("left", "current", "met"),
    [(1.0, 1.0, True), (0.25, 0.99925, True), (0.0, 0.999, True), (-1.0, 0.998, False), (None, None, None)],
)
def test_what_is_left_of_a_budget_says_how_good_the_period_was(
    left: float | None, current: float | None, met: bool | None
) -> None:
    (slo,) = resources.slo_list([RULE], [reading(1.0, left)]).slos
    assert slo.current == (None if current is None else pytest.approx(current))
    assert (slo.met, slo.budget_left, slo.target, slo.window_seconds) == (met, left, 0.999, 2_592_000.0)


def test_a_rule_of_tiers_and_one_of_evidence_are_shown_in_words() -> None:
    evidence = SequentialMeasure(
        sequential="outcome == 'failed'", healthy="0.5%", faulty="2%", false_alarms="1 per 20 million facts"
    )
    other = RULE.model_copy(update={"id": "evidence", "measure": evidence})
    burning, weighed = resources.rule_list([RULE, other], [reading(2.0, 0.5)]).rules
    assert burning.measure == "burn rate of status == 'unhealthy' against 99.9% in 30 d"
    assert burning.readings[0].budget_left == 0.5
    assert (weighed.measure, weighed.window_seconds) == ("evidence that outcome == 'failed' is 2% rather than 0.5%", 0)
    assert measured(14.6, "", RULE) == "14.6 times the budget"
    assert measured(0.5, "2% rather than 0.5%", other) == "50.0 % of the evidence"
