"""Takes events from the outbox to the queue: at once, packed, at least once, and never in a payment's way."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
import structlog

from payment_core.clock import Clock
from payment_core.errors import QueueUnavailable
from payment_core.metrics.counts import Counts
from payment_core.store.port import Outbox, OutboxRow

log = structlog.get_logger()

LINGER_SECONDS = 0.004
"""Events that follow within this time share a message; it is 1 % of what the time to an action may be."""

EVENTS_PER_MESSAGE_MAX = 100
"""A message that must be quarantined puts aside at most this many events."""

MESSAGES_PER_CALL_MAX = 10
"""SQS takes at most this many in one SendMessageBatch."""

BYTES_PER_CALL_MAX = 240 * 1024
"""SQS takes 256 KiB in one call, all messages together; the rest is the envelopes."""

ROWS_PER_CALL_MAX = EVENTS_PER_MESSAGE_MAX * MESSAGES_PER_CALL_MAX

SWEEP_SECONDS = 1.0
"""How often events of other processes are looked for."""

ORPHAN_AGE_MS = 5000
"""An event this old was left by a process that died, or its queue is slow; sending it twice does no harm."""

RETRY_SECONDS_MIN = 0.05
RETRY_SECONDS_MAX = 5.0
"""Waits grow twofold from the smaller to the larger, each drawn at random below; the relay never gives up."""

PACK_SCHEMA = "tillwatch.events.v1"


class Queue(Protocol):
    """Where packed events go."""

    async def send(self, messages: list[bytes]) -> list[int]:
        """Send up to ten messages; returns the positions that were refused. Raises QueueUnavailable."""
        ...


class Message(msgspec.Struct, frozen=True):
    """One queue message. places: of its events in the outbox."""

    body: bytes
    places: list[str]


def pack(rows: list[OutboxRow]) -> list[Message]:
    """Pack events, in order, into as many messages as one call takes; what does not fit waits for the next call."""
    messages: list[Message] = []
    taken: list[OutboxRow] = []
    budget = BYTES_PER_CALL_MAX
    for row in rows:
        budget -= len(row.body) + 1
        if budget < 0 and (taken or messages):
            break
        taken.append(row)
        if len(taken) == EVENTS_PER_MESSAGE_MAX:
            messages.append(_message(taken))
            taken = []
            budget -= 64
            if len(messages) == MESSAGES_PER_CALL_MAX:
                break
    if taken:
        messages.append(_message(taken))
    return messages


def _message(rows: list[OutboxRow]) -> Message:
    events = [msgspec.Raw(row.body) for row in rows]
    body = msgspec.json.encode({"schema": PACK_SCHEMA, "events": events})
    return Message(body, [row.place for row in rows])


class Relay:
    """Sends this process's events when they are committed, and once a second those that another one left."""

    def __init__(self, *, outbox: Outbox, queue: Queue, producer: str, clock: Clock, counts: Counts) -> None:
        self._outbox = outbox
        self._queue = queue
        self._producer = producer
        self._clock = clock
        self._counts = counts
        self._committed = asyncio.Event()
        self._committed.set()
        self._sweep_due_ms = 0.0

    def wake(self) -> None:
        """Events were committed."""
        self._committed.set()

    async def run(self) -> None:
        """Relay until cancelled; a queue that is down only delays."""
        wait_seconds = RETRY_SECONDS_MIN
        while True:
            await self._wait()
            try:
                await self.relay_own()
                if self._clock.monotonic_ms() >= self._sweep_due_ms:
                    await self.relay_orphans()
                    self._sweep_due_ms = self._clock.monotonic_ms() + SWEEP_SECONDS * 1000
                wait_seconds = RETRY_SECONDS_MIN
            except Exception as error:  # noqa: BLE001 - whatever it was, the events are still in the outbox
                self._counts.relay_failures += 1
                log.warning("queue did not take events", action="relay_retry", fault=str(error))
                await asyncio.sleep(wait_seconds * random.random())  # noqa: S311 - jitter protects nothing
                wait_seconds = min(wait_seconds * 2, RETRY_SECONDS_MAX)
                self._committed.set()

    async def relay_own(self) -> int:
        """Send every event of this process that is unsent; returns how many."""
        self._committed.clear()
        return await self._drain(lambda: self._outbox.unsent(self._producer, ROWS_PER_CALL_MAX))

    async def relay_orphans(self) -> int:
        """Send the events that any process left unsent for too long; returns how many."""
        before_ms = self._clock.now_ms() - ORPHAN_AGE_MS
        return await self._drain(lambda: self._outbox.orphans(before_ms, ROWS_PER_CALL_MAX))

    async def _wait(self) -> None:
        """Until events were committed, plus the linger; or until it is time to look for those of others."""
        try:
            async with asyncio.timeout(SWEEP_SECONDS):
                await self._committed.wait()
        except TimeoutError:
            return
        await asyncio.sleep(LINGER_SECONDS)

    async def _drain(self, find: Callable[[], Awaitable[list[OutboxRow]]]) -> int:
        total = 0
        while rows := await find():
            messages = pack(rows)
            self._counts.relay_calls += 1
            refused = set(await self._queue.send([message.body for message in messages]))
            taken = [
                place
                for position, message in enumerate(messages)
                if position not in refused
                for place in message.places
            ]
            if taken:
                await self._outbox.mark_sent(taken)
            self._counts.relay_sent += len(taken)
            total += len(taken)
            if refused:
                raise QueueUnavailable(f"{len(refused)} of {len(messages)} messages were refused.")
        return total
