"""``--force`` skips confirmations: it changes no plan, no permission and no approval."""

import inspect

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from config.delivery.deployment import Deployments
from config.policy import Policy
from remediation import decide, executor
from remediation.deployment.permitting import under
from remediation.deployment.plan import Plan, Strategy
from remediation.deployment.planning import plan
from remediation.deployment.works.approval import digest_of_plan
from remediation.guardrails import approvals, calendar, guard, locks, money_at_risk, permission
from remediation.guardrails.state import StopState, StormState
from remediation.state import State, TargetState
from tests.unit.remediation.deployment.ground import request, standing
from tests.unit.remediation.worlds import NOW_MS

STATES = st.builds(
    State,
    stopped=st.sampled_from([None, StopState(by="ada", reason="x", at_ms=NOW_MS)]),
    storm=st.sampled_from([None, StormState(why="x", began_at_ms=NOW_MS)]),
    targets=st.dictionaries(
        st.sampled_from(["environment:us-east-1/green", "dns:payments.tillwatch.test"]),
        st.builds(TargetState, running=st.sampled_from(["", "dec-1"])),
    ),
)


def planned(strategy: Strategy, *, force: bool) -> Plan:
    return plan(request(strategy=strategy, force=force), [standing()], Deployments())


@settings(deadline=None)
@given(st.sampled_from(Strategy), STATES, st.integers(NOW_MS, NOW_MS + 14 * 86_400_000))
def test_a_forced_deployment_is_held_by_whatever_holds_one_that_is_not(
    strategy: Strategy, state: State, now_ms: int
) -> None:
    plain, forced = planned(strategy, force=False), planned(strategy, force=True)
    assert (forced.steps, forced.unwinding) == (plain.steps, plain.unwinding)
    permitted = under(Policy)
    for one, other in zip(plain.steps, forced.steps, strict=True):
        assert permitted(one, state, now_ms, unwinding=False) == permitted(other, state, now_ms, unwinding=False)


@settings(deadline=None)
@given(st.sampled_from(Strategy))
def test_a_yes_to_a_plan_says_also_whether_it_was_forced(strategy: Strategy) -> None:
    plain, forced = planned(strategy, force=False), planned(strategy, force=True)
    assert digest_of_plan(plain) != digest_of_plan(forced)
    assert replace(forced, request=plain.request) == plain


@pytest.mark.parametrize(
    "module",
    [approvals, calendar, decide, executor, guard, locks, money_at_risk, permission],
    ids=lambda one: one.__name__,
)
def test_nothing_that_guards_knows_of_force(module: object) -> None:
    assert "force" not in inspect.getsource(module).replace("in force", "").replace("enforce", "")  # type: ignore[arg-type]
