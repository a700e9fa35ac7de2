"""What is counted of both versions: strata, double charges, costs at one mix, and sources that fall silent."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.facts import AlarmStateChanged, Fact, HealthProbed, Heartbeat, ObjectChanged
from config.delivery.deployment import Evidence
from config.delivery.gates import Gates
from remediation.deployment.findings import GateReading, GateState
from remediation.deployment.gates.charges import Charges
from remediation.deployment.gates.costs import Costs
from remediation.deployment.gates.observed import Observed
from remediation.deployment.gates.sides import sides_of
from remediation.deployment.gates.sources import ALARMS, PAYMENTS, PROBES, Heard, quorum
from remediation.deployment.gates.told import told
from tests.unit.remediation.gates.scenes import NOW_MS, SIDES, attempt, capture, plan, step

GATES, EVIDENCE = Gates(), Evidence()
NEEDED = {one.id: 1e4 for one in GATES.comparisons}
DARK_AFTER = {PAYMENTS: 10.0, PROBES: 10.0, ALARMS: 25.0}


def observed(*facts: Fact, now_ms: int = NOW_MS + 60_000, percent: int = 5, cohort: str = "") -> Observed:
    sides = sides_of(plan(cohort=cohort), step(percent))
    assert sides is not None
    found = Observed(sides, GATES, EVIDENCE, since_ms=NOW_MS, needed=NEEDED)
    found.take(facts, now_ms)
    found.weigh(now_ms)
    return found


def told_of(found: Observed, needed: int = 660) -> dict[str, GateReading]:
    return {one.gate: one for one in told(found, GATES, EVIDENCE, needed)}


def both(count: int, *, share: int = 10, broken: str = "") -> list[Fact]:
    """A tenth of the payments on the new version, which fails those of one issuer."""
    made: list[Fact] = []
    for number in range(count):
        new = number % share == 0
        issuer = ("411111", "555555", "378282")[number // share % 3]
        outcome = "failed" if new and issuer == broken else "succeeded"
        made.append(attempt(number, new=new, at_ms=NOW_MS + number * 20, bin_digits=issuer, outcome=outcome))
    return made


def test_a_field_that_no_payment_of_either_version_names_holds_no_stage() -> None:
    name = "refusals-by-bin-against-baseline"
    silent = [replace(fact, bin="") for fact in both(200)]
    reading = told_of(observed(*silent))[name]
    assert (reading.state, reading.shown) == (GateState.PASSED, "none of 200 payments names a bin")
    old_alone = [fact if fact.version == "1.0.0" else replace(fact, bin="") for fact in both(200)]
    assert told_of(observed(*old_alone))[name].state is GateState.WAITING
    assert told_of(observed())[name].state is GateState.WAITING


def test_two_sound_versions_pass_and_say_how_many_payments_each_gate_rests_on() -> None:
    readings = told_of(observed(*both(2_000)), needed=200)
    assert readings["evidence"].state is GateState.PASSED
    assert readings["evidence"].samples == 200
    for comparison in GATES.comparisons:
        assert readings[comparison.id].state is GateState.PASSED
        assert readings[comparison.id].samples == 200
        assert "against" in readings[comparison.id].shown
    assert readings["double-charge"].state is GateState.PASSED


def test_one_broken_issuer_is_named_though_the_others_are_sound() -> None:
    readings = told_of(observed(*both(2_000, broken="555555")))
    found = readings["refusals-by-bin-against-baseline"]
    assert found.state is GateState.BREACHED
    assert "at bin 555555" in found.shown
    assert found.value == 1.0


@settings(max_examples=30)
@given(data=st.data())
def test_the_order_in_which_facts_come_changes_no_count(data: st.DataObject) -> None:
    facts = both(60, broken="411111")
    shuffled = data.draw(st.permutations(facts))
    assert told_of(observed(*facts)) == told_of(observed(*shuffled))


def test_what_is_older_than_the_step_or_of_another_release_counts_in_nothing() -> None:
    old = attempt(1, new=True, at_ms=NOW_MS - 1)
    stranger = replace(attempt(2, new=True), version="1.9")
    assert observed(old, stranger).new_payments == 0


@pytest.mark.parametrize(("percent", "cohort"), [(100, ""), (5, "merchant=mer_1")])
def test_without_a_baseline_comparisons_are_told_and_do_not_count(percent: int, cohort: str) -> None:
    readings = told_of(observed(*both(500), percent=percent, cohort=cohort))
    for name in ("failures-against-baseline", "cost-per-100", "fraud-score-drift"):
        assert readings[name].shadow
        assert readings[name].state is GateState.PASSED
    assert not readings["double-charge"].shadow


def test_a_comparison_waits_while_only_one_version_takes_payments() -> None:
    readings = told_of(observed(*(attempt(number, new=True) for number in range(50))))
    assert readings["failures-against-baseline"].state is GateState.WAITING
    assert readings["cost-per-100"].state is GateState.WAITING
    assert readings["fraud-score-drift"].state is GateState.WAITING


def test_too_few_payments_wait_and_a_fault_that_none_is_enough_for_never_passes() -> None:
    facts = both(2_000)
    assert told_of(observed(*facts), needed=201)["evidence"].state is GateState.WAITING
    never = told_of(observed(*facts), needed=0)["evidence"]
    assert never.state is GateState.WAITING
    assert "no number is enough" in never.shown


@pytest.mark.parametrize(("borrow", "wanted"), [(0, GateState.WAITING), (2, GateState.PASSED)])
def test_test_payments_are_evidence_where_they_are_borrowed_and_enough_by_themselves(
    borrow: int, wanted: GateState
) -> None:
    tests = [
        replace(probe("green"), id=f"paid-{number}", check="payment", version="2.0.0", status=status)
        for number, status in enumerate(["healthy"] * 30 + ["unhealthy"] * 3 + ["unknown"] * 9)
    ]
    found = observed(*tests, *both(100))
    gates = Gates(borrow=borrow)
    reading = {one.gate: one for one in told(found, gates, EVIDENCE, 33)}["evidence"]
    assert reading.state is wanted
    assert reading.shown == ("10 payments and 33 test payments" if borrow else "10 payments")
    assert {one.gate: one for one in told(found, gates, EVIDENCE, 34)}["evidence"].state is GateState.WAITING


CHARGES = [
    ("one key on both versions", {"request_digest": "k"}, False, True, "key"),
    ("one key, twice on the new one", {"request_digest": "k"}, True, True, "key"),
    ("one key, twice on the old one", {"request_digest": "k"}, False, False, ""),
    (
        "one payer, card, provider and amount",
        {"customer_id": "c", "method_fingerprint": "f", "request_digest": ""},
        False,
        True,
        "twin",
    ),
    (
        "one payer who buys two of something on the new version",
        {"customer_id": "c", "method_fingerprint": "f", "request_digest": ""},
        True,
        True,
        "",
    ),
    ("one card of two payers", {"method_fingerprint": "f", "request_digest": ""}, False, True, ""),
    ("a payment captured in two parts", {"request_digest": "k", "payment_id": "pay-1"}, True, True, ""),
    (
        "nothing told, as by an older release",
        {"customer_id": "c", "method_fingerprint": "", "request_digest": ""},
        False,
        True,
        "",
    ),
]


@pytest.mark.parametrize(("name", "same", "first", "second", "why"), CHARGES, ids=[one[0] for one in CHARGES])
def test_a_double_charge_is_told_from_everything_that_only_looks_like_one(
    name: str, same: dict[str, str], first: bool, second: bool, why: str
) -> None:
    charges = Charges(twins_ms=60_000)
    charges.take(replace(capture(1, new=first), **same), is_new=first)
    charges.take(replace(capture(2, new=second, at_ms=NOW_MS + 30_000), **same), is_new=second)
    assert [double.why for double in charges.doubles] == ([why] if why else []), name


def test_twins_are_a_double_charge_only_close_together_and_a_key_at_any_distance() -> None:
    twin = {"customer_id": "c", "method_fingerprint": "f"}
    late = NOW_MS + 60_001
    charges = Charges(twins_ms=60_000)
    charges.take(replace(capture(1, new=False), **twin), is_new=False)
    charges.take(replace(capture(2, new=True, at_ms=late), **twin), is_new=True)
    assert not charges.doubles
    charges.take(capture(3, new=True, at_ms=late * 2, request_digest="digest-1"), is_new=True)
    assert [(one.why, one.first, one.second) for one in charges.doubles] == [("key", "pay-1", "pay-3")]


def test_one_double_charge_breaches_though_its_first_half_is_older_than_the_step() -> None:
    first = capture(1, new=False, at_ms=NOW_MS - 5_000, request_digest="k")
    second = capture(2, new=True, request_digest="k")
    found = told_of(observed(first, second))["double-charge"]
    assert found.state is GateState.BREACHED
    assert "pay-1 and pay-2" in found.shown
    assert found.limit == ">= 1"


def test_a_flat_fee_is_compared_band_by_band_so_that_another_mix_is_no_variance() -> None:
    costs = Costs()
    for number in range(100):
        costs.take(capture(number, new=False, amount_cents=1_000, cohort="small"), is_new=False)
        costs.take(capture(number, new=False, amount_cents=100_000, cohort="large"), is_new=False)
        costs.take(capture(number, new=True, amount_cents=1_000, cohort="small"), is_new=True)
    compared = costs.compared()
    assert compared is not None
    assert compared.variance == pytest.approx(0.0)
    assert compared.samples == 100
    assert compared.new == pytest.approx(200.0)


def test_a_tenth_more_than_the_old_version_is_breached_once_there_are_enough_captures() -> None:
    def costing(count: int, microcents: int) -> Sequence[Fact]:
        new = (capture(number, new=True, cost_microcents=microcents) for number in range(count))
        return (*new, *(capture(number + 10_000, new=False) for number in range(count)))

    enough = GATES.cost.samples
    assert told_of(observed(*costing(enough - 1, 23_000_000)))["cost-per-100"].state is GateState.WAITING
    dear = told_of(observed(*costing(enough, 22_100_000)))["cost-per-100"]
    assert dear.state is GateState.BREACHED
    assert "+10.5 %" in dear.shown
    assert told_of(observed(*costing(enough, 21_900_000)))["cost-per-100"].state is GateState.PASSED


def heard(*facts: Fact) -> Heard:
    made = Heard(SIDES)
    for fact in facts:
        made.take(fact)
    return made


def probe(environment: str, at_ms: int = NOW_MS, status: str = "healthy") -> HealthProbed:
    return HealthProbed(
        id=f"probe-{environment}-{at_ms}",
        at_ms=at_ms,
        subject="aws-payment-processor",
        environment=environment,
        status=status,  # type: ignore[arg-type]  # a status as text
    )


BEAT = Heartbeat(id="beat", at_ms=NOW_MS, subject="tillwatch")
ALL = (attempt(1, new=False), probe("blue"), probe("green"), BEAT)


def at(seconds: float, *facts: Fact) -> GateReading:
    now_ms = NOW_MS + round(seconds * 1000)
    return quorum(heard(*facts).newest_ms, DARK_AFTER, now_ms, NOW_MS - 3_600_000)


def test_while_all_sources_are_heard_the_quorum_holds_and_each_alone_loses_it() -> None:
    assert at(5, *ALL).state is GateState.PASSED
    for missing, name in zip(ALL, ("payments", "probes", "probes", "alarms"), strict=True):
        found = at(5, *(fact for fact in ALL if fact is not missing))
        assert found.state is GateState.NO_DATA
        assert f"dark: {name}" in found.shown


def test_all_dark_is_no_data_and_never_a_breach_however_bad_the_release_looked() -> None:
    assert at(600, *ALL).state is GateState.NO_DATA
    bad = at(600, *ALL, *(attempt(number, new=True, outcome="failed") for number in range(50)))
    assert bad.state is GateState.NO_DATA
    assert "0 of 3 sources heard" in bad.shown


def test_a_source_is_dark_after_its_own_silence_by_the_clock_and_not_before() -> None:
    assert at(10, *ALL).state is GateState.PASSED
    assert "dark: payments for 10 s, probes for 10 s" in at(10.4, *ALL).shown
    assert "alarms" in at(25.4, *ALL).shown.partition("dark")[2]


def test_a_source_from_the_future_has_a_wrong_clock_and_is_no_witness() -> None:
    assert at(-11, *ALL).state is GateState.NO_DATA


def test_a_probe_that_could_not_look_is_not_heard_and_a_quiet_canary_alone_is_no_darkness() -> None:
    blind = at(5, ALL[0], probe("blue"), probe("green", status="unknown"), BEAT)
    assert blind.state is GateState.NO_DATA
    sick = at(5, ALL[0], probe("blue"), probe("green", status="unhealthy"), BEAT)
    assert sick.state is GateState.PASSED


def test_any_word_of_the_core_and_any_of_cloudwatch_is_a_word_of_that_source() -> None:
    health_payment = ObjectChanged(id="o", at_ms=NOW_MS, subject="pay", object="health_payment", status="canceled")
    alarm = AlarmStateChanged(id="a", at_ms=NOW_MS, subject="alarm", state="OK")
    assert at(5, health_payment, probe("blue"), probe("green"), alarm).state is GateState.PASSED


def test_nobody_is_dark_before_there_was_time_to_be_heard() -> None:
    assert quorum({}, DARK_AFTER, NOW_MS + 9_000, NOW_MS).state is GateState.PASSED
    assert quorum({}, DARK_AFTER, NOW_MS + 11_000, NOW_MS).state is GateState.NO_DATA
