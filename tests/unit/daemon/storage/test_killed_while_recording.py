"""What record() acknowledged survives kill -9, and nothing is there twice."""

import os
import subprocess
import sys
from pathlib import Path

from daemon.storage.checkpoint import Checkpoint

ROOT = Path(__file__).parents[4]
PROGRAM = Path(__file__).parent / "recording.py"
NOW_MS = 1_795_459_572_000


def record_and_kill(path: Path, calls: int) -> list[str]:
    """The ids that the program acknowledged before it was killed in the middle of its work."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), str(path)], stdout=subprocess.PIPE, text=True, env=environment
    ) as program:
        assert program.stdout is not None
        lines = [program.stdout.readline() for _ in range(calls + 1)]
        program.kill()
        rest = program.stdout.read()
    whole = "".join(lines) + rest[: rest.rfind("\n") + 1]
    return whole.removeprefix("ready\n").split()


async def test_every_acknowledged_fact_is_there_once_after_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "c.db"
    acknowledged = [id_ for calls in (1, 40, 7) for id_ in record_and_kill(path, calls)]
    assert len(acknowledged) == len(set(acknowledged))
    checkpoint = await Checkpoint.open(path, 3_600_000)
    restored = await checkpoint.restore(NOW_MS)
    stored = [fact.id for batch in restored.batches for fact in batch.facts]
    assert len(stored) == len(set(stored))
    assert set(acknowledged) <= set(stored)
    assert checkpoint.totals().consumed == len(stored)
    assert checkpoint.received("us-east-1").stretches() == [(1, len(stored))]
    await checkpoint.close()
