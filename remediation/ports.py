"""What remediation needs of the world: a clock, the traffic split, a destination's health, and actions."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import msgspec


class Clock(Protocol):
    """Wall clock for event times, monotonic clock for durations."""

    def now_ms(self) -> int:
        """Unix epoch milliseconds, UTC."""

    def monotonic_ms(self) -> float:
        """Milliseconds that never go backwards; only differences mean anything."""

    async def sleep(self, seconds: float) -> None:
        """Let others run for this long."""


class Disagreement(dict[str, int]):
    """Weights of places that are meant to be alike and are not, added up: to be shown, not to be written back."""


class Traffic(Protocol):
    """The weighted records that split traffic. Raises WorldUnreachable (unknown) or WorldRefused (certain)."""

    async def read(self) -> dict[str, int]:
        """The weight of every record under the name, by set identifier, which is the environment's name.

        A record that is not weighted is an error, and no record may be left out: the action refuses on strangers.
        It is a Disagreement where several places split traffic and not all alike.
        """

    async def write(self, weights: Mapping[str, int], key: str) -> None:
        """Set every record's weight, absolutely and all in one change; the key is the same for every retry.

        Refuses weights that leave a record out, name one that is not there, or are all 0.
        """

    async def settles_in_seconds(self) -> float:
        """How long after a write clients may still go where they went before: a DNS answer's TTL, a sticky session."""


class DestinationHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One look at an environment. detail: what was seen, for a person."""

    healthy: bool
    detail: str


class Destination(Protocol):
    """Tells whether an environment can take all the traffic."""

    async def health(self, environment: str) -> DestinationHealth:
        """Probe the environment once, now; an unreachable one is unhealthy, not an error."""


class Regions(Protocol):
    """Tells whether a region can take traffic over from another one."""

    async def health(self, region: str) -> DestinationHealth:
        """Probe every environment that holds the region's traffic once, now; unreachable is unhealthy, not an error."""

    async def fit(self, region: str) -> float:
        """The share of the region's instances that can serve, 0 to 1. Raises WorldUnreachable or WorldRefused."""

    def payments_per_second(self) -> float | None:
        """What all regions together took in their busiest moment lately; None when no payment was seen."""


class ListedValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value to put on a fraud list of the payment core. expires_at_ms: Unix epoch, excluded."""

    list: str
    kind: str
    value: str
    reason: str
    expires_at_ms: int
    points: int = 0


class LiveEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that counts now. author: who put it there, as the core's audit trail names them."""

    id: str
    author: str
    expires_at_ms: int


class FraudLists(Protocol):
    """The fraud lists of the payment core. Raises WorldUnreachable (unknown) or WorldRefused (certain)."""

    async def live(self, place: str) -> LiveEntry | None:
        """The entry that counts for ``list:kind:value``; None when there is none."""

    async def add(self, entry: ListedValue, key: str) -> None:
        """Put it on its list; the key is the same for every retry. A live entry of the value is no error."""

    async def remove(self, entry_id: str, key: str) -> None:
        """Take it off its list; an entry that has ended is no error."""


class Holding(Protocol):
    """How the payment core works. Raises WorldUnreachable or WorldRefused."""

    async def mode(self) -> str:
        """``normal`` or ``holding``."""

    async def set_mode(self, mode: str, reason: str, key: str) -> None:
        """Set it; the same mode again changes nothing."""


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """What a component has, in its own units: tasks, executions, capacity units, targets or processes.

    desired: asked for last. in_service: those that take work now. quota: the most that the account allows it, None when
    nobody says. grows_by_itself: desired is the least, and more than that is no fault. said: why it comes no further,
    in the words of whoever runs it; empty while nothing was said.
    """

    desired: int
    in_service: int
    quota: int | None = None
    grows_by_itself: bool = False
    said: str = ""


class Scalable(Protocol):
    """The capacity of one component. Raises WorldUnreachable (unknown) or WorldRefused (certain)."""

    async def read(self) -> Capacity:
        """What it has now."""

    async def set(self, units: int, key: str) -> None:
        """Let it have so many units, absolutely; returns before they are in service. The key is that of every retry."""


class Preflight(msgspec.Struct, frozen=True, kw_only=True):
    """What the world said before the act.

    refusal: why the action must not be applied, empty when it may be. already_done: the world is as wanted.
    before: what reverse needs to restore; kept in the intent.
    """

    refusal: str = ""
    already_done: bool = False
    before: dict[str, str] = {}


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What the world says after the act. in_effect: it is exactly as the action wants it."""

    in_effect: bool
    detail: str


class Action(Protocol):
    """One level-triggered action; arguments are those of the decision.

    Every method may raise WorldUnreachable or WorldRefused.
    """

    async def preflight(self, arguments: Mapping[str, str]) -> Preflight:
        """Read the world and say whether to go on; changes nothing."""

    async def apply(self, arguments: Mapping[str, str], key: str) -> None:
        """Make the world as wanted, in absolute terms, so that doing it twice is doing it once."""

    async def verify(self, arguments: Mapping[str, str]) -> Look:
        """Read the world again; changes nothing."""

    async def reverse(self, before: Mapping[str, str], key: str) -> None:
        """Restore what preflight read."""


@runtime_checkable
class TakesItsTime(Protocol):
    """An action whose effect comes later than that of a shift of traffic."""

    def settles_seconds(self, arguments: Mapping[str, str]) -> float:
        """How long it may take from the call until the world is as wanted."""
