"""An ECS service as AWS shows it, and how many of its tasks take payments."""

from collections.abc import Mapping
from typing import Any

from daemon.aws.calls import ask
from daemon.aws.session import Aws
from daemon.environments.service_state import primary_of
from remediation.errors import WorldRefused


async def find_service(ecs: Aws, cluster: str, name: str) -> dict[str, Any] | None:
    """The service as DescribeServices has it, with its tags; None when there is none, or none any more."""
    answer = await ask(ecs, "describe_services", cluster=cluster, services=[name], include=["TAGS"])
    for failure in answer.get("failures", ()):
        if failure.get("reason") != "MISSING":
            raise WorldRefused(f"{name}: {failure.get('reason')} {failure.get('detail', '')}".rstrip())
    return next((one for one in answer.get("services", ()) if one.get("status") != "INACTIVE"), None)


async def healthy_tasks(balancers: Aws, service: Mapping[str, Any]) -> int:
    """Healthy targets in the target group that has the fewest; running tasks where there is none."""
    groups = [one["targetGroupArn"] for one in service.get("loadBalancers", ()) if one.get("targetGroupArn")]
    if not groups:
        return int(primary_of(service)["runningCount"])
    counts = []
    for group in groups:
        answer = await ask(balancers, "describe_target_health", TargetGroupArn=group)
        states = [one.get("TargetHealth", {}).get("State") for one in answer["TargetHealthDescriptions"]]
        counts.append(states.count("healthy"))
    return min(counts)
