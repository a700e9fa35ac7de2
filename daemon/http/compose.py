"""Fills the console's page from the view."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from checks.findings import State as ReadingState
from checks.readings import Reading
from config.policy import Severities
from config.rules import Rule
from daemon.http.components import component_rows
from daemon.http.options import HttpOptions, LedgerStatus
from daemon.http.page import (
    IncidentRow,
    LedgerRow,
    NotTaken,
    Page,
    RuleRow,
    SourceRow,
    TimelineRow,
    TrafficPart,
)
from daemon.http.sentences import sentence
from daemon.http.verdict import verdict, what_was_done
from daemon.http.wording import (
    NO_DATA,
    REASON_WORDS,
    action_words,
    count,
    counted,
    duration,
    key_text,
    moment,
    percent,
    response_words,
    subject_text,
    window,
)
from daemon.view import SecondOfPayments, SourceStatus, SystemView
from remediation.decisions import Reason
from remediation.journal.entry import Entry
from remediation.response import response_of
from remediation.state import DecisionSummary, State

RULE_ROWS = 60
KEYS_OF_A_RULE = 4
NOT_TAKEN_ROWS = 12
INCIDENT_ROWS = 8
RECENT_SECONDS = 60
"""Rows that fit a person's attention; the API has the rest. RECENT_SECONDS: what "now" means beside the chart."""

LEDGER_STALE_MS = 900_000
"""Three health checks of five minutes: what was balanced then says nothing about now."""

_ORDER = {ReadingState.BREACHED: 0, ReadingState.PENDING: 1, ReadingState.NO_DATA: 2, ReadingState.CLEARED: 3}
_SHOWN_TOGETHER = {ReadingState.PENDING: "pending", ReadingState.NO_DATA: NO_DATA, ReadingState.CLEARED: "clear"}


def build_page(view: SystemView, options: HttpOptions) -> Page:
    """The page from the view; the timeline, which only the journal changes, is timeline_rows."""
    now_ms, state, readings = view.now_ms(), view.state(), view.readings()
    rows = _rules(options.rules, readings, now_ms)
    traffic = view.traffic()
    sources = tuple(_source(source, now_ms) for source in view.sources())
    return Page(
        version=options.version,
        now=moment(now_ms, now_ms),
        verdict=verdict(view, readings, sources),
        observe_only=view.observe_only(),
        traffic=_traffic(view, state, now_ms),
        traffic_read=moment(traffic.read_at_ms, now_ms) if traffic.read_at_ms > 0 else None,
        rules=tuple(rows[:RULE_ROWS]),
        rules_hidden=max(0, len(rows) - RULE_ROWS),
        not_taken=_not_taken(state.decisions, now_ms),
        incidents=_incidents(state, options.severities, now_ms),
        sources=sources,
        ledger=_ledger(options.ledger(), now_ms),
        components=component_rows(options.probed(), now_ms),
    )


def timeline_rows(entries: Iterable[Entry], rules: Sequence[Rule], now_ms: int) -> tuple[TimelineRow, ...]:
    """The entries in words, newest first; given oldest first."""
    by_id = {rule.id: rule for rule in rules}
    rows = [
        TimelineRow(entry.sequence, moment(entry.at_ms, now_ms), sentence(entry, by_id), entry.actor)
        for entry in entries
    ]
    return tuple(reversed(rows))


def _traffic(view: SystemView, state: State, now_ms: int) -> tuple[TrafficPart, ...]:
    split = view.traffic()
    recent: dict[str, list[SecondOfPayments]] = {}
    for row in view.series():
        if row.second > now_ms // 1000 - RECENT_SECONDS:
            recent.setdefault(row.environment, []).append(row)
    versions = _versions(state)
    parts: list[TrafficPart] = []
    for environment in sorted({*split.weights, *recent}):
        rows = recent.get(environment, [])
        failed, declined = sum(row.failed for row in rows), sum(row.declined for row in rows)
        payments = sum(row.succeeded for row in rows) + failed + declined
        parts.append(
            TrafficPart(
                environment=environment,
                version=versions.get(environment, ""),
                weight=split.weights.get(environment) if split.read_at_ms > 0 else None,
                share=percent(1 - failed / payments) if payments else NO_DATA,
                payments=payments,
                failed=failed,
                declined=declined,
            )
        )
    return tuple(parts)


def _versions(state: State) -> dict[str, str]:
    """Which version each environment runs, as the deployments say; a later one overrides."""
    versions: dict[str, str] = {}
    for deployment in state.deployments.values():
        if deployment.previous_environment:
            versions[deployment.previous_environment] = deployment.previous_version
        versions[deployment.environment] = deployment.version
    return versions


def _rules(rules: Sequence[Rule], readings: Sequence[Reading], now_ms: int) -> list[RuleRow]:
    """What is breached first, then what has no data; a rule that no fact has reached has a row of its own."""
    by_rule: dict[str, list[Reading]] = {rule.id: [] for rule in rules}
    for reading in readings:
        by_rule.setdefault(reading.rule_id, []).append(reading)
    rows: list[RuleRow] = []
    for rule in rules:
        rows.extend(_rows_of(rule, by_rule[rule.id], now_ms))
    return sorted(rows, key=lambda row: _ORDER[ReadingState(row.state)])


