"""When to act, and the one reason when not."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from checks.findings import Finding
from checks.findings import State as FindingState
from config.calendars.freeze import Freeze
from config.policy import FraudPolicy, GuardPolicy, Policy, RegionRoom, TrafficPolicy
from remediation.decide import decide, reading
from remediation.decisions import Reason
from remediation.deployment.plan import Plan, Request, Strategy
from remediation.deployment.run import DeploymentRun
from remediation.guardrails.guard import GUARDS, REFUSED_PAUSE_MS
from remediation.guardrails.state import StopState, StormState
from remediation.state import ActionState, DeploymentState, State, TargetState
from tests.unit.remediation.worlds import NOW_MS, TARGET, finding, release


def state_with(*deployments: DeploymentState, **changes: object) -> State:
    return replace(State(deployments={one.id: one for one in deployments}), **changes)


ROLLING = state_with(release())
PAST_RETURN = replace(
    ROLLING,
    runs={
        "dep-1": DeploymentRun(
            id="dep-1",
            sequence=1,
            plan=Plan(
                request=Request(
                    deployment_id="dep-1", version="2.0.0", strategy=Strategy.CANARY, regions=(), requested_by="ada"
                ),
                standing=(),
                steps=(),
            ),
            planned_at_ms=NOW_MS,
            no_return="payment-methods",
        )
    },
)
DONE = release(rolled_back=True, status="rolled_back")


def policy_with(**changes: object) -> Policy:
    return Policy(guard=GuardPolicy.model_validate(changes))


def frozen_from_to(start_ms: int, end_ms: int) -> Policy:
    start, end = (datetime.fromtimestamp(ms / 1000, tz=UTC) for ms in (start_ms, end_ms))
    return policy_with(freezes=(Freeze(start=start, end=end, reason="holidays"),))


def acted_ago(milliseconds: int) -> State:
    return replace(ROLLING, targets={TARGET: TargetState(acted_at_ms=NOW_MS - milliseconds)})


def refused_ago(milliseconds: int) -> State:
    return replace(ROLLING, targets={TARGET: TargetState(refused_at_ms=NOW_MS - milliseconds)})


def begun_since(state: State) -> State:
    """The same, and the release began a moment ago."""
    return replace(state, deployments={"dep-1": release(started_at_ms=NOW_MS - 50)})


def intents_ago(*milliseconds: int) -> State:
    return replace(ROLLING, intents_at_ms=tuple(NOW_MS - one for one in milliseconds))


def begun_beside(*intents_ago_ms: int) -> State:
    """Another target's action is decided, and its intent is not yet written."""
    begun = ActionState(
        decision_id="dec-0",
        sequence=1,
        action="rollback.traffic",
        target="dns:elsewhere",
        key="",
        arguments={},
        cause_at_ms=NOW_MS,
        decided_at_ms=NOW_MS,
    )
    return replace(intents_ago(*intents_ago_ms), actions={"dec-0": begun})


STOPPED = replace(ROLLING, stopped=StopState(by="ada", reason="looking", at_ms=NOW_MS - 1))
STORMY = replace(ROLLING, storm=StormState(why="4 different actions", began_at_ms=NOW_MS - 1))
CALM = replace(ROLLING, storm=StormState(why="4 different actions", began_at_ms=NOW_MS - 2, ended_at_ms=NOW_MS - 1))


def acted_times_ago(*milliseconds: int) -> State:
    """The release began a day before the oldest of them."""
    acts = tuple(NOW_MS - one for one in milliseconds)
    began = release(started_at_ms=NOW_MS - 90_000_000_000)
    return state_with(began, targets={TARGET: TargetState(acts_at_ms=acts)})


CARD = "fraud:block:card:fp_1"


def card_tested(**changes: object) -> Finding:
    """One card is declined again and again."""
    return finding(do=("block.fingerprint",), **({"key": {"method_fingerprint": "fp_1"}} | changes))


def flood(**changes: object) -> Finding:
    """Nearly everything is declined."""
    return finding(**({"do": ("kill.switch",), "key": {}} | changes))


