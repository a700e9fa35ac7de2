"""Brings the rules' windows and timers back to where they were: the newest snapshot, and the facts after it."""

from collections.abc import Sequence
from dataclasses import dataclass

from checks.compiled_rule import CompiledRule
from checks.continuation import continued, joined
from checks.engine import Engine
from checks.state import StateUnfit
from daemon.storage.checkpoint import Restored, StoredBatch
from daemon.storage.state_store import Found, Snapshot

TICK_MS = 1_000
"""A running daemon tells its rules the time this often, so a replay does too."""
TICKS_MAX = 10_000
"""Of one replay; a day without a snapshot is told in steps of nine seconds, or its silence would take minutes."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """engine: as it was when the last fact of the log came. sequence: that fact's place. told_ms: the time then.

    problems: why snapshots could not be used, and what is therefore missing. fresh: rules that no snapshot knew.
    """

    engine: Engine
    sequence: int
    told_ms: int
    problems: tuple[str, ...]
    fresh: tuple[str, ...]


def rebuilt(rules: Sequence[CompiledRule], found: Found, restored: Restored, now_ms: int) -> Rebuilt:
    """The engine of the newest snapshot that can be used, brought up to the log's end; else the log alone.

    Rules that the snapshot does not know get what the log holds, as without one. Takes as long as the replay: run it
    in a thread.
    """
    batches = restored.batches
    end = batches[-1].sequence if batches else restored.pruned_through
    problems = list(found.problems)
    for snapshot in found.snapshots:
        try:
            engine, fresh = _from_snapshot(rules, snapshot, restored, end)
        except StateUnfit as fault:
            problems.append(f"the snapshot of place {snapshot.sequence}: {fault}")
            continue
        if snapshot.sequence < restored.pruned_through:
            problems.append(f"facts after place {snapshot.sequence} were forgotten up to {restored.pruned_through}")
        return Rebuilt(engine, end, _told_ms(snapshot, restored), tuple(problems), fresh)
    engine = Engine(rules)
    told_ms = batches[-1].arrived_at_ms if batches else now_ms
    if batches:
        _replay_all(engine, batches, batches[0].arrived_at_ms, told_ms)
    return Rebuilt(engine, end, told_ms, tuple(problems), tuple(compiled.rule.id for compiled in rules))


class Replay:
    """Lets an engine see batches as they came, and the time pass between them.

    start_ms: the time it was told last. end_ms: about when the last batch came. Nothing that the engine finds is
    announced: what breaches now is found by the next tick.
    """

    def __init__(self, engine: Engine, start_ms: int, end_ms: int) -> None:
        self._engine = engine
        self._step_ms = TICK_MS * max(1, -(-(end_ms - start_ms) // (TICK_MS * TICKS_MAX)))
        self._next_ms = (start_ms // self._step_ms + 1) * self._step_ms

    def see(self, batches: Sequence[StoredBatch]) -> None:
        """Batches that follow those before, in the order of the log."""
        for batch in batches:
            self.pass_to(batch.arrived_at_ms)
            self._engine.observe(batch.facts, batch.arrived_at_ms)

    def pass_to(self, at_ms: int) -> None:
        """Let the time until then pass."""
        while self._next_ms <= at_ms:
            self._engine.tick(self._next_ms)
            self._next_ms += self._step_ms


def _replay_all(engine: Engine, batches: Sequence[StoredBatch], start_ms: int, told_ms: int) -> None:
    replay = Replay(engine, start_ms, told_ms)
    replay.see(batches)
    replay.pass_to(told_ms)


def _from_snapshot(
    rules: Sequence[CompiledRule], snapshot: Snapshot, restored: Restored, end: int
) -> tuple[Engine, tuple[str, ...]]:
    if snapshot.log_id != restored.log_id or snapshot.sequence > end:
        message = "it belongs to another log of facts"
        raise StateUnfit(message)
    way = continued(rules, snapshot.engine)
    after = [batch for batch in restored.batches if batch.sequence > snapshot.sequence]
    told_ms = _told_ms(snapshot, restored)
    _replay_all(way.engine, after, snapshot.at_ms, told_ms)
    if not way.fresh:
        return way.engine, ()
    fresh = Engine(way.fresh)
    if restored.batches:
        _replay_all(fresh, restored.batches, restored.batches[0].arrived_at_ms, told_ms)
    both = joined(way.engine.snapshot(), fresh.snapshot())
    return continued(rules, both).engine, tuple(compiled.rule.id for compiled in way.fresh)


def _told_ms(snapshot: Snapshot, restored: Restored) -> int:
    """Until when the time was told: the snapshot's, or that of the facts after it."""
    return max(snapshot.at_ms, restored.batches[-1].arrived_at_ms) if restored.batches else snapshot.at_ms
