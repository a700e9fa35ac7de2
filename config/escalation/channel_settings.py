"""By which services people are told of incidents: one channel for each, named as contacts name them."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from config.escalation.on_call import Name
from config.loading.url import Url
from config.model import Duration, Model, refusal

PAGERDUTY_URL = "https://events.pagerduty.com"
FALLBACK_AFTER_SECONDS_MAX = 45.0
"""With an attempt of ten seconds that is under way, another channel is tried within a minute."""
_NOTHING = SecretStr("")
PerMinute = Annotated[int, Field(ge=6, le=6000)]


class PagerDutyChannel(Model):
    """A service of PagerDuty, over its Events API v2. url: https://events.eu.pagerduty.com for accounts in the EU.

    per_minute: what PagerDuty takes for one routing key.
    """

    kind: Literal["pagerduty"]
    routing_key: SecretStr = Field(default=_NOTHING, description="The integration key of the service")
    routing_key_file: Path | None = Field(default=None, strict=False, description="File that holds it instead")
    url: Url = PAGERDUTY_URL
    per_minute: PerMinute = 120

    @model_validator(mode="after")
    def _has_its_key(self) -> "PagerDutyChannel":
        _one_of("routing_key", self.routing_key, self.routing_key_file)
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
        _one_of("url", self.url, self.url_file)
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
        _one_of("secret", self.secret, self.secret_file)
        return self


Channel = Annotated[PagerDutyChannel | SlackChannel | WebhookChannel, Field(discriminator="kind")]


class ChannelSettings(Model):
    """via: the channels by name; without any, notices wait. fallback: reaches whoever no channel of their own reaches.

    fallback_after: how long a channel may fail before the next one is tried. deadline: what no channel took by then is
    given up. loopback_allowed: also http, to this machine; for trials.
    """

    via: dict[Name, Channel] = Field(default_factory=dict, max_length=20)
    fallback: Name | None = None
    fallback_after: Duration = 30.0
    deadline: Duration = 4 * 3600.0
    loopback_allowed: bool = False

    @model_validator(mode="after")
    def _fallback_is_there(self) -> "ChannelSettings":
        if self.fallback is not None and self.fallback not in self.via:
            known = f"write one of {', '.join(sorted(self.via))}" if self.via else "add it to via"
            raise refusal(f"there is no channel {self.fallback}", known, ("fallback",))
        if self.fallback_after > FALLBACK_AFTER_SECONDS_MAX:
            what = f"another channel would be tried after {self.fallback_after:g}s, later than within a minute"
            raise refusal(what, f"write at most {FALLBACK_AFTER_SECONDS_MAX:g}s", ("fallback_after",))
        return self


def _one_of(name: str, secret: SecretStr, file: Path | None) -> None:
    if (secret.get_secret_value() != "") == (file is not None):
        raise refusal(f"neither {name} nor {name}_file is given, or both", f"give {name}_file", (name,), hide=True)
