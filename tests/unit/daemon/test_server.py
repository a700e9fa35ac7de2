"""The HTTP socket: taken or not ours is a clear refusal, and who knows the address may connect."""

import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from daemon.errors import NotUsable
from daemon.server import bind, serve


def test_a_taken_port_is_refused_with_its_address_and_the_way_out() -> None:
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(NotUsable, match=f"127.0.0.1:{port}: the port is taken; stop what listens there"):
            bind("127.0.0.1", port)


def test_an_address_that_is_not_this_machine_s_is_refused() -> None:
    with pytest.raises(NotUsable, match=r"192\.0\.2\.1:0: "):
        bind("192.0.2.1", 0)


def test_a_client_may_connect_as_soon_as_the_address_is_known() -> None:
    with bind("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname(), 1.0) as client:
        assert client.getpeername() == listening.getsockname()


async def hello(_: Request) -> Response:
    return PlainTextResponse("hello")


async def endless(_: Request) -> Response:
    async def lines() -> AsyncIterator[str]:
        yield "first\n"
        await asyncio.Event().wait()

    return StreamingResponse(lines())


async def test_it_serves_until_it_is_cancelled_and_an_open_stream_does_not_hold_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("daemon.server.GRACEFUL_SECONDS", 0)
    app = Starlette(routes=[Route("/hello", hello), Route("/endless", endless)])
    with bind("127.0.0.1", 0) as listening:
        url = "http://{}:{}".format(*listening.getsockname())
        async with asyncio.timeout(20), asyncio.TaskGroup() as group, httpx.AsyncClient(trust_env=False) as client:
            serving = group.create_task(serve(app, listening), name="serve")
            assert (await client.get(f"{url}/hello")).text == "hello"
            async with client.stream("GET", f"{url}/endless") as stream:
                assert await anext(stream.aiter_lines()) == "first"
                serving.cancel()
                await asyncio.wait({serving})
            assert serving.cancelled()
