"""The AWS stand-in as a child on loopback: EventBridge, SQS, SNS, Route 53, KMS and the rest, without an account."""

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from daemon.embedded.faults import MissingExtra
from daemon.embedded.processes.process import Program
from daemon.embedded.processes.readiness import answers

HOST = "127.0.0.1"
NAME = "ministack"
BROKER_PATH = "/mqtt"


def require_installed() -> None:
    """Raise MissingExtra when the package is not there."""
    if importlib.util.find_spec("ministack") is None:
        raise MissingExtra


def program(port: int, data_directory: Path, logs: Path, surroundings: Mapping[str, str]) -> Program:
    """The stand-in on the loopback port, with its state under the data directory.

    State is saved when it ends in order: after SIGKILL it comes back as of the last such end. What was in queues
    since is lost, and the daemon reads it again from the cores' outbox.
    """
    state = data_directory / "ministack"
    return Program(
        name=NAME,
        command=(sys.executable, "-m", "ministack"),
        environment={
            **surroundings,
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state / "s3"),
            "TMPDIR": str(state),
            # No such socket: with a reachable one ECS calls would start real containers.
            "DOCKER_HOST": f"unix://{state / 'no-docker.sock'}",
        },
        log=logs / f"{NAME}.log",
    )


def endpoint_url(port: int) -> str:
    """Where clients of every service find it."""
    return f"http://{HOST}:{port}"


def broker_host(region: str) -> str:
    """The name of its MQTT broker, which takes WebSockets on the port of everything else and is told from it by this.

    It keeps retained messages as it does the rest: until an end in order, and from there on over restarts.
    """
    return f"data.iot.{region}.localhost"


async def is_healthy(client: httpx.AsyncClient, port: int) -> bool:
    """Whether it answers."""
    return await answers(client, f"{endpoint_url(port)}/_ministack/health")
