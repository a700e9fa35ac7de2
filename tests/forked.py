"""Programs of ours as processes of their own, forked from one that has imported them already (see fork_server.py)."""

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Self

ROOT = Path(__file__).resolve().parent.parent
RUN_SECONDS = 60.0
STDERR = 2


class ForkServer:
    """The other end of ``tests.fork_server``: one for a whole run of tests, started when it is first needed."""

    def __init__(self, channel: socket.socket | None = None) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._channel = channel

    def fork(
        self, words: Sequence[str], environment: Mapping[str, str], folder: Path, descriptors: tuple[int, ...]
    ) -> int:
        """The id of a process that runs ``python -m WORDS`` in a session of its own.

        descriptors: its stdout, its stderr, where its exit code is told, and what it is to keep open.
        """
        channel = self._channel if self._channel is not None else self._open()
        request = {"environment": dict(environment), "words": list(words), "folder": str(folder)}
        data = json.dumps(request).encode() + b"\n"
        sent = socket.send_fds(channel, [data], descriptors)
        channel.sendall(data[sent:])
        answer = b""
        while not answer.endswith(b"\n"):
            received = channel.recv(64)
            if not received:
                raise ConnectionError("the fork server ended")
            answer += received
        return int(answer)

    def close(self) -> None:
        """End it, and what still runs of its children."""
        if self._process is not None and self._channel is not None:
            self._channel.close()
            self._process.wait()
        self._process = self._channel = None

    def _open(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            number = theirs.fileno()
            command = [sys.executable, "-m", "tests.fork_server", str(number)]
            self._process = subprocess.Popen(
                command, cwd=ROOT, pass_fds=(number,), stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._channel = ours
        return ours


FORK_SERVER = ForkServer()


class Forked:
    """A process that was started as ``python -m WORDS``, with the part of Popen that tests use.

    stdout: what it says there, unless the test gave it a file. Without a file for stderr it has the test's own;
    ``subprocess.STDOUT`` makes one stream of both.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        stdout: IO[str] | IO[bytes] | None = None,
        stderr: IO[str] | IO[bytes] | int | None = None,
        environment: Mapping[str, str] | None = None,
        folder: Path = ROOT,
    ) -> None:
        self.args = tuple(words)
        self.returncode: int | None = None
        self.stdout: IO[str] | None = None
        said = -1
        if stdout is None:
            readable, said = os.pipe()
            self.stdout = os.fdopen(readable, encoding="utf-8")
        self._status, status = os.pipe()
        output = said if stdout is None else stdout.fileno()
        match stderr:
            case None:
                errors = STDERR
            case subprocess.STDOUT:
                errors = output
            case int():
                errors = stderr
            case _:
                errors = stderr.fileno()
        variables = os.environ if environment is None else environment
        try:
            self.pid = FORK_SERVER.fork(words, variables, folder, (output, errors, status))
        finally:
            os.close(status)
            if said >= 0:
                os.close(said)

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        if self.returncode is None and select.select([self._status], [], [], 0)[0]:
            self._ended()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:  # as Popen has it
        """Its exit code. Raises TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout if timeout is not None else 0)
            self._ended()
        return self._known()

    async def ended(self) -> int:
        """Its exit code, while other tasks go on."""
        if self.returncode is None:
            await _readable(self._status)
            self._ended()
        return self._known()

    async def line(self) -> str:
        """The next line on stdout, while other tasks go on; empty at the end."""
        if self.stdout is None:
            raise LookupError("stdout is a file")
        await _readable(self.stdout.fileno())
        return self.stdout.readline()

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to it, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """End it if it runs, and close what leads to it."""
        self.kill()
        self.wait()
        if self.stdout is not None:
            self.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _known(self) -> int:
        if self.returncode is None:
            raise LookupError("it runs")
        return self.returncode

    def _ended(self) -> None:
        told = os.read(self._status, 16)
        os.close(self._status)
        # Without an answer the fork server was killed, and nobody knows how its children end.
        self.returncode = int(told) if told else -signal.SIGKILL


async def _readable(descriptor: int) -> None:
    """Return when something can be read."""
    loop, turn = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, turn.set)
    try:
        await turn.wait()
    finally:
        loop.remove_reader(descriptor)


def run(
    *words: str,
    environment: Mapping[str, str] | None = None,
    folder: Path = ROOT,
    seconds: float = RUN_SECONDS,
) -> "subprocess.CompletedProcess[str]":
    """Run ``python -m WORDS`` to its end. Raises TimeoutExpired, and ends it, when it takes longer."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = Forked(words, stdout=output, stderr=errors, environment=environment, folder=folder)
        try:
            code = process.wait(seconds)
        finally:
            process.close()
        return _completed(words, code, output, errors)


async def run_beside(
    *words: str,
    environment: Mapping[str, str] | None = None,
    folder: Path = ROOT,
    seconds: float = RUN_SECONDS,
) -> "subprocess.CompletedProcess[str]":
    """The same, while other tasks go on. Raises TimeoutError."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = Forked(words, stdout=output, stderr=errors, environment=environment, folder=folder)
        try:
            async with asyncio.timeout(seconds):
                code = await process.ended()
        finally:
            process.close()
        return _completed(words, code, output, errors)


def _completed(words: Sequence[str], code: int, output: IO[str], errors: IO[str]) -> "subprocess.CompletedProcess[str]":
    for file in (output, errors):
        file.seek(0)
    return subprocess.CompletedProcess(words, code, output.read(), errors.read())
