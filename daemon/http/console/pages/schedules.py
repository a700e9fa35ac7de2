"""The page of schedules: when changes may be made, who is on duty until when, and what is done by the clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from config.escalation.escalation_file import Escalation
from config.policy import Policy
from daemon.http.console.figures.shown import Figure
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.scene import Scene
from daemon.http.words.wording import Moment, count, duration, moment
from daemon.incidents.parts import IncidentParts
from daemon.reports.view import ReportSlot
from daemon.scaling.desk import ScalingDesk
from daemon.schedule import Standing
from remediation.escalation.on_call import duties, on_duty
from remediation.escalation.state import EscalationBook
from remediation.guardrails.calendar import Interval, intervals, is_open

AHEAD_MS = 14 * 86_400_000
"""Two weeks: what a person plans around."""
CALENDAR_ROWS = 40
HANDOFF_ROWS = 4
LATE_TIMES = 3
"""A duty that was not done for so many of its intervals did not run."""


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """A time that changes something. kind: freeze, cutoff, maintenance, peak, silence or announced work."""

    kind: str
    name: str
    state: str
    tone: str
    begins: Moment
    ends: Moment
    local: str
    about: str


@dataclass(frozen=True, slots=True)
class DutyRow:
    """Who is on duty. next: the handoffs that come, each with its person; nobody is said as nobody."""

    schedule: str
    person: str
    layer: str
    until: Moment | None
    next: tuple[tuple[Moment, str], ...]
    is_gap: bool


@dataclass(frozen=True, slots=True)
class JobRow:
    """What is done by the clock. state: ran, running, late, never or due."""

    name: str
    every: str
    last: Moment | None
    took: str
    next: Moment | None
    state: str
    tone: str
    runs: str


@dataclass(frozen=True, slots=True)
class SchedulesPage:
    """people: empty where nobody is told of anything from here."""

    figures: tuple[Figure, ...]
    calendar: tuple[CalendarRow, ...]
    hidden: int
    people: tuple[DutyRow, ...]
    reports: tuple[JobRow, ...]
    jobs: tuple[JobRow, ...]
    ahead: str


def compose(scene: Scene, _of: str) -> SchedulesPage:
    """From policy, scaling plan, escalation, and what the clock has done."""
    options, now_ms = scene.options, scene.now_ms
    policy = None if options.automation is None else options.automation.policy
    incidents = options.incidents
    rows = [*_calendars(policy, now_ms), *_peaks(options.scaling, now_ms), *_quiet(incidents, now_ms)]
    rows.sort(key=lambda row: (row.state != "now", row.begins.iso))
    people = () if incidents is None else tuple(_people(incidents.escalation(), now_ms))
    reports = () if scene.costs is None else tuple(_report(one, now_ms) for one in scene.costs.reports)
    jobs = tuple(
        sorted((_job(one, now_ms) for one in options.duties()), key=lambda row: (row.state != "late", row.name))
    )
    return SchedulesPage(
        figures=tuple(_figures(rows, people, jobs, known=policy is not None)),
        calendar=tuple(rows[:CALENDAR_ROWS]),
        hidden=max(0, len(rows) - CALENDAR_ROWS),
        people=people,
        reports=reports,
        jobs=jobs,
        ahead=duration(AHEAD_MS),
    )


def _figures(
    rows: Sequence[CalendarRow], people: Sequence[DutyRow], jobs: Sequence[JobRow], *, known: bool
) -> Iterator[Figure]:
    closed = [row for row in rows if row.state == "now" and row.kind in {"freeze", "cutoff"}]
    if known:
        note = "; ".join(row.name for row in closed) if closed else "no freeze and no cut-off holds"
        yield Figure("Changes", "held" if closed else "let through", note, "odd" if closed else "good")
    else:
        yield Figure("Changes", "no data", "no policy is known here")
    gaps = sum(row.is_gap for row in people)
    on = ", ".join(row.person for row in people if row.person)
    yield Figure(
        "On duty",
        on if on else "nobody",
        f"{gaps} schedules with nobody" if gaps else "",
        "bad" if gaps or not on else "good",
    )
    late = sum(row.state == "late" for row in jobs)
    shown = "no data" if not jobs else str(late)
    yield Figure("Jobs that are late", shown, f"of {len(jobs)}", "bad" if late else "good" if jobs else "")


def _calendars(policy: Policy | None, now_ms: int) -> Iterator[CalendarRow]:
    for calendar in () if policy is None else policy.closing:
        zone = calendar.windows[0].zone if calendar.windows else calendar.zone
        for interval in intervals(calendar, now_ms, now_ms + AHEAD_MS):
            closed = is_open(calendar, max(interval[0], now_ms)) if calendar.kind != "maintenance" else None
            about = "changes that ask for maintenance" if closed is None else closed.why
            yield _timed(calendar.kind, calendar.name, interval, zone, about, now_ms)


def _peaks(desk: ScalingDesk | None, now_ms: int) -> Iterator[CalendarRow]:
    if desk is None or desk.mode == "off":
        return
    for one in desk.status():
        for peak in one.peaks:
            about = f"{peak.min} to {peak.max} units of {one.place}"
            yield _timed("peak", peak.name, (peak.from_ms, peak.until_ms), "UTC", about, now_ms)


def _quiet(parts: IncidentParts | None, now_ms: int) -> Iterator[CalendarRow]:
    book = EscalationBook() if parts is None else parts.quiet.book
    for silence in book.silences.values():
        if not silence.is_over(now_ms):
            about = f"{', '.join(silence.matchers)}: {silence.comment} ({silence.by})"
            yield _timed("silence", silence.id, (silence.starts_at_ms, silence.ends_at_ms), "UTC", about, now_ms)
    for work in book.maintenances.values():
        if not work.is_over(now_ms):
            about = f"{work.what} ({work.by})" + (f": {', '.join(work.matchers)}" if work.matchers else "")
            yield _timed(f"{work.kind} work", work.id, (work.starts_at_ms, work.ends_at_ms), "UTC", about, now_ms)


def _timed(kind: str, name: str, interval: Interval, zone: str, about: str, now_ms: int) -> CalendarRow:
    begins_ms, ends_ms = interval
    now = begins_ms <= now_ms < ends_ms
    tone = {"freeze": "breached", "cutoff": "pending"}.get(kind, "pending") if now else ""
    return CalendarRow(
        kind=kind,
        name=name,
        state="now" if now else f"in {duration(begins_ms - now_ms)}",
        tone=tone,
        begins=moment(begins_ms, now_ms),
        ends=moment(ends_ms, now_ms),
        local="" if zone == "UTC" else _local(begins_ms, zone),
        about=about,
    )


def _local(at_ms: int, zone: str) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(zone)):%a %H:%M} {zone}"


def _people(rules: Escalation, now_ms: int) -> Iterator[DutyRow]:
    for name, schedule in rules.schedules.items():
        person, layer = on_duty(schedule, now_ms)
        coming = duties(schedule, now_ms, now_ms + AHEAD_MS)
        until = moment(coming[0].ends_at_ms, now_ms) if len(coming) > 1 else None
        following = tuple(
            (moment(one.starts_at_ms, now_ms), rules.people[one.person].name if one.person else "nobody")
            for one in coming[1 : 1 + HANDOFF_ROWS]
        )
        shown = rules.people[person].name if person else ""
        yield DutyRow(name, shown, layer, until, following, is_gap=not person)


def _report(slot: ReportSlot, now_ms: int) -> JobRow:
    last = moment(_instant_ms(slot.written), now_ms) if slot.written else None
    state, tone = ("due", "pending") if slot.due else ("ran", "cleared") if last is not None else ("never", "no_data")
    coming = moment(_instant_ms(slot.next), now_ms) if slot.next else None
    return JobRow(
        slot.job, "as configured", last, "", coming, state, tone, f"{slot.due} not written yet" if slot.due else ""
    )


def _instant_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _job(one: Standing, now_ms: int) -> JobRow:
    patience_ms = LATE_TIMES * one.every_seconds * 1000
    took = ""
    if one.running:
        late = now_ms - one.began_at_ms > patience_ms
        state, tone = ("late", "breached") if late else ("running", "pending")
        took = f"for {duration(max(0, now_ms - one.began_at_ms))}"
    elif one.ended_at_ms:
        late = now_ms - one.ended_at_ms > patience_ms
        state, tone = ("late", "breached") if late else ("ran", "cleared")
        took = duration(one.ended_at_ms - one.began_at_ms)
    else:
        state, tone = "never", "no_data"
    return JobRow(
        name=one.name,
        every=duration(one.every_seconds * 1000),
        last=moment(one.began_at_ms, now_ms) if one.began_at_ms else None,
        took=took,
        next=moment(one.next_at_ms, now_ms) if one.next_at_ms else None,
        state=state,
        tone=tone,
        runs=count(one.runs),
    )


SCHEDULES = ConsolePage(
    name="schedules",
    title="Schedules",
    path="/console/schedules",
    section="schedules",
    panels=("figures", "on-duty", "calendar", "reports", "jobs"),
    compose=compose,
)
