"""What is asked of a core for its health: with its key, or without one, and what its answers mean."""

from collections.abc import Callable

import httpx
import pytest

from daemon.errors import CoreUnreachable, NotAsked
from daemon.probes.core_client import CoreClient, HealthPayment, SelfCheck

CHECK = {"status": "healthy", "detail": "good", "findings": [], "took_ms": 1.5, "component": "escrow-manager"}
PAID = {"outcome": "voided", "detail": "good", "took_ms": 80, "version": "2.0.0"}
Respond = Callable[[httpx.Request], httpx.Response]


def client(respond: Respond) -> CoreClient:
    return CoreClient("http://127.0.0.3:8000", "secret", httpx.MockTransport(respond))


def answering(status: int, body: object) -> Respond:
    return lambda _: httpx.Response(status, json=body)


async def test_a_self_check_is_asked_for_with_the_key_under_the_components_name() -> None:
    asked: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=CHECK)

    async with client(respond) as core:
        assert await core.self_check("escrow-manager") == SelfCheck("healthy", "good")
    assert asked[0].url.path == "/v1/health/escrow_manager"
    assert asked[0].headers["authorization"] == "Bearer secret"


async def test_a_payment_is_asked_for_with_its_idempotency_key() -> None:
    asked: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=PAID)

    async with client(respond) as core:
        assert await core.pay("k1") == HealthPayment("voided", "good", 80, "2.0.0")
    assert (asked[0].method, asked[0].url.path) == ("POST", "/v1/health/payments")
    assert (asked[0].headers["idempotency-key"], asked[0].content) == ("k1", b"{}")


async def test_a_stranger_shows_no_key() -> None:
    asked: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        headers = {"content-type": "application/problem+json; charset=utf-8", "www-authenticate": "Bearer"}
        return httpx.Response(401, content=b"{}", headers=headers)

    async with client(respond) as core:
        answer = await core.as_stranger("/v1/payments")
    assert "authorization" not in asked[0].headers
    assert (answer.status_code, answer.media_type, answer.body) == (401, "application/problem+json", b"{}")
    assert (answer.challenge, answer.tls_version) == ("Bearer", "")


@pytest.mark.parametrize("status", [401, 403, 404, 429])
async def test_a_key_that_may_not_ask_is_no_broken_component(status: int) -> None:
    async with client(answering(status, {})) as core:
        with pytest.raises(NotAsked, match="health:probe"):
            await core.self_check("encryption")
        with pytest.raises(NotAsked, match="health:probe"):
            await core.pay("k1")


@pytest.mark.parametrize("respond", [answering(500, {}), answering(200, []), answering(200, {"status": "fine"})])
async def test_an_answer_that_is_none_makes_the_core_unreachable(respond: Respond) -> None:
    async with client(respond) as core:
        with pytest.raises(CoreUnreachable, match=r"127\.0\.0\.3"):
            await core.self_check("encryption")
        with pytest.raises(CoreUnreachable, match=r"127\.0\.0\.3"):
            await core.pay("k1")
