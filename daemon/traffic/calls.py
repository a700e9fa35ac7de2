"""One call of AWS with its fault told as unknown or certain."""

from typing import Any

from daemon.aws.session import Aws
from daemon.errors import AwsFailed
from remediation.errors import WorldRefused, WorldUnreachable

OVERTAKEN = frozenset({"PreconditionFailedException", "ResourceConflictException"})
"""Somebody else changed it meanwhile, or a change of it is under way: what is so now has to be read again."""


async def ask(aws: Aws, operation: str, **arguments: object) -> dict[str, Any]:
    """Do one call. Raises WorldUnreachable (throttled, no answer, overtaken) or WorldRefused (AWS said no)."""
    try:
        return await aws.call(operation, **arguments)
    except AwsFailed as fault:
        if fault.retryable or fault.code in OVERTAKEN:
            raise WorldUnreachable(fault.detail) from fault
        raise WorldRefused(fault.detail) from fault
