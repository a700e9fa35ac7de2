"""What the engine announces, when, and what it keeps to itself."""

from typing import Literal

import pytest
from msgspec.structs import replace

from checks.engine import Engine
from checks.facts import AlarmStateChanged, CostLine, Deployment, Fact, Heartbeat, PaymentAttempted
from checks.findings import Finding, State
from checks.measures.windowed.watching import Windowed
from checks.readings import Reading
from tests.unit.checks.conftest import Start
from tests.unit.checks.rule_text import rule, rules

NOW_MS = 1_700_000_000_000
FAILING = rule("{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 10}", breach="> 20%", clear="< 10% for 30s")
ALARMED = rule("{value: state, stale_after: 1h}", on="alarm.state_changed", per="[subject]", breach="== 'ALARM'")
Outcome = Literal["succeeded", "declined", "failed"]


def payment(
    number: int, at_ms: int, outcome: Outcome = "succeeded", latency_ms: float = 50.0, environment: str = "green"
) -> Fact:
    return PaymentAttempted(
        id=f"f{number}",
        at_ms=at_ms,
        subject=f"p{number}",
        environment=environment,
        rail="card",
        outcome=outcome,
        amount_cents=100,
        latency_ms=latency_ms,
    )


def alarm(state: Literal["OK", "ALARM", "INSUFFICIENT_DATA"], at_ms: int, subject: str = "cpu") -> Fact:
    return AlarmStateChanged(id=f"{subject}{at_ms}", at_ms=at_ms, subject=subject, state=state)


def feed(engine: Engine, outcomes: str, start_ms: int = NOW_MS, step_ms: int = 100) -> list[Finding]:
    """``s`` succeeded, ``d`` declined, ``f`` failed, one fact per call."""
    found: list[Finding] = []
    names: dict[str, Outcome] = {"s": "succeeded", "d": "declined", "f": "failed"}
    for number, letter in enumerate(outcomes):
        at_ms = start_ms + number * step_ms
        found += engine.observe([payment(number, at_ms, names[letter])], at_ms)
    return found


def only(readings: list[Reading]) -> Reading:
    (reading,) = readings
    return reading


def test_a_breach_names_the_fact_that_tipped_it_and_is_told_once(start: Start) -> None:
    engine = start(rules(FAILING))
    found = feed(engine, "sssssssffffff")
    assert [(one.state, one.fact_id, one.at_ms) for one in found] == [(State.BREACHED, "f9", NOW_MS + 900)]
    (finding,) = found
    assert (finding.key, finding.value, finding.samples) == ({"environment": "green"}, 0.3, 10)


def test_too_few_facts_are_no_data_and_no_finding(start: Start) -> None:
    engine = start(rules(FAILING))
    assert feed(engine, "fffffffff") == []
    reading = only(engine.current())
    assert (reading.state, reading.value, reading.samples) == (State.NO_DATA, None, 9)


def test_a_key_that_was_never_seen_has_no_reading(start: Start) -> None:
    engine = start(rules(FAILING))
    assert engine.tick(NOW_MS) == []
    assert engine.current() == []


def test_a_breach_holds_until_the_clear_limit_has_held_for_its_time(start: Start) -> None:
    engine = start(rules(FAILING))
    feed(engine, "fffsssssss")
    assert feed(engine, "s" * 25, NOW_MS + 1_000) == []  # 3 of 31 is the first share below 10 %, at 3,000 ms.
    assert engine.tick(NOW_MS + 32_999) == []
    assert [one.state for one in engine.tick(NOW_MS + 33_000)] == [State.CLEARED]
    assert engine.tick(NOW_MS + 34_000) == []


def test_a_value_between_the_limits_restarts_the_clear_time(start: Start) -> None:
    engine = start(rules(FAILING))
    feed(engine, "fffsssssss")
    feed(engine, "s" * 25, NOW_MS + 1_000)
    feed(engine, "ff", NOW_MS + 20_000)
    assert engine.tick(NOW_MS + 34_000) == []
    assert engine.breached() == []
    assert only(engine.current()).state is State.BREACHED


def test_a_breached_key_that_falls_silent_is_no_data_and_never_cleared_by_silence(start: Start) -> None:
    engine = start(rules(FAILING))
    feed(engine, "fffsssssss")
    found = engine.tick(NOW_MS + 120_000)
    assert [(one.state, one.value, one.samples) for one in found] == [(State.NO_DATA, None, 0)]
    assert engine.tick(NOW_MS + 600_000) == []
    assert only(engine.current()).state is State.NO_DATA
    assert engine.breached() == []


