"""Serves the HTTP application on a socket that was bound beforehand."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from daemon.errors import NotUsable

GRACEFUL_SECONDS = 2
"""Open requests get this long; a console's stream would hold the stop for ever."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises NotUsable when the address is taken or not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        # Only a listening socket keeps others away, and who is told the address may connect at once.
        listening.listen()
    except OSError as fault:
        listening.close()
        taken = fault.errno == errno.EADDRINUSE
        why = "the port is taken; stop what listens there or choose another port" if taken else str(fault.strerror)
        message = f"{host}:{port}: {why}"
        raise NotUsable(message) from fault
    listening.setblocking(False)  # noqa: FBT003  # the standard library's own signature
    return listening


class _Server(uvicorn.Server):
    """Leaves signals to the daemon, which stops everything in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Serve until cancelled."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
    server = _Server(config)
    try:
        await server.serve(sockets=[listening])
    except asyncio.CancelledError:
        await server.shutdown([listening])
        raise
