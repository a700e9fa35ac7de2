"""``sequential``: the budget of false alarms is kept, the very fact is named, and evidence has to be outweighed."""

import random
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from checks.engine import Engine
from checks.explaining.time_to_breach import times_to_breach
from checks.facts import Deployment, Fact, PaymentAttempted
from checks.findings import State
from checks.measures.sequential import CALM_FACTS
from checks.windows.cusum import Chart, Indistinct, chart
from tests.unit.checks.conftest import Compile, Start
from tests.unit.checks.rule_text import rule, rules

NOW_MS = 1_700_000_000_000
HEALTHY, FAULTY = Fraction(5, 100), Fraction(40, 100)
MEASURE = "{sequential: \"outcome == 'failed'\", healthy: 5%, faulty: 40%, false_alarms: 1 per 1 million facts}"
TEXT = rules(rule(MEASURE))
STEPS = chart(HEALTHY, FAULTY, 1_000_000)


def payment(number: int, *, failed: bool, environment: str = "green", at_ms: int = NOW_MS) -> Fact:
    return PaymentAttempted(
        id=f"p{number}",
        at_ms=at_ms + number,
        subject="p",
        environment=environment,
        rail="card",
        outcome="failed" if failed else "succeeded",
        amount_cents=100,
    )


def facts_until_an_alarm(chance: random.Random, steps: Chart, bad_share: float) -> int:
    score = facts = 0
    while score < steps.threshold:
        facts += 1
        score = score + steps.up if chance.random() < bad_share else max(0, score - 1)
    return facts


@pytest.mark.parametrize(
    ("healthy", "faulty", "budget"),
    [("5", "40", 1_000), ("0.5", "2", 3_000), ("30", "60", 1_000), ("1", "10", 2_000)],
)
def test_a_healthy_key_alarms_no_oftener_than_its_budget_allows(healthy: str, faulty: str, budget: int) -> None:
    chance = random.Random(11)  # noqa: S311  # reproducible outcomes
    steps = chart(Fraction(healthy) / 100, Fraction(faulty) / 100, budget)
    assert steps.facts_between_false_alarms >= budget
    times = [facts_until_an_alarm(chance, steps, float(healthy) / 100) for _ in range(1_000)]
    # The times between alarms are all but exponential, so their mean is known to 3 %: five of these are allowed.
    assert sum(times) / len(times) == pytest.approx(steps.facts_between_false_alarms, rel=0.16)


def test_the_threshold_is_the_smallest_that_keeps_the_budget_and_grows_with_its_logarithm() -> None:
    thresholds = [chart(HEALTHY, FAULTY, 10**power).threshold for power in range(3, 13)]
    assert thresholds == sorted(thresholds)
    steps = [later - earlier for earlier, later in pairwise(thresholds)]
    assert max(steps) - min(steps) <= 1
    for budget in (1_000, 50_000, 10**9):
        found = chart(HEALTHY, FAULTY, budget)
        below = chart(HEALTHY, FAULTY, int(found.facts_between_false_alarms) + 1)
        assert below.threshold > found.threshold


@pytest.mark.parametrize(("bad_share", "facts"), [(0.25, None), (0.2, None), (0.5, 10.0), (0.9, 4 / 0.9), (1.0, 4.0)])
def test_a_fault_takes_as_many_facts_as_its_evidence_and_at_least_the_bad_ones_that_it_needs(
    bad_share: float, facts: float | None
) -> None:
    expected = None if facts is None else pytest.approx(facts)
    assert Chart(up=3, threshold=10, facts_between_false_alarms=1.0).facts_to_fire(bad_share) == expected


def test_the_time_between_false_alarms_is_that_of_the_chain_of_scores() -> None:
    steps, p = chart(Fraction(1, 5), Fraction(1, 2), 50), 0.2
    # E(s) = 1 + p E(s + up) + (1 - p) E(max(0, s - 1)), 0 from the threshold on: solved by iteration.
    facts = [0.0] * steps.threshold
    for _ in range(5_000):
        above = [facts[s + steps.up] if s + steps.up < steps.threshold else 0.0 for s in range(steps.threshold)]
        facts = [1 + p * above[s] + (1 - p) * facts[max(0, s - 1)] for s in range(steps.threshold)]
    assert steps.facts_between_false_alarms == pytest.approx(facts[0])


