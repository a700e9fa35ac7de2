"""Ticks by the clock: APScheduler says that it is time, and nothing more."""

import asyncio
from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger


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


async def _set(due: asyncio.Event) -> None:
    due.set()