def listed_ago(*milliseconds: int) -> State:
    return replace(ROLLING, listed_at_ms=tuple(NOW_MS - one for one in milliseconds))


def blocked_until(until_ms: int) -> State:
    return State(targets={CARD: TargetState(acted_at_ms=NOW_MS - 3_600_000, until_ms=until_ms)})


def others_blocked(count: int) -> State:
    return State(targets={f"fraud:block:card:fp_{n + 2}": TargetState(until_ms=NOW_MS + 1) for n in range(count)})


PLAIN = Policy()
KILLING = Policy(fraud=FraudPolicy(kill_switch=True))
REGIONS = Policy(
    traffic=TrafficPolicy(regions=dict.fromkeys(("us-east-1", "us-west-2"), RegionRoom(payments_per_second=100.0)))
)
CASES = [
    ("a breach of the canary acts", finding(), ROLLING, PLAIN, Reason.BREACHED),
    ("a cleared rule does nothing", finding(state=FindingState.CLEARED), ROLLING, PLAIN, Reason.CLEARED),
    ("no data is no ground", finding(state=FindingState.NO_DATA, value=None), ROLLING, PLAIN, Reason.NO_DATA),
    ("a rule without an action", finding(do=()), ROLLING, PLAIN, Reason.NO_ACTION_CONFIGURED),
    ("a page is no action", finding(do=("page",)), ROLLING, PLAIN, Reason.NO_ACTION_CONFIGURED),
    ("a page beside an action", finding(do=("page", "rollback.traffic")), ROLLING, PLAIN, Reason.BREACHED),
    ("a shadow rule", finding(mode="shadow"), ROLLING, PLAIN, Reason.SHADOW_MODE),
    ("a mode that nobody knows", finding(mode="enfroce"), ROLLING, PLAIN, Reason.SHADOW_MODE),
    ("evidence at its limit", finding(at_ms=NOW_MS - 120_000), ROLLING, PLAIN, Reason.BREACHED),
    ("evidence past its limit", finding(at_ms=NOW_MS - 120_001), ROLLING, PLAIN, Reason.STALE_EVIDENCE),
    ("evidence from the future", finding(at_ms=NOW_MS + 120_001), ROLLING, PLAIN, Reason.STALE_EVIDENCE),
    ("observe only", finding(), ROLLING, policy_with(observe_only=True), Reason.OBSERVE_ONLY),
    ("at a freeze's start", finding(), ROLLING, frozen_from_to(NOW_MS, NOW_MS + 1_000), Reason.FROZEN),
    ("at a freeze's end", finding(), ROLLING, frozen_from_to(NOW_MS - 1_000, NOW_MS), Reason.BREACHED),
    ("nothing deployed", finding(), State(), PLAIN, Reason.NO_DEPLOYMENT),
    ("an earlier phase", finding(), state_with(release(phase="data_migration")), PLAIN, Reason.NO_DEPLOYMENT),
    ("the final validation", finding(), state_with(release(phase="final_validation")), PLAIN, Reason.BREACHED),
    ("a region that is the only one", finding(do=("evacuate.region",)), ROLLING, PLAIN, Reason.LAST_REGION),
    ("a region that one rule says is lost", finding(do=("evacuate.region",)), ROLLING, REGIONS, Reason.UNCONFIRMED),
    ("a finished deployment", finding(), state_with(release(status="succeeded")), PLAIN, Reason.NO_DEPLOYMENT),
    ("a first release", finding(), state_with(release(previous_environment="")), PLAIN, Reason.NO_DEPLOYMENT),
    ("back to itself", finding(), state_with(release(previous_environment="green")), PLAIN, Reason.NO_DEPLOYMENT),
    ("a breach of the old environment", finding(key={"environment": "blue"}), ROLLING, PLAIN, Reason.NOT_THE_CANARY),
    ("a breach of the old version", finding(key={"version": "1.0.0"}), ROLLING, PLAIN, Reason.NOT_THE_CANARY),
    ("a breach of the new version", finding(key={"version": "2.0.0"}), ROLLING, PLAIN, Reason.BREACHED),
    ("no environment, one deployment", finding(key={}), ROLLING, PLAIN, Reason.BREACHED),
    (
        "no environment, two deployments",
        finding(key={}),
        state_with(release(), release(id="dep-2", environment="red")),
        PLAIN,
        Reason.NO_DEPLOYMENT,
    ),
    ("rolled back before", finding(), state_with(DONE), PLAIN, Reason.ALREADY_ROLLED_BACK),
    (
        "rolled back before, by evidence that grew old since",
        finding(at_ms=NOW_MS - 120_001),
        state_with(DONE),
        PLAIN,
        Reason.ALREADY_ROLLED_BACK,
    ),
    ("a migration that the old version cannot live with", finding(), PAST_RETURN, PLAIN, Reason.PAST_RETURN),
    ("the same for a person", finding(asked_by="ann"), PAST_RETURN, PLAIN, Reason.PAST_RETURN),
    (
        "a breach where it was rolled back to",
        finding(key={"environment": "blue"}),
        state_with(DONE),
        PLAIN,
        Reason.NO_DEPLOYMENT,
    ),
    (
        "a new release after one that was rolled back",
        finding(),
        state_with(DONE, release(id="dep-2", sequence=9)),
        PLAIN,
        Reason.BREACHED,
    ),
    (
        "an action in progress",
        finding(),
        replace(ROLLING, targets={TARGET: TargetState(running="dec-0")}),
        PLAIN,
        Reason.ACTION_IN_PROGRESS,
    ),
    ("within the cool-down", finding(), acted_ago(299_999), PLAIN, Reason.COOLING_DOWN),
    ("after the cool-down", finding(), acted_ago(300_000), PLAIN, Reason.BREACHED),
    ("the cool-down of an earlier release", finding(), begun_since(acted_ago(10_000)), PLAIN, Reason.BREACHED),
    ("the refusal of an earlier release", finding(), begun_since(refused_ago(100)), PLAIN, Reason.BREACHED),
    ("a clock that went back", finding(), acted_ago(-3_600_000), PLAIN, Reason.COOLING_DOWN),
    ("just refused", finding(), refused_ago(REFUSED_PAUSE_MS - 1), PLAIN, Reason.COOLING_DOWN),
    ("refused a while ago", finding(), refused_ago(REFUSED_PAUSE_MS), PLAIN, Reason.BREACHED),
    ("a stop", finding(), STOPPED, PLAIN, Reason.STOPPED),
    ("a stop before a storm", finding(), replace(STOPPED, storm=STORMY.storm), PLAIN, Reason.STOPPED),
    ("a storm", finding(), STORMY, PLAIN, Reason.STORM),
    ("a storm that is over", finding(), CALM, PLAIN, Reason.BREACHED),
    ("twice and again", finding(), acted_times_ago(9_000_000, 3_600_000), PLAIN, Reason.RECURRING),
    ("once and again", finding(), acted_times_ago(3_600_000), PLAIN, Reason.BREACHED),
    ("twice, once a day ago", finding(), acted_times_ago(86_400_000, 3_600_000), PLAIN, Reason.BREACHED),
    (
        "twice before this release",
        finding(),
        replace(acted_times_ago(9_000_000, 3_600_000), deployments={"dep-1": release()}),
        PLAIN,
        Reason.BREACHED,
    ),
    ("the budget spent", finding(), intents_ago(1, 2, 3, 3_599_999), PLAIN, Reason.BUDGET_SPENT),
    ("the budget an hour later", finding(), intents_ago(1, 2, 3, 3_600_000), PLAIN, Reason.BREACHED),
    ("the last of the budget taken and not yet spent", finding(), begun_beside(1, 2, 3), PLAIN, Reason.BUDGET_SPENT),
    ("no budget at all", finding(), ROLLING, policy_with(actions_per_hour=0), Reason.BUDGET_SPENT),
    ("a tested card", card_tested(), State(), PLAIN, Reason.BREACHED),
    ("a tested card without a budget for rollbacks", card_tested(), intents_ago(1, 2, 3, 4), PLAIN, Reason.BREACHED),
    ("a rollback without a budget for lists", finding(), listed_ago(*range(20)), PLAIN, Reason.BREACHED),
    ("the budget for lists spent", card_tested(), listed_ago(*range(20)), PLAIN, Reason.BUDGET_SPENT),
    ("a tested card that nobody names", card_tested(key={"region": "eu"}), State(), PLAIN, Reason.NO_SUBJECT),
    ("a tested card that is blocked", card_tested(), blocked_until(NOW_MS + 1), PLAIN, Reason.IN_EFFECT),
    (
        "a tested card that is blocked, by evidence that grew old since",
        card_tested(at_ms=NOW_MS - 120_001),
        blocked_until(NOW_MS + 1),
        PLAIN,
        Reason.IN_EFFECT,
    ),
    ("a tested card whose block is over", card_tested(), blocked_until(NOW_MS), PLAIN, Reason.BREACHED),
    ("as many entries as are allowed", card_tested(), others_blocked(100), PLAIN, Reason.TOO_WIDE),
    ("one entry less", card_tested(), others_blocked(99), PLAIN, Reason.BREACHED),
    (
        "a rollback beside many entries",
        finding(),
        replace(ROLLING, targets=others_blocked(100).targets),
        PLAIN,
        Reason.BREACHED,
    ),
    ("a kill switch that is left to a person", flood(), State(), PLAIN, Reason.NOT_ALLOWED),
    ("a kill switch that may act", flood(), State(), KILLING, Reason.BREACHED),
    (
        "a kill switch in a freeze that may not act",
        flood(),
        State(),
        frozen_from_to(NOW_MS, NOW_MS + 1),
        Reason.NOT_ALLOWED,
    ),
    (
        "a second action where the first has no aim",
        flood(do=("rollback.traffic", "kill.switch")),
        State(),
        KILLING,
        Reason.BREACHED,
    ),
    (
        "no second action where the first is held back",
        flood(do=("rollback.traffic", "kill.switch")),
        acted_ago(1),
        KILLING,
        Reason.COOLING_DOWN,
    ),
]


