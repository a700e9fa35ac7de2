"""Which targets are one and the same thing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.guardrails.locks import CONFLICTS, conflicts, holder
from remediation.state import State, TargetState

NAMES = ("us-east-1/green", "us-east-1/blue", "us-west-2/green", "payments.tillwatch.test", "block:card:fp_1")
TARGETS = st.builds(
    lambda kind, name: f"{kind}:{name}", st.sampled_from([*CONFLICTS, "migration"]), st.sampled_from(NAMES)
)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("dns:a.test", "dns:a.test", True),
        ("dns:a.test", "dns:us-east-1.a.test", False),
        ("environment:us-east-1/green", "scale:us-east-1/green", True),
        ("environment:us-east-1/green", "scale:us-east-1/blue", False),
        ("environment:us-east-1/green", "scale:us-west-2/green", False),
        ("environment:us-east-1/green", "dns:us-east-1/green", False),
        ("scale:us-east-1/green", "flags:us-east-1/green", False),
        ("fraud:block:card:fp_1", "fraud:review:card:fp_1", True),
        ("fraud:block:card:fp_1", "fraud:block:device:fp_1", False),
        ("control:payments", "control:payments", True),
        ("migration:audit-trail", "migration:audit-trail", True),
        ("migration:audit-trail", "flags:audit-trail", False),
    ],
)
def test_two_targets_conflict(one: str, other: str, expected: bool) -> None:
    assert conflicts(one, other) is expected


@settings(deadline=None)
@given(TARGETS, TARGETS)
def test_a_conflict_has_no_direction(one: str, other: str) -> None:
    assert conflicts(one, other) is conflicts(other, one)
    assert conflicts(one, one)


def test_the_table_has_no_direction_either() -> None:
    assert all(kind in CONFLICTS[other] for kind, others in CONFLICTS.items() for other in others)


@settings(deadline=None)
@given(st.dictionaries(TARGETS, st.sampled_from(["", "dec-1", "dec-2"]), max_size=8), TARGETS)
def test_a_target_is_held_while_anything_that_is_the_same_is_changed(running: dict[str, str], target: str) -> None:
    state = State(targets={name: TargetState(running=who) for name, who in running.items()})
    at_work = {who for name, who in running.items() if who and conflicts(name, target)}
    assert (holder(state, target) in at_work) if at_work else holder(state, target) == ""
