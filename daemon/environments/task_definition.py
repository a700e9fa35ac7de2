"""A task definition with another version of the payment core in it, and nothing else changed."""

import re
from collections.abc import Mapping
from typing import Any

from config.delivery.environments import VERSION_MARK, EcsEnvironments
from remediation.errors import WorldRefused

# JSON as ECS defines it.
Definition = dict[str, Any]

_GIVEN_BY_ECS = frozenset(
    {
        "compatibilities",
        "deregisteredAt",
        "registeredAt",
        "registeredBy",
        "requiresAttributes",
        "revision",
        "status",
        "taskDefinitionArn",
    }
)
"""What DescribeTaskDefinition answers and RegisterTaskDefinition does not take; everything else is carried over."""


def version_of(definition: Mapping[str, Any], settings: EcsEnvironments) -> str:
    """The version in the image of the container; empty when the image is not one of ours. Raises WorldRefused."""
    image = str(_container(definition, settings.container).get("image", ""))
    before, after = (re.escape(part) for part in settings.image.split(VERSION_MARK))
    found = re.fullmatch(f"{before}(.+){after}", image)
    return "" if found is None else found.group(1)


def with_version(definition: Mapping[str, Any], settings: EcsEnvironments, version: str) -> Definition:
    """What to register so that the container runs the version and says so. Raises WorldRefused.

    Image, version argument and version variable change; other containers, variables, secrets and roles stay.
    """
    changed = _versioned(_container(definition, settings.container), settings, version)
    containers = [
        changed if container["name"] == settings.container else container
        for container in definition["containerDefinitions"]
    ]
    carried = {name: value for name, value in definition.items() if name not in _GIVEN_BY_ECS}
    return {**carried, "containerDefinitions": containers}


def _versioned(container: Mapping[str, Any], settings: EcsEnvironments, version: str) -> Definition:
    command = list(container.get("command", ()))
    argument = settings.version_argument
    said = argument in command and command.index(argument) + 1 < len(command)
    if said:
        command[command.index(argument) + 1] = version
    changed = {**container, "image": settings.image.replace(VERSION_MARK, version)}
    if command:
        changed["command"] = command
    if settings.version_variable is not None:
        kept = [pair for pair in container.get("environment", ()) if pair["name"] != settings.version_variable]
        changed["environment"] = [*kept, {"name": settings.version_variable, "value": version}]
    elif not said:
        raise WorldRefused(
            f"The container {settings.container} has no {argument} in its command, so it would tell of itself another "
            "version than it runs; put it there, or name version_variable in the settings."
        )
    return changed


def _container(definition: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: list[Mapping[str, Any]] = [
        container for container in definition.get("containerDefinitions", ()) if container.get("name") == name
    ]
    if len(found) != 1:
        arn = definition.get("taskDefinitionArn", "The task definition")
        raise WorldRefused(f"{arn} has no container {name}; name the one that takes payments in the settings.")
    return found[0]
