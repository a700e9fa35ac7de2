"""Fills the calendars of a policy from the files that they name."""

from pathlib import Path

from config.ach import Ach
from config.calendars.calendar import Calendar
from config.calendars.ical import read_events
from config.loading.loader import Loaded, content_of
from config.loading.problems import Problem
from config.policy import Policy

CALENDARS_DIRECTORY = "calendars"
"""Where iCal files lie, by custom."""


def filled(policy: Loaded[Policy], directory: Path, ach: Ach | None) -> tuple[Policy, list[Problem]]:
    """The policy with the events of its iCal files and the hours of the bank, and what is wrong with the files.

    directory: of the policy's file.
    """
    problems: list[Problem] = []
    calendars = []
    for place, calendar in enumerate(policy.value.calendars):
        full = calendar
        if calendar.kind == "cutoff" and ach is not None:
            full = calendar.model_copy(update={"hours": ach.hours})
        if calendar.ical:
            full, found = _with_events(calendar, directory / calendar.ical, policy, place)
            problems += found
        calendars.append(full)
    return policy.value.model_copy(update={"calendars": tuple(calendars)}), problems


def _with_events(calendar: Calendar, path: Path, policy: Loaded[Policy], place: int) -> tuple[Calendar, list[Problem]]:
    content = content_of(path)
    if isinstance(content, Problem):
        what = f"{path}: {content.what}"
        return calendar, [policy.document.problem(("calendars", place, "ical"), what, content.fix)]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return calendar, [Problem(str(path), 1, 1, "the file is not UTF-8", "save it as UTF-8")]
    events, problems = read_events(str(path), text, calendar.zone)
    return calendar.model_copy(update={"events": events}), problems
