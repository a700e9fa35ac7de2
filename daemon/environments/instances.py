"""How many instances run of what a stack made, as its ECS service or its Auto Scaling group counts them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from daemon.aws.calls import ask, listed
from daemon.aws.session import Aws
from daemon.environments.change_set import STACK_TYPE
from daemon.environments.service_looks import find_service, healthy_tasks
from remediation.errors import WorldRefused

SERVICE_TYPE = "AWS::ECS::Service"
GROUP_TYPE = "AWS::AutoScaling::AutoScalingGroup"
PAGES_MAX = 10
"""Of 100 resources each; a stack has at most 500."""
NESTING_MAX = 5
"""Stacks within stacks that are read; AWS's own examples have two."""


class Instances(NamedTuple):
    """running: those that are up. healthy: those of them that take payments."""

    running: int
    healthy: int


@dataclass(frozen=True, slots=True)
class StackInstances:
    """Counts what a stack runs. Clients of its region."""

    cloudformation: Aws
    ecs: Aws
    balancers: Aws
    autoscaling: Aws

    async def count(self, stack: str, logical_id: str = "") -> Instances | None:
        """The instances of the stack's service or group, or of the one with this logical id; None when there is none.

        Raises WorldRefused when there are several: it cannot be told which of them takes the payments.
        """
        counted = [one for one in await self._counted(stack) if logical_id in {"", one["LogicalResourceId"]}]
        if not counted:
            return None
        if len(counted) > 1:
            names = ", ".join(sorted(one["LogicalResourceId"] for one in counted))
            raise WorldRefused(f"The stack {stack} runs instances as {names}; name in counted which take payments.")
        of = self._of_service if counted[0]["ResourceType"] == SERVICE_TYPE else self._of_group
        return await of(counted[0]["PhysicalResourceId"])

    async def _counted(self, stack: str, depth: int = 0) -> list[Mapping[str, Any]]:
        """The services and groups of the stack and of those nested in it."""
        found: list[Mapping[str, Any]] = []
        for resource in await self._resources(stack):
            if resource["ResourceType"] in {SERVICE_TYPE, GROUP_TYPE}:
                found.append(resource)
            elif resource["ResourceType"] == STACK_TYPE and depth < NESTING_MAX:
                found += await self._counted(resource["PhysicalResourceId"], depth + 1)
        return found

    async def _resources(self, stack: str) -> list[dict[str, Any]]:
        """What the stack has made and not deleted again."""
        found = await listed(
            self.cloudformation, "list_stack_resources", "StackResourceSummaries", pages_max=PAGES_MAX, StackName=stack
        )
        return [
            one for one in found if one.get("PhysicalResourceId") and one.get("ResourceStatus") != "DELETE_COMPLETE"
        ]

    async def _of_service(self, arn: str) -> Instances:
        # The ARNs of old accounts do not name the cluster, which is the default one there.
        cluster = arn.split("/")[-2] if arn.count("/") > 1 else "default"
        service = await find_service(self.ecs, cluster, arn)
        if service is None:
            return Instances(0, 0)
        return Instances(int(service["runningCount"]), await healthy_tasks(self.balancers, service))

    async def _of_group(self, name: str) -> Instances:
        answer = await ask(self.autoscaling, "describe_auto_scaling_groups", AutoScalingGroupNames=[name])
        instances = [one for group in answer["AutoScalingGroups"] for one in group.get("Instances", ())]
        in_service = [one for one in instances if one.get("LifecycleState") == "InService"]
        return Instances(len(instances), sum(one.get("HealthStatus") == "Healthy" for one in in_service))
