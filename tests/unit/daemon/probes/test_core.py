"""A core is healthy when it says so in time, from the address that was meant."""

import asyncio
from collections.abc import Callable, Coroutine

import httpx
import pytest

from daemon.errors import CoreUnreachable
from daemon.probes.core import CoreProbe
from daemon.probes.core_client import CoreClient

NOW_MS = 1_795_459_572_000
Handler = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]
READY = {"ready": True, "version": "2.0.0", "environment": "green"}


class FakeClock:
    """Monotonic time moves as the test says."""

    def __init__(self) -> None:
        self.monotonic = 0.0

    def now_ms(self) -> int:
        """The same moment every time."""
        return NOW_MS

    def monotonic_ms(self) -> float:
        """As the test set it."""
        return self.monotonic

    async def sleep(self, seconds: float) -> None:
        """Go on at once."""


def answering(status: int, body: object) -> Handler:
    async def handler(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json=body)

    return handler


def client(handler: Handler, token: str = "") -> CoreClient:
    return CoreClient("http://127.0.0.3:8000/", token, httpx.MockTransport(handler))


def probe(handler: Handler, clock: FakeClock | None = None) -> CoreProbe:
    return CoreProbe(
        {"green": client(handler)}, FakeClock() if clock is None else clock, region="us-west-2", timeout_seconds=0.05
    )


async def test_a_ready_core_is_healthy_and_tells_its_version() -> None:
    fact = await probe(answering(200, READY)).probe("green", NOW_MS)
    assert (fact.subject, fact.environment, fact.version, fact.region) == (
        "aws-payment-processor",
        "green",
        "2.0.0",
        "us-west-2",
    )
    assert (fact.status, fact.detail, fact.at_ms) == ("healthy", "ready", NOW_MS)
    assert fact.id == f"probe:aws-payment-processor:green:{NOW_MS}"


async def test_a_slow_core_is_degraded() -> None:
    clock = FakeClock()

    async def slow(_: httpx.Request) -> httpx.Response:
        clock.monotonic += 1_500
        return httpx.Response(200, json=READY)

    fact = await probe(slow, clock).probe("green", NOW_MS)
    assert (fact.status, fact.latency_ms) == ("degraded", 1_500.0)


@pytest.mark.parametrize(
    ("handler", "status", "detail"),
    [
        (answering(503, {**READY, "ready": False}), "unhealthy", "not ready (503)"),
        (answering(503, READY), "unhealthy", "not ready (503)"),
        (answering(200, {"hello": 1}), "unhealthy", "not what it should"),
        (answering(200, {**READY, "environment": "blue"}), "unknown", "answers as 'blue'"),
    ],
)
async def test_any_other_answer_is_not_healthy(handler: Handler, status: str, detail: str) -> None:
    made = probe(handler)
    fact = await made.probe("green", NOW_MS)
    assert fact.status == status
    assert detail in fact.detail
    assert (await made.health("green")).healthy is False


async def test_a_core_that_does_not_answer_in_time_is_unhealthy() -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    seen = await probe(never).health("green")
    assert (seen.healthy, seen.detail) == (False, "green: no answer in 0.05 s")


async def test_a_core_that_refuses_the_connection_is_unhealthy() -> None:
    async def refused(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    seen = await probe(refused).health("green")
    assert not seen.healthy
    assert "ConnectError refused" in seen.detail


async def test_an_environment_without_an_address_is_unknown_and_no_destination() -> None:
    made = probe(answering(200, READY))
    assert (await made.probe("blue", NOW_MS)).status == "unknown"
    assert (await made.health("blue")).healthy is False


async def test_a_destination_is_healthy_when_it_is_ready() -> None:
    seen = await probe(answering(200, READY)).health("green")
    assert (seen.healthy, seen.detail) == (True, "green 2.0.0: ready")


async def test_all_environments_are_probed_at_once() -> None:
    together = asyncio.Barrier(2)

    async def handler(_: httpx.Request) -> httpx.Response:
        await together.wait()
        return httpx.Response(200, json={"ready": True})

    made = CoreProbe({"blue": client(handler), "green": client(handler)}, FakeClock())
    assert [fact.status for fact in await made.probe_all(NOW_MS)] == ["healthy", "healthy"]
    assert made.environments == ("blue", "green")


async def test_events_are_asked_for_with_the_token_and_decoded() -> None:
    asked: list[httpx.Request] = []

    async def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        fact = {"kind": "heartbeat", "id": "h", "at_ms": 1, "subject": "s", "sequence": 8}
        return httpx.Response(200, json={"events": [fact], "last_sequence": 9})

    async with client(handler, "secret") as core:
        page = await core.events(7, 500)
    assert [fact.sequence for fact in page.events] == [8]
    assert str(asked[0].url) == "http://127.0.0.3:8000/v1/events?after=7&limit=500"
    assert asked[0].headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    "handler",
    [
        answering(500, {}),
        answering(200, {"events": [{"kind": "from.tomorrow"}], "last_sequence": 1}),
        answering(200, []),
    ],
)
async def test_events_that_cannot_be_read_make_the_core_unreachable(handler: Handler) -> None:
    with pytest.raises(CoreUnreachable, match=r"http://127\.0\.0\.3:8000"):
        await client(handler).events(0, 500)
