"""A connection that is reset as it is made is a connection that failed, whatever the libraries make of it."""

import asyncio
import socket
import struct
import threading

import httpx
import pytest

from payment_core.loop import run_loop
from payment_core.outgoing.client import RESET, HttpClient

CONNECTIONS = 600
NO_LINGER = struct.pack("ii", 1, 0)


class _Raising(httpx.AsyncBaseTransport):
    def __init__(self, error: Exception) -> None:
        self._error = error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002  # as any transport
        raise self._error


async def test_a_connection_whose_socket_is_forgotten_was_not_made() -> None:
    forgotten = AttributeError("none", name="getpeername", obj=None)
    async with HttpClient(transport=_Raising(forgotten), trust_env=False) as client:
        with pytest.raises(httpx.ConnectError, match=RESET):
            await client.get("http://127.0.0.1/")


@pytest.mark.parametrize("error", [AttributeError("ours", name="getpeername", obj=""), AttributeError("ours")])
async def test_a_fault_of_our_own_is_not_taken_for_one_of_the_network(error: AttributeError) -> None:
    async with HttpClient(transport=_Raising(error), trust_env=False) as client:
        with pytest.raises(AttributeError):
            await client.get("http://127.0.0.1/")


def test_a_server_that_resets_each_connection_as_it_is_made_is_told_as_an_error_of_the_network() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS) as server:
        thread = threading.Thread(target=_reset_all, args=(server,))
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        assert run_loop(_failures(url)) == CONNECTIONS
        thread.join()


def _reset_all(server: socket.socket) -> None:
    for _ in range(CONNECTIONS):
        connection, _ = server.accept()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        connection.close()


async def _failures(url: str) -> int:
    """All at once, so that resets are there before anybody looks at a connection."""
    async with HttpClient(trust_env=False, limits=httpx.Limits(max_connections=None)) as client:
        answers = await asyncio.gather(*(client.get(url) for _ in range(CONNECTIONS)), return_exceptions=True)
    return sum(isinstance(answer, httpx.HTTPError) for answer in answers)
