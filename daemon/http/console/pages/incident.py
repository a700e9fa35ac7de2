"""The page of one incident, composed from the view; pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from daemon.amounts import money
from daemon.http.console.compose import incident_rows, ledger_row
from daemon.http.console.figures.answers import Answer, broke, cents, done, why_not
from daemon.http.console.figures.shown import Figure, Tone
from daemon.http.console.incident.rows import (
    DoneRow,
    SeenRow,
    StoryRow,
    ToldRow,
    WhyNotRow,
    done_rows,
    next_words,
    seen_rows,
    story_rows,
    told_rows,
    why_not_rows,
)
from daemon.http.console.incident.words import WordsRow, words_of, words_rows
from daemon.http.console.page import IncidentRow
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.scene import Scene
from daemon.http.words.wording import NO_DATA, count, duration
from remediation.incidents.fold import members_of, root_of
from remediation.incidents.labels import SEVERITY_NAMES
from remediation.incidents.times import times_of
from remediation.public.subjects import subject_of
from remediation.response import level_named
from remediation.state import Incident, IncidentState


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """of: what was asked for, another one than the incident where that was merged. acts: what people may do to it now.

    answers: to the four questions. procedure: its name, empty where none is for its runbook. matchers: that silence it
    alone. words: for the outside, about it or any of its group. kind: as what the outside is told of it; empty: nobody
    is.
    """

    of: str
    incident: IncidentRow
    answers: tuple[Answer, ...]
    severity: str
    members: tuple[IncidentRow, ...]
    figures: tuple[Figure, ...]
    seen: tuple[SeenRow, ...]
    done: tuple[DoneRow, ...]
    why_not: tuple[WhyNotRow, ...]
    told: tuple[ToldRow, ...]
    words: tuple[WordsRow, ...]
    kind: str
    next: str
    story: tuple[StoryRow, ...]
    acts: tuple[str, ...]
    procedure: str
    matchers: str


def compose(scene: Scene, of: str) -> IncidentPage | None:
    """None when there is no such incident. The scene's entries are those of the incident."""
    state, now_ms = scene.state, scene.now_ms
    named = state.incidents.get(of)
    if named is None:
        return None
    incident = root_of(state, named)
    members = tuple(members_of(state, incident.id))
    group, rules = (incident, *members), {rule.id: rule for rule in scene.options.rules}
    chain = state.escalation.chains.get(incident.id)
    (row,) = incident_rows((incident,), scene.options, now_ms)
    return IncidentPage(
        of=of,
        incident=row,
        answers=tuple(_answers(scene, group)),
        severity=SEVERITY_NAMES.get(incident.severity, "medium"),
        members=incident_rows(members, scene.options, now_ms),
        figures=tuple(_figures(scene, incident)),
        seen=seen_rows(group, rules, now_ms),
        done=done_rows(group, state.actions, now_ms),
        why_not=why_not_rows(group, now_ms),
        told=told_rows(chain, now_ms),
        words=words_rows(words_of(state.public, {one.id for one in group}), now_ms),
        kind=_kind(scene, incident),
        next=next_words(chain, now_ms),
        story=story_rows(scene.entries, rules, incident.opened_at_ms, now_ms),
        acts=_acts(incident),
        procedure=_procedure(scene, incident),
        matchers=f"id={incident.id}",
    )


def _answers(scene: Scene, group: Sequence[Incident]) -> Iterator[Answer]:
    rules = {rule.id: rule for rule in scene.options.rules}
    yield Answer("broke", "What broke", broke(group[0], rules, scene.view.readings(), scene.now_ms))
    yield Answer("done", "What was done", done(group, scene.state, scene.now_ms), "#panel-incident-done")
    yield Answer("why-not", "Why not more", why_not(group, scene.now_ms), "#panel-incident-done")
    yield cents(ledger_row(scene.options.ledger(), scene.now_ms))


def _acts(incident: Incident) -> tuple[str, ...]:
    match incident.state:
        case IncidentState.OPEN:
            return ("incident.ack", "incident.resolve", "incident.merge", "silence.add", "incident.note")
        case IncidentState.ACKNOWLEDGED:
            return ("incident.ack", "incident.unack", "incident.resolve", "incident.merge", "incident.note")
        case IncidentState.RESOLVED:
            return ("incident.note",)


def _procedure(scene: Scene, incident: Incident) -> str:
    parts = scene.options.incidents
    found = None if parts is None else parts.procedures.catalogue.answering(incident.runbook)
    return "" if found is None else found.name


def _kind(scene: Scene, incident: Incident) -> str:
    parts = scene.options.public
    found = None if parts is None else subject_of(scene.state, incident.id, parts.public(), scene.now_ms)
    return "" if found is None else found.kind


def _figures(scene: Scene, incident: Incident) -> Iterator[Figure]:
    times = times_of(scene.state, incident)
    level = level_named(scene.options.severities, incident.severity)
    allowed_ms = level.respond_within * 1000
    yield Figure("Seen after", duration(times.detect_ms), "from the fact to the incident")
    yield Figure(
        "Taken on after",
        _span(times.acknowledge_ms),
        f"{duration(allowed_ms)} allowed",
        _tone(times.acknowledge_ms, allowed_ms),
    )
    yield Figure("Mitigated after", _span(times.mitigate_ms), "an action about it was seen in effect")
    yield Figure("Over after", _span(times.resolve_ms))
    seen = incident.exposed
    least = "" if seen is None or seen.whole else "at least "
    wait = "counted once it is over" if seen is None else f"{least}{count(seen.failed)} of them failed"
    yield Figure("Payments exposed", NO_DATA if seen is None else count(seen.payments), wait)
    yield Figure("Money exposed", NO_DATA if seen is None else f"{least}{money(seen.amount_cents)}")


def _span(milliseconds: int | None) -> str:
    return NO_DATA if milliseconds is None else duration(milliseconds)


def _tone(milliseconds: int | None, allowed_ms: float) -> Tone:
    if milliseconds is None:
        return ""
    return "good" if milliseconds <= allowed_ms else "bad"


INCIDENT = ConsolePage(
    name="incident",
    title="Incident",
    path="/console/incidents/{of}",
    section="incidents",
    panels=(
        "incident",
        "incident-seen",
        "incident-done",
        "figures",
        "incident-words",
        "incident-told",
        "incident-story",
    ),
    compose=compose,
    story=True,
)
