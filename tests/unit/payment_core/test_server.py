"""A payment core that stops answers everybody who reached it, and leaves the closing of idle connections to others."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from payment_core.server import _config, _Server, listen

ASKED = b"GET /hello HTTP/1.1\r\nHost: core\r\n\r\n"
BALANCER_IDLE_SECONDS = 60
"""How long an Application Load Balancer keeps an idle connection to a target."""


async def hello(_: Request) -> Response:
    return PlainTextResponse("hello")


class Serving:
    """A server that listens, and its task."""

    def __init__(self) -> None:
        self.listener = listen("127.0.0.1", 0, shared=True)
        self.server = _Server(_config(Starlette(routes=[Route("/hello", hello)])))  # type: ignore[arg-type]

    async def begin(self) -> None:
        self.server.config.load()
        self.server.lifespan = self.server.config.lifespan_class(self.server.config)
        await self.server.startup(sockets=[self.listener])

    def connected(self) -> socket.socket:
        """A connection that the kernel has made; the loop has had no turn to see it."""
        return socket.create_connection(self.listener.getsockname(), 10)


@pytest.fixture
async def serving() -> AsyncIterator[Serving]:
    one = Serving()
    await one.begin()
    yield one
    one.listener.close()


async def answered(connection: socket.socket, asked: bytes = b"") -> bytes:
    """All that comes until the other side closes. Raises ConnectionResetError when it was dropped."""
    reader, writer = await asyncio.open_connection(sock=connection)
    writer.write(asked)
    async with asyncio.timeout(10):
        found = await reader.read()
    writer.close()
    await writer.wait_closed()
    return found


async def test_connections_that_wait_when_the_process_stops_are_answered_and_not_reset(serving: Serving) -> None:
    waiting = [serving.connected() for _ in range(20)]
    for one in waiting:
        one.sendall(ASKED)
    await serving.server.shutdown([serving.listener])
    answers = [await answered(one) for one in waiting]
    assert all(one.startswith(b"HTTP/1.1 200 ") and b"connection: close" in one for one in answers), answers


async def test_who_has_just_connected_may_still_ask_while_the_process_stops(serving: Serving) -> None:
    connection = serving.connected()
    async with asyncio.TaskGroup() as group:
        group.create_task(serving.server.shutdown([serving.listener]), name="stop")
        answer = group.create_task(answered(connection, ASKED), name="answer")
    assert answer.result().startswith(b"HTTP/1.1 200 ")


async def test_nobody_is_taken_once_the_process_has_stopped(serving: Serving) -> None:
    await serving.server.shutdown([serving.listener])
    with pytest.raises(OSError, match=r"refused|Bad file descriptor"):
        serving.connected()


def test_an_idle_connection_is_kept_longer_than_clients_and_load_balancers_keep_it() -> None:
    config = _config(Starlette())  # type: ignore[arg-type]
    assert config.timeout_keep_alive > BALANCER_IDLE_SECONDS
