"""The daemon's rules are read with a token, and whatever is not its rules is said to be silence."""

import httpx
import pytest

from daemon.probes.daemon_client import DaemonClient, DaemonSilent, RuleNow, RuleReadingNow

READING = {"key": {"environment": "blue"}, "state": "cleared", "value": 0.5, "shown": "50 %", "samples": 9, "more": 1}


def client(status: int, body: object, seen: list[httpx.Request] | None = None) -> DaemonClient:
    def respond(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(status, json=body)

    return DaemonClient("http://127.0.0.1:8080/", "secret", httpx.MockTransport(respond))


async def test_rules_are_read_with_the_token() -> None:
    seen: list[httpx.Request] = []
    async with client(200, {"rules": [{"id": "x", "readings": [READING]}]}, seen) as daemon:
        rules = await daemon.rules()
    assert rules == [RuleNow("x", [RuleReadingNow({"environment": "blue"}, "cleared", 0.5, "50 %", 9)])]
    assert (seen[0].url.path, seen[0].headers["authorization"]) == ("/api/v1/rules", "Bearer secret")


async def test_a_stranger_shows_no_token() -> None:
    seen: list[httpx.Request] = []
    async with client(401, {}, seen) as daemon:
        assert await daemon.status_for_stranger("/metrics") == 401
    assert "authorization" not in seen[0].headers


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [(401, {}, "--token"), (403, {}, "--token"), (200, [], "not what it holds"), (500, {}, "500")],
)
async def test_whatever_is_not_its_rules_is_silence(status: int, body: object, words: str) -> None:
    async with client(status, body) as daemon:
        with pytest.raises(DaemonSilent, match=words):
            await daemon.rules()


async def test_a_daemon_that_is_away_is_silent() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    async with DaemonClient("http://127.0.0.1:1", "", httpx.MockTransport(refuse)) as daemon:
        with pytest.raises(DaemonSilent, match="refused"):
            await daemon.status_for_stranger("/metrics")
