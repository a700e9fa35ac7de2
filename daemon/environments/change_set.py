"""What a CloudFormation change set would do to resources whose content cannot be made again."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

STACK_TYPE = "AWS::CloudFormation::Stack"
_HARMLESS = frozenset({"Add", "Import"})


def harm(changes: Iterable[Mapping[str, Any]], stateful: Collection[str]) -> list[str]:
    """One sentence for each change that deletes, replaces or may replace a stateful resource.

    changes: as DescribeChangeSet answers them. stateful: types and logical ids.
    """
    found = []
    for change in changes:
        resource = change.get("ResourceChange", {})
        name, kind = str(resource.get("LogicalResourceId", "")), str(resource.get("ResourceType", ""))
        what = _what(resource)
        if what and (kind in stateful or name in stateful):
            found.append(f"{what} {name} ({kind})")
    return found


def nested(changes: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Logical id and change set of every nested stack that would change; the change set is empty when there is none."""
    resources = [change.get("ResourceChange", {}) for change in changes]
    return [
        (str(resource.get("LogicalResourceId", "")), str(resource.get("ChangeSetId", "")))
        for resource in resources
        if resource.get("ResourceType") == STACK_TYPE and resource.get("Action") not in _HARMLESS
    ]


def _what(resource: Mapping[str, Any]) -> str:
    """What would happen to the resource, when that is dangerous; what is not understood is."""
    action, replacement = resource.get("Action"), resource.get("Replacement")
    if action in _HARMLESS or (action == "Modify" and replacement == "False"):
        return ""
    if action == "Remove":
        return "it would delete"
    if action == "Modify" and replacement == "True":
        return "it would replace"
    return "it may replace"
