"""What holds an action back, at its edges: how old, how many, how often, who allowed it, and who asked."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from config.calendars.freeze import Freeze
from config.guardrails import ApprovalRule, Approvals
from config.policy import FraudPolicy, GuardPolicy, Policy
from remediation.decide import CONTROL_TARGET, decide
from remediation.decisions import OutcomeStatus, Reason
from remediation.guardrails.guard import KILL_SWITCH, LIMITS_OF_AUTOMATION, standing_guard
from remediation.guardrails.state import Answer, ApprovalState, StopState, StormState
from remediation.state import ActionState, State, TargetState
from tests.unit.remediation.worlds import NOW_MS, TARGET, finding, release

BLOCK, ROLLBACK = "block.fingerprint", "rollback.traffic"
CARD = "fraud:block:card:fp_1"
STOP = StopState(by="ada", reason="looking", at_ms=NOW_MS)


def begun(action: str = ROLLBACK, **changes: object) -> ActionState:
    """An action on another target that was decided a moment ago."""
    one = ActionState(
        decision_id="dec-0",
        sequence=1,
        action=action,
        target="dns:elsewhere",
        key="",
        arguments={},
        cause_at_ms=NOW_MS,
        decided_at_ms=NOW_MS,
    )
    return replace(one, **changes)


def rolling(**changes: object) -> State:
    return replace(State(deployments={"dep-1": release()}), **changes)


FROZEN = (Freeze(start=datetime.fromtimestamp(0, UTC), end=datetime.fromtimestamp(4e9, UTC), reason="holidays"),)


@pytest.mark.parametrize(
    ("one", "guard", "state", "held"),
    [
        (begun(), {}, State(), ""),
        (begun(cause_at_ms=NOW_MS - 120_000), {}, State(), ""),
        (begun(cause_at_ms=NOW_MS - 120_001), {}, State(), "the evidence is 120 s away"),
        (begun(cause_at_ms=NOW_MS + 121_000), {}, State(), "the evidence is 121 s away"),
        (begun(), {"observe_only": True}, State(), "observe_only"),
        (begun(), {}, State(stopped=STOP), "ada stopped automation"),
        (begun(), {"freezes": FROZEN}, State(), "holidays"),
        (begun(), {}, State(storm=StormState(why="much", began_at_ms=NOW_MS)), ""),
        # A person's own, and what a person takes back, is held by its age alone.
        (begun(asked_by="ann"), {"observe_only": True, "freezes": FROZEN}, State(stopped=STOP), ""),
        (begun("undo"), {"observe_only": True, "freezes": FROZEN}, State(stopped=STOP), ""),
        (begun(asked_by="ann", cause_at_ms=NOW_MS - 120_001), {}, State(), "the evidence is"),
        (begun("undo", cause_at_ms=NOW_MS - 120_001), {}, State(), "the evidence is"),
    ],
)
def test_what_was_begun_is_held_by(one: ActionState, guard: dict[str, object], state: State, held: str) -> None:
    policy = Policy(guard=GuardPolicy.model_validate(guard), calendars=())
    said = standing_guard(policy, state, one, NOW_MS)
    assert (held in said) if held else said == ""


@pytest.mark.parametrize(
    ("one", "counts_for_rollbacks", "counts_for_lists"),
    [
        (begun(), True, False),
        (begun(BLOCK), False, True),
        (begun(KILL_SWITCH), True, False),
        # Its intent is counted from then on, and what ended without one spent nothing.
        (begun(intent_sequence=2), False, False),
        (begun(BLOCK, intent_sequence=2), False, False),
        (begun(status=OutcomeStatus.REFUSED), False, False),
        (begun(BLOCK, status=OutcomeStatus.REFUSED), False, False),
    ],
)
def test_what_is_about_to_spend_counts_for_its_own_budget(
    one: ActionState, counts_for_rollbacks: bool, counts_for_lists: bool
) -> None:
    policy = Policy(guard=GuardPolicy(actions_per_hour=1), fraud=FraudPolicy(actions_per_hour=1), calendars=())
    state = rolling(actions={"dec-0": one})
    card = finding(do=(BLOCK,), key={"method_fingerprint": "fp_1"})
    assert (decide(finding(), state, policy, NOW_MS).reason is Reason.BUDGET_SPENT) is counts_for_rollbacks
    assert (decide(card, state, policy, NOW_MS).reason is Reason.BUDGET_SPENT) is counts_for_lists


@pytest.mark.parametrize(("ago_ms", "reason"), [(3_599_999, Reason.BUDGET_SPENT), (3_600_000, Reason.BREACHED)])
def test_an_entry_is_in_the_budget_of_lists_for_an_hour(ago_ms: int, reason: Reason) -> None:
    policy = Policy(fraud=FraudPolicy(actions_per_hour=1), calendars=())
    card = finding(do=(BLOCK,), key={"method_fingerprint": "fp_1"})
    assert decide(card, State(listed_at_ms=(NOW_MS - ago_ms,)), policy, NOW_MS).reason is reason


@pytest.mark.parametrize(("until_ms", "reason"), [(NOW_MS + 1, Reason.TOO_WIDE), (NOW_MS, Reason.BREACHED)])
def test_an_entry_that_ends_at_this_moment_is_no_longer_in_force(until_ms: int, reason: Reason) -> None:
    policy = Policy(fraud=FraudPolicy(entries_max=1), calendars=())
    card = finding(do=(BLOCK,), key={"method_fingerprint": "fp_1"})
    state = State(targets={"fraud:block:card:fp_2": TargetState(until_ms=until_ms)})
    assert decide(card, state, policy, NOW_MS).reason is reason


@pytest.mark.parametrize(
    ("acts_ago_ms", "began_ago_ms", "reason"),
    [
        ((7_200_000 - 1, 3_600_000), 90_000_000, Reason.RECURRING),
        # At the very edge of the time an action is no longer in it, and one at a release's start was for the last one.
        ((7_200_000, 3_600_000), 90_000_000, Reason.BREACHED),
        ((7_000_000, 3_600_000), 7_000_000, Reason.BREACHED),
        ((7_000_000, 3_600_000), 7_000_001, Reason.RECURRING),
    ],
)
def test_a_repeat_counts_within_its_time_and_its_release(
    acts_ago_ms: tuple[int, ...], began_ago_ms: int, reason: Reason
) -> None:
    state = State(
        deployments={"dep-1": release(started_at_ms=NOW_MS - began_ago_ms)},
        targets={TARGET: TargetState(acts_at_ms=tuple(NOW_MS - ago_ms for ago_ms in acts_ago_ms))},
    )
    policy = Policy(guard=GuardPolicy(repeats=2, repeats_within=7_200.0), calendars=())
    assert decide(finding(), state, policy, NOW_MS).reason is reason


@pytest.mark.parametrize("past", [TargetState(acted_at_ms=NOW_MS - 50), TargetState(refused_at_ms=NOW_MS - 50)])
@pytest.mark.parametrize(("began_ago_ms", "held"), [(50, True), (49, False)])
def test_only_a_release_that_began_after_the_last_try_has_no_cool_down_of_it(
    past: TargetState, began_ago_ms: int, held: bool
) -> None:
    begun_late = {"dep-1": release(started_at_ms=NOW_MS - began_ago_ms)}
    state = State(deployments=begun_late, targets={TARGET: past})
    assert (decide(finding(), state, Policy(calendars=()), NOW_MS).reason is Reason.COOLING_DOWN) is held


@pytest.mark.parametrize(("do", "words"), [((), "the rule asks for no action"), (("page",), "for a page alone")])
def test_a_rule_without_an_action_says_whether_it_asks_for_a_page(do: tuple[str, ...], words: str) -> None:
    assert words in decide(finding(do=do), rolling(), Policy(), NOW_MS).detail


FLOOD = finding(do=(KILL_SWITCH,), key={})
ACTED = State(targets={CONTROL_TARGET: TargetState(acts_at_ms=(NOW_MS - 2_000_000, NOW_MS - 1_000_000))})
KILLING = FraudPolicy(kill_switch=True)


def allowed(state: State, policy: Policy, *, yes: int = 1, until_ms: int = NOW_MS + 1) -> State:
    """The state after so many people said yes to what the decision asks."""
    asks = decide(FLOOD, state, policy, NOW_MS).asks
    assert asks is not None
    approval = ApprovalState(
        id="apr-1",
        change=asks.change,
        subject=asks.subject,
        digest=asks.digest,
        what=asks.what,
        requested_by="daemon",
        needed=1,
        asked_at_ms=NOW_MS,
        expires_at_ms=until_ms,
        given=tuple(Answer(by=f"person-{number}", at_ms=NOW_MS) for number in range(yes)),
    )
    return replace(state, approvals={"apr-1": approval})


@pytest.mark.parametrize(
    ("state", "fraud", "reason"),
    [(ACTED, KILLING, Reason.RECURRING), (State(), FraudPolicy(), Reason.NOT_ALLOWED)],
    ids=["a repeat", "the kill switch"],
)
def test_a_yes_lets_the_very_thing_that_was_asked_through(state: State, fraud: FraudPolicy, reason: Reason) -> None:
    policy = Policy(fraud=fraud, calendars=())
    assert decide(FLOOD, state, policy, NOW_MS).reason is reason
    assert decide(FLOOD, allowed(state, policy, yes=0), policy, NOW_MS).reason is reason
    assert decide(FLOOD, allowed(state, policy, until_ms=NOW_MS), policy, NOW_MS).reason is reason
    yes = allowed(state, policy)
    assert decide(FLOOD, yes, policy, NOW_MS).act
    another = {CONTROL_TARGET: TargetState(acts_at_ms=(NOW_MS - 2_000_000, NOW_MS - 1_000_000, NOW_MS - 400_000))}
    assert decide(FLOOD, replace(yes, targets=another), policy, NOW_MS).reason in {Reason.RECURRING, reason}
    nobody = Policy(
        fraud=fraud,
        calendars=(),
        approvals=Approvals(repeat=ApprovalRule(needed=0), kill_switch=ApprovalRule(needed=0)),
    )
    assert decide(FLOOD, yes, nobody, NOW_MS).reason is reason


def test_a_person_passes_what_limits_automation_and_nothing_else() -> None:
    held = Policy(guard=GuardPolicy(observe_only=True, actions_per_hour=0, freezes=FROZEN))
    state = replace(
        rolling(),
        stopped=STOP,
        storm=StormState(why="much", began_at_ms=NOW_MS),
        targets={TARGET: TargetState(acted_at_ms=NOW_MS - 1, acts_at_ms=(NOW_MS - 2, NOW_MS - 1))},
    )
    asked = finding(asked_by="ann")
    assert decide(finding(), state, held, NOW_MS).reason in LIMITS_OF_AUTOMATION
    assert decide(asked, state, held, NOW_MS).act
    busy = replace(state, targets={TARGET: TargetState(running="dec-9")})
    assert decide(asked, busy, held, NOW_MS).reason is Reason.ACTION_IN_PROGRESS
    assert decide(asked, State(), held, NOW_MS).reason is Reason.NO_DEPLOYMENT
