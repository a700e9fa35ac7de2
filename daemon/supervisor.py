"""Runs the daemon's named tasks: none is optional, a dead one stops the daemon, and stopping is ordered and bounded."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from daemon.errors import TaskDied

log = structlog.get_logger()

STOP_SECONDS = 6.0
"""All tasks together get this long after their stop was asked for; `up` kills after 8 s, and ECS later."""

LAST_WORD_SECONDS = 0.1
"""What a task gets when others have used the time up: enough to end when it does nothing but wait."""


@dataclass(frozen=True, slots=True)
class Task:
    """A named coroutine function that runs until it is cancelled."""

    name: str
    run: Callable[[], Awaitable[None]]


class Supervisor:
    """Starts tasks in order and stops them in the opposite order."""

    def __init__(self, stop_seconds: float = STOP_SECONDS) -> None:
        self._stop_seconds = stop_seconds
        self._running: list[asyncio.Task[None]] = []
        self._death: asyncio.Event = asyncio.Event()

    def start(self, task: Task) -> None:
        """Start a task; its end, with or without an error, is a death that wait reports."""
        running = asyncio.create_task(self._watch(task), name=task.name)
        self._running.append(running)
        running.add_done_callback(lambda _: self._death.set())

    async def wait(self, stop: asyncio.Event) -> None:
        """Return when stop is set; raise TaskDied with the task's name when one ends before."""
        stopping = asyncio.create_task(stop.wait(), name="stop-signal")
        dying = asyncio.create_task(self._death.wait(), name="death-watch")
        try:
            await asyncio.wait({stopping, dying}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            dying.cancel()
        if not stop.is_set():
            raise self._cause()

    async def stop(self) -> list[str]:
        """Cancel the tasks, last started first, in bounded time; return the names of those that did not end."""
        stuck: list[str] = []
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._stop_seconds
        for task in reversed(self._running):
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=max(LAST_WORD_SECONDS, deadline - loop.time()))
            if not done:
                stuck.append(task.get_name())
                log.error("task did not stop in time", action="task_stuck", task=task.get_name())
        self._running.clear()
        return stuck

    def names(self) -> tuple[str, ...]:
        """The tasks that are running, in order of start."""
        return tuple(task.get_name() for task in self._running if not task.done())

    def _cause(self) -> TaskDied:
        for task in self._running:
            if task.done():
                fault = None if task.cancelled() else task.exception()
                died = TaskDied(f"{task.get_name()}: {fault!r}")
                died.__cause__ = fault
                return died
        return TaskDied("no task is left")

    async def _watch(self, task: Task) -> None:
        try:
            await task.run()
        except asyncio.CancelledError:
            log.info("task stopped", action="task_stopped", task=task.name)
            raise
        except Exception:
            log.exception("task died", action="task_died", task=task.name)
            raise
        log.error("task ended by itself", action="task_died", task=task.name)
