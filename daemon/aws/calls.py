"""One call of AWS with its fault told as unknown or certain."""

from typing import Any

from daemon.aws.session import Aws
from daemon.errors import AwsFailed
from remediation.errors import WorldRefused, WorldUnreachable

_OVERTAKEN = frozenset({"PreconditionFailedException", "ResourceConflictException"})
"""Somebody else changed it meanwhile, or a change of it is under way: what is so now has to be read again."""


async def ask(aws: Aws, operation: str, **arguments: object) -> dict[str, Any]:
    """Do one call. Raises WorldUnreachable (throttled, no answer, overtaken) or WorldRefused (AWS said no)."""
    try:
        return await aws.call(operation, **arguments)
    except AwsFailed as fault:
        raise world_fault(fault) from fault


def world_fault(fault: AwsFailed) -> WorldUnreachable | WorldRefused:
    """What to raise in its place, by whoever knows what some of the codes mean."""
    is_unknown = fault.retryable or fault.code in _OVERTAKEN
    return WorldUnreachable(fault.detail) if is_unknown else WorldRefused(fault.detail)
