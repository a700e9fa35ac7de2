"""A change set that deletes, replaces or may replace what cannot be made again is harm, whatever else is in it."""

from typing import Any

import pytest

from daemon.environments.change_set import harm, nested

STATEFUL = ("AWS::DynamoDB::Table", "Journal")


def change(action: str, kind: str, name: str = "Thing", **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    return {
        "Type": "Resource",
        "ResourceChange": {"Action": action, "LogicalResourceId": name, "ResourceType": kind, **more},
    }


@pytest.mark.parametrize(
    ("one", "word"),
    [
        (change("Remove", "AWS::DynamoDB::Table"), "delete"),
        (change("Modify", "AWS::DynamoDB::Table", Replacement="True"), "replace"),
        (change("Modify", "AWS::DynamoDB::Table", Replacement="Conditional"), "may replace"),
        (change("Modify", "AWS::DynamoDB::Table"), "may replace"),
        (change("Dynamic", "AWS::DynamoDB::Table"), "may replace"),
        (change("SomethingNew", "AWS::DynamoDB::Table"), "may replace"),
        (change("Modify", "AWS::S3::Bucket", "Journal", Replacement="True"), "replace"),
        (change("Modify", "AWS::DynamoDB::Table", Replacement="False"), ""),
        (change("Add", "AWS::DynamoDB::Table"), ""),
        (change("Import", "AWS::DynamoDB::Table"), ""),
        (change("Modify", "AWS::ECS::Service", Replacement="True"), ""),
        (change("Remove", "AWS::ECS::Service"), ""),
    ],
)
def test_harm_is_told_by_what_would_happen_to_what(one: dict[str, Any], word: str) -> None:
    harmless = change("Modify", "AWS::ECS::TaskDefinition", Replacement="True")
    found = harm([harmless, one], STATEFUL)
    assert len(found) == (1 if word else 0)
    assert all(word in sentence for sentence in found)


def test_nested_stacks_that_change_are_named_with_the_change_set_that_tells_more() -> None:
    kind = "AWS::CloudFormation::Stack"
    changes = [
        change("Modify", kind, "Database", ChangeSetId="arn:inner"),
        change("Remove", kind, "Old"),
        change("Add", kind, "New"),
        change("Modify", "AWS::ECS::Service"),
    ]
    assert nested(changes) == [("Database", "arn:inner"), ("Old", "")]
