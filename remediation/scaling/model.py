"""What is known of a component's capacity, what is remembered of it between two looks, and what is decided about it."""

from enum import StrEnum

import msgspec

from config.scaling import DynamoDbTable, EcsService, LambdaFunction, ScaledComponent, Scaling


class Direction(StrEnum):
    """Where a decision goes. none: everything stays as it is, and the reason says why."""

    OUT = "out"
    IN = "in"
    NONE = "none"


class Source(StrEnum):
    """Who wants as much as is wanted; of two that want the same, the first."""

    PERSON = "person"
    EMERGENCY = "emergency"
    REACTIVE = "reactive"
    PEAK = "peak"
    SCHEDULED = "scheduled"
    PREDICTIVE = "predictive"


class ScalingReason(StrEnum):
    """Why a decision is what it is; exactly one. Its direction says whether it changes anything."""

    ON_DEMAND = "on_demand"
    NO_DATA = "no_data"
    IN_PROGRESS = "in_progress"
    ENOUGH = "enough"
    COOLING_DOWN = "cooling_down"
    ROLLOUT = "rollout"
    IN_FLIGHT = "in_flight"
    COST_CAP = "cost_cap"
    SAVINGS = "savings"
    AT_MAX = "at_max"
    OVER_CAP = "over_cap"
    WANTED = "wanted"
    QUIET = "quiet"


class Component(msgspec.Struct, frozen=True):
    """A component of ``scaling.yaml`` under its name."""

    name: str
    scaled: ScaledComponent

    @property
    def target(self) -> str:
        """What the journal calls its capacity: ``scale:us-east-1/core``."""
        return f"scale:{self.scaled.region}/{self.name}"

    @property
    def follows_by_itself(self) -> bool:
        """Whether AWS tracks the target, so that decisions only raise the least that it may do."""
        return isinstance(self.scaled, EcsService | LambdaFunction | DynamoDbTable) and (
            self.scaled.application_auto_scaling
        )


def components(policy: Scaling) -> tuple[Component, ...]:
    """Every component, in the order of the file."""
    return tuple(Component(name, scaled) for name, scaled in policy.components.items())


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One look at a component. None: it could not be told, which is neither zero nor healthy.

    desired: units that were asked for. in_service: those that serve. utilization: how full those are, 0 to 1, and above
    where more can be asked than is there. concurrency: requests at once. in_flight: requests that have begun and not
    ended, those in units that are being taken away included. requests_per_second: asked of it, those that were turned
    away included. throttled: requests turned away since the reading before.
    """

    component: str
    at_ms: int
    desired: int | None = None
    in_service: int | None = None
    utilization: float | None = None
    queue_age_seconds: float | None = None
    concurrency: int | None = None
    throttled: int | None = None
    in_flight: int | None = None
    requests_per_second: float | None = None


class Spell(msgspec.Struct, frozen=True):
    """So many units that cost, from a moment until another, Unix milliseconds; until_ms 0: they still do."""

    units: int
    from_ms: int
    until_ms: int = 0


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change of capacity that was made. at_ms: when it was decided."""

    at_ms: int
    before: int
    after: int
    source: Source

    @property
    def direction(self) -> Direction:
        """Out or in."""
        return Direction.OUT if self.after > self.before else Direction.IN


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """What a person set by hand, which holds until it ends. by, why: for whoever reads it later."""

    units: int
    until_ms: int
    by: str
    why: str


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """The load that is expected while new units warm up: the upper end of the band. None: nobody knows, and why."""

    requests_per_second: float | None
    why: str = ""


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a component. `remediation.scaling.bookkeeping` writes it.

    spells: what cost in the last hour and does now. changes: of the last hour or cool-down, oldest first. pending: what
    was ordered and is not seen in the world yet. emergency_ms: when the newest emergency began, 0 for never. rollout:
    the deployment that is under way on it, or empty. outlook: what is expected, None where no forecast is asked for.
    volume_cents_per_hour: payments that it takes, None when nobody knows. others_microdollars_per_hour: what all other
    components cost as they are.
    """

    component: str
    spells: tuple[Spell, ...] = ()
    changes: tuple[Change, ...] = ()
    pending: Change | None = None
    pin: Pin | None = None
    emergency_ms: int = 0
    rollout: str = ""
    outlook: Outlook | None = None
    volume_cents_per_hour: int | None = None
    others_microdollars_per_hour: int = 0


class ScalingDecision(msgspec.Struct, frozen=True, kw_only=True):
    """How many units a component is to have, absolutely, and why.

    current: what was asked for before, None when it could not be told; then nothing is changed. wanted: what the load,
    the clock or a person asks for, before limits. page: somebody has to be told. spill_to: the region that is to take
    new load, because this one is full. words: one sentence with the numbers and the dollars.
    """

    component: str
    target_name: str
    at_ms: int
    current: int | None
    wanted: int
    target: int
    direction: Direction
    reason: ScalingReason
    source: Source
    hourly_before_microdollars: int
    hourly_after_microdollars: int
    page: bool = False
    spill_to: str = ""
    words: str = ""
