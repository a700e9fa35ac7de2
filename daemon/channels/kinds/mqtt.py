"""An MQTT broker: one message with QoS 1 for each notice, over a connection of its own."""

import asyncio
import json
import logging
import math
import ssl

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from config.escalation.channel_kinds import MqttChannel, is_mqtt_topic
from daemon.channels.kinds.webhook import document_of
from daemon.channels.ports import ATTEMPT_SECONDS, ChannelDown, NoticeRefused, Receipt
from daemon.errors import NotUsable
from payment_core.flags.arriving.files import client_tls
from payment_core.flags.arriving.mqtt import AT_ONCE, let_go, reachable
from payment_core.flags.errors import FlagFileUnusable
from remediation.escalation.notices import Notice

log = logging.getLogger(__name__)


class Mqtt:
    """Channel; an address is a topic. The user property ``notice`` is the notice's id: one sent twice is known by it.

    password: empty for none. tls: None for a broker on this machine that has none.
    """

    def __init__(self, settings: MqttChannel, password: str, tls: ssl.SSLContext | None) -> None:
        self._settings = settings
        self._password = password
        self._tls = tls

    async def send(self, notice: Notice, key: str, address: str, at_ms: int) -> Receipt:
        """See Channel; it is taken once the broker has acknowledged it."""
        topic = address if address else self._settings.topic
        if not is_mqtt_topic(topic):
            raise NoticeRefused("the contact's address is no topic")
        # An address is a topic here, and whoever reads it knows it.
        body = json.dumps(document_of(notice, "", at_ms)).encode("ascii")
        client, taken = self._client(), False
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS), client:
                # aiomqtt's own limit loses, before Python 3.12, a stop that comes together with the acknowledgement.
                await client.publish(topic, body, qos=1, properties=_properties(key), timeout=math.inf)
                taken = True
        except (TimeoutError, aiomqtt.MqttError, OSError) as fault:
            # What goes wrong with saying goodbye must not have it sent again.
            if not taken:
                raise ChannelDown(_words(fault)) from fault
        finally:
            let_go(client)
        return Receipt("PUBACK")

    def _client(self) -> aiomqtt.Client:
        settings = self._settings
        return aiomqtt.Client(
            reachable(settings.host),
            settings.port,
            identifier=settings.client_id,
            username=settings.username if settings.username else None,
            password=self._password if settings.username else None,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
            timeout=ATTEMPT_SECONDS,
            tls_context=self._tls,
            socket_options=AT_ONCE,
            logger=log,
        )


async def open_mqtt(settings: MqttChannel, password: str) -> Mqtt:
    """The broker of the settings, not yet connected. Raises NotUsable when a file of TLS cannot be used."""
    if not settings.tls:
        return Mqtt(settings, password, None)
    try:
        context = await asyncio.to_thread(client_tls, settings.ca_file, settings.certificate_file, settings.key_file)
    except FlagFileUnusable as fault:
        raise NotUsable(f"channels.via: the files of TLS of an mqtt channel cannot be used: {fault}") from fault
    return Mqtt(settings, password, context)


def _properties(key: str) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's own
    properties.UserProperty = ("notice", key)
    properties.ContentType = "application/json"
    return properties


def _words(fault: Exception) -> str:
    """MQTT's own reason, which names nobody; of anything else the kind alone."""
    match fault:
        case aiomqtt.MqttCodeError():
            return f"MQTT: {fault}"
        case TimeoutError():
            return f"no acknowledgement within {ATTEMPT_SECONDS:g} s"
        case _:
            return type(fault).__name__
