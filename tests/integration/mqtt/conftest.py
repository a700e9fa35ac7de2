"""A real mosquitto on loopback, that can be killed and started again with what it kept."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.embedded.processes.ports import free_port
from tests.conftest import Require

START_TRIES = 200
TRY_SECONDS = 0.05
CONFIGURATION = """
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 1
autosave_on_changes true
max_queued_messages 100000
log_dest none
"""


def mosquitto() -> str:
    """The program; Debian keeps it where a user's PATH does not look."""
    return shutil.which("mosquitto", path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin:/opt/homebrew/sbin") or ""


class Mosquitto:
    """One broker with its folder; settings stay the same over restarts."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port("127.0.0.1")
        self.settings = folder / "mosquitto.conf"
        self.settings.write_text(CONFIGURATION.format(port=self.port, folder=folder), encoding="utf-8")
        # Started by root, mosquitto becomes another user, who has to write its folder.
        folder.chmod(0o777)
        for parent in list(folder.parents)[:3]:
            parent.chmod(parent.stat().st_mode | 0o005)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        self._process = subprocess.Popen([mosquitto(), "-c", str(self.settings)])
        for _ in range(START_TRIES):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            try:
                self._process.wait(TRY_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            pytest.fail(f"mosquitto ended with {self._process.returncode}")
        pytest.fail("mosquitto does not listen")

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it in order, so that it keeps what it has."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None


@pytest.fixture
def broker(tmp_path: Path, require: Require) -> Iterator[Mosquitto]:
    """A running broker of the test's own."""
    require("mosquitto", bool(mosquitto()))
    made = Mosquitto(tmp_path)
    made.start()
    yield made
    made.kill()
