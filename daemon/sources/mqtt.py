"""The MQTT broker over aiomqtt: a session that outlives connections, and acknowledgements in our own hands."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from config.sources import MqttSettings
from daemon.errors import BrokerGone, NotUsable
from daemon.sources.devices import Delivery
from daemon.translate.message import MAX_BODY_BYTES
from payment_core.flags.arriving.files import client_tls
from payment_core.flags.arriving.mqtt_client import MqttClient
from payment_core.flags.errors import FlagFileUnusable

KEEP_ALIVE_SECONDS = 10
"""A connection that died unseen is known within twice this."""
CONNECT_SECONDS = 5.0
BATCH = 200
"""Messages that are taken over in one write to disk."""
UNASKED_MAX = 2_000
"""Waiting messages of QoS 0, which no receive maximum holds back; more of them are dropped, as their QoS allows."""

log = logging.getLogger(__name__)


class _Inbox(asyncio.Queue[aiomqtt.Message]):
    """Takes every message that the broker waits for an acknowledgement of: receive_maximum bounds them."""

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Put it in; QueueFull for one too many of QoS 0."""
        if item.qos == 0 and self.qsize() >= UNASKED_MAX:
            raise asyncio.QueueFull
        super().put_nowait(item)


class MqttBroker:
    """The port `daemon.sources.devices.Broker`; MQTT 5, clean start off, QoS 1."""

    def __init__(self, settings: MqttSettings, tls: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._tls = tls

    @asynccontextmanager
    async def session(self) -> AsyncIterator["MqttSession"]:
        """Connect and subscribe; the broker keeps the session when the block is left."""
        settings = self._settings
        client = MqttClient(
            settings.host,
            settings.port,
            identifier=settings.client_id,
            username=settings.username if settings.username else None,
            password=settings.password.get_secret_value() if settings.username else None,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=self._properties(),
            keepalive=KEEP_ALIVE_SECONDS,
            timeout=CONNECT_SECONDS,
            tls_context=self._tls,
            queue_type=_Inbox,
            logger=log,
        )
        # aiomqtt has no way to say so; without it paho acknowledges before anything is on disk.
        client._client.manual_ack_set(True)  # noqa: SLF001, FBT003
        try:
            async with client:
                for topic in settings.topics:
                    await _subscribe(client, topic.filter)
                yield MqttSession(client, [topic.filter for topic in settings.topics])
        except aiomqtt.MqttError as fault:
            raise BrokerGone(f"{settings.host}:{settings.port}: {fault}") from fault
        finally:
            client.let_go()

    def _properties(self) -> Properties:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own
        properties.SessionExpiryInterval = round(self._settings.session_expiry)
        properties.ReceiveMaximum = self._settings.receive_maximum
        properties.MaximumPacketSize = MAX_BODY_BYTES
        return properties


async def _subscribe(client: aiomqtt.Client, topic_filter: str) -> None:
    """Subscribe with QoS 1; less than that is a refusal, because it loses messages."""
    granted = await client.subscribe(topic_filter, qos=1)
    for code in granted:
        value = code if isinstance(code, int) else code.value
        if value != 1:
            raise BrokerGone(f"the broker grants {code} for {topic_filter}, not QoS 1.")


class MqttSession:
    """One connection. filters: the subscriptions; a message belongs to the first that matches its topic."""

    def __init__(self, client: aiomqtt.Client, filters: Sequence[str]) -> None:
        self._client = client
        self._filters = filters

    async def deliveries(self) -> AsyncIterator[Sequence[Delivery]]:
        """See Session."""
        messages = self._client.messages
        inbox = self._client._queue  # noqa: SLF001  # what came before the connection was lost is in there
        while True:
            try:
                first = await anext(messages)
            except aiomqtt.MqttError:
                if inbox.empty():
                    raise
                first = inbox.get_nowait()
            waiting = [first, *(inbox.get_nowait() for _ in range(min(BATCH - 1, inbox.qsize())))]
            yield [self._delivery(message) for message in waiting]

    def acknowledge(self, delivery: Delivery) -> None:
        """See Session."""
        if delivery.qos:
            self._client._client.ack(delivery.id, delivery.qos)  # noqa: SLF001  # aiomqtt has no way to do so

    def _delivery(self, message: aiomqtt.Message) -> Delivery:
        topic = str(message.topic)
        matching = next((one for one in self._filters if message.topic.matches(one)), "")
        return Delivery(topic=topic, filter=matching, payload=bytes(message.payload), id=message.mid, qos=message.qos)


async def open_broker(settings: MqttSettings) -> MqttBroker:
    """The broker of the settings, not yet connected. Raises NotUsable when a file of TLS cannot be used."""
    if not settings.tls:
        return MqttBroker(settings, None)
    try:
        context = await asyncio.to_thread(client_tls, settings.ca_file, settings.certificate_file, settings.key_file)
    except FlagFileUnusable as fault:
        raise NotUsable(f"mqtt: the files of TLS cannot be used: {fault.__cause__}") from fault
    return MqttBroker(settings, context)
