"""The KMS stand-in as a program: it says where it listens, ends when told, and says why it cannot start."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx

from daemon.embedded.kms import program as kms


def command(*flags: str) -> list[str]:
    return [sys.executable, "-m", "daemon.embedded.kms.program", *flags]


def test_it_answers_at_the_address_it_prints_and_ends_when_told(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "kms.json"
    with subprocess.Popen(command("--state", str(state)), stdout=subprocess.PIPE, text=True) as program:
        try:
            line = json.loads("" if program.stdout is None else program.stdout.readline())
            assert line["state"] == str(state)
            headers = {"X-Amz-Target": "TrentService.CreateKey"}
            made = httpx.post(line["listening"], content=b"{}", headers=headers, trust_env=False)
            assert made.is_success
            assert httpx.get(f"{line['listening']}/health", trust_env=False).status_code == 200
            program.send_signal(signal.SIGTERM)
            assert program.wait(20) == 0
        finally:
            program.kill()
    assert made.json()["KeyMetadata"]["KeyId"] in state.read_text("utf-8")


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            command("--port", port, "--state", str(tmp_path / "k")), capture_output=True, text=True, check=False
        )
    assert done.returncode == 3
    assert port in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_state_is_named(tmp_path: Path) -> None:
    state = tmp_path / "k"
    state.write_text("{", encoding="utf-8")
    done = subprocess.run(command("--state", str(state)), capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert str(state) in done.stderr


async def test_it_is_started_as_the_other_children_are(tmp_path: Path) -> None:
    program = kms.program(4599, tmp_path, tmp_path / "logs", {"PATH": os.defpath})
    assert program.command[1:] == (
        "-m",
        "daemon.embedded.kms.program",
        "--port",
        "4599",
        "--state",
        str(tmp_path / "kms.json"),
    )
    assert program.log == tmp_path / "logs" / "kms.log"
    assert kms.endpoint_url(4599) == "http://127.0.0.1:4599"
    transport = httpx.MockTransport(lambda request: httpx.Response(200 if request.url.path == "/health" else 404))
    async with httpx.AsyncClient(transport=transport) as client:
        assert await kms.is_healthy(client, 4599)
