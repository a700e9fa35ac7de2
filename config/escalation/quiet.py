"""What keeps people from being told: maintenance, another incident that explains it, silences with their limits."""

from pydantic import Field

from config.calendars.calendar import CalendarWindow
from config.escalation.matchers import Matchers
from config.escalation.on_call import Name
from config.model import Duration, Model


class WeeklyMaintenance(Model):
    """A time that comes back; within it nobody is told of what matches all matchers, then of what still burns."""

    name: Name
    window: CalendarWindow
    matchers: Matchers = ("severity!=critical",)


class MaintenanceRules(Model):
    """emergency_notice, planned_notice: so long before its start it is announced. longest: of one that is announced."""

    weekly: tuple[WeeklyMaintenance, ...] = Field(
        default=(
            WeeklyMaintenance(
                name="weekly-maintenance",
                window=CalendarWindow(cron="0 2 * * sun", zone="America/New_York", lasts=7_200.0),
            ),
        ),
        strict=False,
        max_length=20,
    )
    emergency_notice: Duration = 900.0
    planned_notice: Duration = 172_800.0
    longest: Duration = 86_400.0


class SilenceRules(Model):
    """longest: no silence lasts longer, and none for ever. most: in force at once."""

    longest: Duration = 604_800.0
    most: int = Field(default=200, ge=1, le=500)


class Inhibition(Model):
    """While an incident matches source, nobody is told of one that matches target and has the same labels in equal.

    Labels that both lack are the same. An incident that matches both sides keeps none from being told.
    """

    name: Name
    source: Matchers
    target: Matchers
    equal: tuple[str, ...] = Field(default=(), strict=False, max_length=10)
