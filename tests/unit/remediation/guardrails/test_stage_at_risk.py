"""A stage begins with as much money at risk as is allowed, or when people allowed it."""

import pytest

from config.guardrails import MoneyAtRisk
from config.policy import Policy
from remediation.deployment.findings import StepFinding, StepReport
from remediation.deployment.plan import Plan, Request, Step, Strategy
from remediation.deployment.ports import StepContext
from remediation.deployment.works.at_risk import WithinMoney
from remediation.guardrails.approvals import ApprovalRefusal, may_approve
from remediation.guardrails.money_at_risk import Flow
from remediation.journal.guardrail_kinds import ApprovalGiven
from remediation.ports import Look
from tests.unit.remediation.worlds import Scene, scene

POLICY = Policy(money_at_risk=MoneyAtRisk(stage_cents=50_000, hour_cents=80_000, detect_within=60.0))


class Shifting:
    """Counts how often it was sent."""

    def __init__(self) -> None:
        self.sent = 0

    async def probe(self, _context: StepContext) -> Look:
        return Look(in_effect=self.sent > 0, detail="")

    async def perform(self, _context: StepContext, _key: str) -> StepReport:
        self.sent += 1
        return StepReport(finding=StepFinding.PASSED, detail="")


def stage(percent: int, deployment_id: str = "dep-1") -> StepContext:
    request = Request(
        deployment_id=deployment_id,
        version="2.0.0",
        strategy=Strategy.CANARY,
        regions=("us-east-1",),
        requested_by="ada",
    )
    step = Step(
        id=f"us-east-1/traffic_rollout/shift-{percent}",
        phase="traffic_rollout",
        kind="shift",
        region="us-east-1",
        within_seconds=60.0,
        arguments={"percent": str(percent)},
    )
    return StepContext(plan=Plan(request=request, standing=(), steps=(step,)), step=step, began_at_ms=0)


def flow_of(cents_a_minute: int) -> Flow | None:
    return Flow(payments=10, amount_cents=cents_a_minute, window_ms=60_000) if cents_a_minute else None


async def work_over(cents_a_minute: int) -> tuple[WithinMoney, Shifting, Scene]:
    here, inner = await scene(policy=POLICY), Shifting()
    work = WithinMoney(inner, lambda: flow_of(cents_a_minute), here.writer, lambda: POLICY, here.clock)
    return work, inner, here


async def kinds(here: Scene) -> list[str]:
    return [entry.kind for entry in await here.journal.read(0, 100)]


async def test_a_stage_within_its_limit_begins_and_its_figure_is_journaled_once() -> None:
    work, inner, here = await work_over(1_000_000)
    for _ in range(3):
        assert (await work.perform(stage(5), "k")).finding is StepFinding.PASSED
    assert inner.sent == 3
    assert await kinds(here) == ["money.risked"]
    assert [one.cents for one in here.writer.state.risked] == [50_000]
    assert (await work.probe(stage(5))).in_effect


@pytest.mark.parametrize(("cents_a_minute", "told"), [(1_020_000, "51000 cents"), (0, "no payment was seen")])
async def test_a_stage_that_needs_more_or_is_not_known_waits_for_people_and_asks_once(
    cents_a_minute: int, told: str
) -> None:
    work, inner, here = await work_over(cents_a_minute)
    for _ in range(3):
        report = await work.perform(stage(5), "k")
        assert report.finding is StepFinding.WAITING
        assert told in report.detail
    assert inner.sent == 0
    assert (await kinds(here)).count("approval.asked") == 1
    assert (await kinds(here)).count("money.risked") == (1 if cents_a_minute else 0)
    [asked] = here.writer.state.approvals.values()
    await here.writer.append(ApprovalGiven(approval_id=asked.id, digest=asked.digest), "bob")
    assert (await work.perform(stage(5), "k")).finding is StepFinding.PASSED
    # A yes to one stage is none to the next.
    assert (await work.perform(stage(25), "k2")).finding is StepFinding.WAITING


async def test_the_hour_limits_what_the_stage_would_allow() -> None:
    work, _, _ = await work_over(800_000)
    assert (await work.perform(stage(5), "k")).finding is StepFinding.PASSED
    assert (await work.perform(stage(5, "dep-2"), "k2")).finding is StepFinding.PASSED
    assert (await work.perform(stage(5, "dep-3"), "k3")).finding is StepFinding.WAITING


async def test_taking_traffic_away_puts_nothing_at_risk() -> None:
    work, inner, here = await work_over(0)
    assert (await work.perform(stage(0), "k")).finding is StepFinding.PASSED
    assert inner.sent == 1
    assert await kinds(here) == []


async def restarted(here: Scene, cents_a_minute: int) -> tuple[WithinMoney, Shifting, Scene]:
    """The next process over the same journal."""
    again, inner = await here.restarted(), Shifting()
    work = WithinMoney(inner, lambda: flow_of(cents_a_minute), again.writer, lambda: POLICY, again.clock)
    return work, inner, again


async def test_a_stage_that_was_let_through_is_neither_charged_twice_nor_held_by_itself_after_a_restart() -> None:
    work, _, here = await work_over(1_000_000)
    assert (await work.perform(stage(5), "k")).finding is StepFinding.PASSED
    # 30000 cents are left of the hour, and the stage came to 50000.
    work, inner, again = await restarted(here, 1_000_000)
    assert (await work.perform(stage(5), "k")).finding is StepFinding.PASSED
    assert inner.sent == 1
    assert [one.cents for one in again.writer.state.risked] == [50_000]
    assert await kinds(again) == ["money.risked"]
    # Another stage of it, and the same of another deployment, are weighed against what is left.
    for other in (stage(25), stage(5, "dep-2")):
        assert (await work.perform(other, "k")).finding is StepFinding.WAITING


async def test_a_stage_that_is_held_is_told_once_also_over_a_restart() -> None:
    work, _, here = await work_over(1_020_000)
    assert (await work.perform(stage(5), "k")).finding is StepFinding.WAITING
    work, _, again = await restarted(here, 1_030_000)
    assert (await work.perform(stage(5), "k")).finding is StepFinding.WAITING
    assert await kinds(again) == ["money.risked", "approval.asked"]


async def test_whoever_asked_for_the_deployment_does_not_approve_what_it_risks() -> None:
    work, _, here = await work_over(1_020_000)
    await work.perform(stage(5), "k")
    [asked] = here.writer.state.approvals.values()
    assert may_approve(asked, "ada", "admin", asked.digest, here.clock.now_ms()) is ApprovalRefusal.REQUESTER
    assert may_approve(asked, "bob", "admin", asked.digest, here.clock.now_ms()) is None
