"""Reads the traffic split again and again, so that people see who gets the traffic and how old that reading is."""

from typing import Protocol

import structlog

from daemon.view.shape import TrafficSplit
from remediation.errors import RemediationError
from remediation.ports import Clock

log = structlog.get_logger()


class Split(Protocol):
    """Weights by the name of what they are given to. Raises WorldUnreachable or WorldRefused."""

    async def read(self) -> dict[str, int]:
        """All of them."""


class TrafficWatch:
    """Holds the last reading; a failed one leaves the old reading and its age."""

    def __init__(self, traffic: Split, clock: Clock) -> None:
        self._traffic = traffic
        self._clock = clock
        self.split = TrafficSplit({}, 0)

    async def look(self) -> None:
        """Read the weights once and show them as shares of 100."""
        try:
            weights = await self._traffic.read()
        except RemediationError as fault:
            log.warning("traffic split not readable", action="traffic_unreadable", fault=str(fault))
            return
        self.split = TrafficSplit(_percent(weights), self._clock.now_ms())


def _percent(weights: dict[str, int]) -> dict[str, int]:
    """Weights as Route 53 answers by them: shares of their sum, all equal when every weight is 0."""
    total = sum(weights.values())
    if total == 0:
        return {environment: round(100 / len(weights)) for environment in weights}
    return {environment: round(100 * weight / total) for environment, weight in weights.items()}
