"""``burn_rate``: counts equal a recount, tiers fire exactly above their factor, silence is no recovery."""

import re
from collections.abc import Sequence
from fractions import Fraction

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.engine import Engine
from checks.explaining.time_to_breach import times_to_breach
from checks.facts import HealthProbed
from checks.findings import Finding, State
from checks.measures.burn_rate import BurnRate
from checks.windows.columns import Columns
from tests.unit.checks.conftest import Compile, Start
from tests.unit.checks.rule_text import rule, rules

NOW_MS = 1_699_920_000_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MEASURE = (
    "{burn_rate: \"status == 'unhealthy'\", objective: 99.9%, period: 30d, tiers: ["
    "{long: 1h, short: 5m, factor: 14.4, severity: critical}, {long: 6h, short: 30m, factor: 6, severity: high}, "
    "{long: 1d, short: 2h, factor: 3, severity: medium}, {long: 3d, short: 6h, factor: 1, severity: medium}]}"
)
TEXT = rules(rule(MEASURE, on="health.probed", per="[subject]"))
SMALL = rules(
    rule(
        "{burn_rate: \"status == 'unhealthy'\", objective: 90%, period: 100s, tiers: ["
        "{long: 20s, short: 5s, factor: 4, severity: high}, {long: 60s, short: 10s, factor: 2, severity: low}]}",
        on="health.probed",
        per="[subject]",
    )
)


def probe(number: int, at_ms: int, *, bad: bool = False, subject: str = "database") -> HealthProbed:
    status = "unhealthy" if bad else "healthy"
    return HealthProbed(id=f"h{number}", at_ms=at_ms, subject=subject, status=status)  # type: ignore[arg-type]  # either


def steady(start_ms: int, seconds: int, bad_every: int = 0, first: int = 0) -> list[HealthProbed]:
    """One probe a second; every so many is bad."""
    return [
        probe(first + number, start_ms + number * 1_000, bad=bool(bad_every) and number % bad_every == 0)
        for number in range(seconds)
    ]


def told(findings: Sequence[Finding]) -> list[tuple[State, str]]:
    return [(one.state, one.severity) for one in findings]


def the(engine: Engine) -> BurnRate:
    (watcher,) = engine._windows
    assert isinstance(watcher, BurnRate)
    return watcher


