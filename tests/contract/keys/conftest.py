"""Every key service, and the servers behind three of them."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from daemon.embedded.processes.ports import free_port
from tests.contract.keys.worlds import KeyWorld, aws_world, local_world, memory_world

Require = Callable[[str, bool], None]

START_SECONDS = 30.0
_POLL_SECONDS = 0.05

MOTO_IGNORES_STATES = "moto encrypts and decrypts with a key that is disabled or about to be deleted"
MOTO_LIES = {
    "test_a_disabled_key_neither_makes_nor_opens_data_keys": MOTO_IGNORES_STATES,
    "test_an_enabled_key_works_again": MOTO_IGNORES_STATES,
    "test_a_key_about_to_be_deleted_neither_makes_nor_opens_data_keys": MOTO_IGNORES_STATES,
    "test_a_blob_of_another_key_is_refused": "moto answers AccessDenied where AWS says IncorrectKey",
}
MINISTACK_UNAUTHENTICATED = "ministack seals with an XOR pad that authenticates nothing"
MINISTACK_NO_REENCRYPT = "ministack has neither ReEncrypt nor RotateKeyOnDemand"
MINISTACK_LIES = {
    "test_a_blob_with_any_changed_byte_is_refused": MINISTACK_UNAUTHENTICATED,
    "test_a_blob_that_lacks_its_last_byte_is_refused": MINISTACK_UNAUTHENTICATED,
    "test_a_blob_of_another_key_is_refused": "ministack ignores KeyId in Decrypt",
    "test_blobs_from_before_a_rotation_stay_readable": MINISTACK_NO_REENCRYPT,
    "test_re_encryption_keeps_the_data_key_and_changes_the_blob": MINISTACK_NO_REENCRYPT,
    "test_re_encryption_with_another_context_is_refused": MINISTACK_NO_REENCRYPT,
}


@contextmanager
def server(command: list[str], url: str, environment: dict[str, str], folder: Path) -> Iterator[str]:
    """A program that answers at the address, ended with the block."""
    with subprocess.Popen(
        command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as program:
        try:
            for _ in range(round(START_SECONDS / _POLL_SECONDS)):
                try:
                    httpx.get(url, trust_env=False)
                    break
                except httpx.TransportError:
                    pass
                try:
                    program.wait(_POLL_SECONDS)
                except subprocess.TimeoutExpired:
                    continue
                pytest.fail(f"{command!r} ended with {program.returncode}")
            yield url
        finally:
            program.kill()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture(scope="session")
def simulator_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    state = tmp_path_factory.mktemp("kms") / "kms.json"
    command = [sys.executable, "-m", "daemon.embedded.kms.program", "--port", "0", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            line = "" if program.stdout is None else program.stdout.readline()
            yield str(json.loads(line)["listening"])
        finally:
            program.kill()


@pytest.fixture(scope="session")
def moto_url(tmp_path_factory: pytest.TempPathFactory, require: Require) -> Iterator[str]:
    require("moto", find_spec("moto") is not None)
    port = free_port("127.0.0.1")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with server(command, f"http://127.0.0.1:{port}", dict(os.environ), tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture(scope="session")
def kms_ministack_url(tmp_path_factory: pytest.TempPathFactory, require: Require) -> Iterator[str]:
    require("ministack", find_spec("ministack") is not None)
    port = free_port("127.0.0.1")
    state = tmp_path_factory.mktemp("ministack")
    environment = {
        **os.environ,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "STATE_DIR": str(state),
        "DOCKER_HOST": f"unix://{state / 'no-docker.sock'}",
    }
    with server([sys.executable, "-m", "ministack"], f"http://127.0.0.1:{port}", environment, state) as url:
        yield url


@pytest.fixture(params=["memory", "local", "simulator", "moto", "ministack"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[KeyWorld]:
    """One key of each kind; a test that an emulator is known to fail must fail there."""
    name = str(request.param)
    lies = {"moto": MOTO_LIES, "ministack": MINISTACK_LIES}.get(name, {})
    reason = lies.get(request.function.__name__)
    if reason is not None:
        # Strict: an emulator that was mended is noticed.
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    if name == "memory":
        making = memory_world()
    elif name == "local":
        making = local_world(tmp_path / "master-keys.json")
    else:
        fixture = {"simulator": "simulator_url", "moto": "moto_url", "ministack": "kms_ministack_url"}[name]
        making = aws_world(request.getfixturevalue(fixture))
    async with making as made:
        yield made


@pytest.fixture
async def other_world(world: KeyWorld, tmp_path: Path) -> AsyncIterator[KeyWorld]:
    """A second key beside the first."""
    making = local_world(tmp_path / "other-keys.json") if world.url == "" else aws_world(world.url)
    async with making as made:
        yield made


@pytest.fixture
def unused_port() -> int:
    return free_port("127.0.0.1")
