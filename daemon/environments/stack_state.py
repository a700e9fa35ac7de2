"""What a CloudFormation stack's description and events say of its environment."""

from collections.abc import Mapping, Sequence
from typing import Any

from config.delivery.environments import StackEnvironments
from daemon.environments.instances import Instances
from remediation.deployment.ports import EnvironmentState
from remediation.errors import WorldRefused

_DONE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"})
_UNMADE = ("CREATE_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_")
"""How the states begin of a stack that was never whole, so that what is not in it may not be made yet."""
CHANGE_SET = "tillwatch-"
"""What the names of our change sets begin with; the key follows."""
_UNCHANGED = ("didn't contain changes", "No updates are to be performed")
_CONSEQUENCES = ("cancelled", "The following resource(s) failed")
"""Failures that tell of another failure."""


def parameters_of(stack: Mapping[str, Any]) -> dict[str, str]:
    """Its parameters by name."""
    return {str(one["ParameterKey"]): str(one.get("ParameterValue", "")) for one in stack.get("Parameters", ())}


def went_back(stack: Mapping[str, Any]) -> bool:
    """Whether the last change failed and all of it was taken back, so that the stack is whole."""
    return bool(stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE")


def is_unchanged(change_set: Mapping[str, Any]) -> bool:
    """Whether CloudFormation made no change set because the stack is as it was asked for."""
    reason = str(change_set.get("StatusReason", ""))
    return change_set.get("Status") == "FAILED" and any(words in reason for words in _UNCHANGED)


def is_wanted_so(stack: Mapping[str, Any], change_sets: Sequence[Mapping[str, Any]]) -> bool:
    """Whether it was asked for as it is since its last change began: such a change set of ours is kept.

    change_sets: summaries; carrying one out deletes all others.
    """
    begun = stack.get("LastUpdatedTime", stack["CreationTime"])
    ours = [one for one in change_sets if str(one["ChangeSetName"]).startswith(CHANGE_SET)]
    return any(is_unchanged(one) and one["CreationTime"] >= begun for one in ours)


def state_of(
    stack: Mapping[str, Any],
    settings: StackEnvironments,
    instances: Instances | None,
    reason: str,
    *,
    wanted_so: bool = False,
) -> EnvironmentState:
    """The environment. Raises WorldRefused, also for a stack in which nothing counts its instances.

    instances: None when nothing does. reason: why the last change failed, empty when it did not. wanted_so: it was
    asked for as it is since.
    """
    parameters, name, status = parameters_of(stack), stack["StackName"], str(stack["StackStatus"])
    missing = {settings.version_parameter, settings.size_parameter} - set(parameters)
    if missing:
        raise WorldRefused(f"The stack {name} has no parameter {', '.join(sorted(missing))}.")
    if not parameters[settings.size_parameter].isdecimal():
        raise WorldRefused(f"{settings.size_parameter} of {name} is no number of instances.")
    size = int(parameters[settings.size_parameter])
    if instances is None and not status.startswith(_UNMADE):
        what = f"ECS service or Auto Scaling group {settings.counted}".rstrip()
        raise WorldRefused(f"The stack {name} has no {what}, so nobody can tell how many instances of it run.")
    up = Instances(0, 0) if instances is None else instances
    failed = f"{status}: {reason}" if not wanted_so and ("ROLLBACK" in status or "FAILED" in status) else ""
    return EnvironmentState(
        version=parameters[settings.version_parameter],
        desired=size,
        running=up.running,
        healthy=up.healthy,
        settled=status in _DONE and not failed and up.healthy >= size,
        failed=failed,
        detail=f"stack {name} is {status}; {up.healthy} healthy, {up.running} running of {size}",
    )


def reason_of(events: Sequence[Mapping[str, Any]], stack: Mapping[str, Any]) -> tuple[str, bool]:
    """The first failure of the last change, and whether the events reach back to where that change began.

    events: newest first, as CloudFormation gives them.
    """
    reason = ""
    for event in events:
        status = str(event.get("ResourceStatus", ""))
        words = str(event.get("ResourceStatusReason", ""))
        is_stack = event.get("PhysicalResourceId") == stack["StackId"]
        if is_stack and status in {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}:
            return reason, True
        if status.endswith("_FAILED") and words and not any(mark in words for mark in _CONSEQUENCES):
            reason = f"{event.get('LogicalResourceId')}: {words}"
        elif "ROLLBACK_IN_PROGRESS" in status and is_stack and words and not reason:
            reason = words
    return reason, False
