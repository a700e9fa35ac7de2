"""Whether Application Auto Scaling would undo a size."""

from daemon.aws.calls import ask
from daemon.aws.session import Aws
from remediation.errors import WorldRefused

_SUSPENDED = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


async def require_room(scaling: Aws, namespace: str, resource: str, dimension: str, size: int) -> None:
    """Raise WorldRefused when the size is outside of limits that are enforced, WorldUnreachable when nobody knows.

    Within its limits Auto Scaling goes on as its policies say; a target whose scaling is suspended enforces nothing.
    """
    answer = await ask(
        scaling,
        "describe_scalable_targets",
        ServiceNamespace=namespace,
        ResourceIds=[resource],
        ScalableDimension=dimension,
    )
    for target in answer.get("ScalableTargets", ()):
        smallest, largest = int(target["MinCapacity"]), int(target["MaxCapacity"])
        suspended = target.get("SuspendedState", {})
        if smallest <= size <= largest or all(suspended.get(part, False) for part in _SUSPENDED):
            continue
        raise WorldRefused(
            f"Application Auto Scaling keeps {resource} between {smallest} and {largest}, so it would undo a size of "
            f"{size}; change these limits or suspend its scaling first."
        )
