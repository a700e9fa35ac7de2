"""The traffic split as people see it."""

import pytest

from daemon.senses.traffic_watch import TrafficWatch
from remediation.errors import WorldUnreachable
from tests.unit.remediation.worlds import NOW_MS, FakeClock, FakeWorld


@pytest.mark.parametrize(
    ("weights", "shown"),
    [
        ({"blue": 100, "green": 0}, {"blue": 100, "green": 0}),
        ({"blue": 3, "green": 1}, {"blue": 75, "green": 25}),
        ({"blue": 255, "green": 255}, {"blue": 50, "green": 50}),
        ({"blue": 0, "green": 0}, {"blue": 50, "green": 50}),
        ({}, {}),
    ],
)
async def test_weights_are_shown_as_the_shares_that_route_53_answers_by(
    weights: dict[str, int], shown: dict[str, int]
) -> None:
    watch = TrafficWatch(FakeWorld(weights=weights), FakeClock())
    assert watch.split.read_at_ms == 0
    await watch.look()
    assert (watch.split.weights, watch.split.read_at_ms) == (shown, NOW_MS)


class Unreachable(FakeWorld):
    """Answers once."""

    async def read(self) -> dict[str, int]:
        """See Traffic."""
        if not self.readable:
            raise WorldUnreachable("no route")
        return await super().read()


async def test_a_reading_that_fails_leaves_the_old_one_and_its_age() -> None:
    world, clock = Unreachable(weights={"blue": 90, "green": 10}), FakeClock()
    watch = TrafficWatch(world, clock)
    await watch.look()
    clock.at_ms += 2_000
    world.readable = False
    await watch.look()
    assert (watch.split.weights, watch.split.read_at_ms) == ({"blue": 90, "green": 10}, NOW_MS)
