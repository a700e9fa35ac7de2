"""Many who change things at the same time, by a clock that moves when all of them wait."""

import asyncio
import heapq
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field

from remediation.guardrails.locks import conflicts
from remediation.ports import Look, Preflight
from tests.unit.remediation.worlds import NOW_MS

TURNS_TO_SETTLE = 40
"""Turns of the loop after which everybody who can go on has gone on."""


class SimulatedClock:
    """Time passes only when everybody sleeps or waits."""

    def __init__(self) -> None:
        self.at_ms = NOW_MS
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = 0

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ms(self) -> float:
        return float(self.at_ms)

    async def sleep(self, seconds: float) -> None:
        self._count += 1
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.at_ms + round(seconds * 1000), self._count, woken))
        await woken

    async def run(self, *doing: Awaitable[object]) -> None:
        """Let all of them come to their end."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in map(_coroutine, doing)]
            while not all(task.done() for task in tasks):
                for _ in range(TURNS_TO_SETTLE):
                    await asyncio.sleep(0)
                if self._sleepers:
                    self.at_ms, _, woken = heapq.heappop(self._sleepers)
                    woken.set_result(None)


async def _coroutine(doing: Awaitable[object]) -> object:
    return await doing


@dataclass
class Ground:
    """What is changed at this moment; a second change of the same thing is what must not be."""

    clock: SimulatedClock
    at_work: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    overlaps: list[tuple[str, str]] = field(default_factory=list)

    async def change(self, target: str, seconds: float) -> None:
        """Take so long over it."""
        self.overlaps += [(target, other) for other in self.at_work if conflicts(target, other)]
        self.at_work.append(target)
        await self.clock.sleep(seconds)
        self.at_work.remove(target)
        self.changes.append(target)


@dataclass
class SlowAction:
    """An action that takes its time, on one target or on the fraud entry of its arguments."""

    ground: Ground
    seconds: float
    target: str = ""
    done: set[str] = field(default_factory=set)

    def _target(self, arguments: Mapping[str, str]) -> str:
        return self.target if self.target else "fraud:{list}:{kind}:{value}".format(**arguments)

    async def preflight(self, arguments: Mapping[str, str]) -> Preflight:
        return Preflight(before={"target": self._target(arguments)})

    async def apply(self, arguments: Mapping[str, str], _key: str) -> None:
        await self.ground.change(self._target(arguments), self.seconds)
        self.done.add(self._target(arguments))

    async def verify(self, arguments: Mapping[str, str]) -> Look:
        return Look(in_effect=self._target(arguments) in self.done, detail="")

    async def reverse(self, before: Mapping[str, str], _key: str) -> None:
        await self.ground.change(before["target"], self.seconds)
        self.done.discard(before["target"])
