"""An MQTT broker: one message with QoS 1 for each notice, over a connection of its own."""

import asyncio
import json
import logging
import ssl

import aiomqtt
from paho.mqtt.client import Client
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from config.escalation.channel_kinds import MqttChannel, is_mqtt_topic
from daemon.channels.kinds.webhook import document_of
from daemon.channels.ports import ChannelDown, NoticeNotTaken, NoticeRefused, Receipt
from daemon.errors import NotUsable
from payment_core.flags.arriving.files import client_tls
from payment_core.flags.arriving.mqtt import AT_ONCE, reachable
from payment_core.flags.arriving.mqtt_client import MqttClient
from payment_core.flags.errors import FlagFileUnusable
from remediation.escalation.notices import Notice

STEP_SECONDS = 2.0
"""To connect, to be greeted, to publish and to part: four of them are within the time of an attempt."""
_NOBODY_THERE = 0x10
"""Brokers that know say so; a page that nobody gets has told nobody."""
_REFUSED = frozenset({0x87, 0x90, 0x95, 0x99})
"""Not authorized for the topic, a topic that is none, too large, not of the form that is wanted."""

log = logging.getLogger(__name__)


class Mqtt:
    """Channel; an address is a topic. The user property ``notice`` is the notice's id: one sent twice is known by it.

    password: empty for none. tls: None for a broker on this machine that has none.
    """

    def __init__(
        self,
        settings: MqttChannel,
        password: str,
        tls: ssl.SSLContext | None,
        step_seconds: float = STEP_SECONDS,
    ) -> None:
        self._settings = settings
        self._password = password
        self._tls = tls
        self._step_seconds = step_seconds

    async def send(self, notice: Notice, key: str, address: str, at_ms: int) -> Receipt:
        """See Channel; it is taken once the broker has acknowledged it."""
        topic = address if address else self._settings.topic
        if not is_mqtt_topic(topic):
            raise NoticeRefused("the contact's address is no topic")
        # An address is a topic here, and whoever reads it knows it.
        body = json.dumps(document_of(notice, "", at_ms)).encode("ascii")
        client = self._client()
        answers = _answers(client)
        try:
            async with client:
                await client.publish(topic, body, qos=1, properties=_properties(key))
        except (aiomqtt.MqttError, OSError) as fault:
            # What goes wrong with saying goodbye must not have it sent again.
            if not answers:
                raise ChannelDown(_words(fault)) from fault
        finally:
            client.let_go()
        return _receipt(answers[-1])

    def _client(self) -> MqttClient:
        settings = self._settings
        client = MqttClient(
            reachable(settings.host),
            settings.port,
            identifier=settings.client_id,
            username=settings.username if settings.username else None,
            password=self._password if settings.username else None,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
            timeout=self._step_seconds,
            tls_context=self._tls,
            socket_options=AT_ONCE,
            logger=log,
        )
        # It connects in a thread, which nobody could stop, and whose connection nobody would close.
        client._client.connect_timeout = self._step_seconds  # noqa: SLF001  # aiomqtt has no way to do so
        return client


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


def _answers(client: aiomqtt.Client) -> list[ReasonCode]:
    """What the broker will say of what is published; aiomqtt takes every acknowledgement for a yes."""
    heard: list[ReasonCode] = []
    own = client._client.on_publish  # noqa: SLF001  # aiomqtt has no way to do so

    def listen(paho: Client, data: object, message_id: int, reason: ReasonCode, properties: Properties) -> None:
        heard.append(reason)
        own(paho, data, message_id, reason, properties)  # type: ignore[misc, call-arg]  # paho's own union

    client._client.on_publish = listen  # noqa: SLF001  # as above
    return heard


def _receipt(reason: ReasonCode) -> Receipt:
    """What an acknowledgement means (MQTT 5, 3.4.2.1). Raises NotDelivered."""
    if reason.value == _NOBODY_THERE:
        raise NoticeNotTaken("nobody subscribes to the topic")
    if not reason.is_failure:
        return Receipt("PUBACK")
    words = f"MQTT: {reason.getName()}"
    raise NoticeRefused(words) if reason.value in _REFUSED else NoticeNotTaken(words)


def _words(fault: Exception) -> str:
    """MQTT's own reason, which names nobody; of anything else the kind alone."""
    return f"MQTT: {fault}" if isinstance(fault, aiomqtt.MqttError) else type(fault).__name__
