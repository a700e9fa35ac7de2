"""What a stack runs is counted by what runs it, and what nobody counts is not told as a number."""

from typing import Any

import pytest

from daemon.environments.instances import Instances, StackInstances
from daemon.errors import AwsFailed
from remediation.errors import WorldRefused, WorldUnreachable
from tests.unit.daemon.environments.scripted import Answer, ScriptedAws

# JSON as AWS defines it.
Json = dict[str, Any]

SERVICE_ARN = "arn:aws:ecs:us-east-1:000000000000:service/payments/core-green"
SERVICE = {
    "status": "ACTIVE",
    "runningCount": 3,
    "loadBalancers": [{"targetGroupArn": "arn:group"}],
    "deployments": [{"status": "PRIMARY", "runningCount": 3}],
}
TARGETS = {"TargetHealthDescriptions": [{"TargetHealth": {"State": state}} for state in ("healthy", "draining")]}


def made(kind: str, name: str = "Core", physical: str = SERVICE_ARN, status: str = "CREATE_COMPLETE") -> Json:
    return {
        "LogicalResourceId": name,
        "PhysicalResourceId": physical,
        "ResourceType": kind,
        "ResourceStatus": status,
    }


A_SERVICE = made("AWS::ECS::Service")
A_GROUP = made("AWS::AutoScaling::AutoScalingGroup", "Workers", "core-green")


def holding(*resources: Json, **answers: Answer | list[Answer]) -> ScriptedAws:
    return ScriptedAws(
        list_stack_resources={"StackResourceSummaries": list(resources)},
        describe_services={"services": [SERVICE]},
        describe_target_health=TARGETS,
        **answers,
    )


async def count(aws: ScriptedAws, logical_id: str = "") -> Instances | None:
    return await StackInstances(aws, aws, aws, aws).count("core-green", logical_id)


async def test_a_service_counts_its_tasks_and_its_load_balancer_those_that_take_payments() -> None:
    aws = holding(made("AWS::DynamoDB::Table", "Payments", "payments"), A_SERVICE)
    assert await count(aws) == Instances(running=3, healthy=1)
    assert aws.arguments("describe_services")["cluster"] == "payments"


async def test_an_arn_without_a_cluster_is_of_the_default_one() -> None:
    aws = holding(made("AWS::ECS::Service", physical="arn:aws:ecs:us-east-1:000000000000:service/core-green"))
    await count(aws)
    assert aws.arguments("describe_services")["cluster"] == "default"


async def test_a_group_counts_as_healthy_what_is_in_service_and_well() -> None:
    instances = [
        {"LifecycleState": "InService", "HealthStatus": "Healthy"},
        {"LifecycleState": "InService", "HealthStatus": "Unhealthy"},
        {"LifecycleState": "Terminating", "HealthStatus": "Healthy"},
    ]
    aws = holding(A_GROUP, describe_auto_scaling_groups={"AutoScalingGroups": [{"Instances": instances}]})
    assert await count(aws) == Instances(running=3, healthy=1)


async def test_a_service_that_was_deleted_past_the_stack_runs_nothing() -> None:
    gone = {"services": [], "failures": [{"reason": "MISSING"}]}
    aws = ScriptedAws(list_stack_resources={"StackResourceSummaries": [A_SERVICE]}, describe_services=gone)
    assert await count(aws) == Instances(0, 0)


@pytest.mark.parametrize(
    "resources",
    [
        (),
        (made("AWS::DynamoDB::Table"),),
        (made("AWS::ECS::Service", status="DELETE_COMPLETE"),),
        (made("AWS::ECS::Service", physical="", status="CREATE_IN_PROGRESS"),),
    ],
)
async def test_a_stack_without_a_service_or_group_counts_nothing(resources: tuple[Json, ...]) -> None:
    assert await count(holding(*resources)) is None


async def test_of_several_the_one_that_is_named_is_counted_and_without_a_name_none() -> None:
    aws = holding(A_SERVICE, A_GROUP)
    with pytest.raises(WorldRefused, match="runs instances as Core, Workers; name in counted"):
        await count(aws)
    assert await count(aws, "Core") == Instances(running=3, healthy=1)
    assert await count(aws, "Other") is None


async def test_a_service_on_a_later_page_of_a_nested_stack_is_counted() -> None:
    nested = made("AWS::CloudFormation::Stack", "Inner", "arn:inner")

    def resources(asked: Json) -> Json:
        if asked["StackName"] == "core-green":
            return {"StackResourceSummaries": [nested]}
        if "NextToken" not in asked:
            return {"StackResourceSummaries": [made("AWS::SQS::Queue", "Queue")], "NextToken": "more"}
        return {"StackResourceSummaries": [A_SERVICE]}

    aws = ScriptedAws(
        list_stack_resources=resources, describe_services={"services": [SERVICE]}, describe_target_health=TARGETS
    )
    assert await count(aws) == Instances(running=3, healthy=1)


@pytest.mark.parametrize(("retryable", "raised"), [(True, WorldUnreachable), (False, WorldRefused)])
async def test_what_cannot_be_counted_is_no_number(retryable: bool, raised: type[Exception]) -> None:
    fault = AwsFailed("it: no", retryable=retryable)
    aws = ScriptedAws(list_stack_resources={"StackResourceSummaries": [A_SERVICE]}, describe_services=fault)
    with pytest.raises(raised):
        await count(aws)