probes = st.builds(
    HealthProbed,
    id=st.uuids().map(str),
    at_ms=st.integers(NOW_MS - 130_000, NOW_MS + 5_000),
    subject=st.sampled_from(["api", "database"]),
    status=st.sampled_from(["healthy", "healthy", "unhealthy"]),
)
batches = st.lists(st.lists(probes, max_size=12).map(lambda facts: facts + facts[:1]), max_size=8)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
def test_every_window_equals_a_recount_with_late_duplicate_and_disordered_facts(
    compiled: Compile, given: Sequence[Sequence[HealthProbed]]
) -> None:
    engine, kept, moment_ms = Engine(compiled(SMALL)), list[HealthProbed](), 0
    watcher = the(engine)
    for batch in given:
        engine.observe(batch, NOW_MS + 5_000)
        kept += batch
        moment_ms = max([moment_ms, *(fact.at_ms for fact in batch)])
        for columns in watcher._windows.values():
            oldest = moment_ms // columns.pane_ms - columns.pane_count
            # A fact counts when its pane was within the window as it came, and still is.
            live = [fact for fact in kept if fact.at_ms // columns.pane_ms > oldest]
            for key, place in watcher._places.items():
                of_key = [fact for fact in live if fact.subject == key]
                assert columns.total[place] == len(of_key)
                assert columns.bad[place] == sum(fact.status == "unhealthy" for fact in of_key)
        # Keys that got no fact are judged at the next tick: their good ones may have left the windows.
        engine.tick(moment_ms)
        for key, place in watcher._places.items():
            fires = False
            for pair in watcher._pairs:
                long, short = (
                    Fraction(one.bad[place], one.total[place] or 1) / Fraction(1, 10) for one in (pair.long, pair.short)
                )
                fires = fires or min(long, short) > Fraction(str(pair.tier.factor))
            states = {one.key["subject"]: one.state for one in engine.current()}
            assert not fires or states[str(key)] is State.BREACHED


def test_a_tier_fires_above_its_factor_and_not_at_it(start: Start) -> None:
    # 14.4 times a budget of 0.1 % is 1.44 %: 9 bad of 625 are exactly that, in both windows.
    at_it = [probe(number, NOW_MS + number * 10, bad=number < 9) for number in range(625)]
    engine = start(TEXT)
    assert [one for one in engine.observe(at_it, NOW_MS + 7_000) if one.severity == "critical"] == []
    engine.observe([probe(1_000, NOW_MS + 6_900, bad=True)], NOW_MS + 7_000)
    assert engine.breached()[0].severity == "critical"


def test_a_few_bad_facts_of_few_are_no_burn_where_more_are_asked_for(start: Start) -> None:
    engine = start(TEXT.replace("tiers: [", "min_samples: 10, min_bad: 3, tiers: ["))
    assert engine.observe([probe(number, NOW_MS + number, bad=True) for number in range(9)], NOW_MS + 9) == []
    engine = start(TEXT.replace("tiers: [", "min_samples: 10, min_bad: 3, tiers: ["))
    assert engine.observe([probe(number, NOW_MS + number, bad=number < 2) for number in range(20)], NOW_MS + 20) == []
    assert engine.tick(NOW_MS + 1_000) == []
    (finding,) = engine.observe([probe(30, NOW_MS + 30, bad=True)], NOW_MS + 1_000)
    assert (finding.state, finding.fact_id) == (State.BREACHED, "h30")


@pytest.mark.parametrize(("min_samples", "fires"), [(5, True), (6, False)])
def test_good_facts_that_leave_the_windows_let_a_tier_fire_at_the_tick_if_enough_are_left(
    start: Start, min_samples: int, fires: bool
) -> None:
    engine = start(SMALL.replace("tiers: [", f"min_samples: {min_samples}, tiers: ["))
    good = [probe(number, NOW_MS + number) for number in range(40)]
    bad = [probe(100 + number, NOW_MS + 18_000 + number, bad=True) for number in range(5)]
    assert engine.observe(good + bad, NOW_MS + 19_000) == []
    found = engine.tick(NOW_MS + 22_000)
    assert [(one.state, one.severity, one.fact_id) for one in found] == [(State.BREACHED, "high", "")] * fires


def test_a_key_beyond_the_most_is_refused_and_a_place_that_was_given_up_is_used_again(start: Start) -> None:
    engine = start(SMALL.replace("max_keys: 10000", "max_keys: 2"))
    watcher = the(engine)
    engine.observe([probe(1, NOW_MS, subject="a"), probe(2, NOW_MS, subject="b"), probe(3, NOW_MS)], NOW_MS)
    assert (set(watcher.keys()), watcher.refused_facts) == ({"a", "b"}, 1)
    watcher.drop(["a"])
    engine.observe([probe(4, NOW_MS, bad=True)], NOW_MS)
    assert set(watcher.keys()) == {"b", "database"}
    assert len(watcher._period.total) == 2
    assert watcher.budget_left("a") is None


def test_windows_of_another_rule_are_not_taken_back(start: Start) -> None:
    engine, other = start(SMALL), start(TEXT)
    with pytest.raises(msgspec.ValidationError, match="other windows"):
        the(other).take_back(the(engine).keep())


def test_a_graver_tier_is_told_again_and_the_finding_names_its_windows(start: Start) -> None:
    engine = start(SMALL)
    engine.observe(steady(NOW_MS - 60_000, 59), NOW_MS)
    found = engine.observe(steady(NOW_MS, 13, bad_every=1, first=100), NOW_MS + 20_000)
    found += engine.observe(steady(NOW_MS + 13_000, 6, bad_every=1, first=200), NOW_MS + 20_000)
    assert [one.state for one in found] == [State.BREACHED] * len(found)
    assert [one.severity for one in found][-1] == "high"
    assert found[-1].breach == "> 4 times the budget over 20 s and 5 s"
    assert found[-1].window_seconds == 20.0


def test_a_burn_that_stops_is_clear_when_its_short_window_is(start: Start) -> None:
    engine = start(TEXT)
    engine.observe(steady(NOW_MS, 3_600), NOW_MS + HOUR_MS)
    found = engine.observe(steady(NOW_MS + HOUR_MS, 120, bad_every=1, first=5_000), NOW_MS + HOUR_MS + 120_000)
    assert told(found) == [(State.BREACHED, "critical")]
    healed_ms = NOW_MS + HOUR_MS + 120_000
    states = []
    for minute in range(420):
        at_ms = healed_ms + minute * 60_000
        states += engine.observe(steady(at_ms, 60, first=10_000 + minute * 60), at_ms + 60_000)
        states += engine.tick(at_ms + 60_000)
    assert [one.state for one in states] == [State.CLEARED]


def test_silence_is_no_recovery(start: Start) -> None:
    engine = start(TEXT)
    engine.observe(steady(NOW_MS, 600, bad_every=1), NOW_MS + 600_000)
    found = [one for minute in range(600) for one in engine.tick(NOW_MS + 600_000 + minute * 60_000)]
    assert [one.state for one in found] == [State.NO_DATA]


def test_what_is_left_of_the_budget_is_shown_and_can_be_overspent(start: Start) -> None:
    engine = start(TEXT)
    engine.observe(steady(NOW_MS, 10_000, bad_every=2_500), NOW_MS + 10_000_000)
    (reading,) = engine.current()
    assert reading.budget_left == pytest.approx(0.6)
    assert "60 % of the 30 d budget left" in reading.shown
    engine.observe(steady(NOW_MS + 10_000_000, 100, bad_every=1, first=20_000), NOW_MS + 10_100_000)
    (reading,) = engine.current()
    assert reading.budget_left is not None
    assert reading.budget_left < -9


def test_a_window_of_30_days_holds_at_most_60_panes_and_forgets_what_has_left(start: Start) -> None:
    engine = start(TEXT)
    for day in range(45):
        engine.observe(steady(NOW_MS + day * DAY_MS, 10, bad_every=5, first=day * 10), NOW_MS + day * DAY_MS)
        engine.tick(NOW_MS + day * DAY_MS)
    watcher = the(engine)
    assert all(len(columns._panes) <= 60 for columns in watcher._windows.values())
    place = watcher._places["database"]
    assert watcher._period.total[place] == 30 * 10
    engine.observe([probe(1, NOW_MS + 100 * DAY_MS, subject="api")], NOW_MS + 100 * DAY_MS)
    engine.tick(NOW_MS + 140 * DAY_MS)
    assert "api" not in watcher._places


def test_state_goes_on_after_it_was_kept_and_taken_back(start: Start) -> None:
    engine, other = start(TEXT), start(TEXT)
    engine.observe(steady(NOW_MS, 900, bad_every=3), NOW_MS + 900_000)
    state = engine.snapshot()
    other.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=type(state)))
    later = steady(NOW_MS + 900_000, 900, first=2_000)
    assert other.observe(later, NOW_MS + 1_800_000) == engine.observe(later, NOW_MS + 1_800_000)
    assert other.tick(NOW_MS + 2_000_000) == engine.tick(NOW_MS + 2_000_000)
    assert other.current() == engine.current()
    assert other.breached() == engine.breached()


