"""A component's probe never raises, and not knowing is not health."""

import asyncio
from typing import NoReturn

import pytest

from daemon.clock import SystemClock
from daemon.errors import QueueGone
from daemon.probes.components import ComponentProbes, Look, Observed, look_at_queues

NOW_MS = 1_795_459_572_000


class FakeQueue:
    """A queue of a given depth."""

    def __init__(self, name: str, waiting: int) -> None:
        self.name = name
        self.waiting = waiting

    async def depth(self) -> tuple[int, int]:
        """As given."""
        return self.waiting, 0


def probes(**looks: Look) -> ComponentProbes:
    return ComponentProbes(dict(looks), SystemClock(), deadline_seconds=0.05)


async def never() -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError


async def gone() -> NoReturn:
    raise QueueGone("till-payment-events")


async def broken() -> NoReturn:
    raise ZeroDivisionError("odd")


async def fine() -> Observed:
    return Observed("healthy", "it is")


@pytest.mark.parametrize(
    ("look", "status", "detail"),
    [
        (fine, "healthy", "it is"),
        (never, "unknown", "no answer in 0.05 s"),
        (gone, "unhealthy", "The queue does not exist. till-payment-events"),
        (broken, "unknown", "ZeroDivisionError: odd"),
    ],
)
async def test_whatever_a_look_does_a_fact_comes_out(look: Look, status: str, detail: str) -> None:
    fact = await probes(monitoring=look).probe("monitoring", NOW_MS)
    assert (fact.subject, fact.status, fact.detail, fact.at_ms) == ("monitoring", status, detail, NOW_MS)
    assert fact.latency_ms >= 0


async def test_an_unknown_component_is_unknown() -> None:
    assert (await probes().probe("escrow", NOW_MS)).status == "unknown"


async def test_all_components_are_probed() -> None:
    made = probes(a=fine, b=never)
    assert [fact.status for fact in await made.probe_all(NOW_MS)] == ["healthy", "unknown"]
    assert made.components == ("a", "b")


@pytest.mark.parametrize(
    ("waiting", "status"), [(0, "healthy"), (999, "healthy"), (1_000, "degraded"), (10_000, "unhealthy")]
)
async def test_the_fullest_queue_says_how_monitoring_is(waiting: int, status: str) -> None:
    observed = await look_at_queues([FakeQueue("payments", waiting), FakeQueue("control", 0)])()
    assert observed == Observed(status, f"payments: {waiting} waiting, control: 0 waiting")  # type: ignore[arg-type]  # the table's strings
