"""A pipeline over a real engine, checkpoint and executor; only clock, world and journal's disk are the test's."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from checks.engine import Engine
from checks.facts import Deployment, Fact, PaymentAttempted
from checks.findings import Finding
from checks.rules import compile_rules
from config.loading.loader import load_yaml
from config.rules.rule_file import RuleFile
from daemon.pipeline import Pipeline, kept_nowhere
from daemon.storage.checkpoint import Checkpoint
from daemon.storage.restart import Replay
from daemon.view.series import PaymentSeries
from remediation.errors import JournalFull
from remediation.journal.entry import Draft, Entry
from remediation.journal.memory import MemoryJournal
from tests.unit.remediation.worlds import NOW_MS, Scene

HORIZON_MS = 86_400_000
TURNS_MAX = 5_000
RULE = """
rules:
  - id: failures
    family: sla
    on: payment.attempted
    per: [environment]
    measure: {ratio: "outcome == 'failed'", window: 60s, min_samples: 10}
    breach: "> 20%"
    clear: "< 10%"
    severity: critical
    do: [rollback.traffic]
    runbook: r
"""


class NotingEngine(Engine):
    """Tells what is known elsewhere at the moment in which facts are evaluated."""

    look: Callable[[], object] | None = None
    seen: list[object]

    def observe(self, facts: Sequence[Fact], now_ms: int) -> list[Finding]:
        """Look first."""
        if self.look is not None:
            self.seen.append(self.look())
        return super().observe(facts, now_ms)


class NarrowJournal(MemoryJournal):
    """Refuses entries of the kinds that it has no room for."""

    def __init__(self) -> None:
        super().__init__()
        self.refused_kinds: set[str] = set()
        self.refusals = 0

    async def append(self, draft: Draft, *, expected_sequence: int | None, epoch: int) -> Entry:
        """See Journal."""
        if draft.kind in self.refused_kinds:
            self.refusals += 1
            raise JournalFull
        return await super().append(draft, expected_sequence=expected_sequence, epoch=epoch)


@dataclass
class Line:
    """A pipeline and what it is made of. marks: how often something to show has changed."""

    scene: Scene
    engine: NotingEngine
    checkpoint: Checkpoint
    pipeline: Pipeline
    marks: list[None]

    async def kinds(self) -> list[str]:
        """What the journal holds, in order."""
        return [entry.kind for entry in await self.scene.journal.read(0, 1000)]

    async def told(self, kind: str) -> list[dict[str, object]]:
        """The bodies of one kind."""
        return [entry.fields for entry in await self.scene.journal.read(0, 1000) if entry.kind == kind]

    async def reasons(self) -> list[object]:
        """Why each decision is what it is."""
        return [decision["reason"] for decision in await self.told("decision")]

    async def until(self, kind: str, count: int = 1) -> None:
        """Wait until the journal holds so many entries of the kind."""
        for _ in range(TURNS_MAX):
            if len(await self.told(kind)) >= count:
                return
            await asyncio.sleep(0)
        pytest.fail(f"the journal has no {count} of {kind}: {await self.kinds()}")

    async def decide_all(self, turns: int = 200) -> None:
        """Let everything that waits be decided and carried out."""
        for _ in range(turns):
            await asyncio.sleep(0)


@asynccontextmanager
async def line(
    tmp_path: Path, scene: Scene, rules: str = RULE, archived: Callable[[Sequence[Fact]], None] = kept_nowhere
) -> AsyncIterator[Line]:
    """A pipeline with its checkpoint below tmp_path; nothing is decided until deciding runs."""
    file = tmp_path / "rules.yaml"
    file.write_text(rules, encoding="utf-8")
    engine = NotingEngine(compile_rules([load_yaml(file, RuleFile)]))
    engine.seen = []
    checkpoint = await Checkpoint.open(tmp_path / "checkpoint.db", HORIZON_MS)
    restored = await checkpoint.restore(scene.clock.now_ms())
    marks: list[None] = []
    pipeline = Pipeline(
        checkpoint=checkpoint,
        engine=engine,
        series=PaymentSeries(),
        writer=scene.writer,
        executor=scene.executor,
        clock=scene.clock,
        changed=lambda: marks.append(None),
        archived=archived,
    )
    Replay(engine, NOW_MS, NOW_MS).see(restored.batches)
    try:
        yield Line(scene, engine, checkpoint, pipeline, marks)
    finally:
        await checkpoint.close()


@asynccontextmanager
async def deciding(one: Line) -> AsyncIterator[None]:
    """Decide on findings within the block."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(one.pipeline.decide_for_ever(), name="decide")
        yield
        await one.decide_all()
        task.cancel()


def payments(
    count: int, outcome: str = "failed", *, start: int = 0, environment: str = "green", at_ms: int = NOW_MS
) -> list[Fact]:
    """So many attempts with ids from start."""
    return [
        PaymentAttempted(
            id=f"evt-{environment}-{number}",
            at_ms=at_ms,
            subject=f"pay-{number}",
            environment=environment,
            rail="card",
            outcome=outcome,  # type: ignore[arg-type]  # the tests write plain words
            amount_cents=100,
        )
        for number in range(start, start + count)
    ]


def rollout(identity: str = "dep-1", at_ms: int = NOW_MS - 30_000) -> Deployment:
    """2.0.0 goes to green, which replaces blue."""
    return Deployment(
        id=f"{identity}-event",
        at_ms=at_ms,
        subject=identity,
        environment="green",
        version="2.0.0",
        status="started",
        previous_environment="blue",
        previous_version="1.0.0",
        weight_percent=50,
    )