def test_after_silence_healthy_facts_must_hold_before_it_clears(start: Start) -> None:
    engine = start(rules(FAILING))
    feed(engine, "fffsssssss")
    engine.tick(NOW_MS + 120_000)
    later_ms = NOW_MS + 130_000
    assert feed(engine, "s" * 20, later_ms) == []
    assert only(engine.current()).state is State.NO_DATA
    assert [one.state for one in engine.tick(later_ms + 33_000)] == [State.CLEARED]


def test_a_healthy_key_that_falls_silent_is_no_finding(start: Start) -> None:
    engine = start(rules(FAILING))
    feed(engine, "s" * 20)
    assert engine.tick(NOW_MS + 120_000) == []


def test_a_share_that_rises_because_good_facts_leave_the_window_is_told_without_a_fact(start: Start) -> None:
    engine = start(rules(rule("{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 5}", breach="> 30%")))
    feed(engine, "s" * 20)
    assert feed(engine, "fffssssss", NOW_MS + 50_000) == []
    (finding,) = engine.tick(NOW_MS + 62_000)
    assert (finding.state, finding.fact_id, finding.value) == (State.BREACHED, "", 3 / 9)


def test_without_a_clear_limit_a_breach_ends_as_soon_as_it_does_not_hold(start: Start) -> None:
    engine = start(rules(rule("{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 4}", breach=">= 50%")))
    found = feed(engine, "ffsss")
    assert [(one.state, one.fact_id) for one in found] == [(State.BREACHED, "f3"), (State.CLEARED, "f4")]


def test_a_count_clears_when_its_window_runs_empty(start: Start) -> None:
    engine = start(rules(rule("{count: \"outcome == 'failed'\", window: 60s}", breach=">= 2")))
    assert [one.state for one in feed(engine, "fsf")] == [State.BREACHED]
    (finding,) = engine.tick(NOW_MS + 120_000)
    assert (finding.state, finding.value) == (State.CLEARED, 0.0)


def test_what_is_beyond_its_limit_can_be_asked_for_with_its_latest_evidence(start: Start) -> None:
    engine = start(rules(FAILING))
    feed(engine, "fffsssssss")
    feed(engine, "ffff", NOW_MS + 5_000)
    (finding,) = engine.breached()
    assert (finding.state, finding.fact_id, finding.at_ms) == (State.BREACHED, "f9", NOW_MS + 5_300)
    engine.tick(NOW_MS + 8_000)
    assert engine.breached()[0].at_ms == NOW_MS + 5_300


def test_rules_over_the_same_facts_key_and_length_share_one_window(start: Start) -> None:
    engine = start(
        rules(
            FAILING,
            rule("{quantile: latency_ms, q: 0.95, window: 60s}", identity="slow", breach="> 2s"),
            rule("{quantile: latency_ms, q: 0.95, window: 60s}", identity="dead", breach="> 10s"),
            rule("{ratio: \"outcome == 'failed'\", window: 5m}", identity="long", breach="> 1%"),
        )
    )
    assert sum(isinstance(watcher, Windowed) for watcher in engine._watchers) == 2


@pytest.mark.parametrize(("slow", "breaches"), [(5, False), (6, True)])
def test_a_quantile_is_judged_exactly(start: Start, slow: int, breaches: bool) -> None:
    engine = start(rules(rule("{quantile: latency_ms, q: 0.95, window: 60s, min_samples: 100}", breach="> 2s")))
    latencies = [2_001.0] * slow + [2_000.0] * (100 - slow)
    found = engine.observe(
        [payment(n, NOW_MS + n, latency_ms=value) for n, value in enumerate(latencies)], NOW_MS + 100
    )
    assert bool(found) is breaches


def test_the_shown_quantile_is_within_six_in_a_thousand(start: Start) -> None:
    engine = start(rules(rule("{quantile: latency_ms, q: 0.5, window: 60s}", breach="> 20s")))
    engine.observe([payment(n, NOW_MS + n, latency_ms=float(n)) for n in range(1, 2_000)], NOW_MS + 2_000)
    reading = only(engine.current())
    assert reading.value == pytest.approx(1_000, rel=0.006)
    assert reading.shown == "997 ms"


def test_a_reading_keeps_the_latest_event_and_ignores_older_ones(start: Start) -> None:
    engine = start(rules(ALARMED))
    assert [one.state for one in engine.observe([alarm("ALARM", NOW_MS)], NOW_MS)] == [State.BREACHED]
    assert engine.observe([alarm("OK", NOW_MS - 5)], NOW_MS) == []
    assert engine.late_facts == 1
    assert only(engine.current()).shown == "ALARM"
    assert [one.state for one in engine.observe([alarm("OK", NOW_MS + 5)], NOW_MS + 5)] == [State.CLEARED]


