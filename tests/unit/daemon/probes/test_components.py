"""A component's probe never raises, and not knowing is not health."""

import asyncio
from typing import NoReturn

import pytest

from daemon.clock import SystemClock
from daemon.errors import NotAsked, QueueGone
from daemon.probes.components import ComponentProbes
from daemon.probes.looking import Look, Observed

NOW_MS = 1_795_459_572_000


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


async def many() -> Observed:
    return Observed("degraded", "first", ("first", "second", "third"))


async def not_asked() -> NoReturn:
    raise NotAsked("its key needs the scope health:probe")


async def test_a_look_that_was_not_allowed_is_unknown_and_not_broken() -> None:
    fact = await probes(encryption=not_asked).probe("encryption", NOW_MS)
    assert (fact.status, "health:probe" in fact.detail) == ("unknown", True)


async def test_a_fact_tells_how_much_it_leaves_out_and_the_rest_is_kept() -> None:
    made = probes(compliance=many)
    assert (await made.probe("compliance", NOW_MS)).detail == "first (and 2 more findings)"
    assert made.findings == {"compliance": ("first", "second", "third")}


async def test_a_look_that_hangs_does_not_hold_up_the_others() -> None:
    begun = asyncio.Event()

    async def waits_for_the_other() -> Observed:
        await begun.wait()
        return await fine()

    async def begins() -> Observed:
        begun.set()
        return await never()

    facts = await probes(a=waits_for_the_other, b=begins).probe_all(NOW_MS)
    assert [fact.status for fact in facts] == ["healthy", "unknown"]
