"""What SNS signs, and what of a message has to be so before its signature is looked at."""

import re
from urllib.parse import urlsplit

import msgspec

from daemon.errors import Untranslatable
from daemon.translate.envelope import cut, decode

PACKED_HEAD = b'{"schema":"tillwatch.events.v1"'
"""What packed events begin with: they are read as such, whatever else they hold."""

_HOST = re.compile(r"^sns\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com(?:\.cn)?$")
_TOPIC = re.compile(r"^arn:aws(?:-[a-z-]+)?:sns:([a-z0-9-]+):(\d{12}):[A-Za-z0-9_.-]{1,256}$")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
"""What is signed, in order (Amazon SNS Developer Guide, verifying signatures); an absent Subject is left out."""


class Outline(msgspec.Struct, frozen=True, gc=False):
    """As much of a message as tells what it is; whoever reads it and whoever asks for a signature go by this alone."""

    schema: str = ""
    detail_type: str = msgspec.field(name="detail-type", default="")
    source: str = ""
    type: str = msgspec.field(name="Type", default="")
    alarm_name: str = msgspec.field(name="AlarmName", default="")

    @property
    def is_event(self) -> bool:
        """Whether it is read as an EventBridge event."""
        return bool(self.detail_type and self.source) and not self.schema

    @property
    def is_sns(self) -> bool:
        """Whether it is read as a message of SNS."""
        return bool(self.type) and not (self.schema or self.is_event or self.alarm_name)


class SnsMessage(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """An SNS message as it is delivered; only what is signed, and the signature."""

    type: str
    message: str
    message_id: str
    timestamp: str
    topic_arn: str
    signature: str = ""
    signature_version: str = ""
    signing_cert_url: str = msgspec.field(name="SigningCertURL", default="")
    subject: str | None = None
    subscribe_url: str = msgspec.field(name="SubscribeURL", default="")
    token: str = ""

    @property
    def signed_text(self) -> bytes:
        """The bytes that the signature is over. Raises Untranslatable for a type that SNS does not send."""
        names = _SIGNED.get(self.type)
        if names is None:
            raise Untranslatable(f"SNS sends nothing of type {cut(self.type)!r}.")
        values = {
            "Message": self.message,
            "MessageId": self.message_id,
            "Subject": self.subject,
            "SubscribeURL": self.subscribe_url,
            "Timestamp": self.timestamp,
            "Token": self.token,
            "TopicArn": self.topic_arn,
            "Type": self.type,
        }
        return "".join(f"{name}\n{values[name]}\n" for name in names if values[name] is not None).encode()


OUTLINE = msgspec.json.Decoder(Outline)
_MESSAGE = msgspec.json.Decoder(SnsMessage)


def sns_message(body: bytes) -> SnsMessage | None:
    """The message if the body is one of SNS, else None. Raises Untranslatable when it cannot be read."""
    if body.startswith(PACKED_HEAD):
        return None
    return decode(_MESSAGE, body) if decode(OUTLINE, body).is_sns else None


def topic_owner(topic_arn: str) -> tuple[str, str]:
    """Region and account of a topic. Raises Untranslatable when it is no topic's ARN."""
    match = _TOPIC.fullmatch(topic_arn)
    if match is None:
        raise Untranslatable(f"TopicArn is no topic: {cut(topic_arn)!r}.")
    return match.group(1), match.group(2)


def certificate_region(url: str) -> str:
    """The region whose SNS keeps the certificate there. Raises Untranslatable for any other address than SNS's own."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Untranslatable(f"SigningCertURL is no address: {cut(url)!r}.") from None
    host = _HOST.fullmatch(parts.netloc)
    plain = not parts.query and not parts.fragment and port is None and parts.path.endswith(".pem")
    if parts.scheme != "https" or host is None or not plain:
        raise Untranslatable(f"SigningCertURL is not one of SNS: {cut(url)!r}.")
    return host.group(1)
