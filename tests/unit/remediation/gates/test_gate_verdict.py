"""What all gates come to: passed on evidence alone, breached on any that counts, held when nobody can tell."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.deployment.findings import GateReading, GateState, StepFinding
from remediation.deployment.gates.sources import QUORUM
from remediation.deployment.gates.verdict import EVIDENCE, start_verdict, verdict
from tests.unit.remediation.gates.scenes import gate

P, W, N, B = GateState.PASSED, GateState.WAITING, GateState.NO_DATA, GateState.BREACHED


@pytest.mark.parametrize(
    ("quorum", "evidence", "rule", "in_time", "over"),
    [
        (P, P, P, StepFinding.PASSED, StepFinding.PASSED),
        (P, P, B, StepFinding.BREACHED, StepFinding.BREACHED),
        (P, P, W, StepFinding.WAITING, StepFinding.HELD),
        (P, P, N, StepFinding.WAITING, StepFinding.HELD),
        (P, W, P, StepFinding.WAITING, StepFinding.HELD),
        (P, W, B, StepFinding.BREACHED, StepFinding.BREACHED),
        (N, P, P, StepFinding.HELD, StepFinding.HELD),
        (N, P, W, StepFinding.HELD, StepFinding.HELD),
        (N, W, B, StepFinding.BREACHED, StepFinding.BREACHED),
    ],
)
def test_each_combination_comes_to_one_finding(
    quorum: GateState, evidence: GateState, rule: GateState, in_time: StepFinding, over: StepFinding
) -> None:
    readings = [gate(QUORUM, quorum), gate(EVIDENCE, evidence), gate("some-rule", rule)]
    assert verdict(readings, is_over=False).finding is in_time
    assert verdict(readings, is_over=True).finding is over


STATES = st.sampled_from(list(GateState))
READINGS = st.lists(
    st.builds(gate, st.sampled_from(["a", "b", QUORUM, EVIDENCE]), STATES, shadow=st.booleans()), max_size=6
)


@settings(max_examples=200)
@given(readings=READINGS, is_over=st.booleans())
def test_nothing_passes_unless_every_gate_that_counts_has_and_both_evidence_and_quorum_are_among_them(
    readings: list[GateReading], is_over: bool
) -> None:
    found = verdict(readings, is_over=is_over)
    counted = [one for one in readings if not one.shadow]
    whole = {QUORUM, EVIDENCE} <= {one.gate for one in counted}
    assert (found.finding is StepFinding.PASSED) == (whole and all(one.state is P for one in counted))
    assert (found.finding is StepFinding.BREACHED) == any(one.state is B for one in counted)
    assert found.readings == tuple(readings)
    assert found.detail
    if is_over:
        assert found.finding is not StepFinding.WAITING


def test_a_shadow_gate_is_told_and_does_not_count() -> None:
    sound = [gate(QUORUM), gate(EVIDENCE)]
    for state in GateState:
        found = verdict([*sound, gate("watched", state, shadow=True)], is_over=False)
        assert found.finding is StepFinding.PASSED
        assert found.readings[-1].state is state


def test_without_evidence_or_quorum_among_the_gates_nothing_passes() -> None:
    for names in ((QUORUM,), (EVIDENCE,), ()):
        found = verdict([gate("rule"), *(gate(name) for name in names)], is_over=False)
        assert found.finding is StepFinding.WAITING
        assert "nothing counts as" in found.detail


def test_what_was_red_before_the_stage_is_no_verdict_on_the_release() -> None:
    red = gate("cost-variance", B, red_at_start=True)
    found = verdict([gate(QUORUM), gate(EVIDENCE), red], is_over=False)
    assert found.finding is StepFinding.FAILED
    assert "red before the stage began: cost-variance" in found.detail
    bad = gate("payment-failure-rate", B)
    assert verdict([gate(QUORUM), red, bad], is_over=False).finding is StepFinding.BREACHED


def test_a_sentence_says_value_limit_samples_and_how_many_are_needed() -> None:
    found = verdict([gate(QUORUM), gate(EVIDENCE), gate("payment-failure-rate", B)], is_over=False)
    assert found.detail == "breached: payment-failure-rate 0.5 % (limit > 2%, 700 of 660 samples)"


def test_a_deployment_begins_only_when_no_gate_is_red_and_all_can_be_read() -> None:
    wanted = {P: StepFinding.PASSED, W: StepFinding.HELD, N: StepFinding.HELD, B: StepFinding.FAILED}
    for state, shadow in product(GateState, (False, True)):
        found = start_verdict([gate("ledger-broken"), gate("cost-variance", state, shadow=shadow)])
        assert found.finding is (StepFinding.PASSED if shadow else wanted[state])
