"""The monthly security scan: findings of the month and open ones, what probes last said, and the continuity drill."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from daemon.reports.report import Period, Report, instant, table
from daemon.reports.tally import KnownFinding, KnownHealth
from remediation.journal.procedure_kinds import ContinuityMeasured

TITLE = "Monthly security scan"
COMPONENTS = ("compliance", "encryption", "fraud-detector")
"""Whose probes say something about security."""
STALE_MS = 2 * 3_600_000
"""Health is probed every five minutes; what was said two hours ago says nothing about now."""
SEVERITIES = ("critical", "high", "medium", "low")
OPEN_ROWS = 100

Verdict = Literal["passed", "failed", "unknown"]


class ProbeLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a probe last said; ``unknown`` when that was too long ago, or never."""

    component: str
    check: str
    environment: str
    status: str
    probed_at: str
    detail: str


class SecurityContent(msgspec.Struct, frozen=True, kw_only=True):
    """new: findings of the month by severity. open_count: unresolved by severity. open: the gravest of them.

    verdict: failed for an open critical or high finding or an unhealthy probe; unknown when a component was not probed.
    drills: the newest of the continuity plan, by scenario; empty when none was ever recorded.
    """

    verdict: Verdict
    new: dict[str, int]
    open_count: dict[str, int]
    open: tuple[KnownFinding, ...]
    probes: tuple[ProbeLine, ...]
    drills: tuple[ContinuityMeasured, ...] = ()


def security_report(
    findings: Sequence[KnownFinding],
    health: Sequence[KnownHealth],
    period: Period,
    since_ms: int,
    until_ms: int,
    drills: Sequence[ContinuityMeasured] = (),
) -> Report:
    """The scan of one month, as of its end. since_ms: its beginning; until_ms: the moment of the scan."""
    opened = sorted((one for one in findings if not one.resolved), key=lambda one: (_rank(one.severity), -one.at_ms))
    probes = tuple(_probes(health, until_ms))
    content = SecurityContent(
        verdict=_verdict(opened, probes),
        new=_by_severity(one for one in findings if one.at_ms >= since_ms),
        open_count=_by_severity(opened),
        open=tuple(opened[:OPEN_ROWS]),
        probes=probes,
        drills=tuple({one.scenario: one for one in drills}.values()),
    )
    new = ", ".join(f"{count} {name}" for name, count in content.new.items() if count)
    standing = ", ".join(f"{count} {name}" for name, count in content.open_count.items() if count)
    summary = (
        f"The scan {_WORDS[content.verdict]}: new findings: {new if new else 'none'}; open: "
        f"{standing if standing else 'none'}; probes that are not healthy: "
        f"{sum(one.status != 'healthy' for one in probes)} of {len(probes)}."
    )
    return Report(title=TITLE, period=period, content=content, markdown=_markdown(content), summary=summary)


_WORDS: dict[Verdict, str] = {"passed": "passed", "failed": "failed", "unknown": "could not see everything"}


def _verdict(opened: Sequence[KnownFinding], probes: Sequence[ProbeLine]) -> Verdict:
    if any(one.severity in {"critical", "high"} for one in opened) or any(one.status == "unhealthy" for one in probes):
        return "failed"
    return "unknown" if any(one.status == "unknown" for one in probes) else "passed"


def _probes(health: Sequence[KnownHealth], now_ms: int) -> list[ProbeLine]:
    lines = []
    for component in COMPONENTS:
        known = [one for one in health if one.component == component]
        if not known:
            lines.append(_line(component, "", "", "unknown", "never", "It was never probed."))
        for one in known:
            fresh = now_ms - one.at_ms <= STALE_MS
            status = one.status if fresh else "unknown"
            lines.append(_line(component, one.check, one.environment, status, instant(one.at_ms), one.detail))
    return lines


def _line(component: str, check: str, environment: str, status: str, probed_at: str, detail: str) -> ProbeLine:
    return ProbeLine(
        component=component, check=check, environment=environment, status=status, probed_at=probed_at, detail=detail
    )


def _by_severity(findings: Iterable[KnownFinding]) -> dict[str, int]:
    counts = dict.fromkeys(SEVERITIES, 0)
    for one in findings:
        counts[one.severity] = counts.get(one.severity, 0) + 1
    return counts


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _markdown(content: SecurityContent) -> str:
    probes = table(
        ("component", "check", "environment", "status", "probed", "detail"),
        [(one.component, one.check, one.environment, one.status, one.probed_at, one.detail) for one in content.probes],
    )
    opened = table(
        ("severity", "finding", "from", "told", "title"),
        [(one.severity, one.id, one.source, instant(one.at_ms), one.title) for one in content.open],
    )
    shown = opened if content.open else "None that this daemon was told of."
    return f"## Open findings\n\n{shown}\n\n## Probes\n\n{probes}\n\n## Continuity drill\n\n{_drills(content.drills)}"


def _drills(drills: Sequence[ContinuityMeasured]) -> str:
    """The newest of each scenario, or what to do about there being none."""
    if not drills:
        return "None is on record: `tillwatch sop run business-continuity`."
    rows = [
        (
            one.scenario,
            instant(one.said_at_ms),
            "never" if one.recovery_ms is None else f"{one.recovery_ms / 1000:g} s",
            f"{one.objective_ms / 1000:g} s",
            f"{one.lost_payments} payments, {one.lost_events} events",
            "kept" if one.met else "not kept",
        )
        for one in drills
    ]
    return table(("scenario", "drilled", "recovered after", "promised within", "lost", "promise"), rows)
