"""One process of the payment core: opens its parts in order, serves, and stops them in the opposite order."""

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

import msgspec
import structlog
import uvicorn
import uvloop
from starlette.applications import Starlette

from payment_core.acquirer.simulated import SimulatedAcquirer
from payment_core.clock import SystemClock
from payment_core.counts import Counts
from payment_core.errors import AddressTaken, BackgroundWorkDied
from payment_core.http.app import build_app
from payment_core.http.reads import Reads
from payment_core.http.writes import Writes
from payment_core.options import CoreOptions
from payment_core.payments.begin import Origin
from payment_core.payments.desk import Desk, FaultProfile
from payment_core.payments.settle import Settler
from payment_core.relay import Relay
from payment_core.sqs import SqsQueue
from payment_core.store.store import Store
from payment_core.tasks import Tasks

log = structlog.get_logger()

SWITCH_INTERVAL_SECONDS = 0.0001
"""Python's 5 ms would let the event loop starve the thread that commits."""

STOP_SECONDS = 10
"""Requests in flight get this long: longer than the rail's timeout; ECS kills after 30 s."""

FLUSH_SECONDS = 3.0
"""The last events get this long; what remains another process sends."""

BACKLOG = 2048
"""Connections that wait to be accepted."""


class Listening(msgspec.Struct, frozen=True):
    """The line that is printed when payments are taken."""

    listening: str
    environment: str
    version: str
    database: str


class _Server(uvicorn.Server):
    """Leaves signals to serve_async, so that a stopped process ends with code 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


class Core:
    """The parts of one process, open between start and stop; also usable without a socket, in tests."""

    def __init__(self, options: CoreOptions, on_death: Callable[[str], None]) -> None:
        self._options = options
        self._clock = SystemClock()
        self._origin = Origin(options.environment, options.version, options.region)
        self._tasks = Tasks(on_death)
        self._stack = AsyncExitStack()
        self._relay: Relay | None = None
        self.counts = Counts()
        self.stopping = asyncio.Event()

    async def start(self) -> Starlette:
        """Open database, rail and queue, and start what runs in the background. Raises DatabaseUnusable."""
        options = self._options
        store = Store(path=options.database, producer=options.environment, clock=self._clock, on_commit=self._committed)
        await store.open()
        self._stack.push_async_callback(store.close)
        acquirer = SimulatedAcquirer(
            path=options.rail_database, clock=self._clock, latency_ms=options.rail_latency_ms, seed=options.seed
        )
        await acquirer.open()
        self._stack.push_async_callback(acquirer.close)
        desk = Desk(
            store=store,
            acquirer=acquirer,
            settler=Settler(origin=self._origin, fee_basis_points=options.fee_basis_points),
            clock=self._clock,
            fault=FaultProfile(options.fail_percent, options.slow_seconds),
            lease_ms=options.lease_ms,
            rail_timeout_seconds=options.rail_timeout_seconds,
            on_attempt=self.counts.attempted,
        )
        if options.queue != "":
            await self._start_relay(store)
        self._tasks.start("sweep-abandoned", desk.sweep_forever())
        return build_app(
            writes=Writes(desk, self._origin),
            reads=Reads(store=store, origin=self._origin, counts=self.counts, stopping=self.stopping),
            counts=self.counts,
            clock=self._clock,
            version=options.version,
        )

    async def stop(self) -> None:
        """Stop the background work, send the last events in bounded time, close queue, rail and database."""
        await self._tasks.stop()
        if self._relay is not None:
            try:
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._relay.relay_own()
            except Exception as error:  # noqa: BLE001 - another process sends what stays in the outbox
                log.warning("events stay in the outbox", action="flush_failed", fault=str(error))
        await self._stack.aclose()

    async def _start_relay(self, store: Store) -> None:
        options = self._options
        queue = await self._stack.enter_async_context(
            SqsQueue(name=options.queue, region=options.region, endpoint_url=options.endpoint_url)
        )
        self._relay = Relay(
            store=store, queue=queue, producer=options.environment, clock=self._clock, counts=self.counts
        )
        self._tasks.start("relay-events", self._relay.run())

    def _committed(self, published: int, writes: int, commit_ms: float) -> None:
        self.counts.commits.observe(commit_ms / 1000)
        self.counts.commit_writes += writes
        if published > 0:
            self.counts.events_published += published
            if self._relay is not None:
                self._relay.wake()


@asynccontextmanager
async def running_core(options: CoreOptions, on_death: Callable[[str], None]) -> AsyncIterator[tuple[Core, Starlette]]:
    """A started core and its application; stopped at the end."""
    core = Core(options, on_death)
    try:
        yield core, await core.start()
    finally:
        await core.stop()


def serve(options: CoreOptions) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises AddressTaken and DatabaseUnusable before anything is answered, BackgroundWorkDied after.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    listener = listen(options.host, options.port)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(options, listener))


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any. Raises AddressTaken when the address cannot be had."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressTaken(f"{host}:{port}: {error.strerror}") from error
    return listener


async def _serve(options: CoreOptions, listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    deaths: list[str] = []
    stop = asyncio.Event()

    def died(name: str) -> None:
        deaths.append(name)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running_core(options, died) as (core, app):
        config = uvicorn.Config(
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
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        server = _Server(config)
        gc.freeze()
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(sockets=[listener]), name="http-server")
            _announce(options, listener)
            await stop.wait()
            core.stopping.set()
            server.should_exit = True
    if deaths:
        raise BackgroundWorkDied(", ".join(deaths))


def _announce(options: CoreOptions, listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    line = Listening(f"http://{host}:{port}", options.environment, options.version, str(options.database))
    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
    sys.stdout.flush()
