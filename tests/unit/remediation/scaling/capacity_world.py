"""A component of ten requests a second for each unit, and readings of it."""

from collections.abc import Sequence
from typing import Any

from config.scaling import EcsService, Scaling, Unit
from remediation.scaling.bookkeeping import ordered, seen
from remediation.scaling.deciding import decide
from remediation.scaling.model import Book, Component, Reading, ScalingDecision

NOW_MS = 1_795_000_000_000
TICK_MS = 10_000
CARRIES = 10.0


def component(**changed: Any) -> Component:  # noqa: ANN401 - any field
    """Between 1 and 20 units, half full at the target, judged by requests; a dollar an hour each."""
    unit = Unit(requests_per_second=CARRIES, hour_microdollars=1_000_000, source="a test", warm_up=60.0, drain=30.0)
    values = {
        "kind": "ecs_service",
        "cluster": "a",
        "service": "b",
        "region": "us-east-1",
        "min": 1,
        "max": 20,
        "unit": unit,
        "target_percent": 50,
        "band_percent": 10,
        "signals": ("requests",),
        "hourly_cap_cents": 2_000,
        **changed,
    }
    return Component("core", EcsService.model_validate(values))


def unit(**changed: Any) -> Unit:  # noqa: ANN401 - any field
    """The unit of above, changed."""
    return component().scaled.unit.model_copy(update=changed)


def reading(at_ms: int = NOW_MS, *, load: float | None = 50.0, units: int = 10, **changed: Any) -> Reading:  # noqa: ANN401 - any field
    """One look: every unit serves."""
    values: dict[str, Any] = {"desired": units, "in_service": units, "requests_per_second": load, "in_flight": 0}
    return Reading(component="core", at_ms=at_ms, **{**values, **changed})


def readings(load: float | None = 50.0, *, units: int = 10, **changed: Any) -> list[Reading]:  # noqa: ANN401 - any field
    """Looks of the last 400 s, every ten, all alike."""
    steps = range(NOW_MS - 400_000, NOW_MS + 1, TICK_MS)
    return [reading(at_ms, load=load, units=units, **changed) for at_ms in steps]


def decided(
    looks: Sequence[Reading],
    about: Component | None = None,
    book: Book | None = None,
    policy: Scaling | None = None,
    now_ms: int = NOW_MS,
) -> ScalingDecision:
    """What is decided now; without a book, the one that has seen the newest look alone."""
    about = component() if about is None else about
    known = Book(component="core") if book is None else book
    if looks and not known.spells:
        known = seen(known, about, looks[-1])
    return decide(about, looks, known, Scaling() if policy is None else policy, now_ms)


class Played:
    """A load over time: looked at every ten seconds, decided on, and done at once. loads: requests a second by look."""

    def __init__(self, about: Component, units: int) -> None:
        self.about, self.units = about, units
        self.book = Book(component="core")
        self.looks: list[Reading] = []
        self.changes: list[int] = []

    def play(self, loads: Sequence[float]) -> None:
        """Every load for ten seconds."""
        for load in loads:
            now_ms = NOW_MS + len(self.looks) * TICK_MS
            full = min(1.0, load / (self.units * CARRIES)) if self.units else 1.0
            self.looks.append(reading(now_ms, load=load, units=self.units, utilization=full))
            self.book = seen(self.book, self.about, self.looks[-1])
            decision = decide(self.about, self.looks[-40:], self.book, Scaling(), now_ms)
            if decision.target != self.units:
                self.book = ordered(self.book, self.about, decision)
                self.units = decision.target
                self.changes.append(now_ms)
