"""People, and the schedules that say who of them is on duty: layers that rotate, and overrides."""

import re
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from config.calendars.peak import WallTime
from config.calendars.zones import Zone
from config.escalation.matchers import some
from config.model import Model, refusal

NAME = r"^[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?$"
Name = Annotated[str, Field(pattern=NAME, examples=["on-call-engineer"])]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


def _clock(text: str) -> str:
    if _CLOCK.fullmatch(text) is None:
        raise refusal(f"{text!r:.20} is no time of day", "write 00:00 to 23:59")
    return text


ClockTime = Annotated[str, Field(description="A time of day", examples=["09:00"]), AfterValidator(_clock)]


class Contact(Model):
    """channel: by which somebody is reached. address: a number, an address or a key; only the channel reads it."""

    channel: Name
    address: str = Field(min_length=1, max_length=200, examples=["+1-555-0102"])


class Person(Model):
    """contacts: tried in this order; the second when the first does not take it."""

    name: str = Field(min_length=1, max_length=100, examples=["VP Engineering"])
    contacts: tuple[Contact, ...] = Field(strict=False, max_length=10)

    @model_validator(mode="after")
    def _is_reached(self) -> "Person":
        if not self.contacts:
            raise refusal(f"{self.name} has no channel, so nobody would be told", "add a contact", ("contacts",))
        channels = [one.channel for one in self.contacts]
        for place, channel in enumerate(channels):
            if channel in channels[:place]:
                raise refusal(f"{channel} stands here a second time", "remove one", ("contacts", place, "channel"))
        return self


class Layer(Model):
    """People who take turns. starts: when the first of them begins, by the zone's clock, and at what time turns change.

    turn_days: how long a turn is; it changes at the same time of day on days with 23 and 25 hours, too.
    days, begin, end: only then; an end that is not later than the begin is on the next day.
    """

    name: Name
    people: Annotated[tuple[Name, ...], Field(strict=False, max_length=50), AfterValidator(some)]
    starts: WallTime
    turn_days: int = Field(default=7, ge=1, le=366)
    days: tuple[Weekday, ...] = Field(default=(), strict=False, max_length=7)
    begin: ClockTime = "00:00"
    end: ClockTime = "00:00"

    @property
    def is_restricted(self) -> bool:
        """Whether it is on duty at certain times alone."""
        return bool(self.days) or self.begin != self.end


class Override(Model):
    """Somebody else is on duty from start to end, by the zone's clock; of two that overlap the one that began later."""

    person: Name
    starts: WallTime
    ends: WallTime

    @model_validator(mode="after")
    def _ordered(self) -> "Override":
        if self.ends <= self.starts:
            raise refusal("the override ends before it starts", "write a later end", ("ends",))
        return self


class Schedule(Model):
    """Who is on duty: an override, else the first layer that has somebody. zone: of all its times."""

    zone: Zone
    layers: Annotated[tuple[Layer, ...], Field(strict=False, max_length=20), AfterValidator(some)]
    overrides: tuple[Override, ...] = Field(default=(), strict=False, max_length=500)

    @property
    def people(self) -> frozenset[str]:
        """Everybody who may be on duty."""
        layered = (person for layer in self.layers for person in layer.people)
        return frozenset((*layered, *(one.person for one in self.overrides)))

    @property
    def starts(self) -> datetime:
        """Before it nobody is expected to be on duty."""
        return min(layer.starts for layer in self.layers)

    @model_validator(mode="after")
    def _each_layer_once(self) -> "Schedule":
        names = sorted(layer.name for layer in self.layers)
        for one, other in pairwise(names):
            if one == other:
                raise refusal(f"there are two layers {one}", "give one of them another name", ("layers",))
        return self
