"""The broker over aiomqtt: MQTT 5, a clean session each time, because the newest document is retained."""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiomqtt
import msgspec
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from payment_core.flags.arriving.mqtt_client import MqttClient
from payment_core.flags.envelope import BYTES_MAX, DOCUMENT_TOPIC
from payment_core.flags.errors import DocumentOutOfReach

KEEP_ALIVE_SECONDS = 5
"""A connection that died unseen is known within twice this."""
CONNECT_SECONDS = 5.0
WAITING_MAX = 16
"""Messages that wait to be looked at; one more pushes the oldest out, since only the newest counts."""
PACKET_BYTES_MAX = BYTES_MAX + 1024

PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}

LOOPBACK = "127.0.0.1"

AT_ONCE = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
"""Without it a message waits up to 40 ms for the acknowledgement of what was sent before it (Nagle's algorithm)."""

log = logging.getLogger(__name__)


def reachable(host: str) -> str:
    """Where to connect to: names below localhost are this machine (RFC 6761), which not every resolver knows."""
    return LOOPBACK if host.endswith(".localhost") else host


class BrokerAddress(msgspec.Struct, frozen=True, kw_only=True):
    """url: mqtt, mqtts, ws or wss. tls: for mqtts and wss; None otherwise. username: empty for none."""

    url: str
    tls: ssl.SSLContext | None = None
    username: str = ""
    password: str = ""
    client_id: str


class _Newest(asyncio.Queue[aiomqtt.Message]):
    """Never refuses a message."""

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Put it in; the oldest goes when there are too many."""
        if self.qsize() >= WAITING_MAX:
            self.get_nowait()
        super().put_nowait(item)


class MqttBroker:
    """The port `payment_core.flags.arriving.listening.Broker`. topics: what a session hears, with QoS 1."""

    def __init__(self, address: BrokerAddress, topics: Sequence[str] = (DOCUMENT_TOPIC,)) -> None:
        self._address = address
        self._topics = topics

    @asynccontextmanager
    async def session(self) -> AsyncIterator["MqttSession"]:
        """Connect and subscribe. Raises DocumentOutOfReach, also when the connection ends in the block."""
        client = self._client()
        try:
            async with client:
                for topic in self._topics:
                    await client.subscribe(topic, qos=1)
                yield MqttSession(client)
        except aiomqtt.MqttError as fault:
            raise DocumentOutOfReach(f"{self._address.url}: {fault}.") from fault
        finally:
            client.let_go()

    def _client(self) -> MqttClient:
        address, parts = self._address, urlsplit(self._address.url)
        web = parts.scheme in {"ws", "wss"}
        host = "" if parts.hostname is None else parts.hostname
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own
        properties.MaximumPacketSize = PACKET_BYTES_MAX
        return MqttClient(
            reachable(host),
            parts.port if parts.port is not None else PORTS[parts.scheme],
            identifier=address.client_id,
            username=address.username if address.username else None,
            password=address.password if address.username else None,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
            properties=properties,
            keepalive=KEEP_ALIVE_SECONDS,
            timeout=CONNECT_SECONDS,
            tls_context=address.tls,
            transport="websockets" if web else "tcp",
            websocket_path=(parts.path if parts.path else "/mqtt") if web else None,
            websocket_headers={"Host": parts.netloc} if web else None,
            queue_type=_Newest,
            socket_options=AT_ONCE,
            logger=log,
        )


class MqttSession:
    """One connection."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def documents(self) -> AsyncIterator[Sequence[bytes]]:
        """See Session."""
        messages, inbox = self._client.messages, self._client._queue  # noqa: SLF001  # what else waits is in there
        while True:
            try:
                first = await anext(messages)
            except aiomqtt.MqttError as fault:
                raise DocumentOutOfReach(f"{fault}.") from fault
            waiting = [first, *(inbox.get_nowait() for _ in range(inbox.qsize()))]
            yield [bytes(message.payload) for message in waiting]

    async def publish(self, topic: str, body: bytes, *, retain: bool = False) -> None:
        """See Session. retain: the broker gives it to whoever subscribes later."""
        try:
            await self._client.publish(topic, body, qos=1, retain=retain)
        except aiomqtt.MqttError as fault:
            raise DocumentOutOfReach(f"{topic}: {fault}.") from fault
