"""The step that routes a cohort: there already or not, done once, lifted at the end."""

import pytest

from remediation.deployment.cohort import Cohort, cohort_of
from remediation.deployment.findings import StepFinding
from remediation.deployment.plan import Plan, Request, Step, Strategy
from remediation.deployment.ports import CohortRoute, StepContext
from remediation.deployment.works.cohort import Cohort as CohortStep

MERCHANT = CohortRoute(cohort="merchant=mer_12", environment="green")


class FakeCohorts:
    """One region. ignores: takes changes and does nothing."""

    def __init__(self, routed: CohortRoute | None = None, *, ignores: bool = False) -> None:
        self.routed = routed
        self.ignores = ignores
        self.changes: list[str] = []

    async def read(self, region: str) -> CohortRoute | None:
        """See Cohorts."""
        assert region == "us-east-1"
        return self.routed

    async def route(self, region: str, route: CohortRoute, key: str) -> None:
        """See Cohorts."""
        self.changes.append(f"route {region} {key}")
        self.routed = self.routed if self.ignores else route

    async def clear(self, region: str, key: str) -> None:
        """See Cohorts."""
        self.changes.append(f"clear {region} {key}")
        self.routed = None


def context(cohort: str) -> StepContext:
    request = Request(
        deployment_id="dep-1",
        version="2.0.0",
        strategy=Strategy.CANARY,
        regions=("us-east-1",),
        requested_by="ada",
        cohort=cohort,
    )
    step = Step(
        id="us-east-1/traffic_rollout/cohort",
        phase="traffic_rollout",
        kind="cohort",
        region="us-east-1",
        within_seconds=60.0,
        arguments={"cohort": cohort, "environment": "green"},
    )
    return StepContext(plan=Plan(request=request, standing=(), steps=(step,)), step=step, began_at_ms=0)


async def test_a_cohort_is_routed_once_and_lifted_once() -> None:
    cohorts = FakeCohorts()
    work = CohortStep(cohorts)
    assert not (await work.probe(context(MERCHANT.cohort))).in_effect
    assert (await work.perform(context(MERCHANT.cohort), "key")).finding is StepFinding.WAITING
    for _ in range(2):
        report = await work.perform(context(MERCHANT.cohort), "key")
        assert (report.finding, report.detail) == (StepFinding.PASSED, "merchant=mer_12 goes to green")
    assert (await work.probe(context(MERCHANT.cohort))).in_effect
    told = [(await work.perform(context(""), "back")).finding for _ in range(3)]
    assert told == [StepFinding.WAITING, StepFinding.PASSED, StepFinding.PASSED]
    assert cohorts.changes == ["route us-east-1 key", "clear us-east-1 back"]
    assert (await work.probe(context(""))).in_effect


async def test_another_cohort_that_is_routed_is_not_taken_for_this_one() -> None:
    cohorts = FakeCohorts(CohortRoute(cohort="merchant=mer_13", environment="green"))
    assert not (await CohortStep(cohorts).probe(context(MERCHANT.cohort))).in_effect
    await CohortStep(cohorts).perform(context(MERCHANT.cohort), "key")
    assert cohorts.routed == MERCHANT


async def test_a_world_that_does_not_show_the_change_is_waited_for() -> None:
    work = CohortStep(FakeCohorts(ignores=True))
    told = [(await work.perform(context(MERCHANT.cohort), "key")).finding for _ in range(3)]
    assert told == [StepFinding.WAITING] * 3


@pytest.mark.parametrize(
    ("text", "cohort"),
    [
        ("merchant=mer_12", Cohort("", "mer_12")),
        ("header=x-canary:1", Cohort("x-canary", "1")),
        ("header=x-canary:a:b", Cohort("x-canary", "a:b")),
        ("merchant=", None),
        ("merchant=a b", None),
        ("header=X-Canary:1", None),
        ("header=x-canary:", None),
        ("header=x-canary:1\n", None),
        ("", None),
    ],
)
def test_a_cohort_is_read_as_it_is_written_or_not_at_all(text: str, cohort: Cohort | None) -> None:
    assert cohort_of(text) == cohort
    assert cohort is None or cohort.text == text
