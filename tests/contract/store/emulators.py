"""The AWS stand-ins behind the stores, each a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from daemon.embedded.processes.ports import free_port

START_SECONDS = 30.0
_POLL_SECONDS = 0.05


@contextmanager
def running(command: list[str], url: str, environment: dict[str, str], folder: Path) -> Iterator[str]:
    """A program that answers at the address, ended with the block."""
    with subprocess.Popen(
        command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as program:
        try:
            wait_until_it_answers(program, url)
            yield url
        finally:
            program.kill()


def wait_until_it_answers(program: "subprocess.Popen[bytes]", url: str) -> None:
    """Wait for the first answer; a program that ends before that fails the test at once."""
    for _ in range(round(START_SECONDS / _POLL_SECONDS)):
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            pass
        else:
            return
        try:
            program.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"{program.args!r} ended with {program.returncode}")
    pytest.fail(f"{program.args!r} did not answer within {START_SECONDS} s")


@contextmanager
def moto(folder: Path) -> Iterator[str]:
    """A moto server: one call in flight."""
    port = free_port("127.0.0.1")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with running(command, f"http://127.0.0.1:{port}", dict(os.environ), folder) as url:
        yield url


@contextmanager
def ministack(folder: Path) -> Iterator[str]:
    """A ministack on loopback alone."""
    port = free_port("127.0.0.1")
    environment = {
        **os.environ,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "STATE_DIR": str(folder),
        "DOCKER_HOST": f"unix://{folder / 'no-docker.sock'}",
    }
    with running([sys.executable, "-m", "ministack"], f"http://127.0.0.1:{port}", environment, folder) as url:
        yield url
