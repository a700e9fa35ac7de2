"""Environments that are ECS services: a task definition revision for each version, replaced by ECS itself."""

from collections.abc import Mapping
from typing import Any

from config.delivery.environments import EcsCreation, EcsEnvironment, EcsEnvironments
from daemon.aws.calls import ask
from daemon.aws.session import Aws
from daemon.environments.region import settings_of
from daemon.environments.scaling import require_room
from daemon.environments.service_looks import find_service, healthy_tasks
from daemon.environments.service_state import (
    BEFORE,
    BEFORE_DEPLOYMENT,
    KEY,
    WANTED,
    primary_of,
    state_of,
    tags_of,
    went_back,
)
from daemon.environments.task_definition import version_of, with_version
from remediation.deployment.ports import EnvironmentState
from remediation.errors import WorldRefused

CLIENT_TOKEN_LENGTH_MAX = 36
"""Of CreateService; a key is longer, and its beginning is as unique."""
GRACE_SECONDS = 30
"""A new task may fail the load balancer's health checks for so long; a core answers after three seconds."""
DEFINITIONS_MAX = 64
"""Task definitions that are remembered; a revision never changes."""


class EcsServices:
    """RegionEnvironments over the services of one cluster.

    A deployment is one UpdateService after the service was tagged with its key, so that a repetition sees what came
    of it, also when ECS has gone back by itself. ecs, balancers, scaling: clients of the region.
    """

    def __init__(self, settings: EcsEnvironments, *, ecs: Aws, balancers: Aws, scaling: Aws) -> None:
        self._settings = settings
        self._ecs = ecs
        self._balancers = balancers
        self._scaling = scaling
        self._versions: dict[str, str] = {}

    async def look(self, environment: str) -> EnvironmentState | None:
        """See RegionEnvironments; healthy are targets of the load balancer, where there is one."""
        described = self._settings.environments.get(environment)
        service = None if described is None else await self._service(described)
        if service is None:
            return None
        version = await self._version(service["taskDefinition"])
        return state_of(service, version, await healthy_tasks(self._balancers, service))

    async def deploy(self, environment: str, version: str, size: int, key: str) -> None:
        """See RegionEnvironments; a service that is not there is made, when the settings say how."""
        described = settings_of(self._settings.environments, environment)
        await self._require_room(described, size)
        service = await self._service(described)
        if service is None:
            if described.create is None:
                raise WorldRefused(f"There is no service {described.service}, and {environment} has no create.")
            wanted = await self._definition(described.family, version)
            await self._create(described.service, described.create, wanted, size, key)
            return
        if _was_carried_out(service, key):
            return
        wanted = await self._definition(described.family, version)
        if _differs(service, wanted, size):
            await self._update(described, service, wanted, size, key)
        elif went_back(service):
            # What ECS went back to is what is wanted now, so that it did is no failure any more.
            await self._mark(service, wanted, key)

    async def resize(self, environment: str, size: int, key: str) -> None:
        """See RegionEnvironments; ECS takes no key for this, the number is absolute."""
        del key
        described = settings_of(self._settings.environments, environment)
        service = await self._service(described)
        if service is None:
            raise WorldRefused(f"There is no service {described.service}.")
        await self._require_room(described, size)
        if int(service["desiredCount"]) != size:
            await self._ask("update_service", service=described.service, desiredCount=size)

    async def _service(self, described: EcsEnvironment) -> dict[str, Any] | None:
        found = await find_service(self._ecs, self._settings.cluster, described.service)
        controller = "ECS" if found is None else found.get("deploymentController", {}).get("type", "ECS")
        if controller != "ECS":
            raise WorldRefused(
                f"{described.service} is deployed by {controller}, which this daemon must not meddle with."
            )
        return found

    async def _create(self, name: str, create: EcsCreation, wanted: str, size: int, key: str) -> None:
        await self._ask(
            "create_service",
            serviceName=name,
            taskDefinition=wanted,
            desiredCount=size,
            launchType="FARGATE",
            clientToken=key[:CLIENT_TOKEN_LENGTH_MAX],
            deploymentConfiguration=self._deployment({}),
            tags=_tags({KEY: key, WANTED: wanted}),
            **_network(create, self._settings.container),
        )

    async def _update(
        self, described: EcsEnvironment, service: Mapping[str, Any], wanted: str, size: int, key: str
    ) -> None:
        await self._mark(service, wanted, key)
        await self._ask(
            "update_service",
            service=described.service,
            taskDefinition=wanted,
            desiredCount=size,
            deploymentConfiguration=self._deployment(service.get("deploymentConfiguration", {})),
            # Without it, ECS would take a deployment that failed for the one that is asked for.
            forceNewDeployment=_has_failed(primary_of(service)),
        )

    async def _mark(self, service: Mapping[str, Any], wanted: str, key: str) -> None:
        before = primary_of(service)
        marks = {KEY: key, WANTED: wanted, BEFORE: before["taskDefinition"], BEFORE_DEPLOYMENT: before["id"]}
        await ask(self._ecs, "tag_resource", resourceArn=service["serviceArn"], tags=_tags(marks))

    def _deployment(self, kept: Mapping[str, Any]) -> dict[str, Any]:
        """The service's own way to deploy, with the circuit breaker as the settings want it."""
        is_on = self._settings.circuit_breaker == "rollback"
        breaker = {**kept.get("deploymentCircuitBreaker", {}), "enable": is_on, "rollback": is_on}
        return {**kept, "deploymentCircuitBreaker": breaker}

    async def _definition(self, family: str, version: str) -> str:
        """The revision that runs the version: the newest of the family, or a new one made from it."""
        answer = await ask(self._ecs, "describe_task_definition", taskDefinition=family, include=["TAGS"])
        newest = answer["taskDefinition"]
        wanted = with_version(newest, self._settings, version)
        if all(newest.get(name) == value for name, value in wanted.items()):
            return str(newest["taskDefinitionArn"])
        tags = {"tags": answer["tags"]} if answer.get("tags") else {}
        registered = await ask(self._ecs, "register_task_definition", **wanted, **tags)
        return str(registered["taskDefinition"]["taskDefinitionArn"])

    async def _version(self, definition: str) -> str:
        if definition not in self._versions:
            answer = await ask(self._ecs, "describe_task_definition", taskDefinition=definition)
            if len(self._versions) >= DEFINITIONS_MAX:
                self._versions.clear()
            self._versions[definition] = version_of(answer["taskDefinition"], self._settings)
        return self._versions[definition]

    async def _require_room(self, described: EcsEnvironment, size: int) -> None:
        resource = f"service/{self._settings.cluster}/{described.service}"
        await require_room(self._scaling, "ecs", resource, "ecs:service:DesiredCount", size)

    async def _ask(self, operation: str, **arguments: object) -> dict[str, Any]:
        return await ask(self._ecs, operation, cluster=self._settings.cluster, **arguments)


