"""What the read API answers: one Struct per resource, filled from the view."""

import re
from collections.abc import Sequence

import msgspec

from checks.findings import State as ReadingState
from checks.readings import Reading
from config.policy import Severities
from config.rules.rule_file import (
    AbsentMeasure,
    AnomalyMeasure,
    Measure,
    QuantileMeasure,
    Rule,
    SequentialMeasure,
    ValueMeasure,
)
from config.rules.slo import BurnRateMeasure, share
from daemon.view.shape import SourceStatus, SystemView, TrafficSplit
from remediation.journal.entry import Entry
from remediation.response import Response, response_of
from remediation.state import ActionState, DecisionSummary, DeploymentState, Incident

DAY_SECONDS = 86_400
_LIMIT = re.compile(r"^\s*([<>])=?\s*(\d+(?:\.\d+)?)\s*(%?)\s*$")


class StatusDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The daemon at a glance. reason: why it is not ready, empty when it is. now_ms: the daemon's clock."""

    version: str
    now_ms: int
    ready: bool
    reason: str
    observe_only: bool
    traffic: TrafficSplit
    sources: list[SourceStatus]
    incidents_open: int
    journal_sequence: int


class IncidentDocument(Incident, frozen=True, kw_only=True):
    """An incident, and the response that its level asks for; see remediation.response."""

    response: Response


def incident_document(incident: Incident, severities: Severities, now_ms: int) -> IncidentDocument:
    """The incident as it is shown now."""
    fields = {name: getattr(incident, name) for name in incident.__struct_fields__}
    return IncidentDocument(**fields, response=response_of(incident, severities, now_ms))


