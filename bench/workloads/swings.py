"""Load that swings between two levels, decided on at every look: how often capacity is changed for it."""

from random import Random

from config.scaling import EcsService, Scaling, Signal, Unit
from remediation.scaling.bookkeeping import ordered, seen
from remediation.scaling.deciding import decide
from remediation.scaling.model import Book, Component, Reading

START_MS = 1_795_000_000_000
TICK_MS = 10_000
LOOKS = 200
CARRIES = 10.0
LOAD_MAX = 100.0
SIGNALS: tuple[tuple[Signal, ...], ...] = (("requests",), ("requests", "utilization"))


def most_changes(swings: int, seed: int = 1) -> int:
    """The most changes in any ``cool_down.scale_in`` under so many random swings, each of LOOKS looks."""
    chance = Random(seed)  # noqa: S311  # reproducible input, not a secret
    most = 0
    for _ in range(swings):
        about = _component(chance.choice(SIGNALS))
        low, high, every = chance.uniform(0, LOAD_MAX), chance.uniform(0, LOAD_MAX), chance.randint(1, 40)
        changes = _changes(about, [(low, high)[look // every % 2] for look in range(LOOKS)])
        cool_down_ms = round(about.scaled.cool_down.scale_in * 1000)
        within = (sum(at_ms <= one < at_ms + cool_down_ms for one in changes) for at_ms in changes)
        most = max(most, *within) if changes else most
    return most


def _changes(about: Component, loads: list[float]) -> list[int]:
    """When capacity was changed; what is ordered serves at the next look."""
    book, units, looks, changes = Book(component=about.name), 10, list[Reading](), list[int]()
    for number, load in enumerate(loads):
        now_ms = START_MS + number * TICK_MS
        full = min(1.0, load / (units * CARRIES))
        looks.append(
            Reading(
                component=about.name,
                at_ms=now_ms,
                desired=units,
                in_service=units,
                utilization=full,
                requests_per_second=load,
                in_flight=0,
            )
        )
        book = seen(book, about, looks[-1])
        decision = decide(about, looks[-40:], book, Scaling(), now_ms)
        if decision.target != units:
            book, units = ordered(book, about, decision), decision.target
            changes.append(now_ms)
    return changes


def _component(signals: tuple[Signal, ...]) -> Component:
    """Ten requests a second for each unit, half of them meant; no cap holds it."""
    scaled = EcsService(
        kind="ecs_service",
        region="us-east-1",
        cluster="a",
        service="b",
        max=20,
        unit=Unit(requests_per_second=CARRIES, hour_microdollars=1, source="a bench"),
        target_percent=50,
        signals=signals,
        hourly_cap_cents=1,
    )
    return Component("core", scaled)
