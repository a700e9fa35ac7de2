"""What `health` and `validate` share: the configuration that is probed with, and the probes opened for one look."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from checks.facts import HealthProbed
from config.load import Configuration, load_configuration
from config.loading.problems import ConfigurationError
from daemon.aws.session import AwsClients
from daemon.cli.output import Exit, fail
from daemon.clock import SystemClock
from daemon.embedded.processes.surroundings import ACCESS_KEY
from daemon.probes.core import COMPONENT
from daemon.probes.opened import Probes, open_probes
from daemon.senses.sightings import Sightings, read_sightings

Config = Annotated[
    Path | None,
    typer.Option("--config", help="Directory with tillwatch.yaml; what `up` wrote in --data-dir when left out."),
]


class Surroundings:
    """embedded: it is what `up` wrote, so its stand-ins are spoken to, and never with real credentials."""

    def __init__(self, config: Path | None, data_dir: Path) -> None:
        self.embedded = config is None and (data_dir / "config").is_dir()
        self.directory = data_dir / "config" if self.embedded else config
        self.configuration = _configuration(self.directory)
        aws = self.configuration.settings.aws
        self.clients = AwsClients(aws, ACCESS_KEY, ACCESS_KEY) if self.embedded else AwsClients(aws)

    @property
    def data_dir(self) -> Path:
        """Where the daemon of this configuration keeps its files."""
        return self.configuration.settings.data_dir


@asynccontextmanager
async def opened_probes(around: Surroundings) -> AsyncIterator[Probes]:
    """Every probe; what only the running daemon has seen is read from the file that it keeps. Raises DaemonError."""

    async def see() -> Sightings:
        return await read_sightings(around.data_dir)

    async with AsyncExitStack() as stack:
        sqs = await stack.enter_async_context(around.clients.client("sqs"))
        configuration = around.configuration
        yield await open_probes(stack, configuration.settings, sqs, SystemClock(), prices=configuration.prices, see=see)


async def probed(probes: Probes, component: str | None, now_ms: int) -> list[HealthProbed]:
    """One look at a component, or at all of them side by side.

    Readiness first: what a client of AWS computes at its first call would be counted as the core's slowness.
    """
    if component is not None and component != COMPONENT:
        return [await probes.components.probe(component, now_ms)]
    ready = await probes.core.probe_all(now_ms)
    looks = [probes.payments.probe_all(now_ms)]
    if component is None:
        looks.append(probes.components.probe_all(now_ms))
    return [*ready, *(fact for facts in await asyncio.gather(*looks) for fact in facts)]


def _configuration(directory: Path | None) -> Configuration:
    try:
        return load_configuration(directory)
    except ConfigurationError as problems:
        fail(str(problems), Exit.BAD_INPUT)
