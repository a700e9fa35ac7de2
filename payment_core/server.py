"""One process of the payment core: opens its parts in order, serves, and stops them in the opposite order."""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
import structlog
import uvicorn

from payment_core.assembly.core import Core, Listening, running_core
from payment_core.errors import AddressTaken, BackgroundWorkDied
from payment_core.http.app import Application
from payment_core.loop import run_loop
from payment_core.options import CoreOptions
from payment_core.workers import Workers, parent_gone

log = structlog.get_logger()

STOP_SECONDS = 10
"""Requests in flight get this long: longer than the rail's timeout; ECS kills after 30 s."""

GC_THRESHOLDS = (20_000, 20, 50)
"""Requests leave few cycles; Python's 700 would look for them several times in each."""

BACKLOG = 2048
"""Connections that wait to be accepted."""


KEEP_ALIVE_SECONDS = 75
"""Longer than clients and load balancers keep an idle connection (httpx 5 s, an ALB 60 s), so that they are who closes:
a request that meets the server's closing gets no answer, and nobody can tell whether it was taken."""

FIRST_REQUEST_SECONDS = 0.5
"""A connection that was made while the process stops gets this long to ask, and then its answer."""

FIRST_REQUEST_LOOK_SECONDS = 0.005


class _Server(uvicorn.Server):
    """Leaves signals to serve_async, so that a stopped process ends with code 0, and nobody who reached it unanswered.

    Whoever listens at the same address gets what comes after.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take every connection that the kernel has made, let each ask and answer it, then close."""
        self.server_state.default_headers.append((b"connection", b"close"))
        await self._take_waiting([] if sockets is None else sockets)
        loop = asyncio.get_running_loop()
        until = loop.time() + FIRST_REQUEST_SECONDS
        # uvicorn tells nobody of a first request, so there is no event to wait for.
        while loop.time() < until and any(  # noqa: ASYNC110 - see above.
            _is_silent(one) for one in self.server_state.connections
        ):
            await asyncio.sleep(FIRST_REQUEST_LOOK_SECONDS)
        await super().shutdown(sockets)

    async def _take_waiting(self, sockets: Sequence[socket.socket]) -> None:
        """Closing a listening socket resets the connections that wait in it, so they are taken in the same moment."""
        loop = asyncio.get_running_loop()
        # The duplicates keep the kernel from closing while the loop lets go of the socket.
        kept = [one.dup() for one in sockets]
        for server in self.servers:
            server.close()
        await asyncio.sleep(0)
        waiting = []
        for listener in kept:
            waiting += _accepted(listener)
            listener.close()
        for one in waiting:
            await loop.connect_accepted_socket(self._protocol, one)

    def _protocol(self) -> asyncio.Protocol:
        config = self.config
        made: asyncio.Protocol = config.http_protocol_class(
            config=config, server_state=self.server_state, app_state=self.lifespan.state
        )  # type: ignore[call-arg]  # uvicorn's own call, with its own pragma
        return made


def _accepted(listener: socket.socket) -> list[socket.socket]:
    """Every connection that waits in it at this moment."""
    listener.setblocking(False)  # noqa: FBT003  # the standard library's own signature
    found: list[socket.socket] = []
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return found
        found.append(connection)


def _is_silent(connection: object) -> bool:
    """Whether nothing was ever asked on it."""
    return getattr(connection, "cycle", None) is None


def serve(options: CoreOptions, arguments: Sequence[str] = ()) -> None:
    """Serve until SIGTERM or SIGINT. arguments: the flags that made the options; workers are started with them.

    Raises AddressTaken and DatabaseUnusable before anything is answered, BackgroundWorkDied after.
    """
    listener = listen(options.host, options.port, shared=options.workers > 1 or options.address == "shared")
    run_loop(_serve(options, arguments, listener))


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening socket; port 0 takes any. shared: other processes listen on the same one.

    Raises AddressTaken when the address cannot be had.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressTaken(f"{host}:{port}: {error.strerror}") from error
    return listener


async def _serve(options: CoreOptions, arguments: Sequence[str], listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    deaths: list[str] = []
    stop = asyncio.Event()

    def died(name: str) -> None:
        deaths.append(name)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running_core(options, died) as (core, app):
        workers = _workers(options, arguments, listener)
        stop_watching: Callable[[], object] = stop.is_set
        server = _Server(_config(app))
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(server.serve(sockets=[listener]), name="http-server")
                if options.worker > 0:
                    watching = group.create_task(_stop_with_parent(stop), name="parent-gone")
                    stop_watching = watching.cancel
                await workers.start()
                workers.watch(core.tasks)
                _announce(options, listener)
                await stop.wait()
                stop_watching()
                _end(core, server)
        finally:
            await workers.stop()
    if deaths:
        raise BackgroundWorkDied(", ".join(deaths))


def _workers(options: CoreOptions, arguments: Sequence[str], listener: socket.socket) -> Workers:
    """The other processes of the same address; a worker has none."""
    port = str(listener.getsockname()[1])
    count = options.workers - 1 if options.worker == 0 else 0
    return Workers((*arguments, "--port", port), count)


async def _stop_with_parent(stop: asyncio.Event) -> None:
    """A worker ends with the process that started it."""
    await parent_gone()
    stop.set()


def _end(core: Core, server: _Server) -> None:
    core.stopping.set()
    server.should_exit = True


def _config(app: Application) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="none",
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def _announce(options: CoreOptions, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    line = Listening(f"http://{host}:{port}", options.environment, options.version, str(options.database))
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    sys.stdout.flush()
