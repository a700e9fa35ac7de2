"""Facts from a queue: long poll, translate, hand over, and only then delete."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

import structlog

from daemon.errors import AwsFailed, DaemonError, QueueGone
from daemon.sources.backoff import Backoff
from daemon.sources.sink import FactSink
from daemon.sources.taking import take
from daemon.sources.trust import NOBODY_KNOWN, Trust
from daemon.storage.quarantine import Quarantine
from daemon.translate.message import Translation, translate
from remediation.ports import Clock

log = structlog.get_logger()

WAIT_SECONDS = 20
"""The longest poll that SQS offers: an empty receive costs as much as a full one."""
RECEIVE_LIMIT = 10
"""The most messages that SQS gives and deletes in one call."""
DELETE_ATTEMPTS = 3
"""After that the messages come again, and are known as duplicates."""
FIRST_BACKOFF_SECONDS = 0.2
LONGEST_BACKOFF_SECONDS = 15.0
"""Long enough to leave a throttled AWS alone, short enough that a person does not wait after mending it."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as received. receipt: what deletes this delivery of it. sent_at_ms: 0 when the queue does not say."""

    receipt: str
    body: str
    sent_at_ms: int = 0


class Queue(Protocol):
    """One queue. Raises AwsFailed, or QueueGone when it does not exist."""

    async def receive(self, limit: int, wait_seconds: int) -> list[Message]:
        """Up to limit messages, waiting so long for the first one."""

    async def delete(self, receipts: Sequence[str]) -> list[str]:
        """Delete up to ten deliveries; return the receipts of those that were not."""


class SqsSource:
    """Consumes one queue with a few receivers, each doing one thing after the other.

    A message is deleted when the sink has its facts on disk, or the quarantine has its body; whatever fails before
    leaves it in the queue, and it is delivered again. trust: what anybody else says is put aside.
    """

    silent_after_ms = 3 * WAIT_SECONDS * 1000
    """A long poll answers after 20 s at the latest, so whoever was silent for three of them is not polling."""

    def __init__(
        self,
        queue: Queue,
        sink: FactSink,
        quarantine: Quarantine,
        clock: Clock,
        *,
        name: str,
        trust: Trust = NOBODY_KNOWN,
        receivers: int = 2,
        random: Random | None = None,
    ) -> None:
        self._queue = queue
        self._sink = sink
        self._quarantine = quarantine
        self._clock = clock
        self.name = name
        """What the facts of this source are counted under."""
        self._trust = trust
        self._receivers = receivers
        self._backoff = Backoff(FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS, random)
        self.heard_at_ms = 0
        """When the queue last answered; 0 before it did."""
        self.caught_up_at_ms = 0
        """What was sent before that is not waiting any more; 0 before the first answer."""

    async def run(self) -> None:
        """Receive until cancelled; no fault of AWS, of the sink or of a message ends it."""
        async with asyncio.TaskGroup() as group:
            for number in range(1, self._receivers + 1):
                group.create_task(self._receive_for_ever(), name=f"{self.name}-receiver-{number}")

    async def receive_once(self, wait_seconds: int = WAIT_SECONDS) -> int:
        """One receive, carried to its end; returns the number of messages it was about."""
        asked_at_ms = self._clock.now_ms()
        messages = await self._queue.receive(RECEIVE_LIMIT, wait_seconds)
        self.heard_at_ms = self._clock.now_ms()
        # An empty answer means that nothing was there when it was asked for; a full one, how old the oldest is.
        oldest_ms = min((message.sent_at_ms for message in messages), default=asked_at_ms)
        self.caught_up_at_ms = max(self.caught_up_at_ms, oldest_ms)
        if messages:
            await self._take_over(messages)
        return len(messages)

    async def _receive_for_ever(self) -> None:
        failures = 0
        while True:
            try:
                await self.receive_once()
            except Exception as fault:  # noqa: BLE001  # the sink may fail in any way; the messages come again
                failures += 1
                self._note_error(fault, failures)
            else:
                failures = 0
                continue
            await self._clock.sleep(self._backoff.seconds(failures))

    def _note_error(self, fault: Exception, failures: int) -> None:
        if isinstance(fault, QueueGone):
            log.error("queue does not exist", action="queue_gone", source=self.name, failures=failures)
        elif isinstance(fault, DaemonError):
            log.warning(
                "receive failed", action="receive_failed", source=self.name, error=str(fault), failures=failures
            )
        else:
            # The traceback is the same every time, and long.
            trace = fault if failures == 1 else None
            log.error(
                "facts were not taken over",
                action="accept_failed",
                source=self.name,
                error=str(fault),
                failures=failures,
                exc_info=trace,
            )

    async def _take_over(self, messages: Sequence[Message]) -> None:
        bodies = [message.body for message in messages]
        taken = await take(bodies, self._read, self.name, self._sink, self._quarantine, self._clock.now_ms())
        for one in taken.ignored:
            log.info("message ignored", action="message_ignored", source=self.name, why=one.what)
        await self._delete([message.receipt for message in messages])

    async def _read(self, body: str) -> Translation:
        await self._trust.check(body)
        return translate(body, self._trust.account_id, self._trust.regions)

    async def _delete(self, receipts: Sequence[str]) -> None:
        """Delete what was taken over; what cannot be deleted comes again and is then known as a duplicate."""
        left = list(receipts)
        for attempt in range(1, DELETE_ATTEMPTS + 1):
            try:
                left = await self._queue.delete(left)
            except AwsFailed as fault:
                self._note_error(fault, attempt)
            if not left:
                return
            if attempt < DELETE_ATTEMPTS:
                await self._clock.sleep(self._backoff.seconds(attempt))
        log.warning("messages were not deleted", action="delete_failed", source=self.name, messages=len(left))
