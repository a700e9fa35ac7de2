"""What a release's plan, its first readings and its life say about taking it back."""

import pytest

from checks.findings import Finding
from remediation.decide import decide
from remediation.decisions import Reason
from remediation.deployment.findings import GateReading, GateState, StepFinding
from remediation.deployment.plan import Plan, Request, Standing, Step, Strategy
from remediation.deployment.run import DeploymentRun, EndedStep
from remediation.state import State
from tests.unit.remediation.test_decide import PLAIN, REGIONS, state_with
from tests.unit.remediation.worlds import NOW_MS, finding, release


def planned(*, differential: bool = False, red: bool = True, region: str = "us-east-1") -> State:
    """The release with its plan, and what was read at its start."""
    gates = Step(
        id=f"{region}/gates", phase="pre_deployment_validation", kind="check.gates", region=region, within_seconds=1
    )
    reading = GateReading(
        gate="payment-failure-rate",
        state=GateState.BREACHED,
        shown="9 %",
        limit="> 2%",
        samples=100,
        red_at_start=red,
    )
    plan = Plan(
        request=Request(
            deployment_id="dep-1",
            version="2.0.0",
            strategy=Strategy.CANARY,
            regions=(region,),
            requested_by="ada",
            differential=differential,
        ),
        standing=(Standing(region=region, environment="blue", version="1.0.0", spare="green", size=4),),
        steps=(gates,),
    )
    check = EndedStep(
        step_id=gates.id,
        finding=StepFinding.PASSED,
        detail="",
        begun_at_ms=1,
        ended_at_ms=2,
        readings=(reading,),
    )
    run = DeploymentRun(id="dep-1", sequence=1, plan=plan, planned_at_ms=NOW_MS, ended=(check,))
    return state_with(release(region=region), runs={"dep-1": run})


@pytest.mark.parametrize(
    ("state", "breach", "reason"),
    [
        (planned(differential=True), finding(), Reason.NOT_THE_CANARY),
        (planned(differential=True), finding(key={}), Reason.NOT_THE_CANARY),
        (planned(differential=True), finding(rule_id="rail-mismatch"), Reason.BREACHED),
        (planned(differential=True), finding(asked_by="ada", rule_id="by-hand"), Reason.BREACHED),
        (planned(differential=True, red=False), finding(), Reason.BREACHED),
        (planned(differential=False), finding(), Reason.BREACHED),
        (planned(differential=True, region="us-west-2"), finding(), Reason.BREACHED),
    ],
)
def test_a_rule_that_was_red_before_a_differential_deployment_takes_nothing_back_and_any_other_does(
    state: State, breach: Finding, reason: Reason
) -> None:
    assert decide(breach, state, PLAIN, NOW_MS).reason is reason


def test_a_rollback_of_what_was_planned_here_says_how_large_its_destination_has_to_be() -> None:
    assert decide(finding(), planned(), PLAIN, NOW_MS).arguments["instances"] == "4"
    assert "instances" not in decide(finding(), planned(region="us-west-2"), REGIONS, NOW_MS).arguments


def test_only_a_person_takes_back_a_release_that_was_taken_for_good() -> None:
    taken = state_with(release(status="succeeded"))
    assert decide(finding(), taken, PLAIN, NOW_MS).reason is Reason.NO_DEPLOYMENT
    asked = decide(finding(asked_by="ann"), taken, PLAIN, NOW_MS)
    assert (asked.act, asked.arguments["deployment_id"]) == (True, "dep-1")
    newer = state_with(release(status="succeeded"), release(id="dep-2", sequence=9, status="failed"))
    assert decide(finding(asked_by="ann"), newer, PLAIN, NOW_MS).reason is Reason.NO_DEPLOYMENT


def test_a_breach_elsewhere_is_said_to_spare_the_newest_release() -> None:
    two = state_with(release(), release(id="dep-2", sequence=9, version="2.1.0", environment="red"))
    spared = decide(finding(key={"environment": "blue"}), two, PLAIN, NOW_MS)
    assert (spared.reason, "the release 2.1.0 on red" in spared.detail) == (Reason.NOT_THE_CANARY, True)


def test_a_first_release_is_said_to_have_no_way_back() -> None:
    first = decide(finding(), state_with(release(previous_environment="")), PLAIN, NOW_MS)
    assert first.detail.endswith("deployment dep-1 names no other environment to go back to")
