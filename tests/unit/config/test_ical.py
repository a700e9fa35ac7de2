"""Reading iCal files: what is understood is exact, what is not is refused with its line."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.calendar_files import CALENDARS_DIRECTORY
from config.calendars.event import CalendarEvent
from config.calendars.ical import read_events
from config.load import load_configuration
from config.loading.problems import ConfigurationError

ZONE = "America/New_York"
wall = datetime.fromisoformat


def calendar(*lines: str) -> str:
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""))


def event(*lines: str) -> str:
    return calendar("BEGIN:VEVENT", "UID:1@example.test", *lines, "END:VEVENT")


def only(text: str) -> CalendarEvent:
    events, problems = read_events("holidays.ics", text, ZONE)
    assert not problems
    assert len(events) == 1
    return events[0]


def refused(text: str) -> list[tuple[int, str]]:
    _, problems = read_events("holidays.ics", text, ZONE)
    assert all(problem.file == "holidays.ics" and problem.fix for problem in problems)
    return [(problem.line, problem.what) for problem in problems]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("DTSTART;VALUE=DATE:20261127",), (wall("2026-11-27"), ZONE, 86_400)),
        (
            ("DTSTART;VALUE=DATE:20261127", "DTEND;VALUE=DATE:20261130"),
            (wall("2026-11-27"), ZONE, 3 * 86_400),
        ),
        (("DTSTART:20261127T020000", "DURATION:PT1H30M"), (wall("2026-11-27T02:00"), ZONE, 5_400)),
        (("DTSTART:20261127T020000Z", "DTEND:20261127T030000Z"), (wall("2026-11-27T02:00"), "UTC", 3_600)),
        (
            ("DTSTART;TZID=Europe/Berlin:20261127T020000", "DTEND:20261127T020000Z"),
            (wall("2026-11-27T02:00"), "Europe/Berlin", 3_600),
        ),
        (
            ('DTSTART;TZID="Europe/Berlin":20261127T020000', "DURATION:P1W"),
            (wall("2026-11-27T02:00"), "Europe/Berlin", 604_800),
        ),
        (("DTSTART:2026112", " 7T020000", "DURATION:PT1H"), (wall("2026-11-27T02:00"), ZONE, 3_600)),
    ],
)
def test_an_event_has_its_wall_clock_zone_and_length(
    lines: tuple[str, ...], expected: tuple[datetime, str, int]
) -> None:
    found = only(event(*lines))
    assert (found.starts, found.zone, found.lasts) == expected


def test_until_is_told_on_the_clock_of_the_event() -> None:
    found = only(
        event(
            "DTSTART;TZID=America/New_York:20261101T020000", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20261105T070000Z"
        )
    )
    assert found.rule == "FREQ=DAILY;UNTIL=20261105T020000"


def test_a_summary_is_read_without_its_escapes() -> None:
    assert only(event("DTSTART:20261127", r"SUMMARY:Black Friday\, closed")).summary == "Black Friday, closed"


@pytest.mark.parametrize("line", ["STATUS:CANCELLED", "TRANSP:TRANSPARENT"])
def test_an_event_that_blocks_no_time_is_left_out(line: str) -> None:
    assert read_events("holidays.ics", event("DTSTART:20261127", line), ZONE) == ((), [])


def test_zones_and_alarms_in_the_file_are_passed_over() -> None:
    text = calendar(
        *("BEGIN:VTIMEZONE", "TZID:x", "BEGIN:STANDARD", "DTSTART:20001101T020000", "END:STANDARD", "END:VTIMEZONE"),
        *("BEGIN:VEVENT", "DTSTART:20261127", "BEGIN:VALARM", "DURATION:PT5M", "END:VALARM", "END:VEVENT"),
    )
    assert only(text).lasts == 86_400


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [
        (("SUMMARY:no start",), 3, "no DTSTART"),
        (("DTSTART:20261127T020000",), 5, "no end"),
        (("DTSTART:20261327",), 5, "is no time of DTSTART"),
        (("DTSTART:20261127T020000", "DTEND:20261127T010000"), 6, "lasts"),
        (("DTSTART:20260101", "DTEND:20261231"), 6, "lasts 364 days"),
        (("DTSTART:20261127", "DTEND:20261128T000000"), 6, "not of the same kind"),
        (("DTSTART:20261127", "DTEND:20261128", "DURATION:P1D"), 7, "exclude each other"),
        (("DTSTART:20261127T020000", "DURATION:1h"), 6, "is no duration"),
        (("DTSTART:20261127T020000", "DURATION:PT"), 6, "is no duration"),
        (("DTSTART;TZID=Eastern Standard Time:20261127T020000", "DURATION:PT1H"), 5, "no time zone"),
        (("DTSTART:20261127", "DTSTART:20261128"), 6, "stands twice"),
        (("DTSTART:20261127", "RRULE:FREQ=HOURLY"), 6, "FREQ must be"),
        (("DTSTART:20261127", "RRULE:FREQ=DAILY;BYSETPOS=1"), 6, "BYSETPOS is not supported"),
        (("DTSTART:20261127", "RRULE:FREQ=DAILY;COUNT=3;UNTIL=20261201"), 6, "exclude each other"),
        (("DTSTART:20261127", "RRULE:FREQ=DAILY;COUNT=5000"), 6, "COUNT must be"),
        (("DTSTART:20261127", "RRULE:FREQ=DAILY;INTERVAL=0"), 6, "INTERVAL must be"),
        (("DTSTART:20261127", "RRULE:FREQ=DAILY;INTERVAL=1001"), 6, "INTERVAL must be a whole number from 1 to 1000"),
        (("DTSTART:20261127", "RRULE:FREQ=DAILY;INTERVAL=99999999999"), 6, "INTERVAL must be"),
        (("DTSTART:20261127", f"RRULE:FREQ=YEARLY;INTERVAL={'9' * 5000}"), 6, "INTERVAL must be"),
        (("DTSTART:20261127", f"RRULE:FREQ=DAILY;COUNT={'9' * 5000}"), 6, "COUNT must be"),
        (("DTSTART:20261127", "RRULE:FREQ=DAILY;INTERVAL=²"), 6, "INTERVAL must be"),
        (("DTSTART:20261127", "RRULE:FREQ=WEEKLY;BYDAY=XX"), 6, "cannot be read"),
        (("DTSTART:20261127", "RRULE:FREQ=WEEKLY;BYDAY=MO"), 6, "the rule begins at"),
        (("DTSTART:20261127", "RDATE:20261128"), 6, "RDATE is not supported"),
        (("DTSTART:20261127", "RECURRENCE-ID:20261128"), 6, "RECURRENCE-ID is not supported"),
        (("DTSTART:20261127", "this is nothing"), 6, "no colon"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_line(lines: tuple[str, ...], line: int, what: str) -> None:
    [(found, told)] = refused(event(*lines))
    assert found == line
    assert what in told


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "no VEVENT"),
        ("BEGIN:VEVENT\nEND:VEVENT", 1, "does not begin with a calendar"),
        ("SUMMARY:x", 1, "outside of a calendar"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR", 3, "ends nothing that is open"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT", 2, "is not ended"),
    ],
)
def test_a_file_without_a_calendar_is_refused(text: str, line: int, what: str) -> None:
    [(found, told)] = refused(text)
    assert found == line
    assert what in told


def test_a_file_with_too_many_events_is_refused() -> None:
    [(_, told)] = refused(calendar(*("BEGIN:VEVENT", "DTSTART:20261127", "END:VEVENT") * 201))
    assert "201 events, 200 are allowed" in told


@settings(deadline=None)
@given(st.text(alphabet='BEGINVCALDR:;=,T0129Z\n "PTHSU', max_size=200))
def test_no_text_breaks_the_reading(text: str) -> None:
    events, problems = read_events("holidays.ics", calendar("BEGIN:VEVENT", text, "END:VEVENT"), ZONE)
    assert events or problems or "STATUS" in text or "TRANSP" in text


def with_calendar(directory: Path, ical: str, text: bytes | None) -> Path:
    (directory / "policy.yaml").write_text(f"calendars:\n  - {{name: holidays, kind: freeze, ical: {ical}}}\n")
    (directory / CALENDARS_DIRECTORY).mkdir()
    if text is not None:
        (directory / ical).write_bytes(text)
    return directory


def test_a_policy_is_filled_from_its_files(tmp_path: Path) -> None:
    text = event("DTSTART:20261127").encode()
    [calendar_] = load_configuration(with_calendar(tmp_path, "calendars/us.ics", text), {}).policy.calendars
    assert [one.starts for one in calendar_.events] == [wall("2026-11-27")]


def test_other_events_are_another_configuration(tmp_path: Path) -> None:
    directory = with_calendar(tmp_path, "us.ics", event("DTSTART:20261127").encode())
    before = load_configuration(directory, {}).digest
    (directory / "us.ics").write_text(event("DTSTART:20261128"))
    assert load_configuration(directory, {}).digest != before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "policy.yaml:2:"),
        (b"\xff\xfe", "not UTF-8"),
        (event("DTSTART:never").encode(), "us.ics:5:1: 'never' is no time of DTSTART"),
        (b" " * 1_048_577, "larger than"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_place(tmp_path: Path, text: bytes | None, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        load_configuration(with_calendar(tmp_path, "calendars/us.ics", text), {})


def test_the_hours_of_the_bank_come_from_its_file(tmp_path: Path) -> None:
    configuration = load_configuration(tmp_path, {})
    [cutoff] = [one for one in configuration.policy.calendars if one.kind == "cutoff"]
    assert cutoff.hours == configuration.ach.hours
