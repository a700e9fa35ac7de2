"""What holds of every decision, whatever the finding, the state and the policy."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.findings import Finding
from checks.findings import State as FindingState
from config.policy import Policy
from config.rules.actions import ACTION_NAMES
from remediation.aiming.capacity import SCALE_ACTIONS, SCALE_IN, SCALE_SET
from remediation.aiming.flag import FLAG_ACTIONS, FLAGS_RAMP
from remediation.aiming.region_state import EVACUATE_REGION
from remediation.aiming.subjects import LIST_ACTIONS
from remediation.decide import ROLLBACK_TRAFFIC, decide
from remediation.decisions import Reason
from remediation.guardrails.guard import KILL_SWITCH
from remediation.state import State, TargetState
from tests.unit.remediation.test_decide import DONE, frozen_from_to, policy_with, state_with
from tests.unit.remediation.worlds import NOW_MS, TARGET, finding, release

findings_of_any_kind = st.builds(
    finding,
    state=st.sampled_from(FindingState),
    key=st.sampled_from([{}, {"environment": "green"}, {"environment": "blue"}, {"version": "2.0.0"}]),
    at_ms=st.integers(NOW_MS - 200_000, NOW_MS + 200_000),
    mode=st.sampled_from(["enforce", "shadow"]),
    do=st.sampled_from([(), ("page",), ("rollback.traffic",), ("page", "rollback.traffic")]),
)
releases = st.builds(
    release,
    id=st.sampled_from(["dep-1", "dep-2"]),
    sequence=st.integers(1, 9),
    environment=st.sampled_from(["green", "red"]),
    previous_environment=st.sampled_from(["", "blue"]),
    phase=st.sampled_from(["data_migration", "traffic_rollout", "final_validation"]),
    status=st.sampled_from(["started", "in_progress", "succeeded", "failed"]),
) | st.just(DONE)
ages_ms = st.integers(-100_000, 4_000_000)
states = st.builds(
    lambda deployments, running, acted, refused, intents: state_with(
        *deployments,
        targets={TARGET: TargetState(running=running, acted_at_ms=NOW_MS - acted, refused_at_ms=NOW_MS - refused)},
        intents_at_ms=tuple(NOW_MS - one for one in intents),
    ),
    st.lists(releases, max_size=3),
    st.sampled_from(["", "", "dec-0"]),
    ages_ms,
    ages_ms,
    st.lists(ages_ms, max_size=6),
)
policies = st.builds(
    policy_with,
    observe_only=st.booleans(),
    actions_per_hour=st.integers(0, 5),
    freezes=st.just(()) | st.just(frozen_from_to(NOW_MS - 1, NOW_MS + 1).guard.freezes),
)


@given(findings_of_any_kind, states, policies)
def test_it_never_acts_while_anything_speaks_against_it(breach: Finding, state: State, policy: Policy) -> None:
    decision = decide(breach, state, policy, NOW_MS)
    assert decision.act is (decision.reason is Reason.BREACHED)
    if not decision.act:
        return
    guard, target = policy.guard, state.targets[TARGET]
    moved = state.deployments[decision.arguments["deployment_id"]]
    assert breach.state is FindingState.BREACHED
    assert breach.mode == "enforce"
    assert "rollback.traffic" in breach.do
    assert abs(NOW_MS - breach.at_ms) <= guard.evidence_age * 1000
    assert not guard.observe_only
    assert not guard.freezes
    assert not moved.rolled_back
    assert moved.previous_environment == decision.arguments["to_environment"] == "blue"
    assert breach.key.get("environment", "green") != "blue"
    assert not target.running
    assert NOW_MS - target.acted_at_ms >= guard.cooldown * 1000 or moved.started_at_ms > target.acted_at_ms
    assert sum(at_ms > NOW_MS - 3_600_000 for at_ms in state.intents_at_ms) < guard.actions_per_hour


@given(findings_of_any_kind, states, policies)
def test_the_same_evidence_gives_the_same_decision(breach: Finding, state: State, policy: Policy) -> None:
    assert decide(breach, state, policy, NOW_MS) == decide(breach, state, policy, NOW_MS)
    later = decide(breach, state, policy, NOW_MS + 1)
    assert later.id == decide(breach, state, policy, NOW_MS).id


@given(findings_of_any_kind, states, policies)
def test_a_shadow_rule_never_acts(breach: Finding, state: State, policy: Policy) -> None:
    assert not decide(replace(breach, mode="shadow"), state, policy, NOW_MS).act


def test_every_action_that_a_rule_may_ask_for_has_an_aim_of_its_own_kind() -> None:
    aimed = {"page", ROLLBACK_TRAFFIC, KILL_SWITCH, EVACUATE_REGION, *LIST_ACTIONS, *FLAG_ACTIONS, *SCALE_ACTIONS}
    named = {*ACTION_NAMES, FLAGS_RAMP, SCALE_IN, SCALE_SET}
    assert aimed == named, "an action that decide does not tell apart would be aimed at a release"
