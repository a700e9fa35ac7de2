"""Children end with their parent, stop in bounded time and leave their last words."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.embedded.faults import ChildDied
from daemon.embedded.processes.process import LAST_LINES, Child, Launcher, Program, last_lines

ENVIRONMENT = {"PATH": os.environ["PATH"]}


def _program(tmp_path: Path, source: str) -> Program:
    return Program(
        name="part", command=(sys.executable, "-c", source), environment=ENVIRONMENT, log=tmp_path / "part.log"
    )


async def _start(tmp_path: Path, source: str) -> Child:
    return await Launcher().start(_program(tmp_path, source))


async def test_a_child_that_ends_by_itself_is_named_with_its_exit_code_and_last_words(tmp_path: Path) -> None:
    child = await _start(tmp_path, "import sys; print('begun'); sys.exit('the disk is full')")
    with pytest.raises(ChildDied, match=rf"part \(pid {child.pid}\): exit code 1(.|\n)*the disk is full"):
        await child.die()


async def test_a_child_that_is_killed_from_outside_is_named_with_the_signal(tmp_path: Path) -> None:
    child = await _start(tmp_path, "import signal; signal.pause()")
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(ChildDied, match="killed by SIGKILL"):
        await child.die()


async def test_a_child_that_is_stopped_did_not_die(tmp_path: Path) -> None:
    child = await _start(tmp_path, "import signal; signal.pause()")
    await child.stop()
    await child.die()
    assert not child.running


async def test_a_child_that_ignores_sigterm_is_killed_when_its_time_is_over(tmp_path: Path) -> None:
    said = tmp_path / "said"
    os.mkfifo(said)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    child = await _start(tmp_path, f"{deaf}; file = open({str(said)!r}, 'w'); file.close(); signal.pause()")
    assert await asyncio.to_thread(said.read_text) == ""
    await child.stop(grace_seconds=0.05)
    assert await child.wait() == -signal.SIGKILL


async def test_a_child_sees_only_the_environment_that_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    child = await _start(tmp_path, "import os; print(sorted(os.environ))")
    assert await child.wait() == 0
    assert "AWS_PROFILE" not in (tmp_path / "part.log").read_text()


async def test_a_child_runs_in_its_own_process_group(tmp_path: Path) -> None:
    child = await _start(tmp_path, "import signal; signal.pause()")
    assert os.getpgid(child.pid) == child.pid != os.getpgid(0)
    await child.kill()


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent_source = f"""
import asyncio, sys
from pathlib import Path
from daemon.embedded.processes.process import Launcher, Program
async def main():
    child = await Launcher().start(Program(name="part", command=(sys.executable, "-c",
        "import signal; signal.pause()"), environment={{}}, log=Path({str(tmp_path)!r}) / "part.log"))
    print(child.pid, flush=True)
    await child.wait()
asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", parent_source], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert parent.stdout is not None
    pid = next(int(line) for line in parent.stdout if line.strip().isdigit())
    descriptor = os.pidfd_open(pid)
    try:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        parent.stdout.close()
        # A pidfd is readable once the process has ended.
        assert select.select([descriptor], [], [], 20)[0]
    finally:
        os.close(descriptor)


def test_the_last_lines_of_a_log_are_all_that_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "part.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert last_lines(log) == [f"line {number}" for number in range(100 - LAST_LINES, 100)]
    assert last_lines(tmp_path / "none.log") == []
