"""The list of incidents: what is open, the gravest and longest first, and what was."""

from collections.abc import Iterator
from dataclasses import dataclass

from daemon.http.console.compose import incident_rows
from daemon.http.console.figures.shown import Figure
from daemon.http.console.page import IncidentRow
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.scene import Scene
from daemon.http.words.wording import NO_DATA, count, duration
from remediation.response import response_of
from remediation.state import Incident

OPEN_ROWS = 60
PAST_ROWS = 40
"""Rows that fit a person's attention; the API has the rest."""


@dataclass(frozen=True, slots=True)
class IncidentsPage:
    """open: that somebody has to look at. past: resolved, newest first."""

    figures: tuple[Figure, ...]
    open: tuple[IncidentRow, ...]
    open_hidden: int
    past: tuple[IncidentRow, ...]
    past_hidden: int


def compose(scene: Scene, _of: str) -> IncidentsPage:
    """From the journal's state."""
    found = [one for one in scene.state.incidents.values() if not one.merged_into]
    unresolved = [one for one in found if one.resolved_at_ms == 0]
    past = [one for one in reversed(found) if one.resolved_at_ms > 0]
    unresolved.sort(key=lambda one: (one.severity, one.opened_at_ms))
    return IncidentsPage(
        figures=tuple(_figures(scene, unresolved, past)),
        open=incident_rows(unresolved[:OPEN_ROWS], scene.options, scene.now_ms),
        open_hidden=max(0, len(unresolved) - OPEN_ROWS),
        past=incident_rows(past[:PAST_ROWS], scene.options, scene.now_ms),
        past_hidden=max(0, len(past) - PAST_ROWS),
    )


def _figures(scene: Scene, unresolved: list[Incident], past: list[Incident]) -> Iterator[Figure]:
    critical = sum(one.severity == 1 for one in unresolved)
    note = f"{critical} critical" if critical else "none critical" if unresolved else ""
    yield Figure("Open", count(len(unresolved)), note, "bad" if unresolved else "good")
    untaken = [one for one in unresolved if one.acknowledged_at_ms == 0]
    yield Figure("Nobody took on", count(len(untaken)), "", "bad" if untaken else "good")
    late = sum(response_of(one, scene.options.severities, scene.now_ms).overdue for one in unresolved)
    yield Figure("Answer overdue", count(late), "", "bad" if late else "good")
    taken = [one.answered_at_ms - one.opened_at_ms for one in past if one.answered_at_ms > 0]
    yield Figure("Until taken on", _middle(taken), f"half of {count(len(taken))} were sooner" if taken else "")
    lasted = [one.resolved_at_ms - one.opened_at_ms for one in past]
    yield Figure("Until resolved", _middle(lasted), f"half of {count(len(lasted))} were sooner" if lasted else "")


def _middle(durations_ms: list[int]) -> str:
    """The median in words; no data when there is none."""
    return duration(max(0, sorted(durations_ms)[len(durations_ms) // 2])) if durations_ms else NO_DATA


INCIDENTS = ConsolePage(
    name="incidents",
    title="Incidents",
    path="/console/incidents",
    section="incidents",
    panels=("figures", "incidents-open", "incidents-past"),
    compose=compose,
)
