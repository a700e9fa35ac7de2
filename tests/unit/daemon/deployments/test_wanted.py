"""What could never be done is refused before anything is looked at, and never left out in silence."""

import pytest

from daemon.deployments.refusals import Refusal
from daemon.deployments.wanted import Possible, Wanted, malformed
from remediation.deployment.plan import Strategy

REGION = "us-east-1"
EVERYTHING = Possible(regions=(REGION,), cohorts=(REGION,), batches=True)


@pytest.mark.parametrize("strategy", list(Strategy))
@pytest.mark.parametrize("cohort", ["", "merchant=mer_12", "header=x-canary:1"])
def test_a_cohort_is_planned_or_refused_by_every_strategy(strategy: Strategy, cohort: str) -> None:
    refused = malformed(Wanted(version="2.0.0", strategy=strategy, cohort=cohort), (REGION,), EVERYTHING)
    if cohort and strategy is Strategy.ROLLING:
        assert refused is not None
        assert refused.refusal is Refusal.NOT_POSSIBLE_HERE
        assert "leave it out" in refused.detail
    else:
        assert refused is None
