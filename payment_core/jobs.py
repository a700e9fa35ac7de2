"""Runs the background jobs: each in a task of its own, again at once while it finds a full batch of work."""

import asyncio
from typing import Protocol

import msgspec
import structlog

from payment_core.clock import Clock
from payment_core.metrics.domain_counts import JobCounts
from payment_core.tasks import Tasks

log = structlog.get_logger()

PAUSE_SECONDS_MAX = 60.0
"""A job that fails is tried again after a pause that doubles up to this."""


class Job(Protocol):
    """A bounded batch of work. Every process may run it at the same time as every other: transactions decide."""

    async def run_once(self, now_ms: int) -> int:
        """Do what is due; returns how much was done."""
        ...


class Duty(msgspec.Struct, frozen=True):
    """A job with its name, how often it looks for work, and how much is a full batch, after which it looks at once."""

    name: str
    job: Job
    every_seconds: float
    full: int = 100


class Rota:
    """Every duty of one process. counts: by duty, since the start."""

    def __init__(self, duties: tuple[Duty, ...], clock: Clock) -> None:
        self._duties = duties
        self._clock = clock
        self.counts = JobCounts()

    def start(self, tasks: Tasks) -> None:
        """Start every duty as a task under its name."""
        for duty in self._duties:
            tasks.start(f"job-{duty.name}", self._run(duty))

    async def run_all_once(self) -> int:
        """Run each duty once, in order; returns how much was done. One that fails is counted and keeps no other."""
        done = [await self._run_once(duty) for duty in self._duties]
        return sum(each for each in done if each is not None)

    async def _run(self, duty: Duty) -> None:
        pause_seconds = duty.every_seconds
        while True:
            done = await self._run_once(duty)
            if done is None:
                pause_seconds = min(max(pause_seconds, 0.5) * 2, PAUSE_SECONDS_MAX)
            else:
                pause_seconds = 0.0 if done >= duty.full else duty.every_seconds
            await asyncio.sleep(pause_seconds)

    async def _run_once(self, duty: Duty) -> int | None:
        """How much one look of a duty did; None when it failed."""
        try:
            done = await duty.job.run_once(self._clock.now_ms())
        except Exception as error:
            self.counts.faults[duty.name] += 1
            log.exception("a job failed", action="job_failed", job=duty.name, fault=type(error).__name__)
            return None
        self.counts.runs[duty.name] += 1
        self.counts.work[duty.name] += done
        return done
