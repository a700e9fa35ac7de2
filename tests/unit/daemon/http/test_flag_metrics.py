"""The metrics of flags, read at the scrape."""

from daemon.http.measured.flag_metrics import CONNECTED, KILLED, PROCESSES, RAMPED, VERSION, flag_values
from remediation.flags.model import FlagChange
from tests.unit.daemon.flags.flag_house import flag_house


async def test_what_is_killed_ramped_and_followed_is_told_flag_by_flag() -> None:
    house = await flag_house()
    await house.done(FlagChange.RAMP, "payouts", variant="off")
    await house.done(FlagChange.KILL, "processor")
    house.reports("core-1")
    house.reports("core-2", version=0)
    values = flag_values(house.parts, house.now_ms)
    assert values[VERSION] == {(): house.version}
    assert values[KILLED] == {("payouts",): False, ("processor",): True}
    assert values[RAMPED] == {("payouts",): 0.05}
    assert values[PROCESSES] == {("current",): 1, ("lagging",): 1, ("straying",): 0, ("silent",): 0}
    assert values[CONNECTED] == {(): False}


def test_where_no_flags_are_kept_nothing_is_told() -> None:
    assert all(values == {} for values in flag_values(None, 0).values())
