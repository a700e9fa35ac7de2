"""Slots: one for each local day that is meant, whatever the clocks do."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.reports import Moment, moment_from
from daemon.reports.slots import slots_between

NEW_YORK = ZoneInfo("America/New_York")
ZONES = ("America/New_York", "UTC", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia")


def ms(text: str) -> int:
    """Unix milliseconds of an instant in UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def shown(slots: list[int]) -> list[str]:
    """The slots in UTC."""
    return [datetime.fromtimestamp(slot / 1000, UTC).strftime("%Y-%m-%dT%H:%M") for slot in slots]


@pytest.mark.parametrize(
    ("text", "first", "until", "expected"),
    [
        # Clocks go forward on 2026-03-08: 02:30 does not exist and is 03:30 that day.
        ("02:30", "2026-03-07T00:00", "2026-03-10T00:00", ["2026-03-07T07:30", "2026-03-08T07:30", "2026-03-09T06:30"]),
        # Clocks go back on 2026-11-01: 01:30 comes twice, the first of the two is meant.
        ("01:30", "2026-10-31T00:00", "2026-11-03T00:00", ["2026-10-31T05:30", "2026-11-01T05:30", "2026-11-02T06:30"]),
        ("07:00", "2026-03-07T13:00", "2026-03-09T12:00", ["2026-03-08T11:00", "2026-03-09T11:00"]),
        ("monday 08:00", "2026-11-01T00:00", "2026-11-16T12:59", ["2026-11-02T13:00", "2026-11-09T13:00"]),
        ("1 09:00", "2026-10-01T13:00", "2026-12-01T14:00", ["2026-11-01T14:00", "2026-12-01T14:00"]),
    ],
)
def test_slots_of_new_york(text: str, first: str, until: str, expected: list[str]) -> None:
    assert shown(slots_between(moment_from(text), NEW_YORK, ms(first), ms(until))) == expected


@given(
    st.sampled_from(ZONES),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 730 * 24 * 3600),
    st.lists(st.integers(1, 72 * 3600), min_size=1, max_size=12),
)
def test_looking_often_or_seldom_finds_each_slot_once(
    name: str, hour: int, minute: int, begin: int, steps: list[int]
) -> None:
    moment, zone = Moment(hour, minute), ZoneInfo(name)
    looks = [ms("2026-01-01T00:00") + begin * 1000]
    for step in steps:
        looks.append(looks[-1] + step * 1000)
    one_by_one = [slot for after, until in pairwise(looks) for slot in slots_between(moment, zone, after, until)]
    assert one_by_one == slots_between(moment, zone, looks[0], looks[-1])
    days = {datetime.fromtimestamp(slot / 1000, zone).date() for slot in one_by_one}
    assert len(days) == len(one_by_one)
