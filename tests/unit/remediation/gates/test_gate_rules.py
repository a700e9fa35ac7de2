"""Gates that a rule says: whom its readings are about, what silence means, and what was red beforehand."""

import pytest

from checks.findings import State
from config.delivery.gates import RuleGate
from remediation.deployment.findings import GateReading, GateState
from remediation.deployment.gates.rules import red_before, rule_gates
from tests.unit.remediation.gates.scenes import NOW_MS, SIDES, reading

WAITS = RuleGate(rule="failures")
PASSES = RuleGate(rule="failures", without_data="passes")
BREACHED = reading("failures", State.BREACHED)


def one(gate: RuleGate, *readings: object, **options: object) -> GateReading:
    (found,) = rule_gates([gate], {"failures": readings}, SIDES, NOW_MS, **options)  # type: ignore[arg-type, dict-item]
    return found


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        (State.BREACHED, GateState.BREACHED),
        (State.PENDING, GateState.WAITING),
        (State.CLEARED, GateState.PASSED),
        (State.NO_DATA, GateState.WAITING),
    ],
)
def test_each_state_of_a_rule_is_a_state_of_its_gate(state: State, wanted: GateState) -> None:
    found = one(WAITS, reading("failures", state))
    assert found.state is wanted
    assert (found.gate, found.limit, found.samples, found.samples_needed) == ("failures", "> 2%", 64, 50)


def test_silence_waits_unless_the_rule_is_one_that_is_silent_when_all_is_well() -> None:
    assert one(WAITS).state is GateState.WAITING
    assert one(PASSES).state is GateState.PASSED
    assert one(PASSES, reading("failures", State.NO_DATA)).state is GateState.PASSED


def test_a_breach_that_fell_silent_has_no_data_whatever_silence_means_otherwise() -> None:
    silent = reading("failures", State.NO_DATA, since_ms=NOW_MS)
    assert one(PASSES, silent).state is GateState.NO_DATA


def test_a_rule_that_is_not_there_has_no_data() -> None:
    (found,) = rule_gates([PASSES], {}, SIDES, NOW_MS)
    assert found.state is GateState.NO_DATA
    assert found.shown == "there is no rule of this name"


@pytest.mark.parametrize(
    "key",
    [
        {"region": "us-east-1", "environment": "blue"},
        {"region": "eu-west-1", "environment": "green"},
        {"environment": "green", "version": "1.9.0"},
    ],
)
def test_a_breach_of_another_environment_region_or_version_is_not_the_releases(key: dict[str, str]) -> None:
    assert one(PASSES, reading("failures", State.BREACHED, key)).state is GateState.PASSED


@pytest.mark.parametrize(
    "key",
    [{}, {"region": "us-east-1"}, {"subject": "budget"}, {"environment": "green", "bin": "411111"}, {"version": ""}],
)
def test_a_breach_whose_key_speaks_of_nobody_else_counts(key: dict[str, str]) -> None:
    assert one(WAITS, reading("failures", State.BREACHED, key)).state is GateState.BREACHED


def test_of_many_keys_the_worst_is_told() -> None:
    keys = [{"environment": "green", "bin": str(number)} for number in (1, 2, 3)]
    clear, pending, bad = (
        reading("failures", state, key)
        for state, key in zip((State.CLEARED, State.PENDING, State.BREACHED), keys, strict=True)
    )
    assert one(WAITS, clear, pending).state is GateState.WAITING
    found = one(WAITS, clear, pending, bad)
    assert found.state is GateState.BREACHED
    assert found.shown == "shown on 3, green"


def test_a_shadow_gate_says_the_same_and_is_marked() -> None:
    found = one(WAITS, BREACHED, shadow=("failures",))
    assert found.shadow
    assert found.state is GateState.BREACHED


def test_what_no_release_can_have_done_is_red_at_the_start_when_it_is_older_than_the_step() -> None:
    before = reading("failures", State.BREACHED, {"subject": "budget"}, since_ms=NOW_MS - 1)
    since = reading("failures", State.BREACHED, {"subject": "budget"}, since_ms=NOW_MS)
    own = reading("failures", State.BREACHED, since_ms=NOW_MS - 1)
    assert one(WAITS, before).red_at_start
    assert not one(WAITS, since).red_at_start
    assert not one(WAITS, own).red_at_start
    declared = one(WAITS, before, shadow=("failures",))
    assert declared.shadow
    assert declared.red_at_start


def test_before_a_deployment_the_old_version_and_what_is_about_none_are_looked_at() -> None:
    blue = reading("failures", State.BREACHED, {"environment": "blue"})
    for red in (blue, reading("failures", State.BREACHED, {})):
        (found,) = red_before([WAITS], {"failures": [red]}, SIDES)
        assert (found.state, found.red_at_start, found.shadow) == (GateState.BREACHED, True, False)
        (declared,) = red_before([WAITS], {"failures": [red]}, SIDES, differential=True)
        assert declared.shadow
    (sound,) = red_before([WAITS], {"failures": [BREACHED]}, SIDES)
    assert sound.state is GateState.PASSED
    (unknown,) = red_before([WAITS], {}, SIDES)
    assert unknown.state is GateState.NO_DATA
