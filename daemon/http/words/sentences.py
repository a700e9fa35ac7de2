"""Says a journal entry as a sentence, with its numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, assert_never

from checks.facts import Deployment, HealthStatus
from checks.findings import Finding, State
from config.rules.rule_file import Rule
from daemon.http.words.aftermath_sentences import aftermath_parts
from daemon.http.words.deployment_sentences import deployment_parts
from daemon.http.words.flag_sentences import flag_parts
from daemon.http.words.guardrail_sentences import guardrail_parts
from daemon.http.words.incident_sentences import escalation_parts, incident_parts
from daemon.http.words.procedure_sentences import procedure_parts
from daemon.http.words.public_sentences import public_parts
from daemon.http.words.scaling_sentences import scaling_parts
from daemon.http.words.wording import (
    OUTCOME_WORDS,
    REASON_WORDS,
    action_words,
    count,
    duration,
    key_text,
    measured,
    window,
    words,
)
from remediation.aiming.capacity import CAPACITY
from remediation.decisions import IN_EFFECT, Decision, Outcome
from remediation.errors import JournalCorrupt
from remediation.journal.aftermath_kinds import AftermathBody
from remediation.journal.entry import Entry
from remediation.journal.escalation_kinds import EscalationBody
from remediation.journal.flag_kinds import FlagBody
from remediation.journal.guardrail_kinds import GuardrailBody
from remediation.journal.incident_kinds import IncidentBody
from remediation.journal.kinds import (
    Body,
    BudgetReached,
    ConfigurationRefused,
    ConfigurationReloaded,
    DaemonStarted,
    DaemonStopped,
    HealthChanged,
    Intent,
    Quarantined,
    ReportWritten,
    RunBody,
    ScenarioStep,
    body_of,
)
from remediation.journal.procedure_kinds import ProcedureBody
from remediation.journal.public_kinds import PublicBody
from remediation.journal.scaling_kinds import ScalingBody

Tone = Literal["bad", "good", "act", "unknown", "plain"]
Rules = Mapping[str, Rule]
Seldom = (
    ConfigurationReloaded
    | ConfigurationRefused
    | HealthChanged
    | Quarantined
    | ScenarioStep
    | DaemonStarted
    | DaemonStopped
    | BudgetReached
    | ReportWritten
)

_HEALTH_TONES: dict[HealthStatus, Tone] = {
    "healthy": "good",
    "degraded": "unknown",
    "unhealthy": "bad",
    "unknown": "unknown",
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """tone: how it is coloured; the text says the same. label: what sort of entry. detail: may be empty."""

    tone: Tone
    label: str
    text: str
    detail: str = ""


def sentence(entry: Entry, rules: Rules) -> Sentence:
    """The entry in words; one of a newer version, or one that does not decode, is said to be so."""
    try:
        body = body_of(entry)
    except JournalCorrupt as fault:
        return Sentence("bad", "journal", "This entry cannot be read.", fault.detail)
    return Sentence("plain", entry.kind, "An entry of a newer version.") if body is None else _say(body, rules)


def _say(body: Body, rules: Rules) -> Sentence:
    if isinstance(body, GuardrailBody | AftermathBody | RunBody | FlagBody | ScalingBody | ProcedureBody | PublicBody):
        return Sentence(*_parts(body))
    if isinstance(body, IncidentBody | EscalationBody):
        return Sentence(*(incident_parts(body) if isinstance(body, IncidentBody) else escalation_parts(body)))
    match body:
        case Finding():
            return _finding(body, rules)
        case Decision() | Intent() | Outcome():
            return _acting(body)
        case Deployment():
            return _deployment(body)
        case _:
            return _say_rest(body)


def _parts(
    body: GuardrailBody | AftermathBody | RunBody | FlagBody | ScalingBody | ProcedureBody | PublicBody,
) -> tuple[Tone, str, str, str]:
    """What has a page of words of its own."""
    if isinstance(body, ProcedureBody | PublicBody):
        return procedure_parts(body) if isinstance(body, ProcedureBody) else public_parts(body)
    if isinstance(body, GuardrailBody):
        return guardrail_parts(body)
    if isinstance(body, FlagBody):
        return flag_parts(body)
    if isinstance(body, ScalingBody):
        return scaling_parts(body)
    return aftermath_parts(body) if isinstance(body, AftermathBody) else deployment_parts(body)


def _acting(body: Decision | Intent | Outcome) -> Sentence:
    match body:
        case Decision():
            return _decision(body)
        case Intent():
            changes = ", ".join(f"{words(name)} {value}" for name, value in body.arguments.items())
            return Sentence("act", "intent", f"About to {action_words(body.action)} on {body.target}.", changes)
        case Outcome():
            return _outcome(body)


def _say_rest(body: Seldom) -> Sentence:
    match body:
        case HealthChanged():
            same = body.status == body.previous_status
            text = f"{body.component} is {body.status}, {'as before' if same else f'it was {body.previous_status}'}."
            return Sentence(_HEALTH_TONES[body.status], "health", text, body.detail)
        case Quarantined():
            size = f"{count(body.size_bytes)} bytes, message {body.message_id}"
            return Sentence("bad", "quarantine", f"A message from {body.source} was set aside: {body.why}", size)
        case ScenarioStep():
            return Sentence("plain", "scenario", f"Scenario {body.scenario}: {words(body.step)}.", body.detail)
        case DaemonStarted() | DaemonStopped() | BudgetReached() | ReportWritten():
            return _daemon(body)
        case ConfigurationReloaded() | ConfigurationRefused():
            return _configuration(body)
        case _:
            assert_never(body)


def _configuration(body: ConfigurationReloaded | ConfigurationRefused) -> Sentence:
    if isinstance(body, ConfigurationRefused):
        text = f"A changed configuration ({body.cause}) has {count(body.problem_count)} problems; the old one stays."
        return Sentence("bad", "configuration", text, body.problems[0] if body.problems else "")
    parts = (("added", body.added), ("removed", body.removed), ("changed", body.changed), ("policy", body.policy))
    told = "; ".join(f"{name} {', '.join(names)}" for name, names in parts if names)
    detail = f"Needs a restart: {', '.join(body.restart)}" if body.restart else ""
    return Sentence("act", "configuration", f"Configuration reloaded ({body.cause}): {told}.", detail)


def _daemon(body: DaemonStarted | DaemonStopped | BudgetReached | ReportWritten) -> Sentence:
    if isinstance(body, BudgetReached):
        reached = f"{body.threshold_percent} % of the budget for {body.month} is spent."
        spent = f"{count(body.spent_cents)} c of {count(body.budget_cents)} c"
        return Sentence("unknown" if body.spent_cents < body.budget_cents else "bad", "budget", reached, spent)
    if isinstance(body, ReportWritten):
        return Sentence("plain", "report", f"Report {body.job} for {body.first_day}: {body.summary}", body.place)
    if isinstance(body, DaemonStopped):
        return Sentence("plain", "daemon", "Daemon stopped.", body.reason)
    mode = "Observe-only: it will not act." if body.observe_only else ""
    return Sentence("plain", "daemon", f"Daemon {body.version} started on {body.holder}.", mode)


def _finding(finding: Finding, rules: Rules) -> Sentence:
    if finding.family == CAPACITY:
        place = f"{finding.key.get('component', '')} in {finding.key.get('region', '')}"
        is_over = finding.state is State.CLEARED
        text = f"{finding.rule_id}: {place} {'is as it should be again' if is_over else 'is to change'}."
        return Sentence("good" if is_over else "unknown", "finding", text, finding.breach)
    rule = rules.get(finding.rule_id)
    about = f"{finding.rule_id} for {key_text(finding.key)}"
    value = measured(finding.value, finding.breach, rule)
    numbers = [f"limit {finding.breach}"] if finding.breach else []
    if finding.samples > 0:
        span = f" in {window(finding.window_seconds)}" if finding.window_seconds > 0 else ""
        numbers.append(f"{count(finding.samples)} samples{span}")
    if finding.mode == "shadow":
        numbers.append("shadow mode")
    detail = ", ".join(numbers)
    match finding.state:
        case State.BREACHED:
            return Sentence("bad", "finding", f"{about} is breached: {value}.", detail)
        case State.CLEARED:
            return Sentence("good", "finding", f"{about} is clear: {value}.", detail)
        case State.PENDING:
            return Sentence("unknown", "finding", f"{about} is beyond its limit: {value}.", detail)
        case State.NO_DATA:
            return Sentence("unknown", "finding", f"{about} has no data.", detail)
        case _:
            assert_never(finding.state)


def _decision(decision: Decision) -> Sentence:
    if decision.act:
        text = f"Decided to {action_words(decision.action)} on {decision.target}."
        return Sentence("act", "decision", text, decision.detail)
    wanted = f"Did not {action_words(decision.action)}" if decision.action else "Did nothing"
    because = REASON_WORDS[decision.reason]
    return Sentence("plain", "decision", f"{wanted} ({decision.reason}): {because}.", decision.detail)


def _outcome(outcome: Outcome) -> Sentence:
    tone: Tone = "good" if outcome.status in IN_EFFECT else "bad"
    parts = [part for part in (outcome.refusal, outcome.detail) if part]
    if outcome.cause_to_call_ms is not None:
        parts.append(f"first call {duration(outcome.cause_to_call_ms)} after the cause")
    if outcome.verified_ms is not None:
        parts.append(f"seen in effect {duration(outcome.verified_ms)} after the call")
    what = action_words(outcome.action)
    text = f"{what[:1].upper()}{what[1:]} on {outcome.target}: {OUTCOME_WORDS[outcome.status]}."
    return Sentence(tone, "outcome", text, " · ".join(parts))


def _deployment(fact: Deployment) -> Sentence:
    tone: Tone = "good" if fact.status == "succeeded" else "bad" if fact.status == "failed" else "plain"
    text = f"{fact.subject}: {fact.version} on {fact.environment} {words(fact.status)}, {words(fact.phase)}."
    parts = [f"{fact.weight_percent} % of traffic"]
    if fact.previous_environment:
        parts.append(f"replaces {fact.previous_version} on {fact.previous_environment}")
    if fact.reason:
        parts.append(fact.reason)
    return Sentence(tone, "deployment", text, ", ".join(parts))
