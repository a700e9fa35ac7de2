"""A step of a plan, and how a phase's time is shared by its steps."""

from checks.facts import DeploymentPhase
from remediation.deployment.plan import Standing, Step


def step_of(
    one: Standing,
    phase: DeploymentPhase,
    kind: str,
    seconds: float,
    *,
    name: str = "",
    target: str = "",
    **arguments: str,
) -> Step:
    """A step of the region; name: the last part of its id, its kind when left out."""
    return Step(
        id=f"{one.region}/{phase}/{name if name else kind}",
        phase=phase,
        kind=kind,
        region=one.region,
        within_seconds=seconds,
        target=target,
        arguments=arguments,
    )


def shares(seconds: float, count: int) -> list[float]:
    """The time in equal parts of whole seconds, where it is enough for that; the last part has the rest.

    Nothing for no part.
    """
    if not count:
        return []
    part = seconds // count if seconds >= count else seconds / count
    return [*([part] * (count - 1)), seconds - part * (count - 1)]
