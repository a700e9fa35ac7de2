"""What wins when two rules disagree about one target at one moment."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.rules.actions import ACTION_NAMES
from remediation.aiming.capacity import SCALE_IN, SCALE_SET
from remediation.aiming.flag import FLAGS_RAMP
from remediation.aiming.spill import SPILL_REGION
from remediation.decide import ACTIONS
from remediation.decisions import Decision, Reason
from remediation.guardrails.changes import change_of
from remediation.guardrails.locks import conflicts
from remediation.guardrails.precedence import PRECEDENCE, rank, settle
from tests.unit.remediation.worlds import NOW_MS, finding


def decision(action: str, target: str = "dns:a.test", rule: str = "") -> Decision:
    breach = finding(rule_id=rule if rule else f"wants-{action}")
    return Decision(
        id=f"dec-{action}-{target}-{rule}",
        finding=breach,
        action=action,
        target=target,
        reason=Reason.BREACHED,
        act=True,
        key="k",
        at_ms=NOW_MS,
        detail="",
    )


def test_every_action_that_a_rule_may_ask_for_has_its_place() -> None:
    # A ramp goes on by its own evidence, and how little is enough no rule knows.
    assert set(ACTION_NAMES) - {"page"} == ACTIONS - {FLAGS_RAMP, SCALE_IN, SCALE_SET, SPILL_REGION}
    assert set(PRECEDENCE) >= ACTIONS
    assert len(set(PRECEDENCE)) == len(PRECEDENCE)


@pytest.mark.parametrize(("one", "other"), list(permutations(PRECEDENCE, 2)))
def test_of_each_pair_the_safer_one_is_done_and_names_the_other(one: str, other: str) -> None:
    safer, riskier = sorted((one, other), key=PRECEDENCE.index)
    assert rank(safer) < rank(riskier)
    [kept] = settle([decision(one), decision(other)])
    assert kept.action == safer
    assert kept.set_aside == (f"{riskier} of wants-{riskier}",)


def test_safety_goes_before_holding_and_holding_before_trying_something_new() -> None:
    order = [change_of(action).value for action in PRECEDENCE]
    assert order == sorted(order, key=["safety", "hold", "scale_out", "scale_in", "flag"].index)


def test_an_action_that_nobody_knows_goes_last() -> None:
    assert rank("something.new") == len(PRECEDENCE)


def test_other_targets_and_the_same_action_are_left_alone() -> None:
    same = [decision("rollback.traffic", rule="a"), decision("rollback.traffic", rule="b")]
    apart = [decision("scale.in", "scale:us-east-1/green"), decision("kill.switch", "control:payments")]
    assert {one.id for one in settle([*same, *apart])} == {one.id for one in [*same, *apart]}


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(PRECEDENCE), st.sampled_from(["dns:a", "dns:b", "scale:x", "environment:x"])),
        max_size=8,
    )
)
def test_what_is_kept_never_disagrees_and_nothing_is_lost(wanted: list[tuple[str, str]]) -> None:
    decisions = [decision(action, target, rule=str(index)) for index, (action, target) in enumerate(wanted)]
    kept = settle(decisions)
    for index, one in enumerate(kept):
        assert not any(one.action != other.action and conflicts(one.target, other.target) for other in kept[:index])
    assert len(kept) + sum(len(one.set_aside) for one in kept) == len(decisions)
