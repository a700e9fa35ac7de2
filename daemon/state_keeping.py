"""Keeps what the rules know: a snapshot now and then, and at start the newest one with the facts after it."""

import asyncio
import gc
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from checks.compiled_rule import CompiledRule
from daemon.errors import StateNotKept
from daemon.pipeline import Pipeline
from daemon.storage.checkpoint import Checkpoint
from daemon.storage.restart import rebuilt
from daemon.storage.state_store import Found, Snapshot, StateStore
from daemon.view.series import KEPT_SECONDS, PaymentSeries
from remediation.ports import Clock

log = structlog.get_logger()

KEEP_EVERY_MS = 60_000
KEEP_EVERY_FACTS = 50_000
"""Whichever comes first: a restart replays at most a minute, or a quarter of a second of work."""
LAST_KEEP_SECONDS = 1.5
"""A stop does not wait for longer: without the last snapshot the next start replays a minute."""


@dataclass(slots=True)
class StateStatus:
    """kept_at_ms, size_bytes: of the newest snapshot, 0 before the first. failures: that could not be written.

    unusable: what was wrong with the snapshots that this start found.
    """

    kept_at_ms: int = 0
    size_bytes: int = 0
    failures: int = 0
    unusable: int = 0


class StateKeeping:
    """Facts are on disk before they are acknowledged, so a snapshot only makes a restart shorter and memory longer.

    A snapshot names the place in the log up to which its engine has seen the facts. Killed at any moment, a start finds
    a whole snapshot, or the one before it, and every fact after it.
    """

    def __init__(
        self, store: StateStore, checkpoint: Checkpoint, pipeline: Pipeline, series: PaymentSeries, clock: Clock
    ) -> None:
        self._store = store
        self._checkpoint = checkpoint
        self._pipeline = pipeline
        self._series = series
        self._clock = clock
        self._kept_facts = 0
        self.status = StateStatus()

    async def resume(self, rules: Sequence[CompiledRule]) -> None:
        """Put the engine of these rules back to where it was. Raises CheckpointFailed when the facts cannot be read."""
        now_ms = self._clock.now_ms()
        restored = await self._checkpoint.restore(now_ms)
        found = await self._found()
        rebuild = await asyncio.to_thread(rebuilt, rules, found, restored, now_ms)
        for problem in rebuild.problems:
            log.error("kept state not used", action="state_unusable", problem=problem)
        log.info("state restored", action="state_restored", place=rebuild.sequence, fresh_rules=list(rebuild.fresh))
        self.status.unusable = len(rebuild.problems)
        for batch in restored.batches:
            if batch.arrived_at_ms > now_ms - KEPT_SECONDS * 1000:
                self._series.observe(batch.facts, batch.arrived_at_ms)
        rebuild.engine.resume(now_ms)
        async with self._pipeline.turn:
            self._pipeline.adopt(rebuild.engine, rebuild.sequence)
            self._pipeline.time.resume(rebuild.told_ms, now_ms)
        # What is held now stays: a full collection that looks at every key of it takes the loop for milliseconds.
        gc.collect()
        gc.freeze()

    async def keep_when_due(self) -> None:
        """Keep a snapshot when enough time has passed or enough facts have come since the last one."""
        facts = self._pipeline.engine.observed_facts - self._kept_facts
        if self._clock.now_ms() - self.status.kept_at_ms >= KEEP_EVERY_MS or facts >= KEEP_EVERY_FACTS:
            await self.keep()

    async def keep(self) -> None:
        """Keep a snapshot; one that cannot be written is logged and counted, and tried again when the next is due."""
        async with self._pipeline.turn:
            engine, place = self._pipeline.engine, self._pipeline.place
            at_ms = self._clock.now_ms()
            told_ms = self._pipeline.time.told_ms(at_ms)
            state = await asyncio.to_thread(engine.snapshot)
        try:
            size_bytes = await self._store.keep(Snapshot(self._checkpoint.log_id, place, told_ms, state))
        except StateNotKept as fault:
            self.status.failures += 1
            log.error("state not kept", action="state_not_kept", fault=str(fault))
            return
        self._kept_facts = state.observed_facts
        self.status.kept_at_ms, self.status.size_bytes = at_ms, size_bytes

    async def keep_last(self) -> None:
        """Before an ordered stop: keep a snapshot if that does not take long."""
        try:
            async with asyncio.timeout(LAST_KEEP_SECONDS):
                await self.keep()
        except TimeoutError:
            log.warning("state not kept before the stop", action="state_not_kept", fault="it took too long")

    async def _found(self) -> Found:
        try:
            return await self._store.read()
        except StateNotKept as fault:
            return Found((), (str(fault),))