@pytest.mark.parametrize(
    ("breach", "state", "policy", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_reason_is(breach: Finding, state: State, policy: Policy, reason: Reason) -> None:
    decision = decide(breach, state, policy, NOW_MS)
    assert decision.reason is reason
    assert decision.act is (reason is Reason.BREACHED)
    assert bool(decision.key) is decision.act
    assert decision.detail.startswith("payment-failure-rate")


def test_the_guards_stand_in_the_order_of_the_reasons() -> None:
    assert [*(reason for reason, _ in GUARDS), Reason.BREACHED] == list(Reason)


def test_every_reason_has_a_case() -> None:
    assert {case[-1] for case in CASES} == set(Reason)


def test_a_rollback_names_what_it_moves_from_where_to_where() -> None:
    decision = decide(finding(), ROLLING, PLAIN, NOW_MS)
    assert decision.target == TARGET
    assert decision.arguments == {
        "deployment_id": "dep-1",
        "from_environment": "green",
        "to_environment": "blue",
        "version": "2.0.0",
    }
    assert decision.detail == (
        "payment-failure-rate on green, us-east-1: 5.3 % of 120 in 60 s (limit > 2%): "
        "rolls 2.0.0 on green back to 1.0.0 on blue"
    )


def test_the_key_of_an_action_is_the_same_in_every_version_of_the_daemon() -> None:
    assert decide(finding(), ROLLING, PLAIN, NOW_MS).key == "a682e6f55d2149d8a43fd67771b0d28d"


@pytest.mark.parametrize(
    ("action", "points", "lasts_seconds"),
    [("block.fingerprint", "0", 86_400), ("require.review", "0", 14_400), ("raise.threshold", "200", 3_600)],
)
def test_an_entry_lasts_as_long_as_its_list_says_and_only_a_stricter_one_adds_points(
    action: str, points: str, lasts_seconds: int
) -> None:
    key = {"method_fingerprint": "fp_1", "device_id": "d", "customer_id": "c", "ip": "203.0.113.7"}
    arguments = decide(finding(do=(action,), key=key), State(), PLAIN, NOW_MS).arguments
    assert arguments["points"] == points
    assert int(arguments["expires_at_ms"]) == NOW_MS + lasts_seconds * 1000


def test_a_reason_is_as_long_as_the_payment_core_takes_and_no_longer() -> None:
    long = flood(rule_id="r" * 500)
    assert len(decide(long, State(), KILLING, NOW_MS).arguments["reason"]) == 200


def test_the_key_is_the_deployments_and_not_the_findings() -> None:
    first = decide(finding(), ROLLING, PLAIN, NOW_MS)
    second = decide(finding(rule_id="other-rule", fact_id="evt-2"), ROLLING, PLAIN, NOW_MS + 1)
    other = decide(finding(), state_with(release(id="dep-2")), PLAIN, NOW_MS)
    assert first.key == second.key != other.key
    assert first.id != second.id


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"value": None, "samples": 0}, "payment-failure-rate on green, us-east-1: no reading in 60 s (limit > 2%)"),
        (
            {"value": 12.0, "breach": "> 10s", "samples": 0, "window_seconds": 0, "key": {}},
            "payment-failure-rate: 12 ms (limit > 10s)",
        ),
        (
            {"breach": "2% rather than 0.5%", "value": 1.0, "samples": 111, "window_seconds": 0},
            "payment-failure-rate on green, us-east-1: 100 % of the evidence for 2% rather than 0.5%, in 111 facts",
        ),
        ({"breach": "", "value": 1234567.0}, "payment-failure-rate on green, us-east-1: 1,234,567 of 120 in 60 s"),
        ({"breach": "", "value": 1000.4}, "payment-failure-rate on green, us-east-1: 1,000 of 120 in 60 s"),
        ({"breach": "", "value": 1000.0}, "payment-failure-rate on green, us-east-1: 1,000 of 120 in 60 s"),
        ({"breach": "", "value": 999.4}, "payment-failure-rate on green, us-east-1: 999.4 of 120 in 60 s"),
        (
            {"breach": "> 2s", "value": 11150.4},
            "payment-failure-rate on green, us-east-1: 11,150 ms of 120 in 60 s (limit > 2s)",
        ),
    ],
)
def test_the_reading_says_value_limit_and_samples(changes: dict[str, object], sentence: str) -> None:
    assert reading(finding(**changes)) == sentence


