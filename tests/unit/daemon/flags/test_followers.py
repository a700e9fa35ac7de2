"""Who serves which version: heard, lagging, silent or gone, and what that says about health."""

import pytest
from msgspec.structs import replace

from daemon.cores.flag_reports import FlagReports
from daemon.errors import CoreUnreachable, NotAsked
from daemon.flags.followers import FORGOTTEN_MS, LIVE_MS, PROCESSES_MAX, SILENT_MS, Followers
from payment_core.flags.envelope import Report
from remediation.flags.model import FlagChange
from tests.unit.daemon.flags.flag_house import FlagHouse, flag_house, report
from tests.unit.remediation.worlds import NOW_MS, FakeClock


def followers(absent: frozenset[tuple[str, str]] = frozenset()) -> Followers:
    return Followers(lambda: absent)


def looked(one: FlagHouse) -> tuple[str, str]:
    """The component's status and detail, with a broker that is there."""
    one.parts.publisher._connected = True
    fact = one.parts.health.look(one.parts.changes.book, one.now_ms)
    assert fact.subject == "feature-flags"
    return fact.status, fact.detail


def test_a_process_serves_lags_or_says_nothing_and_is_named() -> None:
    heard = followers()
    heard.heard(report("new", 7), NOW_MS)
    heard.heard(report("newer", 8), NOW_MS)
    heard.heard(report("old", 6), NOW_MS)
    heard.heard(report("mute", 7), NOW_MS - LIVE_MS - 1)
    found = heard.propagation(7, 8, NOW_MS)
    assert (found.serving, found.lagging, found.silent) == (("new", "newer"), ("old (6)",), ("mute",))
    assert not found.is_everywhere
    assert "old (6)" in found.words
    assert "mute" in found.words


def test_a_process_that_was_silent_for_long_keeps_nothing_waiting_and_is_forgotten_later() -> None:
    heard = followers()
    heard.heard(report("new", 7), NOW_MS)
    heard.heard(report("gone", 1), NOW_MS - SILENT_MS - 1)
    assert heard.propagation(7, 8, NOW_MS).is_everywhere
    assert [one.report.process for one in heard.rows(7, NOW_MS)] == ["gone", "new"]
    assert [one.report.process for one in heard.rows(7, NOW_MS + FORGOTTEN_MS - SILENT_MS)] == ["new"]


def test_a_process_that_stops_in_order_keeps_no_change_waiting() -> None:
    heard = followers()
    heard.heard(report("new", 7), NOW_MS)
    heard.heard(report("stopped", 6), NOW_MS)
    assert not heard.propagation(7, 8, NOW_MS).is_everywhere
    heard.heard(replace(report("stopped", 6), ended=True), NOW_MS)
    assert heard.propagation(7, 8, NOW_MS).is_everywhere
    assert [one.report.process for one in heard.rows(7, NOW_MS)] == ["new"]


def test_what_was_stopped_on_purpose_is_missed_by_nobody() -> None:
    heard = followers(frozenset({("us-east-1", "green")}))
    heard.heard(report("blue", 7), NOW_MS)
    heard.heard(report("green", 7, environment="green"), NOW_MS - LIVE_MS - 1)
    assert heard.propagation(7, 8, NOW_MS).is_everywhere


def test_without_any_process_nothing_is_known() -> None:
    found = followers().propagation(7, 8, NOW_MS)
    assert not found.is_everywhere
    assert "no process reports" in found.words


def test_there_is_room_for_so_many_and_the_one_that_was_silent_longest_goes() -> None:
    heard = followers()
    for number in range(PROCESSES_MAX + 1):
        heard.heard(report(f"core-{number}", 7), NOW_MS + number)
    names = {one.report.process for one in heard.rows(7, NOW_MS)}
    assert (len(names), "core-0" in names) == (PROCESSES_MAX, False)


def test_a_process_that_serves_what_our_journal_has_not_reached_is_named_and_never_counted_as_following() -> None:
    heard = followers()
    heard.heard(report("new", 8), NOW_MS)
    heard.heard(report("stray", 900), NOW_MS)
    found = heard.propagation(7, 8, NOW_MS)
    assert (found.serving, found.straying, found.is_everywhere) == (("new",), ("stray (900)",), False)
    assert "stray (900) follow another journal" in found.words
    assert [(one.report.process, one.follows) for one in heard.rows(8, NOW_MS)] == [("new", True), ("stray", False)]


async def test_a_daemon_with_an_older_journal_than_its_processes_calls_no_kill_in_effect() -> None:
    one = await flag_house()
    one.reports("core-1", version=one.version + 500)
    await one.done(FlagChange.KILL)
    assert not (await one.parts.changes.propagation(one.version)).is_everywhere
    status, detail = looked(one)
    assert (status, "core-1" in detail, "another journal" in detail) == ("unhealthy", True, True)


async def test_health_is_unknown_without_processes_and_healthy_when_all_serve_the_newest() -> None:
    one = await flag_house()
    assert looked(one)[0] == "unknown"
    one.reports("core-1")
    assert looked(one) == ("healthy", f"1 processes serve version {one.version}")


async def test_a_process_that_lags_or_answers_with_safe_defaults_is_unhealthy_and_named() -> None:
    one = await flag_house()
    one.reports("core-1")
    one.reports("core-2", version=0)
    status, detail = looked(one)
    assert (status, "core-2" in detail) == ("unhealthy", True)
    one.reports("core-2", missing=("payouts",))
    status, detail = looked(one)
    assert (status, "payouts" in detail) == ("unhealthy", True)


async def test_polling_alone_is_a_degraded_way_to_serve_flags() -> None:
    one = await flag_house()
    one.reports("core-1")
    fact = one.parts.health.look(one.parts.changes.book, one.now_ms)
    assert (fact.status, "by polling alone" in fact.detail) == ("degraded", True)


class Core:
    """A payment core that is asked. answer: what it says, or how it does not."""

    def __init__(self, answer: Report | Exception) -> None:
        self._answer = answer

    async def flags_served(self) -> Report:
        """See FlagCore."""
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize("fault", [CoreUnreachable("away"), NotAsked("403")])
async def test_the_second_look_hears_who_answers_and_concludes_nothing_of_who_does_not(fault: Exception) -> None:
    heard = followers()
    await FlagReports([Core(report("core-1", 7)), Core(fault)], heard, FakeClock()).ask()
    assert heard.propagation(7, 8, NOW_MS).serving == ("core-1",)


async def test_processes_that_follow_no_daemon_make_nothing_known_and_one_among_others_is_told() -> None:
    one = await flag_house()
    one.parts.followers.heard(replace(report("core-1", 0), source="embedded"), one.now_ms)
    assert looked(one)[0] == "unknown"
    one.reports("core-2")
    status, detail = looked(one)
    assert (status, "core-1" in detail) == ("degraded", True)
