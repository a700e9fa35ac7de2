"""The stand-in for Application Auto Scaling beside the AWS stand-in, from start to stop."""

import asyncio
from contextlib import AsyncExitStack

from daemon.aws.session import AwsClients
from daemon.embedded.auto_scaling.service import AutoScalingStandIn
from daemon.embedded.auto_scaling.world import AwsWorld
from daemon.server import bind, serve
from daemon.supervisor import Supervisor, Task
from remediation.ports import Clock

HOST = "127.0.0.1"
TICK_SECONDS = 1.0
"""AWS looks at its alarms each minute; nobody waits that long on one machine."""


class EmbeddedAutoScaling:
    """Serves until it is stopped. Raises NotUsable when there is no address to listen on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._listening = bind(HOST, 0)
        self._stack = AsyncExitStack()
        self._supervisor = Supervisor()
        self._stopped = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self._listening.getsockname()[1]}"

    async def begin(self, clients: AwsClients) -> None:
        """Take calls from now on, and move what these clients reach."""
        world = AwsWorld(
            await self._stack.enter_async_context(clients.client("ecs")),
            await self._stack.enter_async_context(clients.client("dynamodb")),
        )
        stand_in = AutoScalingStandIn(world, self._clock)
        self._supervisor.start(Task("auto-scaling", lambda: serve(stand_in.app(), self._listening)))
        self._supervisor.start(Task("auto-scaling-tick", lambda: self._tick(stand_in)))

    async def watch(self) -> None:
        """Return once it is stopped; raise TaskDied when a part of it ends before."""
        await self._supervisor.wait(self._stopped)

    async def stop(self) -> None:
        """Take no more calls."""
        self._stopped.set()
        await self._supervisor.stop()
        self._listening.close()
        await self._stack.aclose()

    async def _tick(self, stand_in: AutoScalingStandIn) -> None:
        while True:
            await stand_in.tick()
            await self._clock.sleep(TICK_SECONDS)
