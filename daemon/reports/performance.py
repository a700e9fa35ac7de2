"""The weekly performance review: how payments went, what broke, and what was done about it."""

from collections.abc import Iterable, Sequence

import msgspec

from daemon.reports.report import Period, Report, instant, percent, table
from daemon.reports.tally import Attempts
from remediation.state import INCIDENTS_MAX, ActionState, Incident

TITLE = "Weekly performance review"
BASIS_POINTS = 10_000


class RailPerformance(msgspec.Struct, frozen=True, kw_only=True):
    """One rail. Ratios in hundredths of a percent, of all attempts; None without any.

    error_basis_points: failed, rounded up. success_basis_points: not failed, for a decline is the issuer's answer.
    slow_basis_points: above 2 s; unusable: above 10 s. mean_latency_ms: of all attempts.
    """

    rail: str
    attempts: int
    succeeded: int
    declined: int
    failed: int
    success_basis_points: int | None
    error_basis_points: int | None
    slow_basis_points: int | None
    unusable_basis_points: int | None
    mean_latency_ms: int | None


class IncidentLine(msgspec.Struct, frozen=True, kw_only=True):
    """An incident that was open in the week. seconds_open: None while it is."""

    id: str
    rule_id: str
    subject: str
    severity: int
    opened_at: str
    seconds_open: int | None
    state: str


class ActionLine(msgspec.Struct, frozen=True, kw_only=True):
    """An action of the week. cause_to_call_ms: from the fact that breached to the call; None when none was made."""

    action: str
    target: str
    decided_at: str
    outcome: str
    cause_to_call_ms: float | None


class PerformanceContent(msgspec.Struct, frozen=True, kw_only=True):
    """rails: payments by rail. incidents, actions: newest last, of those that memory holds (limit named)."""

    rails: tuple[RailPerformance, ...]
    incidents: tuple[IncidentLine, ...]
    actions: tuple[ActionLine, ...]
    incidents_limit: int = INCIDENTS_MAX


def performance_report(
    attempts: Sequence[Attempts],
    incidents: Iterable[Incident],
    actions: Iterable[ActionState],
    period: Period,
    since_ms: int,
    until_ms: int,
) -> Report:
    """The review of one week. since_ms, until_ms: the same period."""
    content = PerformanceContent(
        rails=tuple(_rail(rail, attempts) for rail in sorted({one.rail for one in attempts})),
        incidents=tuple(_incident(one) for one in incidents if _was_open(one, since_ms, until_ms)),
        actions=tuple(_action(one) for one in actions if since_ms <= one.decided_at_ms < until_ms),
    )
    return Report(title=TITLE, period=period, content=content, markdown=_markdown(content), summary=_summary(content))


def _rail(rail: str, attempts: Sequence[Attempts]) -> RailPerformance:
    mine = [one for one in attempts if one.rail == rail]
    counts = {one.outcome: one.attempts for one in mine}
    total, failed = sum(counts.values()), counts.get("failed", 0)
    return RailPerformance(
        rail=rail,
        attempts=total,
        succeeded=counts.get("succeeded", 0),
        declined=counts.get("declined", 0),
        failed=failed,
        success_basis_points=BASIS_POINTS - _share(failed, total) if total else None,
        error_basis_points=_share(failed, total) if total else None,
        slow_basis_points=_share(sum(one.slow for one in mine), total) if total else None,
        unusable_basis_points=_share(sum(one.unusable for one in mine), total) if total else None,
        mean_latency_ms=sum(one.latency_ms for one in mine) // total if total else None,
    )


def _share(part: int, total: int) -> int:
    """Rounded up, so that no fault is hidden by rounding."""
    return -(-part * BASIS_POINTS // total)


def _was_open(incident: Incident, since_ms: int, until_ms: int) -> bool:
    return incident.opened_at_ms < until_ms and (incident.resolved_at_ms == 0 or incident.resolved_at_ms >= since_ms)


def _incident(incident: Incident) -> IncidentLine:
    seconds = None if incident.resolved_at_ms == 0 else (incident.resolved_at_ms - incident.opened_at_ms) // 1000
    return IncidentLine(
        id=incident.id,
        rule_id=incident.rule_id,
        subject=incident.subject,
        severity=incident.severity,
        opened_at=instant(incident.opened_at_ms),
        seconds_open=seconds,
        state=incident.state.value,
    )


def _action(action: ActionState) -> ActionLine:
    return ActionLine(
        action=action.action,
        target=action.target,
        decided_at=instant(action.decided_at_ms),
        outcome="open" if action.status is None else action.status.value,
        cause_to_call_ms=action.cause_to_call_ms,
    )


def _summary(content: PerformanceContent) -> str:
    attempts, failed = sum(one.attempts for one in content.rails), sum(one.failed for one in content.rails)
    after = f"{len(content.incidents)} incidents, {len(content.actions)} actions."
    if attempts == 0:
        return f"No payment was attempted, so nothing is known of how payments went; {after}"
    return f"{attempts} attempts, {percent(_share(failed, attempts))} failed; {after}"


def _markdown(content: PerformanceContent) -> str:
    rails = table(
        ("rail", "attempts", "succeeded", "declined", "failed", "not failed", "above 2 s", "above 10 s", "mean"),
        [
            (
                one.rail,
                one.attempts,
                one.succeeded,
                one.declined,
                one.failed,
                _known(one.success_basis_points),
                _known(one.slow_basis_points),
                _known(one.unusable_basis_points),
                "unknown" if one.mean_latency_ms is None else f"{one.mean_latency_ms} ms",
            )
            for one in content.rails
        ],
    )
    incidents = table(
        ("incident", "rule", "about", "severity", "opened", "seconds open"),
        [
            (
                one.id,
                one.rule_id,
                one.subject,
                one.severity,
                one.opened_at,
                "still open" if one.seconds_open is None else one.seconds_open,
            )
            for one in content.incidents
        ],
    )
    actions = table(
        ("action", "on", "decided", "outcome", "cause to call"),
        [
            (
                one.action,
                one.target,
                one.decided_at,
                one.outcome,
                "no call" if one.cause_to_call_ms is None else f"{one.cause_to_call_ms:.0f} ms",
            )
            for one in content.actions
        ],
    )
    parts = (
        ("Payments", rails if content.rails else "No payment was attempted."),
        ("Incidents", incidents if content.incidents else "None was open."),
        ("Actions", actions if content.actions else "None was taken."),
    )
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in parts)


def _known(basis_points: int | None) -> str:
    return "unknown" if basis_points is None else percent(basis_points)
