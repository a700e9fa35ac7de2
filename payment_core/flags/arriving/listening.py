"""Listens to the broker for documents and tells it what this process runs, for as long as the process lives."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Protocol

import msgspec
import structlog

from payment_core.flags.arriving.taking_over import TakingOver
from payment_core.flags.envelope import REPORT_TOPICS, Report
from payment_core.flags.errors import DocumentOutOfReach
from payment_core.flags.serving import FlagCounts

log = structlog.get_logger()

REPORT_SECONDS = 10.0
"""How often a process says what it runs, beside each time that this changes."""

FAREWELL_SECONDS = 1.0
"""A process that stops says so, so that no change waits for it; a broker that does not answer holds no stop up."""

PAUSE_SECONDS_MIN = 0.1
PAUSE_SECONDS_MAX = 5.0
"""Between two tries to reach the broker: doubled up to this, and a random part of it, so that not all come at once."""


class Session(Protocol):
    """One connection to the broker, subscribed to the document's topic."""

    def documents(self) -> AsyncIterator[Sequence[bytes]]:
        """Everything that has arrived since the last look; the retained message first. Raises DocumentOutOfReach."""
        ...

    async def publish(self, topic: str, body: bytes) -> None:
        """Send, and wait until the broker has it. Raises DocumentOutOfReach."""
        ...


class Broker(Protocol):
    """Where documents are published."""

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Connect and subscribe. Raises DocumentOutOfReach."""
        ...


class Listening:
    """Connects again and again; what is served meanwhile goes on being served."""

    def __init__(
        self,
        *,
        broker: Broker,
        taking_over: TakingOver,
        report: Callable[[], Report],
        counts: FlagCounts,
        report_seconds: float = REPORT_SECONDS,
        pause_seconds_max: float = PAUSE_SECONDS_MAX,
    ) -> None:
        self._broker = broker
        self._taking_over = taking_over
        self._report = report
        self._counts = counts
        self._report_seconds = report_seconds
        self._pause_seconds_max = pause_seconds_max
        self._fault = ""

    async def run(self) -> None:
        """Never ends by itself."""
        self._counts.connected = False
        pause_seconds = PAUSE_SECONDS_MIN
        while True:
            try:
                async with self._broker.session() as session:
                    self._counts.connected, self._fault = True, ""
                    pause_seconds = PAUSE_SECONDS_MIN
                    log.info("listening for flags", action="flags_connected")
                    await self._attend(session)
            except Exception as fault:  # noqa: BLE001 - whatever it is, the process must not lose its flags for good.
                self._complain(_said(fault))
            finally:
                self._counts.connected = False
            await asyncio.sleep(random.uniform(PAUSE_SECONDS_MIN / 2, pause_seconds))  # noqa: S311 - no secret
            pause_seconds = min(pause_seconds * 2, self._pause_seconds_max)

    def _complain(self, fault: str) -> None:
        """Once for each fault; the metric says how long it lasts."""
        if fault != self._fault:
            self._fault = fault
            log.warning("no flags from the broker", action="flags_disconnected", fault=fault)

    async def _attend(self, session: Session) -> None:
        """Take over and report until the connection ends; either fault ends both."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._take_over(session), name="flags-documents")
                group.create_task(self._tell(session), name="flags-reports")
        except asyncio.CancelledError:
            await self._say_farewell(session)
            raise

    async def _say_farewell(self, session: Session) -> None:
        with suppress(DocumentOutOfReach, TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await _publish(session, msgspec.structs.replace(self._report(), ended=True))

    async def _take_over(self, session: Session) -> None:
        async for bodies in session.documents():
            await self._taking_over.offer(bodies, "mqtt")
        raise DocumentOutOfReach("the broker ended the connection.")

    async def _tell(self, session: Session) -> None:
        changed = self._taking_over.changed
        while True:
            changed.clear()
            await _publish(session, self._report())
            try:
                async with asyncio.timeout(self._report_seconds):
                    await changed.wait()
            except TimeoutError:
                continue


async def _publish(session: Session, report: Report) -> None:
    await session.publish(f"{REPORT_TOPICS}{report.process}", msgspec.json.encode(report))


def _said(fault: BaseException) -> str:
    """The first of the faults that a group holds."""
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return str(fault)
