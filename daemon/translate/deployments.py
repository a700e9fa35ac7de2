"""Deployments: what ECS says about its services, and what our own releases announce."""

from typing import Literal

import msgspec

from checks.facts import Deployment, DeploymentPhase, DeploymentStatus, Fact
from daemon.errors import Untranslatable
from daemon.translate.envelope import Envelope, cut, milliseconds

_ECS_STATUS: dict[str, DeploymentStatus] = {
    "SERVICE_DEPLOYMENT_IN_PROGRESS": "in_progress",
    "SERVICE_DEPLOYMENT_COMPLETED": "succeeded",
    "SERVICE_DEPLOYMENT_FAILED": "failed",
}
_ENVIRONMENTS = ("blue", "green")


class EcsDeploymentDetail(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """``detail`` of ECS Deployment State Change (Amazon ECS Developer Guide, service deployment events)."""

    event_name: Literal["SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_FAILED"]
    deployment_id: str
    reason: str = ""


class ReleaseDetail(msgspec.Struct, frozen=True, gc=False):
    """``detail`` of Tillwatch Deployment State Change: the fields of the fact.

    deployment_id or subject names the deployment. id and at_ms, when given, win over the envelope's: the
    envelope's time has whole seconds only, and sending again gives it another id.
    """

    status: DeploymentStatus
    deployment_id: str = ""
    subject: str = ""
    id: str = ""
    at_ms: int | None = None
    region: str = ""
    environment: str = ""
    version: str = ""
    phase: DeploymentPhase = "traffic_rollout"
    strategy: str = "blue-green"
    previous_environment: str = ""
    previous_version: str = ""
    weight_percent: int = 0
    reason: str = ""


def ecs_deployment_facts(event: Envelope[EcsDeploymentDetail]) -> list[Fact]:
    """One fact; a service named ``...-blue`` or ``...-green`` says which environment it is about."""
    service = event.resources[0].rsplit("/", 1)[-1] if event.resources else ""
    suffix = service.rsplit("-", 1)[-1]
    return [
        Deployment(
            id=event.id,
            at_ms=milliseconds(event.time, "time"),
            subject=event.detail.deployment_id,
            region=event.region,
            environment=suffix if suffix in _ENVIRONMENTS else "",
            status=_ECS_STATUS[event.detail.event_name],
            phase="blue_green_deployment",
            strategy="ecs",
            reason=cut(event.detail.reason),
        )
    ]


def release_facts(event: Envelope[ReleaseDetail]) -> list[Fact]:
    """One fact for one step of a release of the payment core."""
    detail = event.detail
    subject = detail.deployment_id if detail.deployment_id else detail.subject
    if not subject:
        raise Untranslatable("detail.deployment_id is missing.")
    return [
        Deployment(
            id=detail.id if detail.id else event.id,
            at_ms=milliseconds(event.time, "time") if detail.at_ms is None else detail.at_ms,
            subject=subject,
            region=detail.region if detail.region else event.region,
            environment=detail.environment,
            version=detail.version,
            status=detail.status,
            phase=detail.phase,
            strategy=detail.strategy,
            previous_environment=detail.previous_environment,
            previous_version=detail.previous_version,
            weight_percent=detail.weight_percent,
            reason=cut(detail.reason),
        )
    ]
