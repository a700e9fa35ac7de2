"""Kill -9 anywhere between recording, acknowledging, keeping and forgetting: the windows equal an exact recount."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.storage import checkpoint as checkpoints
from tests.unit.daemon.storage.living import REMEMBERED, living

ROOT = Path(__file__).parents[4]
PROGRAM = Path(__file__).parent / "living.py"


def live_and_be_killed(folder: Path, calls: int) -> list[str]:
    """What was acknowledged before the kill, which comes while the program works on."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), str(folder)], stdout=subprocess.PIPE, text=True, env=environment
    ) as program:
        assert program.stdout is not None
        lines = [program.stdout.readline() for _ in range(calls)]
        while lines[-1] and not lines[-1].startswith("evt_"):
            lines.append(program.stdout.readline())
        program.kill()
        rest = program.stdout.read()
    whole = "".join(lines) + rest[: rest.rfind("\n") + 1]
    return [line for line in whole.splitlines() if line.startswith("evt_")]


async def test_every_life_goes_on_exactly_where_the_one_before_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "MAX_REMEMBERED", REMEMBERED)
    acknowledged: list[str] = []
    recorded = 0
    for calls in (3, 17, 40, 6, 25):
        acknowledged += live_and_be_killed(tmp_path, calls)
        pipeline, keeping, checkpoint = await living(tmp_path)
        (reading,) = pipeline.engine.current()
        recorded = checkpoint.totals().consumed
        assert reading.samples == recorded == checkpoint.received("us-east-1").highest
        assert recorded >= max(int(name.removeprefix("evt_")) for name in acknowledged)
        assert keeping.status.unusable == 0
        await checkpoint.close()
    assert recorded > 5 * REMEMBERED
