"""Probes of what is not a payment core, such as the queues and the ledger."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from checks.facts import HealthProbed, HealthStatus
from daemon.errors import DaemonError
from remediation.ports import Clock

DEADLINE_SECONDS = 10.0
"""Of one probe; a ledger of a million entries is verified in less."""
QUEUE_DEGRADED, QUEUE_UNHEALTHY = 1_000, 10_000
"""Waiting messages: a second and ten seconds of what the daemon can take in."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What a probe saw. detail: one line for a person."""

    status: HealthStatus
    detail: str


Look = Callable[[], Awaitable[Observed]]


class MeasuredQueue(Protocol):
    """A queue that tells how full it is."""

    @property
    def name(self) -> str:
        """The queue's name."""

    async def depth(self) -> tuple[int, int]:
        """About how many messages wait, and how many are being worked on."""


class ComponentProbes:
    """Named looks at components. A look that fails or takes too long makes its component unknown, never healthy."""

    def __init__(
        self,
        looks: dict[str, Look],
        clock: Clock,
        *,
        region: str = "us-east-1",
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._looks = looks
        self._clock = clock
        self._region = region
        self._deadline_seconds = deadline_seconds

    @property
    def components(self) -> tuple[str, ...]:
        """The components that can be probed."""
        return tuple(self._looks)

    async def probe(self, component: str, now_ms: int) -> HealthProbed:
        """One look at a component, as a fact. Never raises."""
        started = self._clock.monotonic_ms()
        observed = await self._look(component)
        return HealthProbed(
            id=f"probe:{component}:{now_ms}",
            at_ms=now_ms,
            subject=component,
            region=self._region,
            status=observed.status,
            latency_ms=self._clock.monotonic_ms() - started,
            detail=observed.detail,
        )

    async def probe_all(self, now_ms: int) -> list[HealthProbed]:
        """One look at every component, all at once."""
        return list(await asyncio.gather(*(self.probe(component, now_ms) for component in self._looks)))

    async def _look(self, component: str) -> Observed:
        look = self._looks.get(component)
        if look is None:
            return Observed("unknown", "no such component")
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await look()
        except TimeoutError:
            return Observed("unknown", f"no answer in {self._deadline_seconds} s")
        except DaemonError as fault:
            return Observed("unhealthy", str(fault))
        except Exception as fault:  # noqa: BLE001  # a probe that cannot look says so, whatever the reason
            return Observed("unknown", f"{type(fault).__name__}: {fault}")


def look_at_queues(queues: Sequence[MeasuredQueue]) -> Look:
    """``monitoring``: the queues that the daemon lives on answer, and are not filling up."""

    async def look() -> Observed:
        waiting = {queue.name: (await queue.depth())[0] for queue in queues}
        fullest = max(waiting.values(), default=0)
        detail = ", ".join(f"{name}: {count} waiting" for name, count in waiting.items())
        if fullest >= QUEUE_UNHEALTHY:
            return Observed("unhealthy", detail)
        return Observed("degraded" if fullest >= QUEUE_DEGRADED else "healthy", detail)

    return look
