"""The pages of flags: killed first and in red, who does not follow by name, rules in words, and no data as no data."""

from dataclasses import replace

import pytest

from daemon.http.console.feed import ConsoleFeed
from daemon.http.console.flag_rows import FlagPanel, flag_panel
from daemon.http.console.pages.flags import FLAG, FLAGS, compose_list, compose_one
from daemon.http.options import HttpOptions
from daemon.http.words.wording import NO_DATA
from remediation.flags.model import FlagChange
from tests.unit.daemon.flags.flag_house import FlagHouse, flag_house
from tests.unit.daemon.http.fake_view import FakeView
from tests.unit.daemon.http.rendering import rendered, scene_of
from tests.unit.daemon.http.story import healthy, options


@pytest.fixture
async def house() -> FlagHouse:
    return await flag_house()


def panel(house: FlagHouse) -> FlagPanel:
    found = flag_panel(house.parts, house.now_ms)
    assert found is not None
    return found


def options_of(house: FlagHouse | None, view: FakeView) -> HttpOptions:
    return replace(options(view), flags=None if house is None else house.parts)


async def shown(house: FlagHouse | None) -> dict[str, str]:
    view = healthy()
    if house is not None:
        view.clock.now = house.now_ms
    return (await rendered(ConsoleFeed(view, options_of(house, view)), FLAGS)).panels


async def test_without_any_report_nothing_is_claimed_of_processes(house: FlagHouse) -> None:
    assert panel(house).followed == NO_DATA
    page = await shown(house)
    assert "No data: no process has said what it serves." in page["followers"]
    assert page["flag-list"].count(">as document</span>") == 2


async def test_a_killed_flag_comes_first_in_red_with_who_and_why(house: FlagHouse) -> None:
    await house.done(FlagChange.RAMP, "payouts", variant="off")
    await house.done(FlagChange.KILL, "processor")
    view = healthy()
    found = compose_list(scene_of(view, options_of(house, view)), "")
    assert [(row.key, row.state, row.tone) for row in found.rows] == [
        ("processor", "killed", "breached"),
        ("payouts", "ramping", "pending"),
    ]
    assert (found.rows[0].serves, found.rows[0].by) == ("off for everybody, its safe default", "ada")
    assert '<span class="badge breached">killed</span>' in (await shown(house))["flag-list"]
    one = compose_one(scene_of(view, options_of(house, view)), "processor")
    assert one is not None
    assert one.killed == "killed by ada: because"
    assert [(row.what, row.reason, row.by) for row in one.past] == [("kill", "because", "ada")]


async def test_a_ramp_says_where_it_is_and_for_what_it_waits(house: FlagHouse) -> None:
    await house.done(FlagChange.RAMP, "payouts", variant="off")
    view = healthy()
    one = compose_one(scene_of(view, options_of(house, view)), "payouts")
    assert one is not None
    assert one.ramp_percent == 5
    assert [row.state for row in one.ramp][:2] == ["now", "ahead"]
    assert "payments of off" in one.ramp[0].asks
    html = (await rendered(ConsoleFeed(view, options_of(house, view)), FLAG, "payouts")).panels["flag"]
    assert "Steps of the ramp" in html


async def test_a_flag_that_is_not_there_has_no_page(house: FlagHouse) -> None:
    view = healthy()
    assert compose_one(scene_of(view, options_of(house, view)), "nothing") is None
    assert compose_one(scene_of(view, options_of(None, view)), "payouts") is None


async def test_who_lags_or_says_nothing_is_named(house: FlagHouse) -> None:
    house.reports("core-1")
    house.reports("core-2", version=0)
    for number in range(7):
        house.reports(f"late-{number}", version=0)
    found = panel(house)
    assert found.followed == "1 of 9 processes serve it"
    assert found.faults[0] == "core-2 serves an older version"
    assert "and 3 more" in found.faults
    page = await shown(house)
    assert "core-2 serves an older version" in page["flag-list"]
    assert page["followers"].count(">lags</span>") + page["followers"].count(">silent</span>") == 8


async def test_what_is_written_into_reasons_and_names_is_escaped(house: FlagHouse) -> None:
    house.reports("<b>core</b>", version=0)
    page = await shown(house)
    for html in (page["flag-list"], page["followers"]):
        assert "<b>core</b>" not in html
    assert "&lt;b&gt;core&lt;/b&gt;" in page["followers"]


async def test_where_no_flags_are_kept_the_page_says_so() -> None:
    assert flag_panel(None, 0) is None
    assert "No data: no flags are kept here." in (await shown(None))["flag-list"]