class IncidentList(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    incidents: list[IncidentDocument]


class DeploymentList(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    deployments: list[DeploymentState]


class ActionList(msgspec.Struct, frozen=True, kw_only=True):
    """actions: what was carried out. not_taken: decisions that did nothing, with their reason. Both newest first."""

    actions: list[ActionState]
    not_taken: list[DecisionSummary]


class JournalPage(msgspec.Struct, frozen=True, kw_only=True):
    """Entries, oldest first. next_after: ask with it for the next page. head: the newest entry's sequence."""

    entries: list[Entry]
    next_after: int
    head: int


class RuleReading(msgspec.Struct, frozen=True, kw_only=True):
    """A rule's current answer for one key; fields as in ``checks.readings.Reading``. value None: no data.

    fires_at_ms: when a pending breach fires if it holds, 0 when none is pending. budget_left: of an objective.
    """

    key: dict[str, str]
    state: ReadingState
    value: float | None
    shown: str
    samples: int
    since_ms: int
    at_ms: int
    fires_at_ms: int = 0
    budget_left: float | None = None


class RuleDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it was loaded, and its current readings. window_seconds: 0 for a measure without a window.

    for_seconds: how long a breach must hold before it fires. keep_firing_for_seconds: how long it fires on.
    """

    id: str
    family: str
    on: str
    where: str
    per: tuple[str, ...]
    measure: str
    window_seconds: float
    min_samples: int
    breach: str
    clear: str
    severity: str
    do: tuple[str, ...]
    runbook: str
    mode: str
    summary: str
    readings: list[RuleReading]
    for_seconds: float = 0.0
    keep_firing_for_seconds: float = 0.0
    no_data: str = "hold"


class RuleList(msgspec.Struct, frozen=True, kw_only=True):
    """Every rule, also one that no fact has reached yet."""

    rules: list[RuleDocument]


class Slo(msgspec.Struct, frozen=True, kw_only=True):
    """A burn_rate rule, or a ratio rule of the family sla read as an objective.

    target, current: share of good facts, between 0 and 1; current and met are None when there is no data.
    window_seconds: of a burn_rate rule the period, over which current is. budget_left: share of the error budget that
    is left, below 0 when it is overspent; None for a ratio. samples: facts of the rule's current window.
    """

    rule_id: str
    key: dict[str, str]
    target: float
    current: float | None
    met: bool | None
    samples: int
    window_seconds: float
    budget_left: float | None = None


class SloList(msgspec.Struct, frozen=True, kw_only=True):
    """One per burn_rate rule or ratio rule of the family sla, and key."""

    slos: list[Slo]


def status_document(view: SystemView, version: str) -> StatusDocument:
    """The view at a glance."""
    ready, reason = view.ready()
    state = view.state()
    return StatusDocument(
        version=version,
        now_ms=view.now_ms(),
        ready=ready,
        reason=reason,
        observe_only=view.observe_only(),
        traffic=view.traffic(),
        sources=list(view.sources()),
        incidents_open=sum(one.is_counted_open for one in state.incidents.values()),
        journal_sequence=state.sequence,
    )


def rule_list(rules: Sequence[Rule], readings: Sequence[Reading]) -> RuleList:
    """Every rule with its readings, in the order in which they were loaded."""
    by_rule: dict[str, list[RuleReading]] = {rule.id: [] for rule in rules}
    for reading in readings:
        if reading.rule_id in by_rule:
            by_rule[reading.rule_id].append(_rule_reading(reading))
    return RuleList(rules=[_rule_document(rule, by_rule[rule.id]) for rule in rules])


def slo_list(rules: Sequence[Rule], readings: Sequence[Reading]) -> SloList:
    """The objectives of burn_rate rules, and those that the ratio rules of the family sla stand for."""
    slos: list[Slo] = []
    objectives = {rule.id: rule.measure for rule in rules if isinstance(rule.measure, BurnRateMeasure)}
    for document in rule_list(rules, readings).rules:
        found = _LIMIT.match(document.breach) if document.measure.startswith("ratio") else None
        objective = objectives.get(document.id)
        if objective is not None:
            slos.extend(_budgeted(document, reading, objective) for reading in document.readings)
        elif document.family == "sla" and found is not None:
            limit = float(found.group(2)) / (100 if found.group(3) else 1)
            slos.extend(_slo(document, reading, limit, bad=found.group(1) == ">") for reading in document.readings)
    return SloList(slos=slos)


def _budgeted(document: RuleDocument, reading: RuleReading, objective: BurnRateMeasure) -> Slo:
    """What is left of the budget says how good the whole period was."""
    left = reading.budget_left
    return Slo(
        rule_id=document.id,
        key=reading.key,
        target=float(share(objective.objective)),
        current=None if left is None else 1 - (1 - left) * float(objective.budget),
        met=None if left is None else left >= 0,
        samples=reading.samples,
        window_seconds=objective.period,
        budget_left=left,
    )


def _slo(document: RuleDocument, reading: RuleReading, limit: float, *, bad: bool) -> Slo:
    """bad: the ratio counts bad facts, so the objective is what is left of 1."""
    value = None if reading.state is ReadingState.NO_DATA else reading.value
    current = None if value is None else 1 - value if bad else value
    return Slo(
        rule_id=document.id,
        key=reading.key,
        target=1 - limit if bad else limit,
        current=current,
        met=None if current is None else reading.state is ReadingState.CLEARED,
        samples=reading.samples,
        window_seconds=document.window_seconds,
    )


def _rule_reading(reading: Reading) -> RuleReading:
    return RuleReading(
        key=reading.key,
        state=reading.state,
        value=reading.value,
        shown=reading.shown,
        samples=reading.samples,
        since_ms=reading.since_ms,
        at_ms=reading.at_ms,
        fires_at_ms=reading.fires_at_ms,
        budget_left=reading.budget_left,
    )


def _measured(rule: Rule) -> str:
    """The measure in words."""
    measure = rule.measure
    match measure:
        case QuantileMeasure():
            text = f"p{100 * measure.q:g} of {measure.quantile}"
        case ValueMeasure():
            text = f"latest {measure.value}"
        case AbsentMeasure():
            text = "absence"
        case SequentialMeasure():
            text = f"evidence that {measure.sequential} is {measure.faulty} rather than {measure.healthy}"
        case BurnRateMeasure():
            text = f"burn rate of {measure.burn_rate} against {measure.objective} in {measure.period / DAY_SECONDS:g} d"
        case _:
            name = type(measure).__name__.removesuffix("Measure").lower()
            text = f"{name} of {getattr(measure, name)}"
    return text


def _window_seconds(measure: Measure) -> float:
    match measure:
        case AbsentMeasure():
            seconds = measure.absent
        case BurnRateMeasure():
            seconds = measure.period
        case ValueMeasure() | AnomalyMeasure() | SequentialMeasure():
            seconds = 0.0
        case _:
            seconds = measure.window
    return seconds


def _rule_document(rule: Rule, readings: list[RuleReading]) -> RuleDocument:
    measure = rule.measure
    return RuleDocument(
        id=rule.id,
        family=rule.family,
        on=rule.on,
        where=rule.where,
        per=rule.per,
        measure=_measured(rule),
        window_seconds=_window_seconds(measure),
        min_samples=getattr(measure, "min_samples", 0),
        breach=rule.breach,
        clear=rule.clear,
        severity=rule.severity,
        do=rule.do,
        runbook=rule.runbook,
        mode=rule.mode,
        summary=rule.summary,
        readings=readings,
        for_seconds=rule.hold_for,
        keep_firing_for_seconds=rule.keep_firing_for,
        no_data=rule.no_data,
    )
