"""A real AWS stand-in for the whole session, and names that no two tests share."""

import itertools
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from config.settings import AwsSettings
from daemon.aws.session import Aws, AwsClients
from daemon.embedded.processes.ports import free_port
from tests.forked import Forked

START_SECONDS = 30.0
"""ministack answers after one second on a quiet machine."""
_POLL_SECONDS = 0.05
_NUMBERS = itertools.count(1)


def answers(url: str) -> bool:
    """Whether a GET is answered with success."""
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


def wait_until_it_answers(program: "subprocess.Popen[bytes] | Forked", url: str) -> None:
    """Wait for the first answer; a program that ends before that fails the test at once."""
    for _ in range(round(START_SECONDS / _POLL_SECONDS)):
        if answers(url):
            return
        try:
            program.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"{program.args!r} ended with {program.returncode}")
    pytest.fail(f"{program.args!r} did not answer within {START_SECONDS} s")


@pytest.fixture(scope="session")
def ministack_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a ministack of this session's own."""
    pytest.importorskip("ministack")
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
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [sys.executable, "-m", "ministack"], env=environment, cwd=state, stdout=subprocess.DEVNULL
    ) as program:
        try:
            wait_until_it_answers(program, f"{url}/_ministack/health")
            yield url
        finally:
            program.kill()


@pytest.fixture(scope="session")
def aws_settings(ministack_url: str) -> AwsSettings:
    """Settings that point at the stand-in."""
    return AwsSettings(endpoint_url=ministack_url)


@pytest.fixture(scope="session")
def aws_clients(aws_settings: AwsSettings) -> AwsClients:
    """Makes clients of the stand-in: ``async with aws_clients.client("sqs") as sqs``."""
    return AwsClients(aws_settings, "test", "test")


@pytest.fixture
async def sqs(aws_clients: AwsClients) -> AsyncIterator[Aws]:
    """An SQS client."""
    async with aws_clients.client("sqs") as client:
        yield client


@pytest.fixture
async def route53(aws_clients: AwsClients) -> AsyncIterator[Aws]:
    """A Route 53 client."""
    async with aws_clients.client("route53") as client:
        yield client


@pytest.fixture
def unique() -> str:
    """A name that no other test has."""
    return f"t{os.getpid()}-{next(_NUMBERS)}"


@pytest.fixture
async def queue_name(sqs: Aws, unique: str) -> str:
    """A new, empty queue whose messages come again after one second."""
    name = f"till-{unique}"
    await sqs.call("create_queue", QueueName=name, Attributes={"VisibilityTimeout": "1"})
    return name
