"""One run per data directory, and a killed run's children are waited for."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.embedded.faults import DirectoryInUse, DirectoryUnusable
from daemon.embedded.processes.lock import lock_directory


class _Clock:
    """Sleeping does what the test says and moves the time."""

    def __init__(self) -> None:
        self.ms = 0.0
        self.child: subprocess.Popen[bytes] | None = None

    def now_ms(self) -> int:
        return int(self.ms)

    def monotonic_ms(self) -> float:
        return self.ms

    async def sleep(self, seconds: float) -> None:
        self.ms += seconds * 1000
        if self.child is not None and self.ms >= 1_000:
            self.child.kill()
            self.child.wait()


async def test_a_second_run_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    lock = await lock_directory(tmp_path, _Clock(), print)
    with pytest.raises(DirectoryInUse, match=f"pid {os.getpid()}"):
        await lock_directory(tmp_path, _Clock(), print)
    lock.release()


async def test_the_directory_is_free_again_once_the_lock_is_released(tmp_path: Path) -> None:
    (await lock_directory(tmp_path / "new" / "one", _Clock(), print)).release()
    (await lock_directory(tmp_path / "new" / "one", _Clock(), print)).release()


async def _orphan(directory: Path) -> subprocess.Popen[bytes]:
    """A child that holds the lock of a run that is gone."""
    lock = await lock_directory(directory, _Clock(), print)
    child = _inheriting(lock.descriptor)
    lock.release()
    (directory / "lock").write_text("999999999 1\n")
    return child


def _inheriting(descriptor: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", "import signal; signal.pause()"], pass_fds=(descriptor,), start_new_session=True
    )


async def test_a_run_waits_for_the_children_of_one_that_was_killed_and_says_so(tmp_path: Path) -> None:
    clock = _Clock()
    clock.child = await _orphan(tmp_path)
    said: list[str] = []
    lock = await lock_directory(tmp_path, clock, said.append)
    assert 1_000 <= clock.ms < 15_000
    assert len(said) == 1
    assert "999999999" in said[0]
    lock.release()


async def test_the_wait_for_a_killed_runs_children_is_bounded(tmp_path: Path) -> None:
    child = await _orphan(tmp_path)
    try:
        with pytest.raises(DirectoryInUse, match="processes of a run that was killed"):
            await lock_directory(tmp_path, _Clock(), print)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()


async def test_a_directory_that_cannot_be_made_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DirectoryUnusable, match="file"):
        await lock_directory(tmp_path / "file" / "below", _Clock(), print)