def test_a_stale_reading_is_no_data_and_told_once(start: Start) -> None:
    engine = start(rules(ALARMED))
    engine.observe([alarm("OK", NOW_MS)], NOW_MS)
    assert engine.tick(NOW_MS + 3_600_000) == []
    assert [one.state for one in engine.tick(NOW_MS + 3_600_001)] == [State.NO_DATA]
    assert engine.tick(NOW_MS + 3_700_000) == []
    assert [one.state for one in engine.observe([alarm("OK", NOW_MS + 3_700_001)], NOW_MS + 3_700_001)] == [
        State.CLEARED
    ]


def test_a_reading_that_divides_by_zero_is_no_data(start: Start) -> None:
    measure = "{value: amount_microcents / expected_microcents, stale_after: 1d}"
    engine = start(rules(rule(measure, on="cost.line", per="[subject]", breach="> 110%")))
    line = CostLine(id="c", at_ms=NOW_MS, subject="s3", source="budget", amount_microcents=5, expected_microcents=0)
    assert [one.state for one in engine.observe([line], NOW_MS)] == [State.NO_DATA]


def test_a_key_that_fell_silent_is_absent_and_back_with_its_next_fact(start: Start) -> None:
    engine = start(rules(rule("{absent: 30s}", on="heartbeat", per="[subject]")))
    assert engine.tick(NOW_MS) == []
    engine.observe([Heartbeat(id="1", at_ms=NOW_MS, subject="mqtt")], NOW_MS)
    assert engine.tick(NOW_MS + 29_999) == []
    (finding,) = engine.tick(NOW_MS + 30_000)
    assert (finding.state, finding.key, finding.value) == (State.BREACHED, {"subject": "mqtt"}, 30.0)
    assert engine.tick(NOW_MS + 31_000) == []
    assert len(engine.breached()) == 1
    (back,) = engine.observe([Heartbeat(id="2", at_ms=NOW_MS + 32_000, subject="mqtt")], NOW_MS + 32_000)
    assert (back.state, back.fact_id) == (State.CLEARED, "2")


def test_without_a_key_absence_counts_from_the_first_tick(start: Start) -> None:
    engine = start(rules(rule("{absent: 30s}", per="[]")))
    assert engine.tick(NOW_MS) == []
    assert [one.state for one in engine.tick(NOW_MS + 30_000)] == [State.BREACHED]
    old = engine.observe([payment(1, NOW_MS - 1)], NOW_MS + 31_000)
    assert old == []


def test_a_fact_from_the_future_is_counted_at_now_and_expires_nothing(start: Start) -> None:
    engine = start(rules(FAILING))
    feed(engine, "s" * 9)
    engine.observe([payment(99, NOW_MS + 3_600_000, "failed")], NOW_MS + 1_000)
    assert engine.skewed_facts == 1
    assert only(engine.current()).samples == 10


def test_a_fact_older_than_the_window_is_late_and_not_counted(start: Start) -> None:
    engine = start(rules(FAILING))
    feed(engine, "s" * 10)
    engine.observe([payment(99, NOW_MS - 61_000)], NOW_MS + 1_000)
    assert engine.late_facts == 1
    assert only(engine.current()).samples == 10


def test_keys_beyond_the_limit_are_refused_and_counted(start: Start) -> None:
    engine = start(rules(rule("{ratio: \"outcome == 'failed'\", window: 60s}", breach="> 20%", max_keys=2)))
    facts = [payment(n, NOW_MS + n, environment=f"e{n % 3}") for n in range(9)]
    engine.observe(facts, NOW_MS + 10)
    assert [(one.key["environment"], one.samples) for one in engine.current()] == [("e0", 3), ("e1", 3)]
    assert engine.evicted_keys == 3


def test_facts_that_no_rule_wants_are_only_counted(start: Start) -> None:
    engine = start(rules(FAILING))
    assert engine.observe([alarm("ALARM", NOW_MS)], NOW_MS) == []
    assert engine.observed_facts == 1
    assert engine.current() == []


def test_healthy_keys_are_listed_up_to_a_limit_and_open_ones_always(start: Start) -> None:
    engine = start(rules(rule("{ratio: \"outcome == 'failed'\", window: 60s}", breach="> 20%")))
    facts = [payment(n, NOW_MS + n, "failed" if n == 40 else "succeeded", environment=f"e{n}") for n in range(50)]
    engine.observe(facts, NOW_MS + 100)
    listed = engine.current(keys_per_rule=5)
    assert len(listed) == 6
    assert listed[0].key == {"environment": "e40"}


