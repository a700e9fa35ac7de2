"""Proves that whoever is to get traffic is alive: enough good looks in a row, each in time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from config.policy import TrafficPolicy
from remediation.actions.weights import write
from remediation.errors import WorldRefused
from remediation.ports import DestinationHealth, Regions, Traffic


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


async def give_back(
    between: Traffic, weights: Mapping[str, int], regions: Regions, policy: TrafficPolicy, key: str
) -> None:
    """Restore weights between regions. Raises WorldRefused when one that gets more than it has now is not well."""
    now = await between.read()
    for region in (name for name, weight in weights.items() if weight > now.get(name, 0)):
        refusal = await not_well(region, regions.health, policy)
        if refusal:
            raise WorldRefused(refusal)
    await write(between, weights, key)


async def too_much(wanted: Mapping[str, int], regions: Regions, policy: TrafficPolicy) -> str:
    """Which region would take more than it is sized for with the instances that serve, or nothing. wanted: weights."""
    load, total = regions.payments_per_second(), sum(wanted.values())
    if load is None:
        return "no payment was seen lately, so it is not known how many would come"
    for region, weight in wanted.items():
        share, room = load * weight / total, policy.regions[region].payments_per_second
        fit = await regions.fit(region) if weight else 1.0
        if share > room * fit:
            part = f", of which {fit * 100:.0f} % serve" if fit < 1 else ""
            return (
                f"{region} would take {share:.1f} of {load:.1f} payments a second and is sized for {room:g} "
                f"(traffic.regions in policy.yaml){part}"
            )
    return ""
