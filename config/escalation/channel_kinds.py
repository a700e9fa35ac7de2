"""The kinds of channels: what each needs to reach its receiver, and what that receiver takes a minute."""

import re
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, SecretStr, model_validator

from config.loading.url import Url
from config.model import Model, refusal
from config.sources import check_tls_files

PAGERDUTY_URL = "https://events.pagerduty.com"
_NOTHING = SecretStr("")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?", re.ASCII)
_PHONE = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_PHONE_GAPS = re.compile(r"[ ().-]", re.ASCII)
_TOPIC_ARN = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?", re.ASCII)
_MQTT_TOPIC = re.compile(r"[^+#\x00-\x1f\x7f]{1,200}")
PerMinute = Annotated[int, Field(ge=6, le=6000)]
PortNumber = Annotated[int, Field(ge=1, le=65535)]
Host = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9.:_-]+$")]


def is_mailbox(text: str) -> bool:
    """Whether it is one e-mail address in ASCII, without a name and without a comment."""
    return _MAILBOX.fullmatch(text) is not None


def phone_of(text: str) -> str | None:
    """The number in E.164, ``+15550100123``, without what people write between its digits; None when it is none."""
    number = _PHONE_GAPS.sub("", text)
    return number if _PHONE.fullmatch(number) else None


def is_sns_topic(text: str) -> bool:
    """Whether it is the ARN of a topic of SNS."""
    return _TOPIC_ARN.fullmatch(text) is not None


def is_mqtt_topic(text: str) -> bool:
    """Whether it is one topic that can be published to: no wildcard, no control character."""
    return _MQTT_TOPIC.fullmatch(text) is not None


def one_of(name: str, secret: SecretStr, file: Path | None) -> None:
    """Refuse a secret that is given not at all, or twice."""
    if (secret.get_secret_value() != "") == (file is not None):
        raise refusal(f"neither {name} nor {name}_file is given, or both", f"give {name}_file", (name,), hide=True)


def at_most_one(name: str, secret: SecretStr, file: Path | None) -> None:
    """Refuse a secret that is given twice."""
    if secret.get_secret_value() and file is not None:
        raise refusal(f"{name} and {name}_file are both given", f"give {name}_file alone", (name,), hide=True)


def _mailbox(text: str) -> str:
    if not is_mailbox(text):
        raise refusal("this is no e-mail address", "write one such as tillwatch@example.com")
    return text


def _topic(text: str) -> str:
    if not is_mqtt_topic(text):
        raise refusal(f"{text!r:.80} is no topic to publish to", "write one without + and #, such as tillwatch/notices")
    return text


class PagerDutyChannel(Model):
    """A service of PagerDuty, over its Events API v2. url: https://events.eu.pagerduty.com for accounts in the EU.

    per_minute: what PagerDuty takes for one routing key. changes: it is told of deployments, flags and scaling, too.
    webhook_secret: of PagerDuty's webhook (v3) to ``/ingest/pagerduty``, so that what people do there comes back.
    """

    kind: Literal["pagerduty"]
    routing_key: SecretStr = Field(default=_NOTHING, description="The integration key of the service")
    routing_key_file: Path | None = Field(default=None, strict=False, description="File that holds it instead")
    url: Url = PAGERDUTY_URL
    per_minute: PerMinute = 120
    changes: bool = True
    webhook_secret: SecretStr = Field(default=_NOTHING, description="The secret that PagerDuty signs its webhooks with")
    webhook_secret_file: Path | None = Field(default=None, strict=False, description="File that holds it instead")

    @model_validator(mode="after")
    def _has_its_key(self) -> "PagerDutyChannel":
        one_of("routing_key", self.routing_key, self.routing_key_file)
        at_most_one("webhook_secret", self.webhook_secret, self.webhook_secret_file)
        return self


class SlackChannel(Model):
    """An incoming webhook of Slack; a contact's address is put before the text, such as ``<!subteam^S0123>``.

    per_minute: Slack takes one message a second.
    """

    kind: Literal["slack"]
    url: SecretStr = Field(default=_NOTHING, description="The webhook's URL, which is its own secret")
    url_file: Path | None = Field(default=None, strict=False, description="File that holds it instead")
    per_minute: PerMinute = 60

    @model_validator(mode="after")
    def _has_its_url(self) -> "SlackChannel":
        one_of("url", self.url, self.url_file)
        return self


class TeamsChannel(Model):
    """A workflow of Microsoft Teams, "when a Teams webhook request is received"; an address is a user to mention.

    per_minute: Teams takes four a second of one channel, workflows fewer.
    """

    kind: Literal["teams"]
    url: SecretStr = Field(default=_NOTHING, description="The workflow's URL, which is its own secret")
    url_file: Path | None = Field(default=None, strict=False, description="File that holds it instead")
    per_minute: PerMinute = 60

    @model_validator(mode="after")
    def _has_its_url(self) -> "TeamsChannel":
        one_of("url", self.url, self.url_file)
        return self


class WebhookChannel(Model):
    """A receiver of your own, signed as Standard Webhooks says; a contact's address is its field ``to``."""

    kind: Literal["webhook"]
    url: Url = Field(examples=["https://pages.example.com/tillwatch"])
    secret: SecretStr = Field(default=_NOTHING, description="whsec_ and 24 to 64 bytes in base64")
    secret_file: Path | None = Field(default=None, strict=False, description="File that holds it instead")
    per_minute: PerMinute = 600

    @model_validator(mode="after")
    def _has_its_secret(self) -> "WebhookChannel":
        one_of("secret", self.secret, self.secret_file)
        return self


