"""Proves that whoever is to get traffic is alive: enough good looks in a row, each in time."""

import asyncio
from collections.abc import Awaitable, Callable

from config.policy import TrafficPolicy
from remediation.ports import DestinationHealth


async def not_well(name: str, look: Callable[[str], Awaitable[DestinationHealth]], policy: TrafficPolicy) -> str:
    """Why it cannot take traffic, or nothing after every one of the policy's checks."""
    checks = policy.destination_checks
    for check in range(1, checks + 1):
        try:
            async with asyncio.timeout(policy.destination_timeout):
                health = await look(name)
        except TimeoutError:
            return f"{name} did not answer check {check} of {checks} in {policy.destination_timeout:g} s"
        if not health.healthy:
            return f"{name} is not healthy in check {check} of {checks}: {health.detail}"
    return ""