def test_a_services_own_deployment_beside_ours_does_not_hide_which_release_is_to_blame() -> None:
    of_the_service = release(id="ecs-svc/1", sequence=9, previous_environment="", previous_version="", strategy="ecs")
    decision = decide(finding(), state_with(release(), of_the_service), Policy(), NOW_MS)
    assert (decision.act, decision.arguments["deployment_id"]) == (True, "dep-1")


def test_a_release_that_never_ended_does_not_shield_the_next_one() -> None:
    stuck = release(id="dep-old", sequence=1, version="1.9.0")
    decision = decide(finding(), state_with(stuck, release(id="dep-new", sequence=9)), Policy(), NOW_MS)
    assert (decision.act, decision.arguments["deployment_id"]) == (True, "dep-new")


@pytest.mark.parametrize(
    ("refusals", "pause_ms"), [(1, 10_000), (2, 20_000), (5, 160_000), (6, 300_000), (99, 300_000)]
)
def test_a_refused_action_is_tried_again_later_each_time(refusals: int, pause_ms: int) -> None:
    def refused(ago_ms: int) -> State:
        target = TargetState(refused_at_ms=NOW_MS - ago_ms, refusals=refusals)
        return replace(ROLLING, targets={TARGET: target})

    assert decide(finding(), refused(pause_ms - 1), Policy(), NOW_MS).reason is Reason.COOLING_DOWN
    assert decide(finding(), refused(pause_ms), Policy(), NOW_MS).act
