"""The schedule in deploy/core.yaml that runs the payment core's jobs on Lambda: each minute, and nothing else."""

import re
from typing import Any

import pytest
import yaml

from payment_core import lambda_handler
from tests.unit.house.test_deploy import DEPLOY, Document, TemplateLoader


def core_resources() -> dict[str, Document]:
    """The resources of the payment core's template, by name."""
    template = yaml.load((DEPLOY / "core.yaml").read_text("utf-8"), TemplateLoader)  # noqa: S506 (a SafeLoader)
    found: dict[str, Document] = template["Resources"]
    return found


def schedule_problems(resources_by_name: dict[str, Document]) -> list[str]:
    """Where the schedule of the jobs does not call them, or its role may do more than that."""
    jobs, role = resources_by_name["Jobs"]["Properties"], resources_by_name["JobsRole"]["Properties"]
    target = jobs["Target"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    conditions = trust.get("Condition", {})
    allowed = {
        (action, str(resource))
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in statement["Action"]
        for resource in statement["Resource"]
    }
    needed = {
        ("lambda:InvokeFunction", str(target["Arn"])),
        ("sqs:SendMessage", str(target.get("DeadLetterConfig", {}).get("Arn"))),
    }
    checks = {
        "not every minute": jobs["ScheduleExpression"] == "rate(1 minute)" and jobs.get("State") != "DISABLED",
        "another function": str(target["Arn"][1]).endswith(":function:${JobsFunction}"),
        "nowhere for what was not delivered": str(target.get("DeadLetterConfig", {}).get("Arn", ("", ""))[1]).endswith(
            ":till-dead-letters"
        ),
        "another role": target["RoleArn"] == ("GetAtt", "JobsRole.Arn"),
        "more than it needs": allowed == needed,
        "a managed policy": "ManagedPolicyArns" not in role,
        "another service": trust["Principal"] == {"Service": "scheduler.amazonaws.com"},
        "schedules of others": conditions.get("StringEquals") == {"aws:SourceAccount": ("Ref", "AWS::AccountId")}
        and conditions.get("ArnEquals") == {"aws:SourceArn": ("GetAtt", "Schedules.Arn")},
    }
    return [what for what, holds in checks.items() if not holds]


def test_a_schedule_calls_the_jobs_on_lambda_each_minute_and_may_do_nothing_else() -> None:
    assert schedule_problems(core_resources()) == []


@pytest.mark.parametrize(
    ("name", "path", "value", "problem"),
    [
        ("Jobs", ("ScheduleExpression",), "rate(1 hour)", "not every minute"),
        ("Jobs", ("State",), "DISABLED", "not every minute"),
        ("Jobs", ("Target", "RoleArn"), ("GetAtt", "OtherRole.Arn"), "another role"),
        ("JobsRole", ("ManagedPolicyArns",), ["arn:aws:iam::aws:policy/AdministratorAccess"], "a managed policy"),
        (
            "JobsRole",
            ("AssumeRolePolicyDocument", "Statement", 0, "Principal"),
            {"Service": "lambda.amazonaws.com"},
            "another service",
        ),
        ("JobsRole", ("AssumeRolePolicyDocument", "Statement", 0, "Condition"), {}, "schedules of others"),
        (
            "JobsRole",
            ("Policies", 0, "PolicyDocument", "Statement", 0, "Resource"),
            ["*"],
            "more than it needs",
        ),
        (
            "JobsRole",
            ("Policies", 0, "PolicyDocument", "Statement", 0, "Action"),
            ["lambda:*"],
            "more than it needs",
        ),
    ],
)
def test_each_check_of_the_schedule_has_teeth(name: str, path: tuple[Any, ...], value: object, problem: str) -> None:
    changed = core_resources()
    place = changed[name]["Properties"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert schedule_problems(changed) == [problem]


def test_a_run_that_failed_is_left_to_the_next_minute() -> None:
    found = core_resources()
    assert found["Jobs"]["Properties"]["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0
    assert found["JobsInvocation"]["Properties"]["MaximumRetryAttempts"] == 0


def test_nothing_is_scheduled_without_a_function_and_the_handler_that_it_needs_exists() -> None:
    text = (DEPLOY / "core.yaml").read_text("utf-8")
    named = re.findall(r"payment_core\.lambda_handler\.(\w+)", text)
    assert named == ["jobs_handler"]
    assert callable(vars(lambda_handler)[named[0]])
    scheduled = [each for each in core_resources().values() if each.get("Condition") == "JobsOnLambda"]
    assert {each["Type"] for each in scheduled} == {
        "AWS::IAM::Role",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Scheduler::Schedule",
        "AWS::Scheduler::ScheduleGroup",
    }
