"""Ticks by the clock: APScheduler says that it is time, and nothing more."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from config.reports import WEEKDAYS, Moment
from daemon.clock import SystemClock
from remediation.ports import Clock


@dataclass(slots=True)
class Standing:
    """How a tick's work stands. times: Unix milliseconds, 0 before the first. runs: since the start.

    next_at_ms: when it is due by the clock; it may be called sooner.
    """

    name: str
    every_seconds: float
    began_at_ms: int = 0
    ended_at_ms: int = 0
    next_at_ms: int = 0
    runs: int = 0

    @property
    def running(self) -> bool:
        """Whether it is being done at this moment."""
        return self.began_at_ms > self.ended_at_ms


class Ticks:
    """Named ticks; a slot that was missed or came twice is one tick, and what it did is the journal's to say."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock if clock is not None else SystemClock()
        self._standing: dict[str, Standing] = {}
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._due: dict[str, asyncio.Event] = {}

    def every(self, name: str, seconds: float) -> None:
        """Make the tick due every so many seconds, the first one interval after start."""
        due = asyncio.Event()
        self._due[name] = due
        self._standing[name] = Standing(name, seconds)
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

    def standings(self) -> list[Standing]:
        """How every tick's work stands now."""
        return [replace(one, next_at_ms=self._next_ms(one.name)) for one in self._standing.values()]

    def _next_ms(self, name: str) -> int:
        job = self._scheduler.get_job(name) if self._scheduler.running else None
        return 0 if job is None or job.next_run_time is None else round(job.next_run_time.timestamp() * 1000)

    def loop(self, name: str, act: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """A task body that acts on every tick; an error of the act ends the task."""

        async def run() -> None:
            while True:
                await self.wait(name)
                standing = self._standing[name]
                standing.began_at_ms = self._clock.now_ms()
                await act()
                # Two moments of one millisecond must not look as if it still ran.
                standing.ended_at_ms = max(self._clock.now_ms(), standing.began_at_ms)
                standing.runs += 1

        return run


def cron_of(moment: Moment, zone: ZoneInfo) -> CronTrigger:
    """The trigger of a moment; weekdays by name, because APScheduler counts them from Monday and cron from Sunday."""
    weekday = None if moment.weekday is None else WEEKDAYS[moment.weekday][:3]
    return CronTrigger(day=moment.day, day_of_week=weekday, hour=moment.hour, minute=moment.minute, timezone=zone)


async def _set(due: asyncio.Event) -> None:
    due.set()
