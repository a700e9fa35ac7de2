"""Security and service-health findings: GuardDuty, Security Hub and AWS Health."""

from decimal import Decimal
from typing import Literal

import msgspec

from checks.facts import Fact, SecurityFinding, Severity
from daemon.errors import Untranslatable
from daemon.translate.envelope import Envelope, cut, milliseconds


class _GuardDutyResource(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    resource_type: str = ""


class _GuardDutyService(msgspec.Struct, frozen=True, gc=False):
    archived: bool = False


class GuardDutyDetail(msgspec.Struct, frozen=True, gc=False):
    """``detail`` of GuardDuty Finding (Amazon GuardDuty User Guide, processing findings with EventBridge)."""

    id: str
    type: str
    severity: Decimal
    title: str
    resource: _GuardDutyResource = _GuardDutyResource()
    service: _GuardDutyService = _GuardDutyService()


class _AsffSeverity(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    label: Literal["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"] | None = None
    normalized: int | None = None


class _AsffResource(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    id: str = ""


class _AsffWorkflow(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    status: str = "NEW"


class _AsffFinding(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    id: str
    title: str
    severity: _AsffSeverity
    aws_account_id: str = ""
    types: list[str] = []
    resources: list[_AsffResource] = []
    workflow: _AsffWorkflow = _AsffWorkflow()
    record_state: str = "ACTIVE"


class SecurityHubDetail(msgspec.Struct, frozen=True, gc=False):
    """``detail`` of Security Hub Findings - Imported: findings in the AWS Security Finding Format."""

    findings: list[_AsffFinding]


class _HealthDescription(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    latest_description: str = ""


class _HealthEntity(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    entity_value: str = ""


class HealthDetail(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """``detail`` of AWS Health Event (AWS Health User Guide, EventBridge schema)."""

    event_arn: str
    service: str
    event_type_code: str
    event_type_category: str
    status_code: str = "open"
    event_region: str = ""
    event_description: list[_HealthDescription] = []
    affected_entities: list[_HealthEntity] = []


_ASFF_SEVERITY: dict[str, Severity] = {
    "INFORMATIONAL": "low",
    "LOW": "low",
    "MEDIUM": "medium",
    "HIGH": "high",
    "CRITICAL": "critical",
}
_HEALTH_SEVERITY: dict[str, Severity] = {
    "issue": "high",
    "investigation": "medium",
    "scheduledChange": "low",
    "accountNotification": "low",
}
_ACCOUNT_AT_RISK = frozenset({"RISK", "ABUSE"})
"""AWS Health services that speak of leaked keys and abuse, whatever the category."""


def guardduty_severity(severity: Decimal) -> Severity:
    """GuardDuty's bands: critical 9.0 to 10.0, high 7.0 to 8.9, medium 4.0 to 6.9, low 1.0 to 3.9."""
    bands: tuple[tuple[int, Severity], ...] = ((9, "critical"), (7, "high"), (4, "medium"))
    return next((name for least, name in bands if severity >= least), "low")


def guardduty_facts(event: Envelope[GuardDutyDetail]) -> list[Fact]:
    """One fact; an archived finding is resolved."""
    detail = event.detail
    if not detail.severity.is_finite():
        raise Untranslatable("detail.severity is not a number.")
    return [
        SecurityFinding(
            id=event.id,
            at_ms=milliseconds(event.time, "time"),
            subject=detail.id,
            region=event.region,
            source="guardduty",
            severity=guardduty_severity(detail.severity),
            title=cut(detail.title),
            finding_type=detail.type,
            resource=detail.resource.resource_type,
            account_id=event.account,
            resolved=detail.service.archived,
        )
    ]


def securityhub_severity(severity: _AsffSeverity) -> Severity:
    """The label, or else the ASFF bands of Normalized: 1 low, 40 medium, 70 high, 90 critical."""
    if severity.label is not None:
        return _ASFF_SEVERITY[severity.label]
    if severity.normalized is None:
        raise Untranslatable("detail.findings[].Severity has neither Label nor Normalized.")
    bands: tuple[tuple[int, Severity], ...] = ((90, "critical"), (70, "high"), (40, "medium"))
    return next((name for least, name in bands if severity.normalized >= least), "low")


def securityhub_facts(event: Envelope[SecurityHubDetail]) -> list[Fact]:
    """One fact per finding; resolved, suppressed and archived ones are resolved."""
    at_ms = milliseconds(event.time, "time")
    return [
        SecurityFinding(
            id=f"{event.id}#{number}",
            at_ms=at_ms,
            subject=finding.id,
            region=event.region,
            source="securityhub",
            severity=securityhub_severity(finding.severity),
            title=cut(finding.title),
            finding_type=finding.types[0] if finding.types else "",
            resource=finding.resources[0].id if finding.resources else "",
            account_id=finding.aws_account_id if finding.aws_account_id else event.account,
            resolved=finding.workflow.status in {"RESOLVED", "SUPPRESSED"} or finding.record_state == "ARCHIVED",
        )
        for number, finding in enumerate(event.detail.findings, start=1)
    ]


def health_facts(event: Envelope[HealthDetail]) -> list[Fact]:
    """One fact; it is about the region that is affected, not the one that was told."""
    detail = event.detail
    severity = _HEALTH_SEVERITY.get(detail.event_type_category, "medium")
    entities, texts = detail.affected_entities, detail.event_description
    return [
        SecurityFinding(
            id=event.id,
            at_ms=milliseconds(event.time, "time"),
            subject=detail.event_arn,
            region=detail.event_region if detail.event_region else event.region,
            source="aws_health",
            severity="critical" if detail.service in _ACCOUNT_AT_RISK else severity,
            title=cut(texts[0].latest_description if texts else detail.event_type_code),
            finding_type=detail.event_type_code,
            resource=entities[0].entity_value if entities else detail.service,
            account_id=event.account,
            resolved=detail.status_code == "closed",
        )
    ]
