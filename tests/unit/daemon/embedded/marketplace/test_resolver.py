"""Properties of the weighted answers that simulated DNS clients get."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.embedded.marketplace.resolver import RegionResolver, Resolver, WeightedRecord, choose
from remediation.errors import WorldRefused, WorldUnreachable


class _Clock:
    def __init__(self) -> None:
        self.ms = 1_000.0

    def now_ms(self) -> int:
        return int(self.ms)

    def monotonic_ms(self) -> float:
        return self.ms

    async def sleep(self, seconds: float) -> None:
        self.ms += seconds * 1000


class _Zone:
    """A record set that can be changed and can fail."""

    def __init__(self, blue: int, green: int) -> None:
        self.weights = {"blue": blue, "green": green}
        self.reads = 0
        self.fault: Exception | None = None

    async def records(self) -> tuple[WeightedRecord, ...]:
        self.reads += 1
        if self.fault is not None:
            raise self.fault
        return _records(self.weights["blue"], self.weights["green"])


def _records(*weights: int) -> tuple[WeightedRecord, ...]:
    return tuple(
        WeightedRecord(f"e{number}", f"127.0.0.{number + 2}", weight, 1) for number, weight in enumerate(weights)
    )


@given(st.lists(st.integers(0, 255), min_size=1, max_size=6), st.floats(0, 1, exclude_max=True))
def test_an_answer_is_always_one_of_the_records_and_never_one_of_weight_0_beside_a_heavier_one(
    weights: list[int], draw: float
) -> None:
    record = choose(_records(*weights), draw)
    assert record in _records(*weights)
    assert record.weight > 0 or not any(weights)


@pytest.mark.parametrize(("blue", "green"), [(100, 0), (95, 5), (75, 25), (50, 50), (0, 100)])
def test_shares_converge_to_the_weights(blue: int, green: int) -> None:
    chance = random.Random(7)  # noqa: S311  # a reproducible test
    draws = [choose(_records(blue, green), chance.random()).environment for _ in range(20_000)]
    assert draws.count("e1") / len(draws) == pytest.approx(green / (blue + green), abs=0.01)


def test_when_all_weights_are_0_every_record_is_answered_equally_often() -> None:
    chance = random.Random(7)  # noqa: S311  # a reproducible test
    draws = [choose(_records(0, 0), chance.random()).environment for _ in range(20_000)]
    assert draws.count("e1") / len(draws) == pytest.approx(0.5, abs=0.01)


def _resolver(zone: _Zone, clock: _Clock) -> Resolver:
    return Resolver(zone, clock, random.Random(1))  # noqa: S311  # a reproducible test


async def test_a_client_keeps_its_answer_for_the_ttl_and_asks_again_after_it() -> None:
    zone, clock = _Zone(100, 0), _Clock()
    resolver = _resolver(zone, clock)
    assert (await resolver.resolve(1)).environment == "e0"
    zone.weights = {"blue": 0, "green": 100}
    clock.ms += 999
    assert (await resolver.resolve(1)).environment == "e0"
    clock.ms += 1
    assert (await resolver.resolve(1)).environment == "e1"


async def test_the_record_set_is_read_once_per_ttl_however_many_clients_ask() -> None:
    zone, clock = _Zone(50, 50), _Clock()
    resolver = _resolver(zone, clock)
    for client in range(200):
        await resolver.resolve(client)
    assert zone.reads == 1
    clock.ms += 1_000
    for client in range(200):
        await resolver.resolve(client)
    assert zone.reads == 2


async def test_the_last_records_are_served_on_while_the_zone_cannot_be_read() -> None:
    zone, clock = _Zone(100, 0), _Clock()
    resolver = _resolver(zone, clock)
    await resolver.resolve(1)
    zone.fault = WorldUnreachable("gone")
    clock.ms += 5_000
    assert (await resolver.resolve(1)).environment == "e0"
    zone.fault = None
    zone.weights = {"blue": 0, "green": 100}
    clock.ms += 5_000
    assert (await resolver.resolve(1)).environment == "e1"


async def test_there_is_no_answer_before_the_first_read() -> None:
    zone = _Zone(100, 0)
    zone.fault = WorldRefused("no such zone")
    with pytest.raises(WorldRefused):
        await _resolver(zone, _Clock()).resolve(1)


async def test_a_name_of_regions_is_answered_in_two_steps_and_one_without_records_is_no_answer() -> None:
    clock, chance = _Clock(), random.Random(7)  # noqa: S311  # a reproducible test
    between, east = _Zone(blue=1, green=1), _Zone(blue=100, green=0)
    resolver = RegionResolver(Resolver(between, clock, chance), {"e0": Resolver(east, clock, chance)})
    between.weights["green"] = 0
    assert (await resolver.resolve(1)).address == "127.0.0.2"
    clock.ms += 5_000
    between.weights.update(blue=0, green=1)
    with pytest.raises(WorldRefused, match="e1 has no records"):
        await resolver.resolve(1)
