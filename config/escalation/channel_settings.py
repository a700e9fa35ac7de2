"""By which services people are told of incidents: one channel for each, named as contacts name them."""

from pydantic import Field, model_validator

from config.escalation.channel_kinds import NEED_AN_ADDRESS, Channel
from config.escalation.on_call import Name
from config.model import Duration, Model, refusal

FALLBACK_AFTER_SECONDS_MAX = 45.0
"""With an attempt of ten seconds that is under way, another channel is tried within a minute."""


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
        if self.fallback is not None and self.via[self.fallback].kind in NEED_AN_ADDRESS:
            what = f"{self.fallback} needs an address of each person, so that it reaches nobody who has none"
            raise refusal(what, "name a channel of another kind, or give it to everybody as a contact", ("fallback",))
        if self.fallback_after > FALLBACK_AFTER_SECONDS_MAX:
            what = f"another channel would be tried after {self.fallback_after:g}s, later than within a minute"
            raise refusal(what, f"write at most {FALLBACK_AFTER_SECONDS_MAX:g}s", ("fallback_after",))
        return self
