"""Both environments of this machine with the service that the daemon changes them through."""

import asyncio
from collections.abc import Mapping
from typing import get_args

from config.scenario import Environment
from daemon.embedded.environments.group import EnvironmentGroup, Starter
from daemon.embedded.environments.service import EnvironmentService
from daemon.server import bind, serve
from daemon.supervisor import Supervisor, Task
from payment_core.outgoing.client import HttpClient
from remediation.ports import Clock

HOST = "127.0.0.1"


class EmbeddedEnvironments:
    """The environments from start to stop. client: for whoever looks at the processes; closed by stop.

    Raises NotUsable when there is no address to listen on.
    """

    def __init__(self, token: str, clock: Clock) -> None:
        self._token = token
        self._clock = clock
        self._listening = bind(HOST, 0)
        self._supervisor = Supervisor()
        self._stopped = asyncio.Event()
        self.client = HttpClient(trust_env=False)
        self.groups: dict[Environment, EnvironmentGroup] = {}

    @property
    def url(self) -> str:
        """Where the service answers."""
        return f"http://{HOST}:{self._listening.getsockname()[1]}"

    async def begin(self, starter: Starter, versions: Mapping[Environment, str]) -> None:
        """Run one process of each, and return when they take payments. Raises StackFailed."""
        names: tuple[Environment, ...] = get_args(Environment)
        self.groups = {name: EnvironmentGroup(name, starter, self._clock) for name in names}
        async with asyncio.TaskGroup() as group:
            for name, version in versions.items():
                group.create_task(self.groups[name].begin(version), name=f"start-{name}")

    def serve(self) -> None:
        """Let the daemon change them from now on."""
        for name, group in self.groups.items():
            self._supervisor.start(Task(f"environment-{name}", group.run))
        app = EnvironmentService({str(name): group for name, group in self.groups.items()}, self._token).app()
        self._supervisor.start(Task("environment-service", lambda: serve(app, self._listening)))

    async def watch(self) -> None:
        """Return once they are stopped; raise TaskDied when a part of this ends before."""
        await self._supervisor.wait(self._stopped)

    def addresses(self, environment: str) -> tuple[str, ...]:
        """Where the environment's payments are taken now; none for one that is not of this machine."""
        return next((group.addresses() for name, group in self.groups.items() if name == environment), ())

    async def stop(self) -> None:
        """Take no more changes, and stop every process in bounded time."""
        self._stopped.set()
        await self._supervisor.stop()
        async with asyncio.TaskGroup() as group:
            for name, one in self.groups.items():
                group.create_task(one.stop(), name=f"stop-{name}")
        self._listening.close()
        await self.client.aclose()

    def hurry(self) -> None:
        """Kill every process and do not wait."""
        for group in self.groups.values():
            group.hurry()
