"""A stack is changed by a change set that was read first, and a change that would lose something is not carried out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from config.delivery.environments import StackEnvironment, StackEnvironments
from daemon.environments.instances import Instances, StackInstances
from daemon.environments.stack_state import reason_of, state_of
from daemon.environments.stacks import Stacks
from daemon.environments.waiting import WAIT_SECONDS
from daemon.errors import AwsFailed
from remediation.errors import WorldRefused, WorldUnreachable
from tests.unit.daemon.environments.scripted import Answer, ScriptedAws, SteppingClock

# JSON as CloudFormation defines it.
Json = dict[str, Any]

SETTINGS = StackEnvironments(kind="cloudformation", environments={"green": StackEnvironment(stack="core-green")})
KEY = "f" * 64
BEGUN = {"StackEvents": [{"ClientRequestToken": KEY}]}
READY = {"Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE", "Changes": [], "ChangeSetId": "arn:set"}
MISSING = AwsFailed("ValidationError: Stack with id x does not exist", code="ValidationError", retryable=False)


def stack(status: str = "UPDATE_COMPLETE", version: str = "1.0.0", size: str = "1", **more: Any) -> Json:  # noqa: ANN401  # see Json
    values = {"Version": version, "Size": size, "Team": "payments"}
    return {
        "StackName": "core-green",
        "StackId": "arn:stack",
        "StackStatus": status,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        "Capabilities": ["CAPABILITY_IAM"],
        "CreationTime": datetime(2026, 11, 1, tzinfo=UTC),
        **more,
    }


def scripted(
    *, described: Answer | None = None, change_set: Answer | list[Answer] = READY, events: Answer | None = None
) -> ScriptedAws:
    return ScriptedAws(
        describe_stacks={"Stacks": [stack()]} if described is None else described,
        describe_stack_events=[{"StackEvents": []}, BEGUN] if events is None else events,
        create_change_set={},
        describe_change_set=change_set,
        execute_change_set={},
        delete_change_set={},
    )


def stacks(aws: ScriptedAws, settings: StackEnvironments = SETTINGS, clock: SteppingClock | None = None) -> Stacks:
    return Stacks(settings, aws, StackInstances(aws, aws, aws, aws), SteppingClock() if clock is None else clock)


def resource(action: str, kind: str, **more: object) -> Json:
    change = {"Action": action, "LogicalResourceId": "Payments", "ResourceType": kind, **more}
    return {"Type": "Resource", "ResourceChange": change}


async def test_only_version_and_size_change_and_the_key_is_in_name_and_token() -> None:
    aws = scripted()
    await stacks(aws).deploy("green", "2.0.0", 3, KEY)
    asked = aws.arguments("create_change_set")
    assert asked["Parameters"] == [
        {"ParameterKey": "Version", "ParameterValue": "2.0.0"},
        {"ParameterKey": "Size", "ParameterValue": "3"},
        {"ParameterKey": "Team", "UsePreviousValue": True},
    ]
    assert asked["UsePreviousTemplate"]
    assert asked["Capabilities"] == ["CAPABILITY_IAM"]
    assert asked["ChangeSetName"] == f"tillwatch-{KEY}"
    assert aws.arguments("execute_change_set")["ClientRequestToken"] == KEY


async def test_a_new_size_keeps_the_version() -> None:
    aws = scripted()
    await stacks(aws).resize("green", 3, KEY)
    kept = [one for one in aws.arguments("create_change_set")["Parameters"] if one.get("UsePreviousValue")]
    assert [one["ParameterKey"] for one in kept] == ["Team", "Version"]


@pytest.mark.parametrize(
    "change",
    [
        resource("Modify", "AWS::DynamoDB::Table", Replacement="True"),
        resource("Modify", "AWS::DynamoDB::Table", Replacement="Conditional"),
        resource("Remove", "AWS::KMS::Key"),
    ],
)
async def test_a_change_that_would_lose_something_is_deleted_and_not_carried_out(change: Json) -> None:
    aws = scripted(change_set={**READY, "Changes": [change]})
    with pytest.raises(WorldRefused, match="Payments"):
        await stacks(aws).deploy("green", "2.0.0", 1, KEY)
    assert aws.names()[-1] == "delete_change_set"
    assert "execute_change_set" not in aws.names()


async def test_harm_on_a_later_page_is_found() -> None:
    first = {**READY, "NextToken": "more"}
    second = {"Changes": [resource("Remove", "AWS::S3::Bucket")]}
    aws = scripted(change_set=[first, second])
    with pytest.raises(WorldRefused, match="delete Payments"):
        await stacks(aws).deploy("green", "2.0.0", 1, KEY)


async def test_harm_in_a_nested_stack_is_found() -> None:
    outer = resource("Modify", "AWS::CloudFormation::Stack", Replacement="False", ChangeSetId="arn:inner")
    inner = {**READY, "Changes": [resource("Remove", "AWS::S3::Bucket")]}
    aws = scripted(change_set=[{**READY, "Changes": [outer]}, inner])
    with pytest.raises(WorldRefused, match="in Payments: it would delete Payments"):
        await stacks(aws).deploy("green", "2.0.0", 1, KEY)


async def test_a_nested_stack_that_cannot_be_seen_into_is_refused() -> None:
    hidden = resource("Modify", "AWS::CloudFormation::Stack", Replacement="False")
    aws = scripted(change_set={**READY, "Changes": [hidden]})
    with pytest.raises(WorldRefused, match="cannot be seen"):
        await stacks(aws).deploy("green", "2.0.0", 1, KEY)


async def test_a_change_set_that_a_former_try_made_is_carried_out() -> None:
    aws = ScriptedAws(
        describe_stacks={"Stacks": [stack()]},
        describe_stack_events=[{"StackEvents": []}, {"StackEvents": [{}]}, BEGUN],
        create_change_set=AwsFailed("AlreadyExistsException: it", code="AlreadyExistsException", retryable=False),
        describe_change_set=READY,
        execute_change_set={},
    )
    await stacks(aws).deploy("green", "2.0.0", 1, KEY)
    assert aws.names()[-3:] == ["execute_change_set", "describe_stack_events", "describe_stack_events"]


async def test_a_change_that_is_not_told_of_is_looked_for_again_later() -> None:
    with pytest.raises(WorldUnreachable, match="does not tell of its change"):
        await stacks(scripted(events={"StackEvents": []})).deploy("green", "2.0.0", 1, KEY)


async def test_what_was_begun_under_the_key_is_not_begun_again_whatever_became_of_it() -> None:
    for status in ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"):
        aws = scripted(described={"Stacks": [stack(status)]}, events={"StackEvents": [{"ClientRequestToken": KEY}]})
        await stacks(aws).deploy("green", "2.0.0", 1, KEY)
        assert aws.names() == ["describe_stacks", "describe_stack_events"]


@pytest.mark.parametrize(
    "words", ["The submitted information didn't contain changes.", "No updates are to be performed."]
)
async def test_a_change_set_without_changes_is_deleted_and_everything_is_done(words: str) -> None:
    aws = scripted(change_set={"Status": "FAILED", "StatusReason": words})
    await stacks(aws).deploy("green", "2.0.0", 1, KEY)
    assert aws.names()[-1] == "delete_change_set"


async def test_a_change_set_that_cannot_be_made_tells_why() -> None:
    aws = scripted(change_set={"Status": "FAILED", "StatusReason": "Version has no such value"})
    with pytest.raises(WorldRefused, match="no such value"):
        await stacks(aws).deploy("green", "2.0.0", 1, KEY)


async def test_a_change_set_that_is_long_in_the_making_is_found_again_later() -> None:
    clock = SteppingClock()
    with pytest.raises(WorldUnreachable, match="not ready"):
        await stacks(scripted(change_set={"Status": "CREATE_IN_PROGRESS"}), clock=clock).deploy(
            "green", "2.0.0", 1, KEY
        )
    assert clock.ms == WAIT_SECONDS * 1000


async def test_a_stack_that_somebody_else_changes_is_waited_for() -> None:
    aws = scripted(described={"Stacks": [stack("UPDATE_IN_PROGRESS")]})
    with pytest.raises(WorldUnreachable, match="another key"):
        await stacks(aws).deploy("green", "2.0.0", 1, KEY)


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"])
async def test_a_stack_that_cannot_be_changed_is_refused(status: str) -> None:
    with pytest.raises(WorldRefused, match=status):
        await stacks(scripted(described={"Stacks": [stack(status)]})).deploy("green", "2.0.0", 1, KEY)


async def test_a_stack_that_is_not_there_is_made_from_its_template_or_refused() -> None:
    with pytest.raises(WorldRefused, match="no template_url"):
        await stacks(scripted(described=MISSING)).deploy("green", "2.0.0", 1, KEY)
    described = StackEnvironment(
        stack="core-green", template_url="https://templates.test/core.yaml", capabilities=("CAPABILITY_NAMED_IAM",)
    )
    aws = scripted(described={"Stacks": [stack("REVIEW_IN_PROGRESS")]})
    settings = SETTINGS.model_copy(update={"environments": {"green": described}})
    await stacks(aws, settings).deploy("green", "2.0.0", 2, KEY)
    asked = aws.arguments("create_change_set")
    assert (asked["ChangeSetType"], asked["TemplateURL"]) == ("CREATE", "https://templates.test/core.yaml")
    assert asked["Capabilities"] == ["CAPABILITY_NAMED_IAM"]
    assert [one["ParameterKey"] for one in asked["Parameters"]] == ["Version", "Size"]


@pytest.mark.parametrize(
    ("status", "settled", "has_failed"),
    [
        ("CREATE_COMPLETE", True, False),
        ("UPDATE_COMPLETE", True, False),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", False, False),
        ("UPDATE_IN_PROGRESS", False, False),
        ("CREATE_IN_PROGRESS", False, False),
        ("UPDATE_ROLLBACK_IN_PROGRESS", False, True),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", False, True),
        ("UPDATE_ROLLBACK_COMPLETE", False, True),
        ("UPDATE_ROLLBACK_FAILED", False, True),
        ("ROLLBACK_COMPLETE", False, True),
        ("CREATE_FAILED", False, True),
    ],
)
def test_whether_it_has_settled_or_failed_is_read_from_the_status(status: str, settled: bool, has_failed: bool) -> None:
    state = state_of(stack(status, size="2"), SETTINGS, Instances(3, 2), "why")
    assert (state.desired, state.running, state.healthy) == (2, 3, 2)
    assert (state.settled, bool(state.failed)) == (settled, has_failed)
    assert state.failed in {"", f"{status}: why"}


def test_a_complete_stack_whose_instances_are_not_all_healthy_has_not_settled() -> None:
    state = state_of(stack("UPDATE_COMPLETE", size="2"), SETTINGS, Instances(2, 1), "")
    assert (state.running, state.healthy, state.settled, state.failed) == (2, 1, False, "")


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"])
def test_a_stack_in_which_nothing_counts_instances_has_no_number_of_them_not_even_none(status: str) -> None:
    with pytest.raises(WorldRefused, match="core-green has no ECS service or Auto Scaling group, so nobody"):
        state_of(stack(status), SETTINGS, None, "")
    named = SETTINGS.model_copy(update={"counted": "Core"})
    with pytest.raises(WorldRefused, match="Auto Scaling group Core, so nobody"):
        state_of(stack(status), named, None, "")


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_COMPLETE"])
def test_a_stack_that_was_never_whole_runs_nothing_before_its_service_is_made(status: str) -> None:
    state = state_of(stack(status), SETTINGS, None, "")
    assert (state.running, state.healthy, state.settled) == (0, 0, False)


def test_a_stack_without_the_parameters_is_refused() -> None:
    with pytest.raises(WorldRefused, match="no parameter Size, Version"):
        state_of({**stack(), "Parameters": []}, SETTINGS, Instances(1, 1), "")
    with pytest.raises(WorldRefused, match="no number"):
        state_of(stack(size="many"), SETTINGS, Instances(1, 1), "")


GROUP = {
    "LogicalResourceId": "Core",
    "PhysicalResourceId": "core-green",
    "ResourceType": "AWS::AutoScaling::AutoScalingGroup",
    "ResourceStatus": "UPDATE_COMPLETE",
}
EVENTS = [
    {"PhysicalResourceId": "arn:stack", "ResourceStatus": "UPDATE_ROLLBACK_COMPLETE"},
    {"LogicalResourceId": "B", "ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": "Resource update cancelled"},
    {
        "PhysicalResourceId": "arn:stack",
        "ResourceStatus": "UPDATE_ROLLBACK_IN_PROGRESS",
        "ResourceStatusReason": "The following resource(s) failed to update: [A].",
    },
    {"LogicalResourceId": "C", "ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": "later"},
    {"LogicalResourceId": "A", "ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": "no capacity"},
    {
        "PhysicalResourceId": "arn:stack",
        "ResourceStatus": "UPDATE_IN_PROGRESS",
        "ResourceStatusReason": "User Initiated",
    },
    {"LogicalResourceId": "A", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "of a former change"},
]


def test_the_reason_is_the_first_failure_of_the_last_change() -> None:
    assert reason_of(EVENTS, stack()) == ("A: no capacity", True)
    assert reason_of(EVENTS[:3], stack()) == ("The following resource(s) failed to update: [A].", False)


async def test_the_reason_is_looked_for_over_all_pages() -> None:
    aws = ScriptedAws(
        describe_stacks={"Stacks": [stack("UPDATE_ROLLBACK_COMPLETE")]},
        describe_stack_events=[{"StackEvents": EVENTS[:3], "NextToken": "more"}, {"StackEvents": EVENTS[3:]}],
        list_change_sets={"Summaries": []},
        list_stack_resources={"StackResourceSummaries": [GROUP]},
        describe_auto_scaling_groups={"AutoScalingGroups": []},
    )
    state = await stacks(aws).look("green")
    assert state is not None
    assert state.failed == "UPDATE_ROLLBACK_COMPLETE: A: no capacity"


async def test_a_stack_with_more_change_sets_than_are_read_is_not_told_to_be_unwanted() -> None:
    aws = ScriptedAws(
        describe_stacks={"Stacks": [stack("UPDATE_ROLLBACK_COMPLETE")]},
        list_change_sets={"Summaries": [], "NextToken": "for ever"},
    )
    with pytest.raises(WorldRefused, match="list_change_sets of core-green goes on"):
        await stacks(aws).look("green")
