"""Ticks by the clock: APScheduler says that it is time, and nothing more."""

import asyncio
from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from config.reports import WEEKDAYS, Moment


class Ticks:
    """Named ticks; a slot that was missed or came twice is one tick, and what it did is the journal's to say."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._due: dict[str, asyncio.Event] = {}

    def every(self, name: str, seconds: float) -> None:
        """Make the tick due every so many seconds, the first one interval after start."""
        due = asyncio.Event()
        self._due[name] = due
        self._scheduler.add_job(_set, IntervalTrigger(seconds=seconds), args=(due,), id=name)

    def at(self, name: str, moment: Moment, zone: ZoneInfo) -> None:
        """Make the tick, which `every` has made, due at a moment of the zone's days too."""
        self._scheduler.add_job(_set, cron_of(moment, zone), args=(self._due[name],))

    def start(self) -> None:
        """Begin to tick."""
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking; who waits for a tick waits for ever."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def now(self, name: str) -> None:
        """Make the tick due at once."""
        self._due[name].set()

    async def wait(self, name: str) -> None:
        """Return when the tick is due, and make it undue."""
        due = self._due[name]
        await due.wait()
        due.clear()

    def loop(self, name: str, act: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """A task body that acts on every tick; an error of the act ends the task."""

        async def run() -> None:
            while True:
                await self.wait(name)
                await act()

        return run


def cron_of(moment: Moment, zone: ZoneInfo) -> CronTrigger:
    """The trigger of a moment; weekdays by name, because APScheduler counts them from Monday and cron from Sunday."""
    weekday = None if moment.weekday is None else WEEKDAYS[moment.weekday][:3]
    return CronTrigger(day=moment.day, day_of_week=weekday, hour=moment.hour, minute=moment.minute, timezone=zone)


async def _set(due: asyncio.Event) -> None:
    due.set()
