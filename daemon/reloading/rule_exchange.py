"""Puts an engine of other rules in the place of the running one, between two batches, without forgetting anything."""

import asyncio
from collections.abc import Sequence

from checks.compiled_rule import CompiledRule
from checks.continuation import continued, joined, unknown
from checks.engine import Engine
from config.policy import Policy
from daemon.pipeline import Pipeline
from daemon.storage.checkpoint import Checkpoint
from daemon.storage.restart import Replay

PAGE_BATCHES = 500
"""Read from the log at a time; between two pages payments are recorded, and the loop runs while one is replayed."""


async def exchange(
    pipeline: Pipeline, checkpoint: Checkpoint, rules: Sequence[CompiledRule], policy: Policy, now_ms: int
) -> tuple[str, ...]:
    """Evaluate these rules and decide by this policy from now on; returns the rules whose windows are new.

    What is watched unchanged goes on with its windows, episodes and timers. New windows are filled beforehand from the
    log of facts; only the last step keeps facts waiting. Raises StateUnfit or CheckpointFailed, with nothing changed.
    """
    fresh = Engine(unknown(rules, pipeline.engine.watched))
    filling = _Filling(fresh, checkpoint, now_ms)
    await filling.up_to(pipeline.place)
    async with pipeline.turn:
        await filling.up_to(pipeline.place)
        await filling.pass_to(pipeline.time.told_ms(now_ms))
        engine = await asyncio.to_thread(_continued, rules, pipeline.engine, fresh)
        pipeline.adopt(engine, pipeline.place)
        pipeline.follow(policy)
    return tuple(compiled.rule.id for compiled in fresh.rules)


def _continued(rules: Sequence[CompiledRule], running: Engine, fresh: Engine) -> Engine:
    return continued(rules, joined(running.snapshot(), fresh.snapshot())).engine


class _Filling:
    """Brings an engine up to a place in the log, page by page; one without rules needs none of it."""

    def __init__(self, engine: Engine, checkpoint: Checkpoint, now_ms: int) -> None:
        self._engine = engine
        self._checkpoint = checkpoint
        self._now_ms = now_ms
        self._replay: Replay | None = None
        self._place = 0

    async def up_to(self, place: int) -> None:
        """Let the engine see everything up to this place."""
        while self._engine.rules and self._place < place:
            page = await self._checkpoint.read(self._place, place, PAGE_BATCHES)
            if not page:
                return
            if self._replay is None:
                self._replay = Replay(self._engine, page[0].arrived_at_ms, self._now_ms)
            await asyncio.to_thread(self._replay.see, page)
            self._place = page[-1].sequence

    async def pass_to(self, at_ms: int) -> None:
        """Let the engine know what time it is."""
        if self._replay is not None:
            await asyncio.to_thread(self._replay.pass_to, at_ms)