def _differs(service: Mapping[str, Any], wanted: str, size: int) -> bool:
    primary = primary_of(service)
    return primary["taskDefinition"] != wanted or int(service["desiredCount"]) != size or _has_failed(primary)


def _has_failed(deployment: Mapping[str, Any]) -> bool:
    return bool(deployment.get("rolloutState") == "FAILED")


def _was_carried_out(service: Mapping[str, Any], key: str) -> bool:
    """Whether the service was changed under this key, whatever became of it.

    The tags are written before the change, so they alone do not say so: a deployment has to have begun since.
    """
    tags = tags_of(service)
    return tags.get(KEY) == key and primary_of(service)["id"] != tags.get(BEFORE_DEPLOYMENT, "")


def _tags(pairs: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in pairs.items()]


def _network(create: EcsCreation, container: str) -> dict[str, Any]:
    network = {"subnets": list(create.subnets), "securityGroups": list(create.security_groups)}
    arguments: dict[str, Any] = {"networkConfiguration": {"awsvpcConfiguration": network}}
    if create.target_group is not None:
        balancer = {"targetGroupArn": create.target_group, "containerName": container}
        arguments["loadBalancers"] = [{**balancer, "containerPort": create.container_port}]
        arguments["healthCheckGracePeriodSeconds"] = GRACE_SECONDS
    return arguments
