"""What an ECS service's description says of its environment."""

from collections.abc import Mapping
from typing import Any

from remediation.deployment.ports import EnvironmentState
from remediation.errors import WorldUnreachable

KEY = "tillwatch:key"
"""Tags of a service: the key it was last changed under, the task definition wanted then, and what was there before."""
WANTED = "tillwatch:wanted"
BEFORE = "tillwatch:before"
BEFORE_DEPLOYMENT = "tillwatch:before-deployment"


def primary_of(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """The newest deployment of the service. Raises WorldUnreachable while ECS shows none."""
    for deployment in service.get("deployments", ()):
        if deployment.get("status") == "PRIMARY":
            found: Mapping[str, Any] = deployment
            return found
    raise WorldUnreachable(f"{service.get('serviceName')} shows no deployment of its own.")


def tags_of(service: Mapping[str, Any]) -> dict[str, str]:
    """Its tags by key."""
    return {str(tag.get("key")): str(tag.get("value", "")) for tag in service.get("tags", ())}


def state_of(service: Mapping[str, Any], version: str, healthy: int) -> EnvironmentState:
    """The environment. version: of the task definition that the service runs; healthy: instances that take payments."""
    deployments = service["deployments"]
    primary = primary_of(service)
    desired, running = int(service["desiredCount"]), int(service["runningCount"])
    failed = _failure(service)
    settled = (
        not failed
        and len(deployments) == 1
        and primary.get("rolloutState") == "COMPLETED"
        and int(service.get("pendingCount", 0)) == 0
        and running == desired
        and healthy >= desired
    )
    return EnvironmentState(
        version=version,
        desired=desired,
        running=running,
        healthy=healthy,
        settled=settled,
        failed=failed,
        detail=_detail(service, primary, healthy),
    )


def went_back(service: Mapping[str, Any]) -> bool:
    """Whether ECS went back by itself from what was asked for last."""
    primary, tags = primary_of(service), tags_of(service)
    wanted, before = tags.get(WANTED, ""), tags.get(BEFORE, "")
    is_other = before not in {"", wanted} and primary["id"] != tags.get(BEFORE_DEPLOYMENT)
    return bool(is_other and primary["taskDefinition"] == before)


def _failure(service: Mapping[str, Any]) -> str:
    """Why the last deployment will never be done; empty while it may be."""
    primary, tags = primary_of(service), tags_of(service)
    if service.get("status") == "DRAINING":
        return "the service is being deleted"
    if primary.get("rolloutState") == "FAILED":
        return str(primary.get("rolloutStateReason", "")) or "ECS says FAILED and no reason"
    if not went_back(service):
        return ""
    failed = [one for one in service["deployments"] if one.get("rolloutState") == "FAILED"]
    reason = (failed[0] if failed else primary).get("rolloutStateReason", "")
    moved = f"from {_short(tags[WANTED])} to {_short(tags[BEFORE])}" if WANTED in tags else f"to {_short(tags[BEFORE])}"
    return f"ECS went back {moved}: {reason}{_last_words(service)}"


def _detail(service: Mapping[str, Any], primary: Mapping[str, Any], healthy: int) -> str:
    counts = f"{healthy} healthy, {service['runningCount']} running, {service.get('pendingCount', 0)} pending"
    tried = f", {primary['failedTasks']} tasks failed" if primary.get("failedTasks") else ""
    return (
        f"{counts} of {service['desiredCount']} tasks of {_short(primary['taskDefinition'])}{tried}; "
        f"rollout {primary.get('rolloutState', 'not told')}"
    )


def _last_words(service: Mapping[str, Any]) -> str:
    events = service.get("events", ())
    return f" ({events[0]['message']})" if events and events[0].get("message") else ""


def _short(definition: str) -> str:
    """The family and revision of a task definition's ARN."""
    return definition.rpartition("/")[2]
