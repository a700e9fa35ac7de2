"""Which targets are one and the same thing, so that only one change at a time may be made to them; pure."""

from remediation.state import State

CONFLICTS: dict[str, frozenset[str]] = {
    "environment": frozenset({"environment", "scale"}),
    "scale": frozenset({"environment", "scale"}),
}
"""By kind of target (what stands before its first colon): the kinds that change the same thing under the same name.

A deployment replaces the instances that a scale-in takes away, so these two exclude each other. Traffic and
environments do not: a rollback must not wait for a task that starts, and its preflight proves that its destination is
alive. Each record splits other traffic, so a record and the one of a region above it do not, either.
A kind that is not in here conflicts with itself alone.
"""


def conflicts(one: str, other: str) -> bool:
    """Whether the two targets may not be changed at the same time; so in both directions, and always with itself."""
    if one == other:
        return True
    kind, name = _kind_and_name(one)
    other_kind, other_name = _kind_and_name(other)
    return name == other_name and other_kind in CONFLICTS.get(kind, frozenset({kind}))


def holder(state: State, target: str) -> str:
    """Who is changing this target, or one that is the same thing, now; empty when nobody is."""
    own = state.targets.get(target)
    if own is not None and own.running:
        return own.running
    return next(
        (one.running for name, one in state.targets.items() if one.running and conflicts(target, name)),
        "",
    )


def _kind_and_name(target: str) -> tuple[str, str]:
    """Whoever is on two lists at once is one person all the same, so a list is no part of the name."""
    kind, _, name = target.partition(":")
    return (kind, name.partition(":")[2]) if kind == "fraud" else (kind, name)
