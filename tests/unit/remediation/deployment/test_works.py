"""The works of single steps, where the whole deployments do not go."""

from dataclasses import dataclass, field
from unittest.mock import AsyncMock

import pytest
from msgspec.structs import replace

from config.delivery.deployment import Rehearsal
from remediation.deployment.findings import StepFinding
from remediation.deployment.plan import Plan, Step, Strategy
from remediation.deployment.planning import plan
from remediation.deployment.ports import CohortRoute, EnvironmentState, StepContext
from remediation.deployment.works.batches import Roll
from remediation.deployment.works.cohort import Cohort
from remediation.deployment.works.environment import Deploy, Resize, Retire
from remediation.deployment.works.prepared import WayBack
from remediation.deployment.works.rehearsed import Rehearsed
from remediation.deployment.works.shift import Shift
from remediation.deployment.works.watching import Bake
from remediation.errors import WorldUnreachable
from remediation.journal.aftermath_kinds import RollbackMeasured
from remediation.state import State
from tests.unit.remediation.deployment.ground import REGION, Ground, Split, deployments, request, standing
from tests.unit.remediation.worlds import NOW_MS, FakeClock

PASSED, FAILED, HELD, WAITING = StepFinding.PASSED, StepFinding.FAILED, StepFinding.HELD, StepFinding.WAITING
PLAN = plan(request(strategy=Strategy.CANARY, cohort="merchant=mer_12"), [standing()], deployments())


def context(name: str, made: Plan = PLAN, **arguments: str) -> StepContext:
    step: Step = next(step for step in made.steps if step.id.endswith(name))
    step = replace(step, arguments={**step.arguments, **arguments})
    return StepContext(plan=made, step=step, began_at_ms=NOW_MS)


def ground() -> Ground:
    return Ground(FakeClock()).stands(REGION)


async def test_an_environment_with_traffic_is_never_stopped() -> None:
    there = ground()
    there.weights[REGION] = {"blue": 1, "green": 99}
    work = Retire(there, {REGION: Split(there, REGION)}, there.clock)
    report = await work.perform(context("/retire"), "key")
    assert (report.finding, report.detail) == (WAITING, "blue holds 1 % of the traffic, so it is not stopped")
    there.weights[REGION] = {"blue": 0, "green": 100}
    assert "clients may come to blue" in (await work.perform(context("/retire"), "key")).detail
    assert there.changes == []
    there.clock.at_ms += 10_000
    await work.perform(context("/retire"), "key")
    assert there.changes == [("resize", f"{REGION}/blue", "0")]


async def test_a_deployment_that_was_asked_for_is_not_asked_for_again() -> None:
    there = ground()
    work = Deploy(there)
    for _ in range(3):
        await work.perform(context("/deploy"), "key")
    assert [change[0] for change in there.changes] == ["deploy"]


async def test_a_version_that_failed_in_a_former_deployment_is_tried_once_more() -> None:
    there = ground()
    work = Deploy(there)
    there.broken = frozenset({"2.0.0"})
    asked = context("/deploy")
    await there.deploy(REGION, "green", "2.0.0", int(asked.step.arguments["size"]), "of-a-former-deployment")
    there.clock.at_ms += 60_000
    assert (await work.perform(asked, "key")).finding is WAITING
    assert [change[0] for change in there.changes] == ["deploy", "deploy"]
    there.clock.at_ms += 60_000
    report = await work.perform(replace(asked, attempts=1), "key")
    assert report.finding is FAILED
    assert "does not come up" in report.detail


