"""When what may be changed: freezes, maintenance windows and the cut-offs of the bank, each in its zone."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic.json_schema import SkipJsonSchema

from config.ach import Hours
from config.calendars.cron_text import CronText
from config.calendars.event import CalendarEvent
from config.calendars.freeze import Freeze
from config.calendars.zones import Zone
from config.model import Duration, Hold, Model, refusal

WINDOW_SECONDS_MAX = 7 * 86_400
"""A window that is open all week is no window."""


class CalendarWindow(Model):
    """A time that comes back. cron: when it begins; lasts: until the wall clock shows so much later."""

    cron: CronText
    zone: Zone
    lasts: Duration

    @model_validator(mode="after")
    def _within_a_week(self) -> "CalendarWindow":
        if self.lasts > WINDOW_SECONDS_MAX:
            raise refusal("the window lasts longer than a week", "write at most 7d", ("lasts",))
        return self


class Calendar(Model):
    """When changes may be made. It is closed or open at each moment, see ``remediation.guardrails.calendar``.

    freeze: nothing is changed within its times. maintenance: its times are the only ones for changes that ask for
    maintenance. cutoff: from ``before`` ahead of our bank's cut-offs until ``after`` behind the operator's, no rollout,
    migration, key rotation or scale-in; its times come from ``ach.yaml``.
    ical: an RFC 5545 file beside ``policy.yaml``, or in ``calendars/`` there. zone: of its times that name none.
    safety: whether a freeze lets actions through that only take harm away, such as a rollback of traffic.
    """

    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$", examples=["weekly-maintenance"])
    kind: Literal["freeze", "maintenance", "cutoff"]
    windows: tuple[CalendarWindow, ...] = Field(default=(), strict=False, max_length=50)
    ical: str = Field(
        default="",
        max_length=200,
        pattern=r"^((calendars/)?[A-Za-z0-9_][A-Za-z0-9_.-]*\.ics)?$",
        examples=["calendars/holidays.ics"],
    )
    zone: Zone = "America/New_York"
    before: Hold = 2700.0
    after: Hold = 900.0
    safety: Literal["allowed", "held"] = "allowed"
    events: SkipJsonSchema[tuple[CalendarEvent, ...]] = ()
    freezes: SkipJsonSchema[tuple[Freeze, ...]] = ()
    hours: SkipJsonSchema[Hours | None] = None

    @field_validator("events", "freezes", "hours", mode="before")
    @classmethod
    def _filled_from_files(cls, value: object, info: ValidationInfo) -> object:
        if info.context is not None:
            raise refusal("this is filled from the files that it names", "name the file with ical, or remove this")
        return value

    @model_validator(mode="after")
    def _has_times(self) -> "Calendar":
        if self.kind == "cutoff" and (self.windows or self.ical):
            raise refusal("the times of a cutoff come from ach.yaml", "remove windows and ical", ("kind",))
        if self.kind != "cutoff" and not (self.windows or self.ical or self.events or self.freezes):
            raise refusal(f"the {self.kind} has no times", "write windows, or name a file with ical", ("kind",))
        return self


DEFAULT_CALENDARS = (
    Calendar(
        name="weekly-maintenance",
        kind="maintenance",
        windows=(CalendarWindow(cron="0 2 * * sun", zone="America/New_York", lasts=7200.0),),
    ),
    Calendar(name="ach-cut-offs", kind="cutoff"),
)
"""The owner's: maintenance on Sundays 02:00 to 04:00 in New York, and nothing around the bank's cut-offs."""
