"""Calls of AWS with their faults told as unknown or certain."""

from typing import Any

from daemon.aws.session import Aws
from daemon.errors import AwsFailed
from remediation.errors import WorldRefused, WorldUnreachable

_OVERTAKEN = frozenset({"PreconditionFailedException", "ResourceConflictException"})
"""Somebody else changed it meanwhile, or a change of it is under way: what is so now has to be read again."""
NEXT_TOKEN = ("NextToken", "NextToken")
MARKER = ("NextMarker", "Marker")
"""What services call the next page, in the answer and in the question."""


async def ask(aws: Aws, operation: str, **arguments: object) -> dict[str, Any]:
    """Do one call. Raises WorldUnreachable (throttled, no answer, overtaken) or WorldRefused (AWS said no)."""
    try:
        return await aws.call(operation, **arguments)
    except AwsFailed as fault:
        raise world_fault(fault) from fault


async def listed(
    aws: Aws, operation: str, field: str, *, pages_max: int, named: tuple[str, str] = NEXT_TOKEN, **arguments: object
) -> list[dict[str, Any]]:
    """What is in this field of every page. named: what the next page is called, in the answer and in the question.

    Raises as ask does, and WorldRefused when there are more pages: what was read must not pass for all of it.
    """
    found: list[dict[str, Any]] = []
    told, asked = named
    of = next(iter(arguments.values()), "")
    for _ in range(pages_max):
        page = await ask(aws, operation, **arguments)
        found += page.get(field, ())
        if not page.get(told):
            return found
        arguments[asked] = page[told]
    raise WorldRefused(
        f"{operation} of {of} goes on after {pages_max} pages, and a part decides nothing; delete what is old."
    )


def world_fault(fault: AwsFailed) -> WorldUnreachable | WorldRefused:
    """What to raise in its place, by whoever knows what some of the codes mean."""
    is_unknown = fault.retryable or fault.code in _OVERTAKEN
    return WorldUnreachable(fault.detail) if is_unknown else WorldRefused(fault.detail)
