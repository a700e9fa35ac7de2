"""The payment core's environments as children, each process on a loopback address of its own, over one database."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec

from config.scenario import CoreRelease, Environment, Scenario
from daemon.embedded.processes.process import Program
from daemon.embedded.processes.readiness import LOOK_SECONDS
from daemon.embedded.processes.surroundings import REGION
from daemon.flags.keys import PUBLIC

ADDRESSES: Mapping[Environment, str] = {"blue": "127.0.0.2", "green": "127.0.0.3"}
"""One address each, because a DNS record names an address and not a port."""

INSTANCES_MAX = 4
"""Processes of one environment; two environments of four are more than a small machine can keep busy."""

SLOTS = INSTANCES_MAX + 1
"""Addresses of one environment: while its processes are replaced, one of the new version runs beside them."""

DATABASE = "payments.db"
CORE_KEY = "payments.key"
"""The admin API key, made by the core that starts first."""

FLAG_READER = "flags-token"
"""The token with which cores ask the daemon for flags."""

KEY_ALIAS = "alias/tillwatch-vault"


class _Readiness(msgspec.Struct, frozen=True):
    version: str


_READINESS = msgspec.json.Decoder(_Readiness)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where the cores find AWS, and their flags: queue for their events, and the addresses of SQS and of KMS.

    flags_broker, flags_url: where documents of flags are published, and where they are asked for; empty for none.
    old: options of both running; none without an old processor.
    """

    queue: str
    aws_url: str
    kms_url: str
    flags_broker: str = ""
    flags_url: str = ""
    old: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Core:
    """One process of an environment: where it answers and what it runs.

    slot: which of the environment's processes, from 0. The first does the background jobs, and is the one that the
    DNS record and the daemon's settings name. region, region_number: 0 for the home region, then 1 and so on.
    """

    environment: Environment
    release: CoreRelease
    port: int
    slot: int = 0
    region: str = REGION
    region_number: int = 0

    @property
    def name(self) -> str:
        """As its log has it."""
        name = f"core-{self.environment}" if self.slot == 0 else f"core-{self.environment}-{self.slot}"
        return f"{name}-{self.region}" if self.region_number else name

    @property
    def address(self) -> str:
        """Where it listens."""
        return address_of(self.environment, self.slot, self.region_number)

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
            "--region": self.region,
            "--queue-region": surroundings["AWS_REGION"],
            "--fail-percent": f"{self.release.fault.fail_percent:g}",
            "--above-cents": str(self.release.fault.above_cents),
            "--slow-seconds": f"{self.release.fault.slow:g}",
            "--key-file": str(data_directory / CORE_KEY),
            "--queue": endpoints.queue,
            "--endpoint-url": endpoints.aws_url,
            "--kms-key": KEY_ALIAS,
            "--kms-endpoint-url": endpoints.kms_url,
            "--address": "shared",
            "--worker": str(self.slot),
            **_flag_options(data_directory, endpoints),
            **endpoints.old,
        }
        flat = tuple(part for option in options.items() for part in option)
        return Program(
            name=self.name,
            command=(sys.executable, "-m", "payment_core", *flat),
            environment=surroundings,
            log=logs / f"{self.name}.log",
            # A process that is not the first ends with its standard input.
            held=self.slot > 0,
        )

    async def is_ready(self, client: httpx.AsyncClient) -> bool:
        """Whether it can take payments; while it replaces another version, each new connection may reach either."""
        try:
            response = await client.get(f"{self.url}/readyz", headers={"Connection": "close"}, timeout=LOOK_SECONDS)
            told = _READINESS.decode(response.content)
        except (httpx.TransportError, msgspec.MsgspecError, UnicodeError):
            return False
        return response.status_code == httpx.codes.OK and told.version == self.release.version

    async def metrics(self, client: httpx.AsyncClient, key: str) -> str | None:
        """What it counted, as Prometheus text; None when it does not say."""
        headers = {"Authorization": f"Bearer {key}", "Connection": "close"}
        try:
            response = await client.get(f"{self.url}/metrics", headers=headers, timeout=LOOK_SECONDS)
        except httpx.TransportError:
            return None
        return response.text if response.status_code == httpx.codes.OK else None


def _flag_options(data_directory: Path, endpoints: Endpoints) -> dict[str, str]:
    """Where a core hears of flags, and whom it believes."""
    if endpoints.flags_broker == "":
        return {}
    return {
        "--flags-trusted-keys": str(data_directory / PUBLIC),
        "--flags-broker": endpoints.flags_broker,
        "--flags-url": endpoints.flags_url,
        "--flags-token-file": str(data_directory / FLAG_READER),
    }


def address_of(environment: Environment, slot: int, region_number: int = 0) -> str:
    """Where an environment's process listens: 127.0.0.2, 127.0.1.2 and so on for blue; 127.1.0.2 in another region."""
    first, second, _, last = ADDRESSES[environment].split(".")
    return f"{first}.{int(second) + region_number}.{slot}.{last}"


def every_address() -> tuple[str, ...]:
    """All that processes of both environments may listen on."""
    return tuple(address_of(environment, slot) for environment in ADDRESSES for slot in range(SLOTS))


def first_cores(scenario: Scenario, port: int) -> dict[Environment, Core]:
    """The first process of both environments as they are when traffic starts, on the same port of their addresses."""
    return {
        "blue": Core("blue", release_at_start(scenario, "blue"), port),
        "green": Core("green", release_at_start(scenario, "green"), port),
    }


def release_at_start(scenario: Scenario, environment: Environment) -> CoreRelease:
    """What runs in an environment when traffic starts."""
    own = _releases(scenario)[environment]
    return own if own.at_start is None else release_of(scenario, environment, own.at_start)


def release_of(scenario: Scenario, environment: Environment, version: str) -> CoreRelease:
    """A version with its fault, wherever it runs; one that the scenario does not name has none.

    Where both environments have the version, each has its own fault.
    """
    releases = _releases(scenario)
    own_first = (releases[environment], *releases.values())
    return next((release for release in own_first if release.version == version), CoreRelease(version=version))


def _releases(scenario: Scenario) -> dict[Environment, CoreRelease]:
    return {"blue": scenario.blue, "green": scenario.green}
