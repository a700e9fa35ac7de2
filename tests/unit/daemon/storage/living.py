"""A daemon's memory at work for ever: takes facts, keeps snapshots, forgets old facts; made to be killed."""

import asyncio
import sys
from pathlib import Path

from checks.engine import Engine
from checks.facts import PaymentAttempted
from checks.rules import compile_rules
from config.loading.loader import load_yaml
from config.policy import Policy
from config.rules.rule_file import RuleFile
from daemon.pipeline import Pipeline
from daemon.state_keeping import StateKeeping
from daemon.storage import checkpoint as checkpoints
from daemon.storage.checkpoint import Checkpoint
from daemon.storage.state_store import StateStore
from daemon.view.series import PaymentSeries
from remediation.executor import Executor
from remediation.journal.memory import MemoryJournal
from remediation.journal.writer import JournalWriter
from tests.unit.remediation.worlds import NOW_MS, FakeClock

RULE = """
rules:
  - id: all
    family: sla
    on: payment.attempted
    measure: {count: "true", window: 1h}
    breach: "> 1000000000"
    severity: low
    runbook: r
"""
REMEMBERED = 12
"""Facts in the log: fewer than come between two snapshots may not be forgotten, and many more come in a life."""


async def living(folder: Path) -> tuple[Pipeline, StateKeeping, Checkpoint]:
    """A memory that was brought back to where it was."""
    (folder / "rules.yaml").write_text(RULE, encoding="utf-8")
    rules = compile_rules([load_yaml(folder / "rules.yaml", RuleFile)])
    checkpoint = await Checkpoint.open(folder / "checkpoint.db", 3_600_000)
    clock, journal, series = FakeClock(), MemoryJournal(), PaymentSeries()
    lease = await journal.acquire_lease("test", 60_000, NOW_MS)
    writer = await JournalWriter.open(journal, lease, clock)
    pipeline = Pipeline(
        checkpoint=checkpoint,
        engine=Engine(rules),
        series=series,
        writer=writer,
        executor=Executor(writer, {}, clock, Policy()),
        clock=clock,
        changed=lambda: None,
    )
    keeping = StateKeeping(StateStore(folder / "state"), checkpoint, pipeline, series, clock)
    await keeping.resume(rules)
    return pipeline, keeping, checkpoint


async def live_for_ever(folder: Path) -> None:
    """Three facts at a time, the first of them known already; a snapshot after every other call, then forgetting."""
    pipeline, keeping, checkpoint = await living(folder)
    start = checkpoint.received("us-east-1").highest
    sys.stdout.write("ready\n")
    for call in range(1_000_000):
        first = start + call * 2
        facts = [
            PaymentAttempted(
                id=f"evt_{n}", at_ms=NOW_MS, subject="p", sequence=n, rail="card", outcome="succeeded", amount_cents=1
            )
            for n in range(max(first, 1), first + 3)
        ]
        await pipeline.accept(facts, "queue")
        sys.stdout.write(f"evt_{first + 2}\n")
        sys.stdout.flush()
        if call % 2:
            await keeping.keep()
            await checkpoint.prune(NOW_MS)


if __name__ == "__main__":
    checkpoints.MAX_REMEMBERED = REMEMBERED
    asyncio.run(live_for_ever(Path(sys.argv[1])))
