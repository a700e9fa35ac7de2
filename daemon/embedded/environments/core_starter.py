"""Starts processes of the payment core and waits until they take payments."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from config.scenario import Environment, Scenario
from daemon.embedded.environments.cores import Core, Endpoints, release_of
from daemon.embedded.layout import Layout
from daemon.embedded.processes.process import Child, Launcher
from daemon.embedded.processes.readiness import until_ready
from daemon.environments.load import ProcessLoad, load_of
from remediation.ports import Clock


class RunningCore:
    """A process of the payment core."""

    def __init__(self, core: Core, child: Child, client: httpx.AsyncClient, key: Path) -> None:
        self._core = core
        self._child = child
        self._client = client
        self._key = key

    @property
    def version(self) -> str:
        """What it runs."""
        return self._core.release.version

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._child.running

    async def is_ready(self) -> bool:
        """Whether it can take payments."""
        return await self._core.is_ready(self._client)

    async def load(self, slot: int) -> ProcessLoad | None:
        """See Instance; asked with the key that the first core made."""
        try:
            key = (await asyncio.to_thread(self._key.read_text, encoding="ascii")).strip()
            text = await self._core.metrics(self._client, key)
        except (OSError, UnicodeError):
            return None
        return None if text is None else load_of(text, slot, self.version)

    async def stop(self) -> None:
        """Let it finish the payments that are under way."""
        await self._child.stop()

    async def kill(self) -> None:
        """End it at once."""
        await self._child.kill()

    def hurry(self) -> None:
        """Kill it and do not wait."""
        self._child.hurry()


class CoreStarter:
    """Starts a version with the fault that the scenario gives it."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        port: int,
        layout: Layout,
        surroundings: Mapping[str, str],
        endpoints: Endpoints,
        launcher: Launcher,
        client: httpx.AsyncClient,
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        self._scenario = scenario
        self._port = port
        self._layout = layout
        self._surroundings = surroundings
        self._endpoints = endpoints
        self._launcher = launcher
        self._client = client
        self._clock = clock
        self._say = say

    async def start(self, environment: Environment, slot: int, version: str) -> RunningCore:
        """See Starter."""
        return await self.run(Core(environment, release_of(self._scenario, environment, version), self._port, slot))

    async def run(self, core: Core) -> RunningCore:
        """Start this core, and return when it takes payments. Raises StackFailed, and leaves none behind."""
        program = core.program(self._layout.root, self._layout.logs, self._surroundings, self._endpoints)
        child = await self._launcher.start(program)
        try:
            await until_ready(child, lambda: core.is_ready(self._client), self._clock)
        except BaseException:
            await child.kill()
            raise
        place = f"{core.region} {core.environment}" if core.region_number else core.environment
        self._say(f"started: payment core {place} {core.release.version} at {core.url}")
        return RunningCore(core, child, self._client, self._layout.core_key)
