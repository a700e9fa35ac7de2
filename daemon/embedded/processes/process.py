"""Child processes that end with their parent, stop in bounded time and say in their log why they died."""

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from daemon.embedded.faults import ChildDied, DirectoryUnusable

log = structlog.get_logger()

STOP_SECONDS = 8.0
"""SIGTERM to SIGKILL: ministack saves its state and the cores flush their relay in about one second."""

LAST_LINES = 6
"""As much of a dead child's log as fits under an error message."""

LOG_BYTES_MAX = 8 * 1024 * 1024
"""A log that a former run left larger than this is put aside as NAME.log.1 before it is appended to."""

_TETHER = str(Path(__file__).with_name("tether.py"))


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. environment: the whole environment, nothing is inherited. log: stdout and stderr are appended.

    held: its standard input stays open for as long as we live, for programs that end when it does.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    held: bool = False


class Child:
    """A running program."""

    def __init__(self, program: Program, process: asyncio.subprocess.Process) -> None:
        self.name = program.name
        self._log = program.log
        self._process = process
        self._stopping = False

    @property
    def log(self) -> Path:
        """Where what it says goes."""
        return self._log

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    async def wait(self) -> int:
        """Its exit code once it ended; negative is the signal that killed it."""
        return await self._process.wait()

    async def die(self) -> None:
        """Return when it was stopped; raise ChildDied, with its last words, when it ended by itself."""
        code = await self.wait()
        if not self._stopping:
            raise self.obituary(code)

    def obituary(self, code: int) -> ChildDied:
        """Who died, how, and the last lines of its log."""
        how = f"killed by {_signal_name(-code)}" if code < 0 else f"exit code {code}"
        words = "".join(f"\n    {line}" for line in last_lines(self._log))
        return ChildDied(f"{self.name} (pid {self.pid}): {how}; its log is {self._log}{words}")

    async def stop(self, grace_seconds: float = STOP_SECONDS) -> None:
        """Ask it to end, and kill it and what it started when it has not within the time."""
        self._stopping = True
        if not self.running:
            return
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.wait(), grace_seconds)
        except TimeoutError:
            log.warning("child did not stop in time", action="child_killed", child=self.name, pid=self.pid)
            await self.kill()

    async def kill(self) -> None:
        """End it at once, as a crash would, with everything in its process group."""
        self.hurry()
        await self.wait()

    def hurry(self) -> None:
        """Send SIGKILL to its process group, and do not wait."""
        self._stopping = True
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if not self.running:
            return
        try:
            if number == signal.SIGKILL:
                os.killpg(self.pid, number)
            else:
                self._process.send_signal(number)
        except ProcessLookupError:
            return


class Launcher:
    """Starts programs in their own process group, so that Ctrl-C in the terminal does not overtake the ordered stop.

    inherited: file descriptors that every child keeps open, such as the lock on the data directory.
    """

    def __init__(self, inherited: tuple[int, ...] = ()) -> None:
        self._inherited = inherited

    async def start(self, program: Program) -> Child:
        """Start it; raises DirectoryUnusable when its log cannot be written."""
        # -I -S: the tether needs nothing but ctypes, and starts in about 20 ms.
        tied = (sys.executable, "-I", "-S", _TETHER, str(os.getpid()), *program.command)
        descriptor = _open_log(program.log)
        try:
            process = await asyncio.create_subprocess_exec(
                *tied,
                stdin=asyncio.subprocess.PIPE if program.held else asyncio.subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=dict(program.environment),
                start_new_session=True,
                pass_fds=self._inherited,
            )
        finally:
            os.close(descriptor)
        log.info("child started", action="child_started", child=program.name, pid=process.pid)
        return Child(program, process)


def _open_log(path: Path) -> int:
    try:
        if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
            path.replace(path.with_name(f"{path.name}.1"))
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as fault:
        raise DirectoryUnusable(str(fault)) from fault


def last_lines(path: Path, count: int = LAST_LINES) -> list[str]:
    """The last lines of a text file, oldest first; none when it cannot be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            return [line.rstrip() for line in deque(lines, maxlen=count)]
    except OSError:
        return []


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