async def test_a_version_is_not_blamed_for_the_failure_of_another_that_is_still_shown() -> None:
    there = ground()
    work, asked = Deploy(there), context("/deploy")
    old = EnvironmentState(version="1.5.0", desired=4, running=0, healthy=0, settled=False, failed="killed")
    unreachable = AsyncMock(side_effect=WorldUnreachable("no route"))
    there.states[REGION, "green"], there.settles_at_ms[REGION, "green"] = old, NOW_MS + 60_000
    real, there.deploy = there.deploy, unreachable  # type: ignore[method-assign]
    with pytest.raises(WorldUnreachable):
        await work.perform(asked, "key")
    there.deploy = AsyncMock()  # type: ignore[method-assign]
    for attempts in (1, 2):
        assert (await work.perform(replace(asked, attempts=attempts), "key")).finding is WAITING
    there.deploy = real  # type: ignore[method-assign]
    await work.perform(replace(asked, attempts=3), "key")
    assert (await work.perform(replace(asked, attempts=4), "key")).finding is WAITING
    there.states[REGION, "green"] = old
    report = await work.perform(replace(asked, attempts=5), "key")
    assert (report.finding, "2.0.0 does not come up" in report.detail) == (FAILED, True)


async def test_a_world_that_went_back_to_the_version_before_has_given_the_new_one_up() -> None:
    there = ground()
    work, asked = Deploy(there), context("/deploy")
    await work.perform(asked, "key")
    there.settles_at_ms[REGION, "green"] = NOW_MS + 60_000
    there.states[REGION, "green"] = EnvironmentState(
        version="1.5.0", desired=4, running=4, healthy=4, settled=False, failed="went back from 2.0.0 to 1.5.0"
    )
    assert (await work.perform(replace(asked, attempts=1), "key")).finding is FAILED


async def test_a_batch_that_failed_is_taken_back_although_it_failed() -> None:
    there = ground()
    made = plan(request(strategy=Strategy.ROLLING), [standing()], deployments())
    there.new[REGION, "blue"], there.stuck = 2, True
    back = context("/roll-50", made, instances="1")
    assert (await Roll(there).perform(back, "key")).finding is WAITING
    assert there.calls == [("roll", "key")]
    assert (await Roll(there).perform(replace(back, attempts=1), "key")).finding is FAILED


async def test_an_environment_that_runs_something_else_is_not_resized() -> None:
    there = ground()
    report = await Resize(there).perform(context("/resize-50"), "key")
    assert (report.finding, report.detail) == (FAILED, "green runs nothing, not 2.0.0")
    assert there.changes == []


@pytest.mark.parametrize(
    ("weights", "finding", "words"),
    [
        ({"blue": 100, "green": 0, "amber": 0}, FAILED, "amber"),
        ({"blue": 100}, FAILED, "alone"),
        ({"blue": 100, "green": 0}, WAITING, "green is not there"),
    ],
)
async def test_no_traffic_goes_where_strangers_share_it_or_nothing_stands(
    weights: dict[str, int], finding: StepFinding, words: str
) -> None:
    there = ground()
    there.weights[REGION] = weights
    report = await Shift({REGION: Split(there, REGION)}, there, there.clock).perform(context("/shift-5"), "key")
    assert report.finding is finding
    assert words in report.detail
    assert there.changes == []


async def test_a_shift_is_done_when_every_client_goes_by_it() -> None:
    there = ground()
    there.weights[REGION] = {"blue": 95, "green": 5}
    work = Shift({REGION: Split(there, REGION)}, there, there.clock)
    assert not (await work.probe(context("/shift-5"))).in_effect
    there.clock.at_ms += 3_999
    assert not (await work.probe(context("/shift-5"))).in_effect
    there.clock.at_ms += 1
    assert (await work.probe(context("/shift-5"))).in_effect
    assert there.changes == []


async def test_without_a_way_back_nothing_goes_on_baking() -> None:
    there = ground()
    bake = Bake(there, there, there.clock)
    assert (await bake.perform(context("/bake"), "key")).finding is WAITING
    there.states[REGION, "blue"] = replace(there.states[REGION, "blue"], healthy=1)
    report = await bake.perform(context("/bake"), "key")
    assert report.finding is HELD
    assert "there is no way back: blue has 1.0.0, 1 of 4 healthy, 4 are needed" in report.detail


