"""A ramp's next move: on evidence alone, held at its limit and in the dark, taken back once, after exactly k looks."""

import random
from collections.abc import Sequence
from math import log

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.facts import PaymentAttempted
from config.delivery.deployment import Deployments
from config.flags import FlagPolicy, RollbackCondition
from config.load import DEFAULTS
from config.loading.loader import load_yaml
from remediation.deployment.findings import GateState
from remediation.deployment.gates.comparison import Contrast, Pane
from remediation.flags.experiments.outcomes import Metric
from remediation.flags.experiments.run import SETTLING_MS
from remediation.flags.model import FlagChange, Ramp, RampPlan, RampStep, Setting
from remediation.flags.ramp_gates import RampPolicy, comparison_evidence, customers_needed
from remediation.flags.ramping import Advance, Done, Hold, Move, TakeBack, next_move
from remediation.flags.state import ChangeMade, FlagBook, FlagState, Killed
from remediation.flags.step_watch import ConditionReading, ContrastReading, RampReadings, StepState, StepWatch
from tests.unit.remediation.flags.exposed import EVERY_MS, START_MS, Behaviour, drawn, payment

FLAG = "new-form"
WITHIN_SECONDS = 86_400.0
PLAN = RampPlan(
    id="change-1",
    flag=FLAG,
    to_variant="on",
    from_variant="off",
    steps=tuple(
        RampStep(percent=percent, samples=200, hold_seconds=120.0, within_seconds=WITHIN_SECONDS)
        for percent in (50, 100)
    ),
)
ERRORS = RollbackCondition(metric="error_ratio", threshold=0.2, window=60.0, consecutive=3, samples=10)
POLICY = RampPolicy.of(FlagPolicy(rollback=(ERRORS,)), load_yaml(DEFAULTS / "deployment.yaml", Deployments).value)
SOUND = {"on": Behaviour(), "off": Behaviour()}
ENOUGH = 2 * max(customers_needed(50, POLICY, comparison_evidence(PLAN, POLICY))) + 200


def _book(percent: int = 50, **changes: object) -> FlagBook:
    setting = Setting(variant="off", ramp=Ramp(plan=PLAN, percent=percent))
    flag = FlagState(setting=setting, set_at_ms=START_MS, history=(_made(FlagChange.RAMP, setting),))
    return FlagBook(version=2, flags={FLAG: msgspec.structs.replace(flag, **changes)})


def _made(what: FlagChange, setting: Setting | None) -> ChangeMade:
    return ChangeMade(version=1, at_ms=START_MS, by="ada", what=what, reason="try it", key="change-1", setting=setting)


def _watch(percent: int = 50, policy: RampPolicy = POLICY) -> StepWatch:
    return StepWatch.begun(Ramp(plan=PLAN, percent=percent), START_MS, policy.conditions, policy.healthy)


def _seen(watch: StepWatch, rows: Sequence[tuple[str, PaymentAttempted]]) -> RampReadings:
    now_ms = START_MS
    for variant, attempt in rows:
        now_ms = max(now_ms, attempt.at_ms)
        watch.hear(attempt.at_ms, now_ms)
        watch.take(attempt, variant, attempt.at_ms)
        watch.weigh(now_ms)
    watch.weigh(now_ms + 70_000)
    return watch.readings


def _rows(behaviours: dict[str, Behaviour], payments: int, on: float = 0.5) -> list[tuple[str, PaymentAttempted]]:
    return list(drawn({"on": on, "off": 1 - on}, behaviours, payments))


def _moved(readings: RampReadings | None, *, percent: int = 50, after_ms: int | None = None) -> Move:
    """The move when the newest payment was just heard, or so long after the step began."""
    heard_ms = START_MS if readings is None else max(readings.heard_ms, START_MS)
    now_ms = heard_ms if after_ms is None else START_MS + after_ms
    return next_move(PLAN, _book(percent), readings, POLICY, now_ms)


@pytest.fixture(scope="module", name="sound")
def _sound() -> RampReadings:
    return _seen(_watch(), _rows(SOUND, ENOUGH))


