"""What a deployment will do, step by step, decided before anything is done."""

from enum import StrEnum

import msgspec

from checks.facts import DeploymentPhase

MOVING = frozenset({"shift", "roll"})
"""Kinds of steps that change how much of the traffic the new version has."""
WATCHES = frozenset({"watch", "bake"})
"""Kinds of steps that hold the new version against the old one; a plan's stages are those of them below 100 percent."""


class Strategy(StrEnum):
    """How the new version takes over.

    blue-green: a second environment in full size, then the traffic in stages. canary: a second environment that grows
    with its share. rolling: the instances of the one environment are replaced in batches.
    """

    BLUE_GREEN = "blue-green"
    CANARY = "canary"
    ROLLING = "rolling"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asked for.

    regions: one after the other in this order. cohort: who is routed to the new version first, such as
    ``merchant=mer_12`` or ``header=x-canary:1``; empty for nobody. force: skips confirmations, never a safety check.
    differential: whether a gate that is red at the start is held against the old version instead of its limit.
    """

    deployment_id: str
    version: str
    strategy: Strategy
    regions: tuple[str, ...]
    requested_by: str
    reason: str = ""
    cohort: str = ""
    force: bool = False
    differential: bool = False


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One region before the deployment.

    environment, version: what holds the traffic. spare: the other environment, which takes the new version; with
    ``rolling`` it takes test traffic alone. size: instances that hold the traffic now. traffic: what the journal calls
    the split of the region's traffic, such as ``dns:payments.example``.
    """

    region: str
    environment: str
    version: str
    spare: str
    size: int = 1
    traffic: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do or to look at.

    id: unique in its plan, such as ``us-east-1/traffic_rollout/shift-25``. kind: which StepWork does it. target: what
    it changes, under the names that actions use too (``dns:payments.example.``); empty when it only looks.
    arguments: absolute, so that doing it twice is doing it once. within_seconds: its time budget.
    """

    id: str
    phase: DeploymentPhase
    kind: str
    region: str
    within_seconds: float
    target: str = ""
    arguments: dict[str, str] = {}


def exposes(step: Step) -> bool:
    """Whether customers' payments may reach the new version from its begin on."""
    return step.kind in MOVING or (step.kind == "cohort" and bool(step.arguments["cohort"]))


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that will be done, in order. What ``--dry-run`` prints is what the journal gets and what is run.

    unwinding: what is done instead of the rest once the deployment is rolled back, aborted or given up. Each step
    undoes one that was begun, which its argument ``undoes`` names, and is passed over when that never was.
    """

    request: Request
    standing: tuple[Standing, ...]
    steps: tuple[Step, ...]
    unwinding: tuple[Step, ...] = ()

    def standing_in(self, region: str) -> Standing | None:
        """What stood in the region before; None for one that is not deployed to."""
        return next((one for one in self.standing if one.region == region), None)
