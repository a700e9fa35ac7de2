"""Time stands still for the rules while what waited during an outage comes in, and then catches up."""

from daemon.rule_time import BACKLOG_MS_MAX, FRESH_MS, QUIET_MS, STEPS_MAX, RuleTime

CRASH_MS = 1_000_000
HOUR_MS = 3_600_000


def after(outage_ms: int) -> tuple[RuleTime, int]:
    time, now_ms = RuleTime(), CRASH_MS + outage_ms
    time.resume(CRASH_MS, now_ms)
    return time, now_ms


def test_without_an_outage_it_is_now() -> None:
    assert RuleTime().moments(5) == [5]
    time, now_ms = after(FRESH_MS)
    assert time.moments(now_ms) == [now_ms]
    assert time.told_ms(now_ms) == now_ms


def test_a_backlog_is_judged_in_its_own_time_until_it_is_worked_off() -> None:
    time, now_ms = after(HOUR_MS)
    assert time.moments(now_ms) == [CRASH_MS]
    for minute in range(1, 60):
        now_ms += 100
        time.heard(CRASH_MS + minute * 60_000, now_ms)
        assert time.moments(now_ms) == [CRASH_MS + minute * 60_000]
        assert time.told_ms(now_ms) == CRASH_MS + minute * 60_000
    time.heard(now_ms - 1_000, now_ms)
    assert time.moments(now_ms) == [now_ms]
    assert time.moments(now_ms + 1_000) == [now_ms + 1_000]


def test_when_nothing_waits_the_outage_passes_in_steps_as_it_would_have() -> None:
    time, now_ms = after(60_000)
    assert time.moments(now_ms + QUIET_MS - 1) == [CRASH_MS]
    end_ms = now_ms + QUIET_MS
    assert time.moments(end_ms) == list(range(CRASH_MS + 1_000, end_ms + 1, 1_000))


def test_a_long_outage_passes_in_few_steps() -> None:
    time, now_ms = after(90 * 24 * HOUR_MS)
    moments = time.moments(now_ms + QUIET_MS)
    assert len(moments) <= STEPS_MAX
    assert moments == sorted(moments)
    assert moments[-1] == now_ms + QUIET_MS


def test_facts_that_are_late_or_from_the_future_do_not_move_time_the_wrong_way() -> None:
    time, now_ms = after(HOUR_MS)
    time.heard(CRASH_MS - 5_000, now_ms)
    assert time.moments(now_ms) == [CRASH_MS]
    time.heard(now_ms + 60_000, now_ms)
    assert time.moments(now_ms) == [now_ms]


def test_a_backlog_without_end_does_not_hold_time_for_ever() -> None:
    time, now_ms = after(HOUR_MS)
    end_ms = now_ms + BACKLOG_MS_MAX
    for at_ms in range(now_ms, end_ms, 5_000):
        time.heard(CRASH_MS + 1, at_ms)
        assert time.moments(at_ms) == [CRASH_MS + 1]
    assert time.moments(end_ms)[-1] == end_ms
