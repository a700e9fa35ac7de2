"""The desk: what people ask of deployments, what is refused in which order, and that a plan is what is run."""

import pytest
from msgspec.structs import replace

from config.calendars.calendar import Calendar, CalendarWindow
from config.guardrails import ApprovalRule, Approvals
from config.policy import GuardPolicy, Policy
from daemon.deployments.refusals import Refusal, Refused
from daemon.deployments.service import DeploymentDesk
from daemon.deployments.standing import Ground as StandingGround
from daemon.deployments.wanted import Possible, Wanted
from remediation.deployment.findings import StepFinding
from remediation.deployment.plan import Plan, Strategy
from remediation.deployment.run import DeploymentRun, RunOutcome
from remediation.deployment.works.approval import Approved
from remediation.errors import WorldUnreachable
from remediation.journal.guardrail_kinds import ApprovalGiven, AutomationStopped
from remediation.journal.kinds import DeploymentPlanned, body_of
from tests.unit.remediation.deployment.ground import (
    POLICY,
    REGION,
    CrossedJournal,
    Daemon,
    Ground,
    Split,
    begun_ids,
    daemon,
    deployments,
    works,
)
from tests.unit.remediation.worlds import FakeClock

WANTED = Wanted(version="2.0.0", strategy=Strategy.BLUE_GREEN, regions=(REGION,), reason="new receipts")
FREE = POLICY.model_copy(update={"approvals": Approvals(rollout=ApprovalRule(needed=0))})


class Scene:
    """A desk over a daemon and its ground."""

    def __init__(self, where: Daemon, ground: Ground, journal: CrossedJournal, policy: Policy) -> None:
        self.where, self.ground, self.journal, self.policy = where, ground, journal, policy
        self.woken, self.configuration = 0, deployments()
        traffic = {region: Split(ground, region) for region in ground.weights}
        self.desk = DeploymentDesk(
            writer=where.writer,
            executor=where.executor,
            ground=StandingGround(ground, traffic, dict.fromkeys(traffic, "dns:payments.tillwatch.test")),
            clock=ground.clock,
            policy=lambda: self.policy,
            configuration=lambda: self.configuration,
            reports=lambda: where.runner.reports,
            possible=Possible(regions=tuple(traffic)),
        )
        self.desk.wakes(self.wake)

    def wake(self) -> None:
        self.woken += 1

    async def asked(self, wanted: Wanted = WANTED) -> DeploymentRun:
        run = await self.desk.ask(wanted, "anna")
        assert isinstance(run, DeploymentRun)
        return run


async def scene(policy: Policy = FREE) -> Scene:
    ground, journal = Ground(FakeClock()).stands(REGION), CrossedJournal()
    return Scene(await daemon(ground, journal), ground, journal, policy)


def of(plan: Plan) -> Plan:
    """The plan without the name of its deployment."""
    return replace(plan, request=replace(plan.request, deployment_id=""))


@pytest.mark.parametrize("strategy", [Strategy.BLUE_GREEN, Strategy.CANARY])
async def test_a_dry_run_is_the_plan_that_is_run_and_changes_nothing(strategy: Strategy) -> None:
    one = await scene()
    wanted = replace(WANTED, strategy=strategy)
    dry = await one.desk.plan(wanted, "anna")
    assert isinstance(dry, Plan)
    assert (one.where.writer.state.runs, one.ground.changes) == ({}, [])
    run = await one.asked(wanted)
    assert of(run.plan) == of(dry)
    await one.where.drive()
    assert await begun_ids(one.journal) == [step.id for step in dry.steps]


async def test_a_deployment_is_in_the_journal_before_anybody_hears_of_it() -> None:
    one = await scene()
    run = await one.asked(replace(WANTED, force=True))
    (entry,) = [entry for entry in await one.journal.read(0, 100) if entry.kind == "deployment.planned"]
    body = body_of(entry)
    assert isinstance(body, DeploymentPlanned)
    assert (entry.actor, body.plan, body.skipped) == ("anna", run.plan, ("confirmation",))
    assert one.woken == 1


async def test_force_skips_no_check() -> None:
    one = await scene()
    forced = await one.desk.plan(replace(WANTED, force=True), "anna")
    asked = await one.desk.plan(WANTED, "anna")
    assert isinstance(forced, Plan)
    assert isinstance(asked, Plan)
    assert forced.steps == asked.steps


CLOSED = Calendar(name="always", kind="freeze", windows=(CalendarWindow(cron="0 0 * * *", zone="UTC", lasts=86_400.0),))


@pytest.mark.parametrize(
    ("refusal", "wanted", "policy"),
    [
        (Refusal.BAD_VERSION, replace(WANTED, version="2"), FREE),
        (Refusal.BAD_VERSION, replace(WANTED, version="2.0.0-rc1"), FREE),
        (Refusal.BAD_REGION, replace(WANTED, regions=("eu-west-9",)), FREE),
        (Refusal.BAD_REGION, replace(WANTED, regions=(REGION, REGION)), FREE),
        (Refusal.BAD_COHORT, replace(WANTED, cohort="everybody"), FREE),
        (Refusal.NOT_POSSIBLE_HERE, replace(WANTED, cohort="merchant=mer_12"), FREE),
        (Refusal.NOT_POSSIBLE_HERE, replace(WANTED, strategy=Strategy.ROLLING), FREE),
        (Refusal.OBSERVE_ONLY, WANTED, FREE.model_copy(update={"guard": GuardPolicy(observe_only=True)})),
        (Refusal.FROZEN, WANTED, FREE.model_copy(update={"calendars": (CLOSED,)})),
        (Refusal.SAME_VERSION, replace(WANTED, version="1.0.0"), FREE),
    ],
)
async def test_what_cannot_be_is_refused_with_what_to_do(refusal: Refusal, wanted: Wanted, policy: Policy) -> None:
    one = await scene(policy)
    for refused in (await one.desk.plan(wanted, "anna"), await one.desk.ask(wanted, "anna")):
        assert isinstance(refused, Refused)
        assert refused.refusal is refusal
        assert refused.detail
    assert one.where.writer.state.runs == {}


