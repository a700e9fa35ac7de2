"""Conducts a scenario's deployment: says what will happen, and moves the traffic when the daemon knows."""

import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from config.scenario import Scenario
from daemon.embedded.faults import NotNoted
from daemon.embedded.telling.follower import Follower
from remediation.ports import Clock
from remediation.state import RUNNING, DeploymentState, State

SOURCE = "tillwatch.deploy"
DETAIL_TYPE = "Tillwatch Deployment State Change"

NOTE_SECONDS = 15.0
"""How long the daemon may take to note an event; it takes a fraction of a second."""
POLL_SECONDS = 0.05

CANARY, STABLE = "green", "blue"


class Bus(Protocol):
    """Where deployment events are put."""

    async def put(self, source: str, detail_type: str, detail: Mapping[str, object]) -> None:
        """Put one event."""


class Weights(Protocol):
    """The weights of the traffic split."""

    async def write(self, weights: Mapping[str, int], key: str) -> None:
        """Set them, absolutely."""


def running_deployment(state: State, version: str) -> DeploymentState | None:
    """The deployment of this version that a former run left on its way, if any."""
    for deployment in reversed(state.deployments.values()):
        if deployment.status in RUNNING and not deployment.rolled_back and deployment.version == version:
            return deployment
    return None


class Release:
    """One deployment of green per run.

    resumed: what a former run left on its way; it keeps its id, and what it had reached already is not done again.
    weights_lost: the split was made anew, so that traffic has to be moved again.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        bus: Bus,
        weights: Weights,
        follower: Follower,
        clock: Clock,
        say: Callable[[str], None],
        resumed: DeploymentState | None,
        weights_lost: bool,
    ) -> None:
        self._scenario = scenario
        self._bus = bus
        self._weights = weights
        self._follower = follower
        self._clock = clock
        self._say = say
        self._id = "" if resumed is None else resumed.id
        self._reached_percent = -1 if resumed is None or weights_lost else resumed.weight_percent

    async def shift(self, green_percent: int) -> None:
        """Move this much traffic to green, unless that was done or the deployment has ended. Raises NotNoted."""
        await self._follower.catch_up()
        known = self._follower.state.deployments.get(self._id)
        if known is not None and (known.rolled_back or known.status not in RUNNING):
            self._say(f"deployment {self._id} has ended ({_end_of(known)}); no traffic is moved to {CANARY}")
            return
        if green_percent <= self._reached_percent:
            self._say(f"deployment {self._id} goes on at {self._reached_percent} %; it is not deployed again")
            return
        if not self._id:
            await self._give_up_others()
            self._id = f"prod-deploy-{secrets.token_hex(4)}"
        status = "started" if known is None else "in_progress"
        await self._put(self._event(green_percent, status))
        await self._until_noted(lambda: self._is_noted(green_percent))
        if self._follower.state.deployments[self._id].rolled_back:
            return
        weights = {STABLE: 100 - green_percent, CANARY: green_percent}
        await self._weights.write(weights, f"{self._id}-{green_percent}")
        self._reached_percent = green_percent

    async def _give_up_others(self) -> None:
        """End what former runs left on its way: with two deployments running nobody knows which one to blame."""
        for left in self._follower.state.deployments.values():
            if left.status in RUNNING and not left.rolled_back:
                await self._put(
                    {
                        "id": f"{left.id}-given-up-{secrets.token_hex(4)}",
                        "at_ms": self._clock.now_ms(),
                        "deployment_id": left.id,
                        "status": "failed",
                        "phase": "traffic_rollout",
                        "strategy": left.strategy,
                        "environment": left.environment,
                        "version": left.version,
                        "previous_environment": left.previous_environment,
                        "previous_version": left.previous_version,
                        "reason": f"given up for {self._scenario.green.version}",
                    }
                )
                await self._until_noted(partial(self._has_ended, left.id))

    async def _put(self, event: Mapping[str, object]) -> None:
        await self._bus.put(SOURCE, DETAIL_TYPE, event)

    def _event(self, green_percent: int, status: str) -> dict[str, object]:
        return {
            "id": f"{self._id}-{green_percent}-{secrets.token_hex(4)}",
            "at_ms": self._clock.now_ms(),
            "deployment_id": self._id,
            "status": status,
            "phase": "traffic_rollout",
            "strategy": "canary",
            "environment": CANARY,
            "version": self._scenario.green.version,
            "previous_environment": STABLE,
            "previous_version": self._scenario.blue.version,
            "weight_percent": green_percent,
            "reason": f"scenario {self._scenario.name}",
        }

    def _is_noted(self, green_percent: int) -> bool:
        known = self._follower.state.deployments.get(self._id)
        return known is not None and (known.weight_percent == green_percent or known.rolled_back)

    def _has_ended(self, deployment_id: str) -> bool:
        known = self._follower.state.deployments.get(deployment_id)
        return known is None or known.status not in RUNNING or known.rolled_back

    async def _until_noted(self, is_noted: Callable[[], bool]) -> None:
        deadline_ms = self._clock.monotonic_ms() + NOTE_SECONDS * 1000
        while True:
            await self._follower.catch_up()
            if is_noted():
                return
            if self._clock.monotonic_ms() >= deadline_ms:
                raise NotNoted(f"It was waited for {NOTE_SECONDS:g} s.")
            await self._clock.sleep(POLL_SECONDS)


def _end_of(deployment: DeploymentState) -> str:
    return "rolled back" if deployment.rolled_back else deployment.status