async def test_a_bake_that_is_undecided_at_its_end_is_not_passed_and_is_held_once_its_time_is_over() -> None:
    there = ground()
    bake, baking = Bake(there, there, there.clock), context("/bake")
    there.poor = True
    there.clock.at_ms += 21_000
    report = await bake.perform(replace(baking, spent_ms=21_000), "key")
    assert (report.finding, "not every gate has passed: undecided: evidence" in report.detail) == (WAITING, True)
    assert (await bake.perform(replace(baking, spent_ms=141_000), "key")).finding is HELD
    there.poor = False
    assert (await bake.perform(replace(baking, spent_ms=21_000), "key")).finding is PASSED


async def test_nothing_is_begun_without_a_destination_that_could_take_it_all_back() -> None:
    there = ground()
    work = WayBack(there, {REGION: Split(there, REGION)})
    good = await work.perform(context("/prepare.rollback"), "key")
    assert (good.finding, "weights blue 100, green 0" in good.detail) == (PASSED, True)
    there.states[REGION, "blue"] = replace(there.states[REGION, "blue"], healthy=3)
    assert (await work.perform(context("/prepare.rollback"), "key")).finding is WAITING
    there.weights[REGION] = {"blue": 90, "green": 10}
    assert (await work.perform(context("/prepare.rollback"), "key")).finding is WAITING


def rolled_back(age_seconds: float, took_seconds: float) -> State:
    verified_ms = NOW_MS - round(age_seconds * 1000)
    measured = RollbackMeasured(
        deployment_id="dep-0",
        decision_id="dec-0",
        onset_at_ms=0,
        evidence_at_ms=0,
        decided_at_ms=verified_ms - round(took_seconds * 1000),
        commanded_at_ms=0,
        verified_at_ms=verified_ms,
        last_payment_at_ms=0,
        exposed_payments=0,
        exposed_cents=0,
        failed_payments=0,
        failed_cents=0,
    )
    return State(rollbacks={"dep-0": measured})


@pytest.mark.parametrize(
    ("state", "finding"),
    [
        (State(), FAILED),
        (rolled_back(3_600, 12), PASSED),
        (rolled_back(7 * 86_400, 300), PASSED),
        (rolled_back(7 * 86_400 + 1, 12), FAILED),
        (rolled_back(3_600, 301), FAILED),
    ],
)
async def test_a_rollout_is_refused_when_nobody_knows_how_fast_it_could_be_taken_back(
    state: State, finding: StepFinding
) -> None:
    required = Rehearsed(lambda: state, Rehearsal, FakeClock())
    told = Rehearsed(lambda: state, lambda: Rehearsal(required=False), FakeClock())
    assert (await required.perform(context("/check.rehearsal"), "key")).finding is finding
    assert (await told.perform(context("/check.rehearsal"), "key")).finding is PASSED


@dataclass
class FakeCohorts:
    """Who is routed, and every change."""

    route_now: CohortRoute | None = None
    changes: list[str] = field(default_factory=list)

    async def read(self, region: str) -> CohortRoute | None:
        del region
        return self.route_now

    async def route(self, region: str, route: CohortRoute, key: str) -> None:
        del region, key
        self.route_now = route
        self.changes.append(f"route {route.cohort}")

    async def clear(self, region: str, key: str) -> None:
        del region, key
        self.route_now = None
        self.changes.append("clear")


async def test_a_cohort_goes_first_and_by_the_weights_again_at_the_end() -> None:
    cohorts = FakeCohorts()
    work = Cohort(cohorts)
    for name in ("/cohort", "/cohort", "/lift-cohort", "/lift-cohort"):
        await work.perform(context(name), "key")
        assert (await work.probe(context(name))).in_effect
    assert cohorts.changes == ["route merchant=mer_12", "clear"]
