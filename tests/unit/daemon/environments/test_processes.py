"""What the environment service answers is told apart: done, unknown, refused, or no environment of this name."""

from collections.abc import Callable

import httpx
import pytest

from daemon.environments.processes import Processes
from remediation.errors import WorldRefused, WorldUnreachable

Respond = Callable[[httpx.Request], httpx.Response]
STATE = {"version": "1.0.0", "desired": 1, "running": 1, "healthy": 1, "settled": True}


def processes(respond: Respond) -> Processes:
    return Processes("http://127.0.0.1:9/", "secret", httpx.MockTransport(respond))


async def test_a_change_carries_token_key_and_absolute_wishes() -> None:
    seen: list[tuple[str, str, str, bytes]] = []

    def respond(request: httpx.Request) -> httpx.Response:
        headers = request.headers
        seen.append((str(request.url), headers["Authorization"], headers["Idempotency-Key"], request.content))
        return httpx.Response(202, json=STATE)

    async with processes(respond) as region:
        await region.deploy("green", "2.0.0", 2, "key")
        await region.resize("green", 0, "other")
    place = "http://127.0.0.1:9/v1/environments/green"
    assert seen == [
        (f"{place}/deployment", "Bearer secret", "key", b'{"version":"2.0.0","size":2}'),
        (f"{place}/size", "Bearer secret", "other", b'{"size":0}'),
    ]


@pytest.mark.parametrize("status", [408, 429, 500, 503])
async def test_what_may_pass_is_unreachable(status: int) -> None:
    async with processes(lambda _: httpx.Response(status, json={"detail": "busy"})) as region:
        with pytest.raises(WorldUnreachable, match="busy"):
            await region.look("green")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
async def test_a_no_is_refused_also_a_404_of_something_else_that_listens_there(status: int) -> None:
    async with processes(lambda _: httpx.Response(status, json={"detail": "no"})) as region:
        with pytest.raises(WorldRefused, match="no"):
            await region.look("green")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"<html>", b'{"version": 1}', b"[" * 100_000])
async def test_an_answer_that_is_no_state_is_unknown(content: bytes) -> None:
    async with processes(lambda _: httpx.Response(200, content=content)) as region:
        with pytest.raises(WorldUnreachable):
            await region.look("green")


async def test_nobody_listening_is_unreachable() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        message = "refused"
        raise httpx.ConnectError(message, request=request)

    async with processes(respond) as region:
        with pytest.raises(WorldUnreachable, match="ConnectError refused"):
            await region.deploy("green", "2.0.0", 1, "key")


async def test_a_change_of_no_environment_is_refused_and_a_look_finds_none() -> None:
    problem = {"type": "urn:tillwatch:unknown-environment", "detail": "there are blue, green"}
    async with processes(lambda _: httpx.Response(404, json=problem)) as region:
        assert await region.look("violet") is None
        with pytest.raises(WorldRefused, match="no environment violet"):
            await region.deploy("violet", "2.0.0", 1, "key")


async def test_a_batch_is_asked_for_and_read_back() -> None:
    seen: list[tuple[str, str, bytes]] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, str(request.url), request.content))
        return httpx.Response(200, json={"new": 1, "settled": True})

    async with processes(respond) as region:
        await region.roll("green", "2.0.0", 1, "key")
        told = await region.batch("green", "2.0.0")
    assert (told.new, told.settled, told.failed) == (1, True, "")
    place = "http://127.0.0.1:9/v1/environments/green/batch"
    assert seen == [("PUT", place, b'{"version":"2.0.0","count":1}'), ("GET", f"{place}?version=2.0.0", b"")]
    async with processes(lambda _: httpx.Response(200, content=b"{}")) as region:
        with pytest.raises(WorldUnreachable):
            await region.batch("green", "2.0.0")
    gone = httpx.Response(404, json={"type": "urn:tillwatch:unknown-environment"})
    async with processes(lambda _: gone) as region:
        with pytest.raises(WorldRefused):
            await region.batch("green", "2.0.0")
