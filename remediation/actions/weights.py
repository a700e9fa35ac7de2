"""The weights of records as actions show, keep and write them: none below zero, and never all of them zero."""

from collections.abc import Mapping

from remediation.errors import UnsafeWeights
from remediation.ports import Traffic


def shown(weights: Mapping[str, int]) -> str:
    """For a person: ``blue 100, green 0``."""
    return ", ".join(f"{name} {weight}" for name, weight in sorted(weights.items()))


def kept(weights: Mapping[str, int]) -> dict[str, str]:
    """As an intent keeps them, for taking the action back."""
    return {name: str(weight) for name, weight in weights.items()}


def restored(before: Mapping[str, str]) -> dict[str, int]:
    """What ``kept`` kept."""
    return {name: int(weight) for name, weight in before.items()}


async def write(traffic: Traffic, weights: Mapping[str, int], key: str) -> None:
    """Set them, or raise UnsafeWeights: Route 53 serves all records equally when all weigh 0."""
    if min(weights.values(), default=0) < 0 or not any(weights.values()):
        raise UnsafeWeights(f"weights {dict(weights)}")
    await traffic.write(weights, key)