def test_the_time_to_breach_is_factor_times_budget_times_window_over_the_share(compiled: Compile) -> None:
    (one,) = compiled(TEXT)
    times = {time.bad_share: time.steady_seconds for time in times_to_breach(one, 40)}
    assert times[1.0] == pytest.approx(0.0144 * 3_600)
    assert times[0.05] == pytest.approx(0.0144 * 3_600 / 0.05)
    (careful,) = compiled(TEXT.replace("tiers: [", "min_bad: 3, tiers: ["))
    assert times_to_breach(careful, 0.01)[-1].fresh_seconds == pytest.approx(300)


def test_a_key_that_was_given_up_leaves_nothing_to_the_one_that_gets_its_place() -> None:
    columns = Columns(60_000, 1_000)
    columns.grow(2)
    columns.advance(1_000)
    assert columns.add(1, 1_000, 3, 5)
    columns.empty(1)
    assert (columns.bad, columns.total) == ([0, 0], [0, 0])
    columns.advance(200_000)
    assert (columns.bad, columns.total) == ([0, 0], [0, 0])


def test_a_key_of_several_fields_is_the_same_key_after_a_restart(start: Start) -> None:
    text = SMALL.replace("per: [subject]", "per: [region, subject]")
    engine, other = start(text), start(text)
    engine.observe(steady(NOW_MS, 30), NOW_MS + 30_000)
    state = engine.snapshot()
    other.restore(msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=type(state)))
    assert [one.samples for one in other.current()] == [one.samples for one in engine.current()] == [20]


@pytest.mark.parametrize("severity", ["critical", "low"])
def test_a_graver_tier_is_told_once_whatever_the_rule_itself_is_called(start: Start, severity: str) -> None:
    engine = start(SMALL.replace("severity: medium", f"severity: {severity}"))
    found = engine.observe(steady(NOW_MS, 60, bad_every=3), NOW_MS + 60_000)
    assert told(found) == [(State.BREACHED, "low")]
    worse = [probe(1_000 + number, NOW_MS + 60_000 + number * 1_000, bad=True) for number in range(20)]
    assert told(engine.observe(worse, NOW_MS + 80_000)) == [(State.BREACHED, "high")]
    assert engine.tick(NOW_MS + 81_000) == []


def test_places_that_were_given_up_before_a_restart_are_used_again_after_it(start: Start) -> None:
    text = SMALL.replace("max_keys: 10000", "max_keys: 3")
    engine, other = start(text), start(text)
    engine.observe([probe(n, NOW_MS, subject=name) for n, name in enumerate("abc")], NOW_MS)
    the(engine).drop(["a", "b"])
    other.restore(engine.snapshot())
    other.observe([probe(10 + n, NOW_MS + 1_000, subject=name) for n, name in enumerate("de")], NOW_MS + 1_000)
    assert set(the(other).keys()) == {"c", "d", "e"}
    assert len(the(other)._period.total) == 3


def test_a_tier_that_fired_before_a_restart_and_is_no_more_after_it_is_forgotten(start: Start) -> None:
    first = "{long: 60s, short: 10s, factor: 5, severity: high}, {long: 60s, short: 10s, factor: 2, severity: low}"
    (measure,) = re.findall(r"tiers: \[(.*?)\]", SMALL)
    two = SMALL.replace(measure, first)
    one = SMALL.replace(measure, first.split(", {", maxsplit=1)[0])
    engine, other = start(two), start(one)
    assert told(engine.observe(steady(NOW_MS, 60, bad_every=3), NOW_MS + 60_000)) == [(State.BREACHED, "low")]
    assert the(engine)._fired == {"database": [1]}
    the(other).take_back(the(engine).keep())
    assert the(other)._fired == {"database": []}
    other.tick(NOW_MS + 61_000)
    assert other.breached() == []
