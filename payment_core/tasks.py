"""Runs the payment core's named background tasks: a dead one stops the process, and stopping is bounded."""

import asyncio
from collections.abc import Callable, Coroutine

import structlog

log = structlog.get_logger()

STOP_SECONDS = 5.0
"""A cancelled task gets this long; there are two, and the process has 30 s before ECS kills it."""


class Tasks:
    """Starts named tasks and cancels them in the opposite order."""

    def __init__(self, on_death: Callable[[str], None]) -> None:
        self._on_death = on_death
        self._running: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Coroutine[None, None, None]) -> None:
        """Run work under this name until it is stopped; its own end is a death that is reported."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._running.append(task)

    async def stop(self) -> None:
        """Cancel every task, last started first, and wait a bounded time for each."""
        while self._running:
            task = self._running.pop()
            task.cancel()
            done, _ = await asyncio.wait({task}, timeout=STOP_SECONDS)
            if not done:
                log.error("task did not stop in time", action="task_stuck", task=task.get_name())

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task not in self._running:
            return
        log.error("task died", action="task_died", task=task.get_name(), fault=repr(task.exception()))
        self._on_death(task.get_name())
