"""The document that is read after an incident, in Markdown: what happened when, who was told, what it exposed."""

from collections.abc import Iterable, Iterator, Sequence

from config.policy import Severities
from daemon.amounts import money
from daemon.http.words.sentences import Rules, sentence
from daemon.http.words.wording import count, duration, moment
from remediation.decisions import Decision
from remediation.escalation.chain import Chain
from remediation.incidents.fold import members_of
from remediation.incidents.labels import SEVERITY_NAMES
from remediation.incidents.times import times_of
from remediation.journal.entry import Entry
from remediation.journal.guardrail_kinds import UndoAsked
from remediation.journal.kinds import body_of
from remediation.journal.procedure_kinds import ProcedureBegun
from remediation.journal.public_kinds import CommunicationProposed, StatusProposed
from remediation.response import level_named
from remediation.state import Incident, IncidentState, State

NOT_YET = "not yet"
BEFORE_MS = 1_800_000
"""What changed in the half hour before stands in the timeline too: that is where causes are looked for."""
CHANGES = frozenset({"deployment", "deployment.planned", "flag.changed", "configuration.reloaded"})


def review(state: State, incident: Incident, entries: Sequence[Entry], rules: Rules, severities: Severities) -> str:
    """entries: from BEFORE_MS before the incident to its end, oldest first. What only people know is left for them."""
    members = list(members_of(state, incident.id))
    about = list(concerning(state, incident, entries))
    return "\n".join(
        (
            *_head(incident, members),
            *_numbers(state, incident, severities),
            "## Timeline",
            "",
            "UTC | what | who",
            "---|---|---",
            *(_row(entry, rules) for entry in about),
            "",
            *_not_done(incident, members),
            *_for_people(),
        )
    )


def concerning(state: State, incident: Incident, entries: Iterable[Entry]) -> Iterator[Entry]:
    """The entries about the incident and its group, and the changes shortly before; oldest first."""
    group = (incident, *members_of(state, incident.id))
    ids, fingerprints = {one.id for one in group}, {one.fingerprint for one in group}
    decisions: set[str] = set()
    said: set[str] = set()
    runs: set[str] = set()
    for entry in entries:
        body = body_of(entry)
        if isinstance(body, Decision):
            about = body.finding.fingerprint in fingerprints
            if about:
                decisions.add(body.id)
        else:
            about = (
                getattr(body, "incident_id", "") in ids
                or getattr(body, "fingerprint", "") in fingerprints
                or getattr(body, "decision_id", "") in decisions
                or getattr(body, "subject_id", "") in ids
                or getattr(body, "update_id", getattr(body, "communication_id", "")) in said
            )
            about = about or getattr(body, "run_id", "") in runs
            if isinstance(body, ProcedureBegun) and about:
                runs.add(body.run_id)
            if isinstance(body, UndoAsked) and about:
                decisions.add(body.undo_id)
            if isinstance(body, StatusProposed | CommunicationProposed) and about:
                said |= {f"upd-{entry.sequence}", f"com-{entry.sequence}"}
        if about or (entry.kind in CHANGES and entry.at_ms <= incident.opened_at_ms):
            yield entry


def _head(incident: Incident, members: Sequence[Incident]) -> Iterator[str]:
    yield f"# {incident.id}: {incident.rule_id} for {incident.subject if incident.subject else 'everything'}"
    yield ""
    severity = SEVERITY_NAMES.get(incident.severity, "medium")
    ended = f"over since {_at(incident.resolved_at_ms)}, by {incident.resolved_by}"
    now = ended if incident.state is IncidentState.RESOLVED else incident.state.value
    yield f"Severity {incident.severity} ({severity}), {now}. Runbook: {incident.runbook}."
    for one in members:
        yield f"- with {one.id}: {one.rule_id} for {one.subject} ({one.state.value})"
    yield ""


def _numbers(state: State, incident: Incident, severities: Severities) -> Iterator[str]:
    times = times_of(state, incident)
    level = level_named(severities, incident.severity)
    allowed = f"{duration(level.respond_within * 1000)} allowed"
    yield "## Figures"
    yield ""
    yield "what | how long"
    yield "---|---"
    yield f"from the fact to the incident | {duration(times.detect_ms)}"
    yield f"until somebody took it on | {_span(times.acknowledge_ms)} ({allowed})"
    yield f"until it was mitigated | {_span(times.mitigate_ms)}"
    yield f"until it was over | {_span(times.resolve_ms)}"
    yield f"who was told | {_told(state.escalation.chains.get(incident.id))}"
    yield f"exposed | {_exposed(incident)}"
    yield ""


def _told(chain: Chain | None) -> str:
    if chain is None or not (chain.levels_told or chain.held_by):
        return "nobody"
    held = f"held: {chain.held_by}" if chain.held_by else ""
    return ", ".join((*chain.levels_told, *((held,) if held else ())))


def _exposed(incident: Incident) -> str:
    seen = incident.exposed
    if seen is None:
        return "not counted yet"
    least = "" if seen.whole else "at least "
    return f"{least}{count(seen.payments)} payments, {count(seen.failed)} of them failed, {money(seen.amount_cents)}"


def _row(entry: Entry, rules: Rules) -> str:
    said = sentence(entry, rules)
    text = f"{said.text} {said.detail}".strip()
    return f"{moment(entry.at_ms).iso} | {_cell(text)} | {_cell(entry.actor)}"


def _not_done(incident: Incident, members: Sequence[Incident]) -> Iterator[str]:
    """Why not more was done, each reason once."""
    decisions = [one for part in (incident, *members) for one in part.decisions if not one.act]
    reasons = dict.fromkeys(f"- {one.rule_id}: {_cell(one.detail)}" for one in decisions)
    if reasons:
        yield "## What was not done, and why"
        yield ""
        yield from reasons
        yield ""


def _for_people() -> Iterator[str]:
    """The questions that no journal answers."""
    yield "## For the review"
    for question in (
        "What was the cause, and what let it through?",
        "What told customers, and when?",
        "What went well, what was luck?",
        "What is changed, by whom, until when?",
    ):
        yield ""
        yield f"**{question}**"
        yield ""
        yield "_to be written_"
    yield ""


def _cell(text: str) -> str:
    """Text as it may stand in a table: what others named must not end the cell, nor begin a tag."""
    return " ".join(text.replace("|", "\\|").replace("<", "&lt;").split())


def _span(milliseconds: int | None) -> str:
    return NOT_YET if milliseconds is None else duration(milliseconds)


def _at(at_ms: int) -> str:
    return moment(at_ms).iso
