"""Reads the events of an iCal file (RFC 5545); what it does not understand is refused with its line."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from config.calendars.event import EVENT_SECONDS_MAX, CalendarEvent
from config.calendars.recurrence import RuleUnusable, check_rule, rule_parts
from config.calendars.zones import zone_named
from config.loading.problems import Problem

EVENTS_MAX = 200
"""Of one file: years of holidays; each costs a little on every day that is looked at."""
_NAME = re.compile(r"[A-Za-z0-9-]+")
_DATE = re.compile(r"[0-9]{8}")
_MOMENT = re.compile(r"([0-9]{8}T[0-9]{6})(Z?)")
_DURATION = re.compile(
    r"\+?P(?:([0-9]{1,3})W|(?:([0-9]{1,3})D)?(?:T(?:([0-9]{1,4})H)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})S)?)?)"
)
_ONCE = ("DTSTART", "DTEND", "DURATION", "RRULE", "SUMMARY", "STATUS", "TRANSP")
_REFUSED = {
    "RDATE": "write the further dates as events of their own",
    "EXRULE": "write EXDATE lines instead",
    "RECURRENCE-ID": "write an EXDATE into the series, and the moved time as an event of its own",
}


class _Unusable(Exception):
    """A line cannot be used. fix: what to write."""

    def __init__(self, line: int, what: str, fix: str) -> None:
        super().__init__(what)
        self.line, self.what, self.fix = line, what, fix


@dataclass(frozen=True, slots=True)
class _Line:
    """One property, unfolded. line: where it begins, from 1."""

    line: int
    name: str
    parameters: Mapping[str, str]
    value: str


@dataclass(slots=True)
class _Draft:
    """An event while its lines are read."""

    line: int
    once: dict[str, _Line] = field(default_factory=dict)
    left_out: list[_Line] = field(default_factory=list)


def read_events(file: str, text: str, zone: str) -> tuple[tuple[CalendarEvent, ...], list[Problem]]:
    """The events that block time, and every problem. zone: of whole days, and of times that name no zone."""
    problems: list[Problem] = []
    events: list[CalendarEvent] = []
    try:
        drafts = _drafts(list(_lines(text)))
    except _Unusable as fault:
        return (), [_problem(file, text, fault)]
    for draft in drafts:
        try:
            event = _event(draft, zone)
        except _Unusable as fault:
            problems.append(_problem(file, text, fault))
        else:
            events += [] if event is None else [event]
    if len(drafts) > EVENTS_MAX:
        what = f"the file holds {len(drafts)} events, {EVENTS_MAX} are allowed"
        problems.append(Problem(file, drafts[EVENTS_MAX].line, 1, what, "split the file, or remove what is over"))
    if not drafts and not problems:
        problems.append(Problem(file, 1, 1, "the file holds no VEVENT", "add one, or leave the file out"))
    return tuple(events), problems


def _problem(file: str, text: str, fault: _Unusable) -> Problem:
    lines = text.splitlines()
    shown = lines[fault.line - 1] if 0 < fault.line <= len(lines) else ""
    excerpt = f"{fault.line:>5} | {shown:.120}\n      | ^" if shown else ""
    return Problem(file, fault.line, 1, fault.what, fault.fix, excerpt)


def _lines(text: str) -> Iterator[_Line]:
    """The content lines; a line that begins with a blank continues the one before (RFC 5545, 3.1)."""
    unfolded: list[tuple[int, str]] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        if raw[:1] in {" ", "\t"} and unfolded:
            unfolded[-1] = (unfolded[-1][0], unfolded[-1][1] + raw[1:])
        elif raw.strip():
            unfolded.append((number, raw))
    for number, line in unfolded:
        head, value = _split(line, ":")
        if value is None:
            raise _Unusable(
                number, "this line has no colon", "write NAME:VALUE, and begin a continued line with a blank"
            )
        name, *parameters = _parts(head, ";")
        if _NAME.fullmatch(name) is None:
            raise _Unusable(number, f"{name!r:.40} is no name of a property", "write NAME:VALUE")
        pairs = [one.partition("=") for one in parameters]
        yield _Line(number, name.upper(), {key.upper(): what.strip('"') for key, _, what in pairs}, value.strip())


def _split(line: str, mark: str) -> tuple[str, str | None]:
    """The text before the first mark outside of quotes, and after it; None when there is no such mark."""
    quoted = False
    for index, character in enumerate(line):
        if character == '"':
            quoted = not quoted
        elif character == mark and not quoted:
            return line[:index], line[index + 1 :]
    return line, None


def _parts(text: str, mark: str) -> list[str]:
    parts: list[str] = []
    rest: str | None = text
    while rest is not None:
        part, rest = _split(rest, mark)
        parts.append(part)
    return parts


def _drafts(lines: list[_Line]) -> list[_Draft]:
    """The VEVENT blocks. Raises _Unusable where blocks do not close."""
    drafts: list[_Draft] = []
    open_blocks: list[_Line] = []
    for line in lines:
        inside = open_blocks[-1].value.upper() if open_blocks else ""
        if line.name == "BEGIN":
            if not open_blocks and line.value.upper() != "VCALENDAR":
                raise _Unusable(line.line, "the file does not begin with a calendar", "write BEGIN:VCALENDAR first")
            open_blocks.append(line)
            if line.value.upper() == "VEVENT":
                drafts.append(_Draft(line.line))
        elif line.name == "END":
            _close(open_blocks, line)
        elif not open_blocks:
            raise _Unusable(line.line, "this stands outside of a calendar", "write BEGIN:VCALENDAR before it")
        elif inside == "VEVENT":
            _take(drafts[-1], line)
    if open_blocks:
        last = open_blocks[-1]
        raise _Unusable(last.line, f"BEGIN:{last.value:.40} is not ended", f"write END:{last.value.upper():.40}")
    return drafts


def _close(open_blocks: list[_Line], line: _Line) -> None:
    if not open_blocks or line.value.upper() != open_blocks[-1].value.upper():
        fix = f"write END:{open_blocks[-1].value.upper():.40} first" if open_blocks else "remove it"
        raise _Unusable(line.line, f"END:{line.value:.40} ends nothing that is open", fix)
    open_blocks.pop()


def _take(draft: _Draft, line: _Line) -> None:
    if line.name in _REFUSED:
        raise _Unusable(line.line, f"{line.name} is not supported", _REFUSED[line.name])
    if line.name == "EXDATE":
        draft.left_out.append(line)
    elif line.name in _ONCE:
        if line.name in draft.once:
            raise _Unusable(line.line, f"{line.name} stands twice in this event", "keep one of the two")
        draft.once[line.name] = line


def _event(draft: _Draft, zone: str) -> CalendarEvent | None:
    """The event; None when it is cancelled or says that it blocks no time."""
    first = draft.once.get("DTSTART")
    if first is None:
        raise _Unusable(draft.line, "the event has no DTSTART", "write when it begins")
    start, start_zone = _moment(first, zone)
    whole_days = _is_date(first)
    lasts = _lasts(draft, start, start_zone, zone, whole_days=whole_days)
    rule = _rule(draft, start, start_zone)
    left_out = tuple(
        _in_zone(*_moment(_Line(line.line, line.name, line.parameters, one), zone), start_zone)
        for line in draft.left_out
        for one in line.value.split(",")
    )
    if _said(draft, "STATUS") == "CANCELLED" or _said(draft, "TRANSP") == "TRANSPARENT":
        return None
    return CalendarEvent(
        starts=start,
        zone=start_zone,
        lasts=lasts,
        rule=rule,
        left_out=left_out,
        summary=_text(draft.once["SUMMARY"].value) if "SUMMARY" in draft.once else "",
    )


def _said(draft: _Draft, name: str) -> str:
    return draft.once[name].value.upper() if name in draft.once else ""


def _text(value: str) -> str:
    return re.sub(r"\\([\\;,nN])", lambda found: " " if found[1] in "nN" else found[1], value)[:200]


def _is_date(line: _Line) -> bool:
    return line.parameters.get("VALUE", "").upper() == "DATE" or _DATE.fullmatch(line.value) is not None


def _moment(line: _Line, zone: str) -> tuple[datetime, str]:
    """A wall clock time and its zone."""
    named = line.parameters.get("TZID", "")
    if named and zone_named(named) is None:
        fix = "write the IANA name, such as America/New_York; names of other makers mean other things to others"
        raise _Unusable(line.line, f"{named!r:.60} is no time zone that is known", fix)
    try:
        if _is_date(line):
            return datetime.strptime(line.value, "%Y%m%d"), zone  # noqa: DTZ007 - a wall clock, its zone goes beside it
        match = _MOMENT.fullmatch(line.value)
        if match is not None:
            at = datetime.strptime(match[1], "%Y%m%dT%H%M%S")  # noqa: DTZ007 - as above
            return at, "UTC" if match[2] else named if named else zone
    except ValueError:
        pass
    fix = "write 20261127 or 20261127T020000, with TZID or a final Z"
    raise _Unusable(line.line, f"{line.value!r:.40} is no time of {line.name}", fix)


def _in_zone(at: datetime, of: str, zone: str) -> datetime:
    """The same moment on the clock of another zone."""
    if of == zone:
        return at
    return at.replace(tzinfo=_zone(of)).astimezone(_zone(zone)).replace(tzinfo=None, fold=0)


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


def _lasts(draft: _Draft, start: datetime, start_zone: str, zone: str, *, whole_days: bool) -> float:
    """Seconds on the wall clock; an event of whole days without an end is one day (RFC 5545, 3.6.1)."""
    end, duration = draft.once.get("DTEND"), draft.once.get("DURATION")
    if end is not None and duration is not None:
        raise _Unusable(duration.line, "DTEND and DURATION exclude each other", "keep one of the two")
    if duration is not None:
        told, line = _duration(duration), duration
    elif end is not None:
        if _is_date(end) is not whole_days:
            raise _Unusable(end.line, "DTSTART and DTEND are not of the same kind", "write two dates or two times")
        told, line = _in_zone(*_moment(end, zone), start_zone) - start, end
    elif whole_days:
        told, line = timedelta(days=1), draft.once["DTSTART"]
    else:
        raise _Unusable(draft.once["DTSTART"].line, "the event has no end", "write DTEND or DURATION")
    if not timedelta() < told <= timedelta(seconds=EVENT_SECONDS_MAX):
        what = f"the event lasts {told}, not from more than nothing to {EVENT_SECONDS_MAX // 86400} days"
        raise _Unusable(line.line, what, "write an end that is later than the start, or split the event")
    return told.total_seconds()


def _duration(line: _Line) -> timedelta:
    match = _DURATION.fullmatch(line.value)
    if match is None or not any(match.groups()):
        raise _Unusable(line.line, f"{line.value!r:.40} is no duration", "write P1D, PT2H or PT1H30M")
    weeks, days, hours, minutes, seconds = (int(part) if part else 0 for part in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _rule(draft: _Draft, start: datetime, start_zone: str) -> str:
    """The rule with UNTIL on the clock of the event; empty without one."""
    line = draft.once.get("RRULE")
    if line is None:
        return ""
    try:
        parts = rule_parts(line.value)
        if "UNTIL" in parts:
            until = _Line(line.line, "UNTIL", {}, parts["UNTIL"])
            at, of = _moment(until, start_zone)
            # A date means the whole of that day.
            at = at + timedelta(hours=23, minutes=59, seconds=59) if _is_date(until) else _in_zone(at, of, start_zone)
            parts["UNTIL"] = f"{at:%Y%m%dT%H%M%S}"
        rule = ";".join(f"{name}={value}" for name, value in parts.items())
        check_rule(rule, start)
    except RuleUnusable as fault:
        fix = "write FREQ=WEEKLY;BYDAY=SU, with INTERVAL, UNTIL or COUNT if needed, and a DTSTART that it names"
        raise _Unusable(line.line, str(fault), fix) from fault
    return rule