def _rows_of(rule: Rule, readings: Sequence[Reading], now_ms: int) -> list[RuleRow]:
    """A row per key; of the keys of one state that is no breach, many share a row."""
    if not readings:
        return [_unread(rule)]
    rows: list[RuleRow] = []
    for state in ReadingState:
        found = [reading for reading in readings if reading.state is state]
        if state is ReadingState.BREACHED or len(found) <= KEYS_OF_A_RULE:
            rows.extend(_rule_row(rule, reading, now_ms) for reading in found)
            continue
        every = _rule_row(rule, found[0], now_ms)
        samples, key = sum(reading.samples for reading in found), counted(len(found), "key")
        rows.append(replace(every, key=key, shown=_SHOWN_TOGETHER[state], samples=samples, min_samples=0, since=None))
    return rows


def _rule_row(rule: Rule, reading: Reading, now_ms: int) -> RuleRow:
    return RuleRow(
        rule_id=rule.id,
        summary=rule.summary,
        key=key_text(reading.key),
        shown=NO_DATA if reading.value is None else reading.shown,
        limit=reading.breach,
        samples=reading.samples,
        min_samples=reading.min_samples,
        window=window(reading.window_seconds),
        state=reading.state.value,
        since=moment(reading.since_ms, now_ms) if reading.since_ms > 0 else None,
        severity=reading.severity,
        shadow=reading.mode == "shadow",
    )


def _unread(rule: Rule) -> RuleRow:
    return RuleRow(
        rule_id=rule.id,
        summary=rule.summary,
        key="no key yet" if rule.per else "all",
        shown=NO_DATA,
        limit=rule.breach,
        samples=0,
        min_samples=0,
        window="",
        state=ReadingState.NO_DATA.value,
        since=None,
        severity=rule.severity,
        shadow=rule.mode == "shadow",
    )


def _not_taken(decisions: Sequence[DecisionSummary], now_ms: int) -> tuple[NotTaken, ...]:
    """Newest first; the same refusal for the same thing is one row with a count."""
    newest: dict[tuple[str, str, str], DecisionSummary] = {}
    times: dict[tuple[str, str, str], int] = {}
    for decision in decisions:
        if decision.act or decision.reason is Reason.CLEARED:
            continue
        identity = (decision.fingerprint, decision.action, decision.reason.value)
        newest.pop(identity, None)
        newest[identity] = decision
        times[identity] = times.get(identity, 0) + 1
    chosen = list(reversed(newest.items()))[:NOT_TAKEN_ROWS]
    return tuple(
        NotTaken(
            at=moment(decision.at_ms, now_ms),
            action=action_words(decision.action),
            rule_id=decision.rule_id,
            subject=subject_text(decision.subject),
            reason=decision.reason.value,
            words=REASON_WORDS[decision.reason],
            detail=decision.detail,
            times=times[identity],
        )
        for identity, decision in chosen
    )


def _incidents(state: State, severities: Severities, now_ms: int) -> tuple[IncidentRow, ...]:
    """Unresolved first, each group newest first."""
    newest = list(reversed(state.incidents.values()))
    ordered = sorted(newest, key=lambda one: one.resolved_at_ms > 0)[:INCIDENT_ROWS]
    return tuple(
        IncidentRow(
            id=one.id,
            severity=one.severity,
            rule_id=one.rule_id,
            subject=subject_text(one.subject),
            state=one.state.value,
            opened=moment(one.opened_at_ms, now_ms),
            age=duration(max(0, (one.resolved_at_ms if one.resolved_at_ms > 0 else now_ms) - one.opened_at_ms)),
            runbook=one.runbook,
            done=what_was_done(one),
            response=response_words(response_of(one, severities, now_ms), one, now_ms),
            resolved=one.resolved_at_ms > 0,
        )
        for one in ordered
    )


def _source(source: SourceStatus, now_ms: int) -> SourceRow:
    heard = source.last_fact_at_ms > 0
    return SourceRow(
        name=source.name,
        state="stale" if source.stale else "fresh" if heard else "silent",
        newest=moment(source.last_fact_at_ms, now_ms) if heard else None,
        age=duration(max(0, now_ms - source.last_fact_at_ms)) if heard else NO_DATA,
        consumed=source.consumed,
        duplicates=source.duplicates,
        quarantined=source.quarantined,
    )


def _ledger(ledger: LedgerStatus | None, now_ms: int) -> LedgerRow:
    if ledger is None:
        return LedgerRow("no_data", "Not checked by this daemon yet; run: tillwatch ledger verify", None)
    checked = moment(ledger.checked_at_ms, now_ms)
    age_ms = now_ms - ledger.checked_at_ms
    if age_ms > LEDGER_STALE_MS and ledger.balanced:
        return LedgerRow(
            "no_data", f"Last seen balanced {duration(age_ms)} ago; the check does not get through.", checked
        )
    if ledger.balanced:
        return LedgerRow("balanced", f"Balanced: {count(ledger.entries)} entries sum to zero.", checked)
    first = ledger.violations[0] if ledger.violations else "the sums differ"
    return LedgerRow("broken", f"Not balanced, {counted(len(ledger.violations), 'violation')}: {first}", checked)