def test_a_sound_variant_goes_on_when_there_is_evidence(sound: RampReadings) -> None:
    move = _moved(sound)
    assert isinstance(move, Advance)
    assert move.percent == 100
    assert all(one.state is GateState.PASSED for one in move.readings)
    assert "gates passed" in move.detail


def test_the_last_step_ends_the_ramp_with_nobody_left_to_compare() -> None:
    readings = _seen(_watch(100), _rows(SOUND, 1_500, on=1.0))
    move = _moved(readings, percent=100)
    assert isinstance(move, Done)
    assert all(one.shadow for one in move.readings if "-against-" in one.gate)


def test_nothing_goes_on_before_the_step_was_held_as_long_as_asked(sound: RampReadings) -> None:
    early = msgspec.structs.replace(sound, heard_ms=START_MS + 100_000)
    move = _moved(early)
    assert isinstance(move, Hold)
    assert not move.held
    assert "goes on in 20 s" in move.detail


@pytest.mark.parametrize("payments", [0, 1, ENOUGH // 2])
def test_too_few_payments_wait_and_never_pass(payments: int) -> None:
    readings = _seen(_watch(), _rows(SOUND, payments))
    waiting = _moved(readings)
    assert isinstance(waiting, Hold)
    assert not waiting.held
    late = msgspec.structs.replace(readings, heard_ms=START_MS + round(WITHIN_SECONDS * 1000))
    over = _moved(late)
    assert isinstance(over, Hold)
    assert over.held


def test_evidence_that_comes_after_the_time_limit_does_not_pass(sound: RampReadings) -> None:
    late = msgspec.structs.replace(sound, heard_ms=START_MS + round(WITHIN_SECONDS * 1000))
    move = _moved(late)
    assert isinstance(move, Hold)
    assert move.held


def test_one_customer_who_pays_ever_so_often_is_no_evidence() -> None:
    rows = [
        ("on" if number % 2 else "off", payment(number, customer_id=f"cus_{number % 2}")) for number in range(3_000)
    ]
    readings = _seen(_watch(), rows)
    assert (readings.new, readings.old) == (1, 1)
    assert isinstance(_moved(readings), Hold)


def test_without_payments_of_the_old_variant_there_is_no_evidence() -> None:
    readings = _seen(_watch(), _rows(SOUND, ENOUGH, on=1.0))
    assert isinstance(_moved(readings), Hold)


def test_a_variant_that_fails_more_often_than_the_old_one_is_taken_back_long_before_its_evidence() -> None:
    behaviours = {"on": Behaviour(failed=0.12), "off": Behaviour(failed=0.005)}
    move = _moved(_seen(_watch(), _rows(behaviours, ENOUGH // 2)))
    assert isinstance(move, TakeBack)
    assert "error_ratio-against-off" in move.reason


def test_a_bad_hour_that_both_variants_have_takes_nothing_back() -> None:
    behaviours = {"on": Behaviour(failed=0.12), "off": Behaviour(failed=0.12)}
    move = _moved(_seen(_watch(), _rows(behaviours, ENOUGH // 2)))
    assert isinstance(move, Hold)


def test_a_condition_that_is_met_takes_it_back_also_after_the_time_limit_and_in_the_dark() -> None:
    behaviours = {"on": Behaviour(failed=0.6), "off": Behaviour(failed=0.6)}
    readings = _seen(_watch(), _rows(behaviours, 2_400))
    for after_ms in (None, 600_000, round(WITHIN_SECONDS * 1000) + 1):
        move = _moved(readings, after_ms=after_ms)
        assert isinstance(move, TakeBack)
        assert "error_ratio 60" in move.reason or "error_ratio 5" in move.reason or "error_ratio 6" in move.reason


def test_customers_who_get_the_new_variant_and_never_come_to_pay_take_it_back() -> None:
    readings = _seen(_watch(), _rows(SOUND, 1_500, on=0.3))
    move = _moved(readings)
    assert isinstance(move, TakeBack)
    assert "sample-ratio" in move.reason
    nobody = _moved(_seen(_watch(), _rows(SOUND, 1_500, on=0.0)))
    assert isinstance(nobody, TakeBack)


def test_more_customers_of_the_new_variant_than_are_drawn_cannot_be_explained_and_hold() -> None:
    move = _moved(_seen(_watch(), _rows(SOUND, 1_500, on=0.7)))
    assert isinstance(move, Hold)
    assert "sample-ratio" in move.detail


def test_whoever_still_draws_by_the_step_before_is_no_mismatch() -> None:
    rows = [("off", payment(number)) for number in range(SETTLING_MS // EVERY_MS)]
    assert isinstance(_moved(_seen(_watch(), rows)), Hold)


def test_where_targeting_gives_some_the_variant_comparisons_are_told_and_do_not_count() -> None:
    watch = StepWatch.begun(Ramp(plan=PLAN, percent=50), START_MS, POLICY.conditions, POLICY.healthy, is_drawn=False)
    behaviours = {"on": Behaviour(failed=0.15), "off": Behaviour(failed=0.005)}
    move = _moved(_seen(watch, _rows(behaviours, ENOUGH, on=0.8)))
    assert isinstance(move, Advance | Hold)
    told = [one for one in move.readings if "-against-" in one.gate or one.gate == "sample-ratio"]
    assert len(told) == 4
    assert all(one.shadow and one.state is GateState.PASSED for one in told)


def test_silence_of_payments_holds_at_once_whatever_was_heard_before(sound: RampReadings) -> None:
    move = _moved(sound, after_ms=sound.heard_ms - START_MS + 11_000)
    assert isinstance(move, Hold)
    assert move.held
    assert "no payment for 11 s" in move.detail


def test_a_clock_that_is_far_ahead_is_no_sign_of_life(sound: RampReadings) -> None:
    move = _moved(msgspec.structs.replace(sound, heard_ms=sound.heard_ms + 60_000), after_ms=sound.heard_ms - START_MS)
    assert isinstance(move, Hold)
    assert move.held


def test_readings_of_another_step_say_nothing_of_this_one(sound: RampReadings) -> None:
    for other in (
        None,
        msgspec.structs.replace(sound, percent=5),
        msgspec.structs.replace(sound, since_ms=START_MS - 1),
        msgspec.structs.replace(sound, plan_id="change-0"),
    ):
        early, late = _moved(other, after_ms=9_000), _moved(other, after_ms=11_000)
        assert isinstance(early, Hold)
        assert isinstance(late, Hold)
        assert (early.held, late.held) == (False, True)


def test_a_killed_flag_and_a_ramp_that_is_over_stay_where_they_are(sound: RampReadings) -> None:
    killed = Killed(by="ada", at_ms=START_MS, reason="no")
    for book in (_book(killed=killed), _book(setting=None), FlagBook()):
        move = next_move(PLAN, book, sound, POLICY, sound.heard_ms)
        assert isinstance(move, Hold)
        assert not move.held


def test_what_was_taken_back_once_is_not_moved_again_without_a_person() -> None:
    setting = Setting(variant="off", ramp=Ramp(plan=PLAN, percent=50))
    history = (_made(FlagChange.RAMP, setting), _made(FlagChange.REVERT, None), _made(FlagChange.SET, setting))
    bad = _seen(_watch(), _rows({"on": Behaviour(failed=0.6), "off": Behaviour()}, 2_400))
    move = next_move(PLAN, _book(history=history), bad, POLICY, bad.heard_ms)
    assert isinstance(move, Hold)
    assert move.held


def test_a_share_that_is_no_step_of_the_plan_waits_for_a_person(sound: RampReadings) -> None:
    move = next_move(PLAN, _book(37), sound, POLICY, sound.heard_ms)
    assert isinstance(move, Hold)
    assert move.held


def test_a_condition_without_enough_payments_holds_the_step(sound: RampReadings) -> None:
    conditions = tuple(msgspec.structs.replace(one, is_bad=None) for one in sound.conditions)
    move = _moved(msgspec.structs.replace(sound, conditions=conditions))
    assert isinstance(move, Hold)
    row = tuple(msgspec.structs.replace(one, row=1) for one in sound.conditions)
    begun = _moved(msgspec.structs.replace(sound, conditions=row))
    assert isinstance(begun, Hold)
    assert "1 bad window in a row" in begun.detail


CONDITIONS = st.builds(
    ConditionReading,
    condition=st.just(POLICY.conditions[0]),
    is_met=st.sampled_from([*[False] * 9, True]),
    row=st.sampled_from([*[0] * 5, 1]),
    looks=st.just(1),
    value=st.just(0.1),
    samples=st.just(100),
    is_bad=st.sampled_from([*[False] * 8, True, None]),
)
CONTRASTS = st.builds(
    ContrastReading,
    metric=st.sampled_from(Metric),
    evidence=st.sampled_from([0.0, 1.0, 20.0, 400.0, 7_999.0, 7_999.9, 0.5, 8_000.0]),
    new=st.just(100),
    new_bad=st.just(1),
    old=st.just(100),
    old_bad=st.just(1),
)
ANY_READINGS = st.builds(
    RampReadings,
    plan_id=st.just(PLAN.id),
    percent=st.just(50),
    since_ms=st.just(START_MS),
    heard_ms=st.integers(START_MS, START_MS + 90_000_000),
    new=st.sampled_from([200, *[ENOUGH] * 3]),
    old=st.sampled_from([0, *[ENOUGH] * 3]),
    is_drawn=st.just(True),
    drawn_new=st.integers(0, 500),
    drawn_old=st.integers(0, 500),
    mismatch=st.sampled_from([0.0, 4.0, 8.9, 9.1]),
    contrasts=st.lists(CONTRASTS, min_size=3, max_size=3).map(tuple),
    conditions=st.lists(CONDITIONS, max_size=2).map(tuple),
)


@given(readings=ANY_READINGS, silent_ms=st.sampled_from([0, 9_000, 11_000]))
@settings(max_examples=120, deadline=None)
def test_whatever_was_seen_a_ramp_goes_on_only_on_evidence_and_goes_back_only_on_harm(
    readings: RampReadings, silent_ms: int
) -> None:
    needed = comparison_evidence(PLAN, POLICY)
    now_ms = readings.heard_ms + silent_ms
    elapsed_seconds = (now_ms - START_MS) / 1000
    move = next_move(PLAN, _book(), readings, POLICY, now_ms)
    fewer = readings.mismatch >= log(needed) and readings.drawn_new < readings.drawn_old
    is_harmful = fewer or any(one.is_met for one in readings.conditions)
    is_harmful = is_harmful or any(one.evidence >= needed for one in readings.contrasts)
    assert isinstance(move, TakeBack) is is_harmful
    if isinstance(move, Advance):
        assert min(readings.new, readings.old) >= max(customers_needed(50, POLICY, needed))
        assert silent_ms <= 10_000
        assert 120 <= elapsed_seconds < WITHIN_SECONDS
        assert all(one.is_bad is False and not one.row for one in readings.conditions)
        assert readings.mismatch < log(needed)


@pytest.mark.parametrize("cut", [0, 7, 333])
def test_a_restart_at_any_payment_changes_no_reading(cut: int) -> None:
    rows = _rows({"on": Behaviour(failed=0.1), "off": Behaviour()}, 500)
    whole = _watch()
    _seen(whole, rows)
    before = _watch()
    for variant, attempt in rows[:cut]:
        before.hear(attempt.at_ms, attempt.at_ms)
        before.take(attempt, variant, attempt.at_ms)
        before.weigh(attempt.at_ms)
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(before.state), type=StepState)
    after = StepWatch(kept)
    _seen(after, rows[cut:])
    assert after.readings == whole.readings
    assert after.state == whole.state


def test_evidence_is_enough_to_have_found_the_fault_that_is_sought() -> None:
    needed = comparison_evidence(PLAN, POLICY)
    new, old = customers_needed(50, POLICY, needed)
    found = 0
    for seed in range(60):
        chance = random.Random(seed)  # noqa: S311  # reproducible outcomes
        contrast = Contrast(POLICY.healthy)
        for _ in range((new + old) // 50):
            bad_new = sum(chance.random() < POLICY.faulty for _ in range(25))
            bad_old = sum(chance.random() < POLICY.healthy for _ in range(25))
            if contrast.fold(Pane(25, bad_new, 25, bad_old)) >= needed:
                found += 1
                break
    # Three standard deviations below 95 % of 60.
    assert found >= POLICY.power * 60 - 3 * (60 * POLICY.power * (1 - POLICY.power)) ** 0.5
