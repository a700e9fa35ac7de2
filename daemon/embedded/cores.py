"""The payment core's two environments as children, on loopback addresses of their own and one shared database."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from config.scenario import CoreRelease, Environment, Scenario
from daemon.embedded.process import Program
from daemon.embedded.readiness import answers

ADDRESSES: Mapping[Environment, str] = {"blue": "127.0.0.2", "green": "127.0.0.3"}
"""One address each, because a DNS record names an address and not a port."""

DATABASE = "payments.db"
CORE_KEY = "payments.key"
"""The admin API key, made by the core that starts first."""

KEY_ALIAS = "alias/tillwatch-vault"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the cores find AWS: queue for their events, and the addresses of SQS and of KMS."""

    queue: str
    aws_url: str
    kms_url: str


@dataclass(frozen=True, slots=True)
class Core:
    """One environment: where it answers and what it runs."""

    environment: Environment
    release: CoreRelease
    port: int

    @property
    def address(self) -> str:
        """What its DNS record points to."""
        return ADDRESSES[self.environment]

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.address}:{self.port}"

    def program(
        self, data_directory: Path, logs: Path, surroundings: Mapping[str, str], endpoints: Endpoints
    ) -> Program:
        """Its process; both environments share one database, as both share one table in production."""
        options = {
            "--host": self.address,
            "--port": str(self.port),
            "--database": str(data_directory / DATABASE),
            "--environment": self.environment,
            "--version": self.release.version,
            "--region": surroundings["AWS_REGION"],
            "--fail-percent": f"{self.release.fault.fail_percent:g}",
            "--slow-seconds": f"{self.release.fault.slow:g}",
            "--key-file": str(data_directory / CORE_KEY),
            "--queue": endpoints.queue,
            "--endpoint-url": endpoints.aws_url,
            "--kms-key": KEY_ALIAS,
            "--kms-endpoint-url": endpoints.kms_url,
        }
        flat = tuple(part for option in options.items() for part in option)
        return Program(
            name=f"core-{self.environment}",
            command=(sys.executable, "-m", "payment_core", *flat),
            environment=surroundings,
            log=logs / f"core-{self.environment}.log",
        )

    async def is_ready(self, client: httpx.AsyncClient) -> bool:
        """Whether it can take payments."""
        return await answers(client, f"{self.url}/readyz")


def cores_of(scenario: Scenario, port: int) -> dict[Environment, Core]:
    """Both environments with the scenario's releases, on the same port of their two addresses."""
    return {
        "blue": Core("blue", scenario.blue, port),
        "green": Core("green", scenario.green, port),
    }
