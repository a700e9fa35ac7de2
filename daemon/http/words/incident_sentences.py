"""What the journal says about incidents, and about who is told of them, as sentences."""

from typing import assert_never

from daemon.amounts import money
from daemon.http.words.guardrail_sentences import Parts
from daemon.http.words.wording import count, counted, moment
from remediation.journal.escalation_kinds import (
    ChangeTold,
    EscalationBody,
    EscalationHeld,
    EscalationStarted,
    EscalationStep,
    EscalationTold,
    MaintenanceAnnounced,
    MaintenanceEnded,
    NoticeFailed,
    NoticeSent,
    SilenceAdded,
    SilenceExpired,
    TrialBegun,
    TrialEnded,
)
from remediation.journal.incident_kinds import (
    IncidentAcknowledged,
    IncidentBody,
    IncidentExposed,
    IncidentHeardOf,
    IncidentMerged,
    IncidentNoted,
    IncidentReopened,
    IncidentResolved,
    IncidentUnacknowledged,
)


def incident_parts(body: IncidentBody) -> Parts:
    """The entry in words; who did it stands beside it."""
    match body:
        case IncidentAcknowledged():
            return "good", "incident", f"{body.incident_id} was acknowledged.", body.note
        case IncidentUnacknowledged():
            why = "was given back" if body.cause == "person" else "was given back, because nothing was heard in time"
            return "unknown", "incident", f"{body.incident_id} {why}.", body.note
        case IncidentResolved():
            return "plain", "incident", f"{body.incident_id} was resolved.", body.note
        case IncidentReopened():
            return "bad", "incident", f"{body.incident_id} was opened again.", body.why
        case IncidentExposed() | IncidentHeardOf():
            return _learned(body)
        case IncidentMerged() | IncidentNoted():
            return _said_by_people(body)
        case _:
            assert_never(body)


def _said_by_people(body: IncidentMerged | IncidentNoted) -> Parts:
    if isinstance(body, IncidentNoted):
        return "plain", "note", f"A note about {body.incident_id}.", body.note
    return "plain", "incident", f"{body.incident_id} is part of {body.into}.", body.why


def _learned(body: IncidentExposed | IncidentHeardOf) -> Parts:
    if isinstance(body, IncidentHeardOf):
        return "plain", "incident", f"{body.channel}: {body.incident_id} {body.what}.", body.refused
    counted_of = f"{count(body.payments)} payments, {count(body.failed)} of them failed, {money(body.amount_cents)}"
    return "plain", "incident", f"{body.incident_id} exposed {counted_of}.", "" if body.whole else "at least"


def escalation_parts(body: EscalationBody) -> Parts:
    """The entry in words; addresses are not in it."""
    match body:
        case EscalationStarted() | EscalationHeld() | EscalationStep():
            return _chain(body)
        case EscalationTold() | NoticeSent() | NoticeFailed():
            return _notice(body)
        case TrialBegun() | TrialEnded() | ChangeTold():
            return _beside(body)
        case _:
            return _quiet(body)


def _quiet(body: SilenceAdded | SilenceExpired | MaintenanceAnnounced | MaintenanceEnded) -> Parts:
    match body:
        case SilenceAdded():
            until = f"until {moment(body.ends_at_ms).text} UTC"
            return "unknown", "silence", f"Silence for {', '.join(body.matchers)} {until}.", body.comment
        case SilenceExpired():
            return "plain", "silence", f"{body.silence_id} was ended.", body.comment
        case MaintenanceAnnounced():
            span = f"{moment(body.starts_at_ms).text} to {moment(body.ends_at_ms).text} UTC"
            about = ", ".join(body.matchers) if body.matchers else "everything"
            return "plain", "maintenance", f"{body.kind.capitalize()} maintenance of {about}: {span}.", body.what
        case MaintenanceEnded():
            return "plain", "maintenance", f"{body.maintenance_id} was ended.", body.comment
        case _:
            assert_never(body)


def _chain(body: EscalationStarted | EscalationHeld | EscalationStep) -> Parts:
    if isinstance(body, EscalationHeld):
        return "unknown", "escalation", f"Nobody is told of {body.incident_id} for now.", body.why
    if isinstance(body, EscalationStarted):
        text = f"{body.incident_id} goes by the policy {body.policy}, {counted(len(body.steps), 'step')}."
        return "plain", "escalation", text, body.why
    whom = ", ".join(one.target.person for one in body.notices)
    told = f"is to tell {whom}" if whom else "is to tell nobody"
    action = f"tries {body.action}" if body.action else ""
    return "act", "escalation", f"Step {body.number} of {body.incident_id} {told}.", action


def _beside(body: TrialBegun | TrialEnded | ChangeTold) -> Parts:
    match body:
        case TrialBegun():
            whom = f" for {body.person}" if body.person else ""
            return "plain", "notice", f"{body.channel} is tried{whom}.", ""
        case TrialEnded():
            verb = "took" if body.taken else "did not take"
            return ("good" if body.taken else "bad"), "notice", f"{body.channel} {verb} test-{body.trial}.", body.detail
        case ChangeTold():
            verb = "was not told" if body.refused else "was told"
            detail = body.refused if body.refused else body.detail
            return "plain", "notice", f"{body.channel} {verb} of a change: {body.summary}.", detail


def _notice(body: EscalationTold | NoticeSent | NoticeFailed) -> Parts:
    if isinstance(body, EscalationTold):
        whom = ", ".join(f"{one.target.person} ({one.kind})" for one in body.notices)
        return "plain", "escalation", f"How {body.incident_id} goes on is to be told to {whom}.", ""
    if isinstance(body, NoticeSent):
        return "good", "notice", f"{body.channel} took {body.notice_id}.", body.detail
    again = "it is not tried again" if body.final else "it is tried again"
    return "bad", "notice", f"{body.channel} did not take {body.notice_id}, {again}.", body.why
