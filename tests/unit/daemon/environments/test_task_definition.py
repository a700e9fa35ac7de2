"""Another version changes the image and what tells of it, and nothing else of a task definition."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.delivery.environments import EcsEnvironment, EcsEnvironments
from daemon.environments.task_definition import version_of, with_version
from remediation.errors import WorldRefused

IMAGE = "registry.test/till-core:{version}"


def settings(**more: Any) -> EcsEnvironments:  # noqa: ANN401  # any of its fields
    green = EcsEnvironment(service="core-green", family="core-green")
    return EcsEnvironments(kind="ecs", cluster="till", image=IMAGE, environments={"green": green}, **more)


def definition(**container: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON as ECS defines it
    core = {
        "name": "core",
        "image": "registry.test/till-core:1.0.0",
        "command": ["core", "serve", "--version", "1.0.0", "--port", "8080"],
        "environment": [{"name": "TABLE", "value": "till-core"}, {"name": "KEY", "value": "alias/till"}],
        "secrets": [{"name": "TOKEN", "valueFrom": "arn:aws:ssm:::parameter/t"}],
        **container,
    }
    return {
        "family": "core-green",
        "taskRoleArn": "arn:aws:iam::000000000000:role/core",
        "containerDefinitions": [{"name": "proxy", "image": "proxy:1.0.0"}, core],
        "cpu": "1024",
    }


GIVEN = {
    "taskDefinitionArn": "arn:aws:ecs:us-east-1:000000000000:task-definition/core-green:7",
    "revision": 7,
    "status": "ACTIVE",
    "requiresAttributes": [{"name": "x"}],
    "compatibilities": ["FARGATE"],
    "registeredAt": "2026-01-01",
    "registeredBy": "somebody",
}


def test_image_and_argument_change_and_all_else_stays() -> None:
    changed = with_version({**definition(), **GIVEN}, settings(), "2.0.0")
    wanted = definition(
        image="registry.test/till-core:2.0.0", command=["core", "serve", "--version", "2.0.0", "--port", "8080"]
    )
    assert changed == wanted


def test_a_variable_that_tells_the_version_is_set_and_no_other_is_lost() -> None:
    chosen = settings(version_variable="TILL_VERSION")
    once = with_version(definition(command=[]), chosen, "2.0.0")
    twice = with_version(once, chosen, "3.0.0")
    environment = twice["containerDefinitions"][1]["environment"]
    assert environment == [
        {"name": "TABLE", "value": "till-core"},
        {"name": "KEY", "value": "alias/till"},
        {"name": "TILL_VERSION", "value": "3.0.0"},
    ]


@given(
    variables=st.dictionaries(st.from_regex(r"[A-Z]{1,8}", fullmatch=True), st.text(max_size=8), max_size=12),
    others=st.dictionaries(st.sampled_from(["cpu", "memory", "volumes", "runtimePlatform", "unheardOf"]), st.text()),
)
def test_whatever_else_is_in_a_definition_is_carried_over(variables: dict[str, str], others: dict[str, str]) -> None:
    pairs = [{"name": name, "value": value} for name, value in variables.items()]
    before = {**definition(environment=pairs), **others}
    after = with_version(before, settings(version_variable="TILL_VERSION"), "2.0.0")
    kept = {pair["name"]: pair["value"] for pair in after["containerDefinitions"][1]["environment"]}
    assert kept == {**variables, "TILL_VERSION": "2.0.0"}
    assert {name: after[name] for name in others} == others
    assert after["containerDefinitions"][0] == before["containerDefinitions"][0]


def test_the_version_is_read_back_from_the_image() -> None:
    assert version_of(definition(), settings()) == "1.0.0"
    assert version_of(definition(image="elsewhere.test/core:1.0.0"), settings()) == ""
    assert version_of(definition(image="registry.test/till-core@sha256:0a"), settings()) == ""


def test_a_container_that_is_not_there_is_named() -> None:
    with pytest.raises(WorldRefused, match="has no container core"):
        with_version({**definition(), "containerDefinitions": [{"name": "proxy", "image": "x"}]}, settings(), "2.0.0")
    with pytest.raises(WorldRefused, match="has no container core"):
        version_of({}, settings())


@pytest.mark.parametrize("command", [[], ["core", "serve"], ["core", "serve", "--version"]])
def test_a_version_that_the_core_would_not_tell_of_itself_is_refused(command: list[str]) -> None:
    with pytest.raises(WorldRefused, match="--version"):
        with_version(definition(command=command), settings(), "2.0.0")
