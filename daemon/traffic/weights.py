"""Weights: which may be written, and which part of the traffic each is."""

from collections.abc import Collection, Mapping

from remediation.errors import UnsafeWeights

ALL_PERCENT = 100


def require_sound(name: str, weights: Mapping[str, int], held: Collection[str], largest: int) -> None:
    """Raise UnsafeWeights unless exactly what the world holds is stated, each weight fits and one is above 0.

    A record that is left out keeps its weight, so "100 %" for one would be half of the traffic.
    """
    if not all(0 <= weight <= largest for weight in weights.values()):
        raise UnsafeWeights(f"A weight of {name} is not between 0 and {largest}.")
    if strangers := sorted(set(weights) - set(held)):
        raise UnsafeWeights(f"{name} has no record for {', '.join(strangers)}.")
    if unstated := sorted(set(held) - set(weights)):
        raise UnsafeWeights(f"{name} also holds {', '.join(unstated)}, which would keep a share of the traffic.")
    if not any(weights.values()):
        raise UnsafeWeights(f"All of {name} would weigh 0, which sends traffic to every one of them or to none.")


def percent_of(weights: Mapping[str, int]) -> dict[str, float]:
    """Shares of 100, all alike when every weight is 0, as DNS and load balancers answer."""
    total = sum(weights.values())
    if total == 0:
        return {name: ALL_PERCENT / len(weights) for name in weights}
    return {name: ALL_PERCENT * weight / total for name, weight in weights.items()}
