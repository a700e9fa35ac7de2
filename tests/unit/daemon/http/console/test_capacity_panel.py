"""The panel of capacity says who has too little and why not more, and never takes what is unknown for enough."""

from dataclasses import replace
from pathlib import Path

from daemon.http.console.capacity_rows import capacity_panel
from daemon.http.console.feed import ConsoleFeed
from daemon.http.console.pages.scaling import SCALING
from daemon.scaling.desk import Asked
from tests.unit.daemon.http.rendering import rendered
from tests.unit.daemon.http.story import healthy, options
from tests.unit.daemon.scaling.scaling_house import House, component, policy


async def test_who_is_short_is_shown_with_dollars_and_the_one_reason(tmp_path: Path) -> None:
    house = await House(tmp_path, policy(component(max=3))).begin()
    await house.tick(12, utilization=1.0)
    panel = capacity_panel(house.desk, house.clock.now_ms())
    assert panel is not None
    [row] = panel.rows
    assert (row.state, row.units, row.needed, row.load) == ("short", "3 of 3", "5 of at most 3", "100%")
    assert (row.cost, row.cap, row.why) == ("$0.300", "$1.000", "it has all that it may have")


async def test_what_is_unknown_is_no_data_and_says_what_was_not_read(tmp_path: Path) -> None:
    house = await House(tmp_path, policy(component())).begin()
    house.watched.scalable = None
    house.gauge.unread = True
    await house.tick()
    panel = capacity_panel(house.desk, house.clock.now_ms())
    assert panel is not None
    [row] = panel.rows
    assert (row.state, row.units, row.load, row.cost) == ("unknown", "no data", "no data", "no data")
    assert "ThrottlingException" in row.beside[-1]


async def test_what_a_person_set_is_said_beside_it(tmp_path: Path) -> None:
    house = await House(tmp_path, policy(component())).begin()
    await house.tick(2, utilization=0.4)
    await house.desk.set("core", Asked(units=4, lasts_ms=60_000, reason="a sale"), "ana")
    panel = capacity_panel(house.desk, house.clock.now_ms())
    assert panel is not None
    assert panel.rows[0].beside[0].startswith("ana set 4 until ")


async def test_the_page_has_the_panel_with_and_without_components(tmp_path: Path) -> None:
    view = healthy()
    house = await House(tmp_path, policy(component())).begin()
    await house.tick(2, utilization=0.4)
    watched = ConsoleFeed(view, replace(options(view), scaling=house.desk))
    panels = (await rendered(watched, SCALING)).panels
    shown = panels["capacity"]
    assert "us-east-1/core" in shown
    assert "2 of 2" in shown
    assert "us-east-1/core" in panels["capacity-decisions"]
    assert "us-east-1/core" in panels["capacity-signals"]
    empty = (await rendered(ConsoleFeed(view, options(view)), SCALING)).panels
    assert "No capacity is looked after" in empty["capacity"]
    assert "no data" in empty["figures"]
    assert "No data: no component" in empty["capacity-signals"]
