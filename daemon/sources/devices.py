"""Facts from terminals and devices over MQTT: each message is acknowledged once its facts are on disk."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from random import Random
from typing import Protocol

import structlog

from checks.facts import Fact
from config.sources import TopicFilter
from daemon.errors import BrokerGone, DaemonError, Untranslatable
from daemon.sources.backoff import Backoff
from daemon.sources.sink import FactSink
from daemon.storage.quarantine import Quarantine
from daemon.translate.device import device_of, translate_device_message
from remediation.ports import Clock

log = structlog.get_logger()

SOURCE = "mqtt"
"""What these facts are counted under."""
FIRST_BACKOFF_SECONDS = 0.2
LONGEST_BACKOFF_SECONDS = 15.0
"""Many daemons come back when a broker does; jitter under this cap keeps them from coming at once."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as received. filter: the subscription it came by."""

    topic: str
    filter: str
    payload: bytes
    id: int
    qos: int


class Session(Protocol):
    """A connection with its subscriptions."""

    def deliveries(self) -> AsyncIterator[Sequence[Delivery]]:
        """What has come, at least one at a time; what came before a connection was lost comes too, then BrokerGone."""

    def acknowledge(self, delivery: Delivery) -> None:
        """Tell the broker that it may forget the message; a lost connection is no error: it comes again."""


class Broker(Protocol):
    """Where devices publish."""

    def session(self) -> AbstractAsyncContextManager[Session]:
        """Connect to the session that the broker keeps for us, and subscribe. Raises BrokerGone."""


class DeviceSource:
    """Consumes the topics of the settings.

    A message is acknowledged when the sink has its facts on disk, or the quarantine has its body. Whatever fails before
    ends the connection, and the broker gives everything that was not acknowledged to the next one.
    """

    name = SOURCE
    """What the facts of this source are counted under."""
    silent_after_ms = 60_000
    """Four of the longest pauses between two tries."""

    def __init__(
        self,
        broker: Broker,
        topics: Sequence[TopicFilter],
        sink: FactSink,
        quarantine: Quarantine,
        clock: Clock,
        *,
        random: Random | None = None,
    ) -> None:
        self._broker = broker
        self._kinds = {topic.filter: frozenset(topic.kinds) for topic in topics}
        self._sink = sink
        self._quarantine = quarantine
        self._clock = clock
        self._backoff = Backoff(FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS, random)
        self.sessions = 0
        """Connections that were made since the process started."""
        self._connected = False
        self._heard_at_ms = 0

    @property
    def heard_at_ms(self) -> int:
        """Now while the connection lives, which the keep-alive proves; 0 before the first one."""
        return self._clock.now_ms() if self._connected else self._heard_at_ms

    async def run(self) -> None:
        """Consume until cancelled; no fault of the broker, of the sink or of a message ends it."""
        failures = 0
        while True:
            sessions = self.sessions
            try:
                await self._consume()
            except Exception as fault:  # noqa: BLE001  # the sink may fail in any way; the messages come again
                failures = 1 if self.sessions > sessions else failures + 1
                self._note(fault, failures)
            await self._clock.sleep(self._backoff.seconds(failures))

    async def _consume(self) -> None:
        """One connection, to its end."""
        async with self._broker.session() as session:
            self.sessions += 1
            self._connected = True
            log.info("connected to the broker", action="mqtt_connected", sessions=self.sessions)
            try:
                async for deliveries in session.deliveries():
                    await self._take_over(deliveries)
                    for delivery in deliveries:
                        session.acknowledge(delivery)
            finally:
                self._connected = False
                self._heard_at_ms = self._clock.now_ms()

    async def _take_over(self, deliveries: Sequence[Delivery]) -> None:
        facts: list[Fact] = []
        for delivery in deliveries:
            facts += await self._facts(delivery)
        if facts:
            await self._sink.accept(facts, SOURCE)

    async def _facts(self, delivery: Delivery) -> Sequence[Fact]:
        """The message's facts; what cannot be used is in the quarantine when this returns."""
        device = device_of(delivery.topic, delivery.filter)
        try:
            translation = translate_device_message(
                delivery.payload, self._kinds.get(delivery.filter, frozenset()), device
            )
        except Untranslatable as fault:
            await self._put_aside(delivery.payload, f"On topic {delivery.topic}: {fault.detail}")
            return ()
        for refused in translation.refused:
            await self._put_aside(refused.body, f"One fact of a message on topic {delivery.topic}: {refused.what}")
        return translation.facts

    async def _put_aside(self, body: bytes, what: str) -> None:
        await self._quarantine.put(SOURCE, body, what, self._clock.now_ms())

    def _note(self, fault: Exception, failures: int) -> None:
        expected = isinstance(fault, DaemonError)
        log.warning(
            "connection to the broker ended" if isinstance(fault, BrokerGone) else "messages were not taken over",
            action="mqtt_lost" if isinstance(fault, BrokerGone) else "accept_failed",
            source=SOURCE,
            error=str(fault),
            failures=failures,
            # The traceback is the same every time, and long.
            exc_info=fault if failures == 1 and not expected else None,
        )