def test_a_step_from_5_to_40_percent_is_seen_within_70_facts_19_times_in_20() -> None:
    chance = random.Random(5)  # noqa: S311  # reproducible outcomes
    steps = chart(HEALTHY, FAULTY, 2_000_000_000)
    times = sorted(facts_until_an_alarm(chance, steps, 0.4) for _ in range(2_000))
    assert times[len(times) * 95 // 100] <= 70


@pytest.mark.parametrize(
    ("healthy", "faulty", "expected"),
    [("50", "60", None), ("20", "22", Fraction(1, 3)), ("33.4", "40", None), ("60", "90", None)],
)
def test_ratios_that_no_whole_steps_tell_apart_are_refused_with_the_nearest_that_are(
    healthy: str, faulty: str, expected: Fraction | None
) -> None:
    with pytest.raises(Indistinct) as caught:
        chart(Fraction(healthy) / 100, Fraction(faulty) / 100, 1_000_000)
    nearest = caught.value.nearest
    assert nearest == expected
    if nearest is not None:
        assert chart(Fraction(healthy) / 100, nearest, 1_000).threshold > 0


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["blue", "green"]), st.integers(0, 9)), max_size=200),
    st.integers(1, 30),
    st.integers(1, 9),
)
def test_scores_equal_a_naive_sum_however_facts_are_cut_into_batches(
    compiled: Compile, given: list[tuple[str, int]], size: int, bad_below: int
) -> None:
    facts = [payment(number, failed=luck < bad_below, environment=place) for number, (place, luck) in enumerate(given)]
    engine = Engine(compiled(TEXT))
    found = [one for at in range(0, len(facts), size) for one in engine.observe(facts[at : at + size], NOW_MS)]
    scores, breached, expected = {"blue": 0, "green": 0}, {"blue": False, "green": False}, []
    for number, (place, luck) in enumerate(given):
        bad = luck < bad_below
        scores[place] = min(scores[place] + STEPS.up, STEPS.threshold) if bad else max(0, scores[place] - 1)
        if not breached[place] and scores[place] >= STEPS.threshold:
            breached[place] = True
            expected.append((State.BREACHED, place, f"p{number}"))
        elif breached[place] and scores[place] == 0:
            breached[place] = False
            expected.append((State.CLEARED, place, f"p{number}"))
    assert [(one.state, one.key["environment"], one.fact_id) for one in found] == expected
    for reading in engine.current():
        assert reading.value == scores[reading.key["environment"]] / STEPS.threshold


