"""What keeps people from being told, and that they hear of whatever still burns when it ends."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from config.escalation.escalation_file import Escalation
from remediation.escalation.chain import ChainState
from remediation.journal.escalation_kinds import (
    MaintenanceAnnounced,
    MaintenanceEnded,
    SilenceAdded,
    SilenceExpired,
)
from tests.unit.remediation.escalation.playing import MINUTE_MS, play, settle, shipped, steps
from tests.unit.remediation.incidents.telling import Told, breach, clear
from tests.unit.remediation.worlds import NOW_MS

LATENCY = breach("payment-latency", "high")


@pytest.fixture(scope="module")
def shipped_escalation() -> Escalation:
    return shipped()


def silence(*matchers: str, minutes: int = 20, begins: int = 0) -> SilenceAdded:
    return SilenceAdded(
        matchers=matchers,
        starts_at_ms=NOW_MS + begins * MINUTE_MS,
        ends_at_ms=NOW_MS + minutes * MINUTE_MS,
        comment="known",
    )


def minutes(told: Told) -> list[float]:
    return [at for _, _, _, at in steps(told)]


@pytest.mark.parametrize(
    "matchers",
    [
        ("rule=payment-failure-rate",),
        ("severity=critical", "region=us-east-1"),
        ("environment=~gr.*",),
        ("environment!=blue", "id!=inc-9", "family=sla"),
        ("environment!~blue|red", "runbook=payment-failures"),
    ],
)
def test_a_silence_keeps_what_all_its_matchers_match_until_it_ends(
    shipped_escalation: Escalation, matchers: tuple[str, ...]
) -> None:
    told = Told().say(silence(*matchers), breach())
    play(told, shipped_escalation, NOW_MS + 60 * MINUTE_MS)
    assert minutes(told) == [20, 35, 50]


@pytest.mark.parametrize("matchers", [("rule=no",), ("severity=critical", "region=eu-west-1"), ("environment=~gree",)])
def test_a_silence_of_something_else_keeps_nothing(shipped_escalation: Escalation, matchers: tuple[str, ...]) -> None:
    told = Told().say(silence(*matchers), breach())
    settle(told, shipped_escalation)
    assert minutes(told) == [0]


def test_a_silence_that_begins_amid_a_chain_stops_it_and_its_end_begins_it_anew(shipped_escalation: Escalation) -> None:
    told = Told().say(breach())
    play(told, shipped_escalation, NOW_MS + 5 * MINUTE_MS)
    told.say(silence("severity=critical", begins=10), by="ana")
    play(told, shipped_escalation, NOW_MS + 40 * MINUTE_MS)
    assert [(generation, at) for _, generation, _, at in steps(told)] == [(1, 0), (2, 20), (2, 35)]


def test_a_silence_that_a_person_ends_holds_no_longer_and_one_that_is_over_is_not_ended_twice(
    shipped_escalation: Escalation,
) -> None:
    told = Told().say(silence("severity=critical"), by="ana").say(breach())
    play(told, shipped_escalation, NOW_MS + 5 * MINUTE_MS)
    told.say(SilenceExpired(silence_id="sil-1"), by="bob")
    settle(told, shipped_escalation)
    assert minutes(told) == [5]
    kept = told.state.escalation.silences
    assert told.later(MINUTE_MS).say(SilenceExpired(silence_id="sil-1")).state.escalation.silences == kept


def test_a_silence_of_one_alarm_keeps_no_other_of_its_group_from_being_told(shipped_escalation: Escalation) -> None:
    told = Told().say(silence("rule=payment-failure-rate"), breach())
    settle(told, shipped_escalation)
    told.later(MINUTE_MS).say(breach("payments-absent"))
    play(told, shipped_escalation, NOW_MS + 2 * MINUTE_MS)
    assert len(minutes(told)) == 1


def test_what_ends_while_it_is_silenced_was_never_told(shipped_escalation: Escalation) -> None:
    told = Told().say(silence("severity=critical"), breach())
    settle(told, shipped_escalation)
    told.later(MINUTE_MS).say(clear())
    play(told, shipped_escalation, NOW_MS + 60 * MINUTE_MS)
    assert minutes(told) == []
    assert told.state.escalation.chains["inc-2"].state is ChainState.OVER


def sunday(clock: str) -> int:
    """2026-09-27 is a Sunday after the worlds' now."""
    shown = datetime.fromisoformat(f"2026-09-27T{clock}").replace(tzinfo=ZoneInfo("America/New_York"))
    return round(shown.timestamp() * 1000)


def test_the_weekly_window_keeps_milder_ones_and_tells_what_still_burns_at_its_end(
    shipped_escalation: Escalation,
) -> None:
    told = Told(at_ms=sunday("02:30")).say(LATENCY)
    play(told, shipped_escalation, sunday("04:01"))
    assert minutes(told) == [90]


def test_the_weekly_window_keeps_no_critical_one(shipped_escalation: Escalation) -> None:
    told = Told(at_ms=sunday("02:30")).say(breach())
    settle(told, shipped_escalation)
    assert minutes(told) == [0]


def test_announced_maintenance_keeps_what_it_is_about_and_its_end_by_a_person_tells(
    shipped_escalation: Escalation,
) -> None:
    work = MaintenanceAnnounced(
        kind="emergency",
        what="a new switch",
        matchers=("region=us-east-1",),
        starts_at_ms=NOW_MS,
        ends_at_ms=NOW_MS + 60 * MINUTE_MS,
    )
    told = Told().say(work, by="ana").say(breach())
    elsewhere = breach(region="eu-west-1", environment="blue")
    told.say(elsewhere)
    play(told, shipped_escalation, NOW_MS + 10 * MINUTE_MS)
    assert [name for name, _, _, _ in steps(told)] == ["inc-3"]
    told.say(MaintenanceEnded(maintenance_id="mnt-1"), by="ana")
    settle(told, shipped_escalation)
    assert [name for name, _, _, _ in steps(told)] == ["inc-3", "inc-2"]


def test_a_lost_region_explains_what_is_milder_there_until_it_is_back(shipped_escalation: Escalation) -> None:
    told = Told().say(breach("region-unreachable", region="us-east-1"))
    told.say(LATENCY, breach("payment-latency", "high", region="eu-west-1", environment="green"))
    play(told, shipped_escalation, NOW_MS + 2 * MINUTE_MS)
    assert sorted({name for name, _, _, _ in steps(told)}) == ["inc-1", "inc-3"]
    assert "inc-1 explains it" in told.state.escalation.chains["inc-2"].held_by
    told.say(clear("region-unreachable", region="us-east-1"))
    settle(told, shipped_escalation)
    assert "inc-2" in {name for name, _, _, _ in steps(told)}