def release(at_ms: int, status: Literal["started", "in_progress"], environment: str = "green") -> Fact:
    return Deployment(id=f"d{at_ms}", at_ms=at_ms, subject="prod-deploy-1", status=status, environment=environment)


def test_a_release_that_starts_is_not_judged_by_what_an_earlier_one_did(start: Start) -> None:
    engine = start(rules(FAILING))
    feed(engine, "sssssfffff")
    found = engine.observe([release(NOW_MS + 2_000, "started")], NOW_MS + 2_000)
    assert [(one.state, one.value) for one in found] == [(State.NO_DATA, None)]
    assert engine.breached() == []
    assert feed(engine, "sssssssss", NOW_MS + 3_000) == []
    (again,) = feed(engine, "fff", NOW_MS + 4_000)
    assert (again.state, again.samples, again.value) == (State.BREACHED, 12, 0.25)


@pytest.mark.parametrize("fact", [release(NOW_MS + 2_000, "in_progress"), release(NOW_MS + 2_000, "started", "blue")])
def test_what_is_no_start_in_this_environment_leaves_its_windows_alone(fact: Fact, start: Start) -> None:
    engine = start(rules(FAILING))
    feed(engine, "sssssfffff")
    assert engine.observe([fact], NOW_MS + 2_000) == []
    assert only(engine.current()).samples == 10
    assert len(engine.breached()) == 1


def moving(at_ms: int, subject: str, previous_environment: str = "blue") -> Fact:
    return Deployment(
        id=f"m{subject}{at_ms}",
        at_ms=at_ms,
        subject=subject,
        status="in_progress",
        environment="green",
        previous_environment=previous_environment,
    )


def test_a_release_heard_of_while_it_moves_begins_anew_once(start: Start) -> None:
    engine = start(rules(FAILING))
    feed(engine, "sssssfffff")
    assert [one.state for one in engine.observe([moving(NOW_MS + 2_000, "r1")], NOW_MS + 2_000)] == [State.NO_DATA]
    feed(engine, "sssssfffff", NOW_MS + 3_000)
    assert engine.observe([moving(NOW_MS + 5_000, "r1")], NOW_MS + 5_000) == []
    assert len(engine.breached()) == 1


def test_a_release_that_reaches_another_region_begins_anew_there_alone(start: Start) -> None:
    engine = start(
        rules(rule("{ratio: \"outcome == 'failed'\", window: 60s}", breach="> 20%", per="[region, environment]"))
    )
    regions = ("us-east-1", "us-west-2")
    facts = [replace(payment(n, NOW_MS + n, "failed"), region=regions[n % 2]) for n in range(20)]
    engine.observe([moving(NOW_MS, "r1"), *facts], NOW_MS + 100)
    assert len(engine.breached()) == 2
    west = replace(moving(NOW_MS + 1_000, "r1"), region="us-west-2")
    found = engine.observe([west], NOW_MS + 1_000)
    assert [(one.state, one.key["region"]) for one in found] == [(State.NO_DATA, "us-west-2")]
    assert [one.key["region"] for one in engine.breached()] == ["us-east-1"]
    assert engine.observe([west], NOW_MS + 2_000) == []
    late = [replace(payment(100 + n, NOW_MS + 500, "failed"), region="us-west-2") for n in range(20)]
    assert engine.observe(late, NOW_MS + 2_000) == []


def test_a_services_own_deployment_empties_no_window(start: Start) -> None:
    engine = start(rules(FAILING))
    feed(engine, "sssssfffff")
    assert engine.observe([moving(NOW_MS + 2_000, "ecs-svc/1", previous_environment="")], NOW_MS + 2_000) == []
    assert len(engine.breached()) == 1


def test_late_facts_of_the_release_before_are_no_evidence_about_the_new_one(start: Start) -> None:
    engine = start(rules(FAILING))
    late = [payment(number, NOW_MS + number, "failed") for number in range(20)]
    assert engine.observe([*late, release(NOW_MS + 1_000, "started")], NOW_MS + 1_000) == []
    assert engine.observe([payment(100 + number, NOW_MS + 50, "failed") for number in range(20)], NOW_MS + 1_100) == []
    assert engine.current() == []


def test_the_time_in_which_nobody_listened_is_no_silence(start: Start) -> None:
    engine = start(rules(rule("{absent: 30s}", per="[environment]", breach="")))
    engine.observe([payment(1, NOW_MS)], NOW_MS)
    engine.resume(NOW_MS + 3_600_000)
    assert engine.tick(NOW_MS + 3_600_001) == []
    assert [one.state for one in engine.tick(NOW_MS + 3_630_000)] == [State.BREACHED]
