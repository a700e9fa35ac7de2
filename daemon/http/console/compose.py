"""Fills the console's overview from the view."""

from collections.abc import Sequence

from daemon.cores.ledger_watch import LedgerStatus
from daemon.http.console.components import component_rows
from daemon.http.console.page import IncidentRow, LedgerRow, NotTaken, Page, SourceRow, TrafficPart
from daemon.http.console.verdict import verdict
from daemon.http.console.waiting_rows import waiting_rows
from daemon.http.options import HttpOptions
from daemon.http.words.wording import (
    NO_DATA,
    REASON_WORDS,
    action_words,
    age,
    count,
    counted,
    duration,
    moment,
    percent,
    response_words,
    subject_text,
    what_was_done,
)
from daemon.view.shape import SecondOfPayments, SourceStatus, SystemView
from remediation.decisions import Reason
from remediation.response import response_of
from remediation.state import DecisionSummary, Incident, State

NOT_TAKEN_ROWS = 12
INCIDENT_ROWS = 8
RECENT_SECONDS = 60
"""Rows that fit a person's attention; the API has the rest. RECENT_SECONDS: what "now" means beside the chart."""

LEDGER_STALE_MS = 900_000
"""Three health checks of five minutes: what was balanced then says nothing about now."""


def build_page(view: SystemView, options: HttpOptions) -> Page:
    """From the view; the timeline, which only the journal changes, is timeline_rows."""
    now_ms, state, readings = view.now_ms(), view.state(), view.readings()
    traffic = view.traffic()
    sources = source_rows(view, now_ms)
    return Page(
        version=options.version,
        now=moment(now_ms, now_ms),
        verdict=verdict(view, readings, sources),
        observe_only=view.observe_only(),
        traffic=_traffic(view, state, now_ms),
        traffic_read=moment(traffic.read_at_ms, now_ms) if traffic.read_at_ms > 0 else None,
        not_taken=not_taken_rows(state.decisions, {rule.id for rule in options.rules if rule.mode == "shadow"}, now_ms),
        incidents=_incidents(state, options, now_ms),
        sources=sources,
        ledger=ledger_row(options.ledger(), now_ms),
        waiting=waiting_rows(state, now_ms),
        components=component_rows(options.probed(), now_ms),
    )


def _traffic(view: SystemView, state: State, now_ms: int) -> tuple[TrafficPart, ...]:
    split = view.traffic()
    recent: dict[str, list[SecondOfPayments]] = {}
    for row in view.series():
        if row.second > now_ms // 1000 - RECENT_SECONDS:
            recent.setdefault(row.environment, []).append(row)
    versions = _versions(state) | dict(view.versions())
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
    """Which version each environment runs, as the deployments say; a later one overrides, and facts override both."""
    versions: dict[str, str] = {}
    for deployment in state.deployments.values():
        if deployment.previous_environment:
            versions[deployment.previous_environment] = deployment.previous_version
        versions[deployment.environment] = deployment.version
    return versions


def not_taken_rows(decisions: Sequence[DecisionSummary], watching: set[str], now_ms: int) -> tuple[NotTaken, ...]:
    """Newest first; the same refusal for the same thing is one row with a count, and so is a rule that only watches.

    watching: rules in shadow mode; one that asks for nothing anyway was held back from nothing.
    """
    newest: dict[tuple[str, str, str], DecisionSummary] = {}
    times: dict[tuple[str, str, str], int] = {}
    subjects: dict[tuple[str, str, str], set[str]] = {}
    for decision in decisions:
        if decision.act or decision.reason is Reason.CLEARED:
            continue
        if decision.rule_id in watching and not decision.action:
            continue
        about = decision.rule_id if decision.reason is Reason.SHADOW_MODE else decision.fingerprint
        identity = (about, decision.action, decision.reason.value)
        newest.pop(identity, None)
        newest[identity] = decision
        times[identity] = times.get(identity, 0) + 1
        subjects.setdefault(identity, set()).add(decision.subject)
    chosen = list(reversed(newest.items()))[:NOT_TAKEN_ROWS]
    return tuple(
        NotTaken(
            at=moment(decision.at_ms, now_ms),
            action=action_words(decision.action),
            rule_id=decision.rule_id,
            subject=subject_text(decision.subject)
            if len(subjects[identity]) == 1
            else counted(len(subjects[identity]), "key"),
            reason=decision.reason.value,
            words=REASON_WORDS[decision.reason],
            detail=decision.detail,
            times=times[identity],
        )
        for identity, decision in chosen
    )


def _incidents(state: State, options: HttpOptions, now_ms: int) -> tuple[IncidentRow, ...]:
    """Unresolved first, each group newest first."""
    newest = [one for one in reversed(state.incidents.values()) if not one.merged_into]
    ordered = sorted(newest, key=lambda one: one.resolved_at_ms > 0)[:INCIDENT_ROWS]
    return incident_rows(ordered, options, now_ms)


def incident_rows(found: Sequence[Incident], options: HttpOptions, now_ms: int) -> tuple[IncidentRow, ...]:
    """The incidents in words, in their order."""
    summaries = {rule.id: rule.summary for rule in options.rules}
    return tuple(
        IncidentRow(
            id=one.id,
            severity=one.severity,
            rule_id=one.rule_id,
            subject=subject_text(one.subject),
            summary=summaries.get(one.rule_id, ""),
            state=one.state.value,
            opened=moment(one.opened_at_ms, now_ms),
            age=duration(max(0, (one.resolved_at_ms if one.resolved_at_ms > 0 else now_ms) - one.opened_at_ms)),
            runbook=one.runbook,
            done=what_was_done(one),
            response=response_words(response_of(one, options.severities, now_ms), one, now_ms),
            resolved=one.resolved_at_ms > 0,
        )
        for one in found
    )


def source_rows(view: SystemView, now_ms: int) -> tuple[SourceRow, ...]:
    """How fresh each source is."""
    return tuple(_source(source, now_ms) for source in view.sources())


def _source(source: SourceStatus, now_ms: int) -> SourceRow:
    heard = source.last_fact_at_ms > 0
    return SourceRow(
        name=source.name,
        state="stale" if source.stale else "fresh" if heard else "silent",
        newest=moment(source.last_fact_at_ms, now_ms) if heard else None,
        age=age(max(0, now_ms - source.last_fact_at_ms)) if heard else NO_DATA,
        consumed=source.consumed,
        duplicates=source.duplicates,
        quarantined=source.quarantined,
    )


def ledger_row(ledger: LedgerStatus | None, now_ms: int) -> LedgerRow:
    """The last proof in words; one that is too old says nothing about now."""
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
