"""ECS as documented: a rolling deployment whose tasks start one look later, and a circuit breaker that goes back."""

import itertools
from typing import Any

from daemon.errors import AwsFailed

BROKEN = "6.6.6"
"""Tasks of this version do not start."""
GROUP = "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/green/6d0ecf831eec9f09"
_ARN = "arn:aws:ecs:us-east-1:000000000000"

Json = dict[str, Any]


class SimulatedEcs:
    """One cluster. Each DescribeServices is a moment in which deployments get one step further."""

    def __init__(self) -> None:
        self._services: dict[str, Json] = {}
        self._definitions: dict[str, list[Json]] = {}
        self._numbers = itertools.count(1)

    async def call(self, operation: str, **arguments: Any) -> Json:  # noqa: ANN401  # shapes are botocore's
        """One call of the ones that the daemon makes."""
        answer: Json = getattr(self, f"_{operation}")(**arguments)
        return answer

    def healthy(self) -> int:
        """What the load balancer in front of the services sees."""
        return sum(service["runningCount"] for service in self._services.values())

    def _register_task_definition(self, **definition: Any) -> Json:  # noqa: ANN401  # see above
        tags = definition.pop("tags", [])
        revisions = self._definitions.setdefault(definition["family"], [])
        number = len(revisions) + 1
        arn = f"{_ARN}:task-definition/{definition['family']}:{number}"
        given = {"taskDefinitionArn": arn, "revision": number, "status": "ACTIVE", "compatibilities": ["FARGATE"]}
        revisions.append({"taskDefinition": {**definition, **given}, "tags": tags})
        return {"taskDefinition": revisions[-1]["taskDefinition"]}

    def _describe_task_definition(self, *, taskDefinition: str, include: list[str] | None = None) -> Json:  # noqa: N803  # as ECS calls it
        del include
        family, _, number = taskDefinition.rpartition("/")[2].partition(":")
        revisions = self._definitions.get(family, [])
        if not revisions:
            raise AwsFailed("Unable to describe task definition.", code="ClientException", retryable=False)
        return revisions[int(number) - 1 if number else -1]

    def _create_service(self, **asked: Any) -> Json:  # noqa: ANN401  # see above
        name = asked["serviceName"]
        if name in self._services:
            raise AwsFailed("Creation of service was not idempotent.", code="ClientException", retryable=False)
        service = {
            "serviceName": name,
            "serviceArn": f"{_ARN}:service/{asked['cluster']}/{name}",
            "status": "ACTIVE",
            "desiredCount": asked["desiredCount"],
            "runningCount": 0,
            "pendingCount": asked["desiredCount"],
            "taskDefinition": asked["taskDefinition"],
            "deploymentConfiguration": asked["deploymentConfiguration"],
            "deploymentController": {"type": "ECS"},
            "loadBalancers": asked.get("loadBalancers", []),
            "deployments": [self._deployment(asked["taskDefinition"])],
            "events": [],
            "tags": asked.get("tags", []),
        }
        self._services[name] = service
        return {"service": service}

    def _update_service(self, **asked: Any) -> Json:  # noqa: ANN401  # see above
        service = self._services[asked["service"]]
        service["desiredCount"] = asked.get("desiredCount", service["desiredCount"])
        service["deploymentConfiguration"] = asked.get("deploymentConfiguration", service["deploymentConfiguration"])
        if asked.get("taskDefinition", service["taskDefinition"]) != service["taskDefinition"]:
            self._begin(service, asked["taskDefinition"])
        return {"service": service}

    def _tag_resource(self, *, resourceArn: str, tags: list[Json]) -> Json:  # noqa: N803  # as ECS calls it
        service = next(one for one in self._services.values() if one["serviceArn"] == resourceArn)
        kept = [tag for tag in service["tags"] if tag["key"] not in {new["key"] for new in tags}]
        service["tags"] = [*kept, *tags]
        return {}

    def _describe_services(self, *, cluster: str, services: list[str], include: list[str]) -> Json:
        del cluster, include
        found = [self._services[name] for name in services if name in self._services]
        answer = {"services": [self._shown(service) for service in found], "failures": []}
        for service in found:
            self._go_on(service)
        if not found:
            answer["failures"] = [{"arn": services[0], "reason": "MISSING"}]
        return answer

    def _shown(self, service: Json) -> Json:
        return {**service, "deployments": [dict(one) for one in service["deployments"]]}

    def _begin(self, service: Json, definition: str, reason: str = "") -> None:
        for deployment in service["deployments"]:
            deployment["status"] = "ACTIVE"
        service["deployments"].insert(0, self._deployment(definition, reason))
        service["taskDefinition"] = definition

    def _deployment(self, definition: str, reason: str = "") -> Json:
        return {
            "id": f"ecs-svc/{next(self._numbers)}",
            "status": "PRIMARY",
            "taskDefinition": definition,
            "rolloutState": "IN_PROGRESS",
            "rolloutStateReason": reason,
            "failedTasks": 0,
            "runningCount": 0,
        }

    def _go_on(self, service: Json) -> None:
        primary = service["deployments"][0]
        containers = self._describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        if BROKEN in containers["containerDefinitions"][0]["image"]:
            primary["failedTasks"] += 3
            breaker = service["deploymentConfiguration"]["deploymentCircuitBreaker"]
            if breaker["enable"] and breaker["rollback"] and len(service["deployments"]) > 1:
                primary["rolloutState"] = "FAILED"
                primary["rolloutStateReason"] = "ECS deployment circuit breaker: tasks failed to start."
                before = service["deployments"][1]["taskDefinition"]
                self._begin(service, before, "ECS deployment circuit breaker: rolling back.")
            return
        service["runningCount"] = primary["runningCount"] = service["desiredCount"]
        service["pendingCount"] = 0
        primary["rolloutState"] = "COMPLETED"
        service["deployments"] = [primary]


class SimulatedBalancer:
    """Target groups that see every running task as healthy."""

    def __init__(self, ecs: SimulatedEcs) -> None:
        self._ecs = ecs

    async def call(self, operation: str, **arguments: Any) -> Json:  # noqa: ANN401  # shapes are botocore's
        """DescribeTargetHealth."""
        del operation, arguments
        healthy = {"TargetHealth": {"State": "healthy"}}
        return {"TargetHealthDescriptions": [healthy] * self._ecs.healthy()}


class UnlimitedScaling:
    """Application Auto Scaling with nothing to scale, where an emulator has none of it."""

    async def call(self, operation: str, **arguments: Any) -> Json:  # noqa: ANN401  # shapes are botocore's
        """DescribeScalableTargets."""
        del operation, arguments
        return {"ScalableTargets": []}
