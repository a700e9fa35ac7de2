"""The broker of flags over aiomqtt: documents out, retained; reports in."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiomqtt

from config.sources import FlagBrokerSettings
from daemon.errors import BrokerGone, NotUsable
from payment_core.flags.arriving.files import client_tls
from payment_core.flags.arriving.mqtt import AT_ONCE, reachable
from payment_core.flags.arriving.mqtt_client import MqttClient
from payment_core.flags.envelope import DOCUMENT_TOPIC, REPORT_TOPICS
from payment_core.flags.errors import FlagFileUnusable

KEEP_ALIVE_SECONDS = 5
"""A connection that died unseen is known within twice this."""
CONNECT_SECONDS = 5.0
WAITING_MAX = 4_096
"""Reports of a thousand processes, four each; the oldest goes, because each process reports again."""

log = logging.getLogger(__name__)


class _Newest(asyncio.Queue[aiomqtt.Message]):
    """Never refuses a message."""

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Put it in; the oldest goes when there are too many."""
        if self.qsize() >= WAITING_MAX:
            self.get_nowait()
        super().put_nowait(item)


class FlagBroker:
    """The port ``daemon.flags.ports.Broker``; MQTT 5, a clean session, because the newest document is what counts."""

    def __init__(self, settings: FlagBrokerSettings, tls: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._tls = tls

    @asynccontextmanager
    async def session(self) -> AsyncIterator["FlagSession"]:
        """See Broker."""
        client = self._client()
        try:
            async with client:
                await client.subscribe(f"{REPORT_TOPICS}+", qos=1)
                yield FlagSession(client)
        except aiomqtt.MqttError as fault:
            raise BrokerGone(f"{self._settings.host}:{self._settings.port}: {fault}") from fault
        finally:
            client.let_go()

    def _client(self) -> MqttClient:
        settings = self._settings
        web = settings.transport == "websockets"
        return MqttClient(
            reachable(settings.host),
            settings.port,
            identifier=settings.client_id,
            username=settings.username if settings.username else None,
            password=settings.password.get_secret_value() if settings.username else None,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
            keepalive=KEEP_ALIVE_SECONDS,
            timeout=CONNECT_SECONDS,
            tls_context=self._tls,
            transport=settings.transport,
            websocket_path=settings.path if web else None,
            # A server of several names tells by it which one is meant.
            websocket_headers={"Host": f"{settings.host}:{settings.port}"} if web else None,
            queue_type=_Newest,
            socket_options=AT_ONCE,
            logger=log,
        )


class FlagSession:
    """One connection."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def publish(self, body: bytes) -> None:
        """See Session."""
        try:
            await self._client.publish(DOCUMENT_TOPIC, body, qos=1, retain=True)
        except aiomqtt.MqttError as fault:
            raise BrokerGone(f"{DOCUMENT_TOPIC}: {fault}") from fault

    async def reports(self) -> AsyncIterator[bytes]:
        """See Session."""
        messages = self._client.messages
        while True:
            try:
                message = await anext(messages)
            except aiomqtt.MqttError as fault:
                raise BrokerGone(f"{REPORT_TOPICS}: {fault}") from fault
            yield bytes(message.payload)


async def open_flag_broker(settings: FlagBrokerSettings) -> FlagBroker:
    """The broker of the settings, not yet connected. Raises NotUsable when a file of TLS cannot be used."""
    if not settings.tls:
        return FlagBroker(settings, None)
    try:
        context = await asyncio.to_thread(client_tls, settings.ca_file, settings.certificate_file, settings.key_file)
    except FlagFileUnusable as fault:
        raise NotUsable(f"flag_broker: {fault}") from fault
    return FlagBroker(settings, context)