def test_a_breach_lasts_until_the_last_bad_fact_is_outweighed_and_is_clear_when_all_are(start: Start) -> None:
    engine = start(TEXT)
    bad = -(-STEPS.threshold // STEPS.up)
    engine.observe([payment(number, failed=True) for number in range(bad)], NOW_MS)
    assert len(engine.breached()) == 1
    engine.observe([payment(100 + number, failed=False) for number in range(STEPS.up - 1)], NOW_MS)
    (breached,) = engine.breached()
    assert (breached.fact_id, breached.at_ms) == (f"p{bad - 1}", NOW_MS + bad - 1)
    engine.observe([payment(200, failed=False)], NOW_MS)
    assert engine.breached() == []
    assert engine.current()[0].state is State.BREACHED
    rest = [payment(300 + number, failed=False) for number in range(STEPS.threshold)]
    assert [one.state for one in engine.observe(rest, NOW_MS)] == [State.CLEARED]


SLOW = MEASURE.replace("5%", "0.5%").replace("40%", "2%")
CALM = rules(rule(SLOW.replace("facts}", "facts, clear_after: 60s}")))
SLOW_STEPS = chart(Fraction(5, 1000), Fraction(2, 100), 1_000_000)
BAD = -(-SLOW_STEPS.threshold // SLOW_STEPS.up)


def fed(engine: Engine, outcomes: list[tuple[int, bool]]) -> list[tuple[State, int]]:
    """State and time in ms of each finding after facts at these ms, failed or not."""
    found = []
    for number, (at_ms, failed) in enumerate(outcomes):
        fact = payment(0, failed=failed, at_ms=NOW_MS + at_ms)
        found += engine.observe([structs.replace(fact, id=f"{at_ms}-{number}")], NOW_MS + at_ms)
    return [(one.state, one.at_ms - NOW_MS) for one in found]


FAILING = [(number, True) for number in range(3 * BAD)]
FIRED = (State.BREACHED, BAD - 1)
QUIET = [(1_000 * second, False) for second in range(1, 63)]
CLEARED = (State.CLEARED, 61_000)


def test_a_breach_ends_when_it_was_calm_for_long_enough_however_much_evidence_there_was(start: Start) -> None:
    assert fed(start(rules(rule(SLOW))), FAILING + QUIET) == [FIRED]
    assert fed(start(CALM), FAILING + QUIET) == [FIRED, CLEARED]


def test_a_bad_fact_in_between_begins_the_calm_anew_and_after_it_all_evidence_is_new(start: Start) -> None:
    restless = [(1_000 * second, second == 50) for second in range(1, 112)]
    again = [(200_000 + number, True) for number in range(BAD)]
    assert fed(start(CALM), FAILING + restless + again) == [
        FIRED,
        (State.CLEARED, 110_000),
        (State.BREACHED, 200_000 + BAD - 1),
    ]


def test_one_good_fact_after_a_gap_is_no_calm(start: Start) -> None:
    after = [(600_000 + 1_000 * second, False) for second in range(CALM_FACTS)]
    assert fed(start(CALM), FAILING + after[:-1]) == [FIRED]
    assert fed(start(CALM), FAILING + after) == [FIRED, (State.CLEARED, after[-1][0])]


def test_calm_survives_a_restart(start: Start, compiled: Compile) -> None:
    first, second = start(CALM), Engine(compiled(CALM))
    fed(first, FAILING + QUIET[:40])
    second.restore(first.snapshot())
    assert fed(second, QUIET[40:]) == [CLEARED]


def test_a_batch_says_the_same_of_calm_as_its_facts_one_by_one(start: Start) -> None:
    facts = [payment(0, failed=failed, at_ms=NOW_MS + at_ms) for at_ms, failed in FAILING + QUIET]
    named = [structs.replace(fact, id=f"{number}") for number, fact in enumerate(facts)]
    found = start(CALM).observe(named, NOW_MS + QUIET[-1][0])
    assert [(one.state, one.at_ms - NOW_MS) for one in found] == [FIRED, CLEARED]


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 99), max_size=300), st.integers(1, 60), st.integers(1, 30))
def test_what_is_detected_does_not_depend_on_how_a_breach_ends(
    compiled: Compile, luck: list[int], percent: int, size: int
) -> None:
    facts = [payment(number, failed=one < percent) for number, one in enumerate(luck)]
    first = []
    for text in (rules(rule(SLOW)), CALM):
        engine = Engine(compiled(text))
        found = [one for at in range(0, len(facts), size) for one in engine.observe(facts[at : at + size], NOW_MS)]
        first.append([(one.state, one.fact_id) for one in found][:1])
    assert first[0] == first[1]


def test_evidence_that_nobody_adds_to_is_no_data_after_a_while_and_never_clear(start: Start) -> None:
    engine = start(TEXT)
    engine.observe([payment(number, failed=True) for number in range(20)], NOW_MS)
    assert engine.tick(NOW_MS + 3_000_000) == []
    (silent,) = engine.tick(NOW_MS + 3_700_000)
    assert (silent.state, silent.value) == (State.NO_DATA, None)


def test_a_key_without_an_episode_is_forgotten_once_it_is_silent_for_too_long_and_others_are_not(start: Start) -> None:
    engine = start(TEXT)
    engine.observe([payment(0, failed=True), payment(0, failed=True, environment="blue", at_ms=NOW_MS + 1)], NOW_MS)
    for at_ms, left in ((NOW_MS + 3_600_000, {"green", "blue"}), (NOW_MS + 3_600_001, {"blue"})):
        assert engine.tick(at_ms) == []
        assert {one.key["environment"] for one in engine.current()} == left


def test_a_release_begins_without_evidence(start: Start) -> None:
    engine = start(TEXT)
    engine.observe([payment(number, failed=True) for number in range(5)], NOW_MS)
    release = Deployment(id="d", at_ms=NOW_MS + 50, subject="dep", environment="green", status="started")
    engine.observe([release], NOW_MS + 50)
    assert engine.current() == []


def test_the_time_to_breach_is_what_the_evidence_takes(compiled: Compile) -> None:
    (one,) = compiled(TEXT)
    times = {time.bad_share: time.steady_seconds for time in times_to_breach(one, 200)}
    assert times[0.02] is None
    assert times[0.05] is None
    assert times[1.0] == -(-STEPS.threshold // STEPS.up) / 200
    assert times[0.40] == pytest.approx(STEPS.threshold / (0.4 * STEPS.up - 0.6) / 200)