async def test_approvals_that_no_step_would_wait_for_are_refused_and_not_passed_over() -> None:
    one = await scene(POLICY.model_copy(update={"approvals": Approvals(rollout=ApprovalRule(needed=2))}))
    phases = deployments().phases
    alone = phases.model_copy(
        update={"pre_deployment_validation": phases.pre_deployment_validation.model_copy(update={"checks": ()})}
    )
    one.configuration = deployments(phases=alone)
    answer = await refused(one)
    assert (answer.refusal, "add approval to the checks" in answer.detail) == (Refusal.NOT_POSSIBLE_HERE, True)
    one.policy = FREE
    assert isinstance(await one.desk.plan(WANTED, "anna"), Plan)


async def test_a_split_a_missing_environment_and_a_dark_world_are_refused() -> None:
    one = await scene()
    one.ground.weights[REGION] = {"blue": 90, "green": 10}
    assert (await refused(one)).refusal is Refusal.TRAFFIC_IS_SPLIT
    one.ground.weights[REGION] = {"blue": 100, "amber": 0}
    assert (await refused(one)).refusal is Refusal.NO_ENVIRONMENT
    one.ground.weights[REGION] = {"blue": 100, "green": 0}
    del one.ground.states[REGION, "blue"]
    assert (await refused(one)).refusal is Refusal.NO_ENVIRONMENT

    async def dark(*_: object) -> None:
        raise WorldUnreachable("no route")

    one.ground.look = dark  # type: ignore[assignment]
    assert (await refused(one)).refusal is Refusal.UNREACHABLE


async def refused(one: Scene) -> Refused:
    answer = await one.desk.plan(WANTED, "anna")
    assert isinstance(answer, Refused)
    return answer


async def test_a_second_deployment_waits_for_the_end_of_the_first() -> None:
    one = await scene()
    await one.asked()
    assert (await refused(one)).refusal is Refusal.ANOTHER_IS_RUNNING
    await one.where.drive()
    assert isinstance(await one.desk.ask(replace(WANTED, version="3.0.0"), "anna"), DeploymentRun)


async def test_a_daemon_without_the_lease_and_one_that_was_stopped_begin_nothing() -> None:
    one = await scene()
    await one.where.writer.append(AutomationStopped(reason="something is wrong"), "bob")
    assert (await refused(one)).refusal is Refusal.STOPPED
    one.ground.clock.at_ms += 3_600_000
    assert (await refused(one)).refusal is Refusal.NOT_LEADING
    pause = await one.desk.pause("dep-1", "anna")
    assert pause is not None
    assert pause.refusal is Refusal.NOT_LEADING


async def test_pause_resume_and_abort_are_refused_when_they_would_do_nothing() -> None:
    one = await scene()
    run = await one.asked()
    answers = [
        await one.desk.pause("dep-unknown", "bob"),
        await one.desk.resume(run.id, "bob"),
        await one.desk.pause(run.id, "bob", "lunch"),
        await one.desk.pause(run.id, "carl"),
        await one.desk.resume(run.id, "bob"),
        await one.desk.abort(run.id, "bob", "wrong version"),
        await one.desk.abort(run.id, "carl"),
    ]
    assert [None if one_answer is None else one_answer.refusal for one_answer in answers] == [
        Refusal.UNKNOWN,
        Refusal.ALREADY_SO,
        None,
        Refusal.ALREADY_SO,
        None,
        None,
        Refusal.ALREADY_SO,
    ]
    ended = await one.where.drive()
    assert ended.outcome is RunOutcome.ABORTED
    over = await one.desk.abort(run.id, "bob")
    assert over is not None
    assert over.refusal is Refusal.ENDED
    shown = one.desk.show(run.id)
    assert shown is not None
    assert (shown.run.outcome, one.desk.show("dep-unknown")) == (RunOutcome.ABORTED, None)
    assert [view.run.id for view in one.desk.list()] == [run.id]


async def test_a_rollout_waits_for_the_people_who_have_to_approve_exactly_this_plan() -> None:
    policy = POLICY.model_copy(update={"approvals": Approvals(rollout=ApprovalRule(needed=1))})
    one = await scene(policy)
    known = works(one.ground, one.ground.clock) | {
        "check.approval": Approved(lambda: one.where.writer.state, lambda: policy, one.ground.clock)
    }
    one.where = await daemon(one.ground, one.journal, known=known)
    one = Scene(one.where, one.ground, one.journal, policy)
    run = await one.asked()
    await one.where.tick(times=5)
    view = one.desk.show(run.id)
    assert view is not None
    assert view.waits_for is not None
    assert (view.waits_for.finding, view.waits_for.detail) == (
        StepFinding.WAITING,
        "0 of 1 have approved it (tillwatch approvals list)",
    )
    (approval,) = one.where.writer.state.approvals.values()
    await one.where.writer.append(ApprovalGiven(approval_id=approval.id, digest=approval.digest), "bob")
    assert (await one.where.drive()).outcome is RunOutcome.SUCCEEDED