class AlertmanagerChannel(Model):
    """What takes the webhooks of Prometheus Alertmanager, version 4. token: sent as a bearer token, none when empty."""

    kind: Literal["alertmanager"]
    url: Url = Field(examples=["https://alerts.example.com/hook"])
    token: SecretStr = Field(default=_NOTHING, description="A bearer token, where the receiver wants one")
    token_file: Path | None = Field(default=None, strict=False, description="File that holds it instead")
    per_minute: PerMinute = 600

    @model_validator(mode="after")
    def _has_one_token(self) -> "AlertmanagerChannel":
        at_most_one("token", self.token, self.token_file)
        return self


class EmailChannel(Model):
    """A mail server over SMTP, also that of SES (``email-smtp.us-east-1.amazonaws.com``); an address is a mailbox.

    tls: ``starttls`` (port 587), ``implicit`` (465), or ``none``, which only this machine's own server may be.
    sender: from whom. username: empty for a server that asks for none. per_minute: SES takes one a second of a new
    account.
    """

    kind: Literal["email"]
    host: Host = Field(examples=["email-smtp.us-east-1.amazonaws.com"])
    port: PortNumber = 587
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    ca_file: Path | None = Field(default=None, strict=False, description="Who signs its certificate, if nobody known")
    sender: Annotated[str, AfterValidator(_mailbox)] = Field(examples=["tillwatch@example.com"])
    username: str = Field(default="", max_length=255)
    password: SecretStr = _NOTHING
    password_file: Path | None = Field(default=None, strict=False, description="File that holds it instead")
    per_minute: PerMinute = 60

    @model_validator(mode="after")
    def _is_safe(self) -> "EmailChannel":
        if self.tls == "none" and self.host not in _LOOPBACK:
            raise refusal("what is sent could be read on the way", "write tls: starttls or tls: implicit", ("tls",))
        if self.tls == "none" and self.ca_file is not None:
            raise refusal("ca_file is given and tls is none", "remove the file, or write tls: starttls", ("ca_file",))
        if not self.username:
            if self.password.get_secret_value() or self.password_file is not None:
                raise refusal("a password is given and no username", "give username", ("username",), hide=True)
            return self
        one_of("password", self.password, self.password_file)
        return self


class SmsChannel(Model):
    """Text messages over SNS, in the region and account of ``aws``; an address is a number, or the ARN of a topic.

    messages: how many of 140 bytes one notice may take; each costs. sender_id: where a country knows such a thing.
    per_minute: a new account may spend a dollar a month; ask AWS for more.
    """

    kind: Literal["sms"]
    messages: int = Field(default=1, ge=1, le=10)
    sender_id: str = Field(default="", pattern=r"^[A-Za-z0-9-]{0,11}$")
    per_minute: PerMinute = 60


class MqttChannel(Model):
    """A broker that is told with QoS 1; a contact's address is its topic, ``topic`` where there is none.

    client_id: no two clients of a broker may share one. ca_file, certificate_file, key_file: as in ``mqtt``.
    """

    kind: Literal["mqtt"]
    host: Host = Field(examples=["broker.example.com"])
    port: PortNumber = 8883
    tls: bool = True
    ca_file: Path | None = Field(default=None, strict=False)
    certificate_file: Path | None = Field(default=None, strict=False)
    key_file: Path | None = Field(default=None, strict=False)
    username: str = Field(default="", max_length=255)
    password: SecretStr = _NOTHING
    password_file: Path | None = Field(default=None, strict=False, description="File that holds it instead")
    client_id: str = Field(default="tillwatch-notices", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    topic: Annotated[str, AfterValidator(_topic)] = "tillwatch/notices"
    per_minute: PerMinute = 600

    @model_validator(mode="after")
    def _can_connect(self) -> "MqttChannel":
        check_tls_files(self)
        if not self.tls and self.host not in _LOOPBACK:
            raise refusal("what is sent could be read on the way", "write tls: true", ("tls",))
        at_most_one("password", self.password, self.password_file)
        return self


class AppriseChannel(Model):
    """Any service that Apprise knows, by its URL, such as ``tgram://TOKEN/CHAT``; needs the extra ``chat``."""

    kind: Literal["apprise"]
    url: SecretStr = Field(default=_NOTHING, description="Apprise's URL, which holds its secret")
    url_file: Path | None = Field(default=None, strict=False, description="File that holds it instead")
    per_minute: PerMinute = 20

    @model_validator(mode="after")
    def _has_its_url(self) -> "AppriseChannel":
        one_of("url", self.url, self.url_file)
        return self


AnyChannel = (
    PagerDutyChannel
    | SlackChannel
    | TeamsChannel
    | WebhookChannel
    | AlertmanagerChannel
    | EmailChannel
    | SmsChannel
    | MqttChannel
    | AppriseChannel
)
Channel = Annotated[AnyChannel, Field(discriminator="kind")]
NEED_AN_ADDRESS = frozenset({"email", "sms"})
"""Kinds that reach nobody without a contact's address."""
KINDS: tuple[str, ...] = tuple(get_args(kind.model_fields["kind"].annotation)[0] for kind in get_args(AnyChannel))
"""The names of all kinds, in the order of the page about them."""
