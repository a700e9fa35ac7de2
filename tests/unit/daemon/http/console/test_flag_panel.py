"""The console's panel of flags: killed first and in red, who does not follow by name, and no data as no data."""

import pytest

from daemon.http.console.flag_rows import FlagPanel, flag_panel
from daemon.http.console.templates import render
from daemon.http.words.wording import NO_DATA
from remediation.flags.model import FlagChange
from tests.unit.daemon.flags.flag_house import FlagHouse, flag_house


@pytest.fixture
async def house() -> FlagHouse:
    return await flag_house()


def panel(house: FlagHouse) -> FlagPanel:
    found = flag_panel(house.parts, house.now_ms)
    assert found is not None
    return found


class PageOfFlags:
    """As much of a page as the panel shows."""

    def __init__(self, flags: FlagPanel | None) -> None:
        self.flags = flags


def shown(flags: FlagPanel | None) -> str:
    return render("panels/flags.html", page=PageOfFlags(flags))


async def test_without_any_report_nothing_is_claimed_of_processes(house: FlagHouse) -> None:
    found = panel(house)
    assert (found.followed, found.rows) == (NO_DATA, ())
    assert found.untouched == ("payouts: on", "processor: on")
    assert "Every flag is as the document says." in shown(found)


async def test_a_killed_flag_comes_first_in_red_with_who_and_why(house: FlagHouse) -> None:
    await house.done(FlagChange.RAMP, "payouts", variant="off")
    await house.done(FlagChange.KILL, "processor")
    found = panel(house)
    assert [(row.key, row.state, row.tone) for row in found.rows] == [
        ("processor", "killed", "breached"),
        ("payouts", "5 %", "pending"),
    ]
    assert (found.rows[0].serves, found.rows[0].by) == ("off for everybody, its safe default", "ada")
    page = shown(found)
    assert '<span class="badge breached">killed</span>' in page
    assert "ada: because" in page


async def test_who_lags_or_says_nothing_is_named(house: FlagHouse) -> None:
    house.reports("core-1")
    house.reports("core-2", version=0)
    for number in range(7):
        house.reports(f"late-{number}", version=0)
    found = panel(house)
    assert found.followed == "1 of 9 processes serve it"
    assert found.faults[0] == "core-2 serves an older version"
    assert "and 3 more" in found.faults
    assert "core-2 serves an older version" in shown(found)


async def test_what_is_written_into_reasons_and_names_is_escaped(house: FlagHouse) -> None:
    house.reports("<b>core</b>", version=0)
    page = shown(panel(house))
    assert "<b>core</b>" not in page
    assert "&lt;b&gt;core&lt;/b&gt;" in page


async def test_where_no_flags_are_kept_the_panel_says_so() -> None:
    assert flag_panel(None, 0) is None
    assert "No flags are kept here." in shown(None)
