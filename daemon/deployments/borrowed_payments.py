"""Test payments that a quiet stage borrows: the new version takes them, and they count beside nobody's."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from checks.facts import Fact
from daemon.deployments.cores import Cores
from daemon.deployments.release_looks import SOURCE
from daemon.errors import CheckpointFailed
from daemon.sources.sink import FactSink
from remediation.deployment.gates.sides import sides_of
from remediation.deployment.plan import WATCHES
from remediation.deployment.ports import StepContext
from remediation.ports import Clock

log = structlog.get_logger()

EVERY_MS = 1_000
PAY_SECONDS = 3.0
"""A payment that takes longer is not waited for, and tells nothing: the other gates have to be read."""


class BorrowedPayments:
    """Pays so many a second at the new version while a stage is watched, one dollar each, authorized and voided.

    per_second: none when nothing is borrowed.
    """

    def __init__(self, cores: Cores, sink: FactSink, clock: Clock, per_second: Callable[[], int]) -> None:
        self._cores = cores
        self._sink = sink
        self._clock = clock
        self._per_second = per_second
        self._paid_ms: dict[str, float] = {}

    async def look(self, context: StepContext) -> Mapping[type[Fact], str]:
        """Pay if it is time to; what is borrowed is missed by no gate, because its rule waits for it. Never raises."""
        await self._pay(context)
        return {}

    async def _pay(self, context: StepContext) -> None:
        sides, count = sides_of(context.plan, context.step), self._per_second()
        moment_ms = self._clock.monotonic_ms()
        last_ms = self._paid_ms.get(context.step.region)
        too_soon = last_ms is not None and moment_ms - last_ms < EVERY_MS
        watches = context.step.kind in WATCHES and not context.between
        if sides is None or count == 0 or not watches or too_soon:
            return
        self._paid_ms[context.step.region] = moment_ms
        pay = (self._cores.pay(sides.region, sides.new.environment, number) for number in range(count))
        try:
            async with asyncio.timeout(PAY_SECONDS):
                facts: list[Fact] = list(await asyncio.gather(*pay))
        except TimeoutError:
            log.warning("test payments do not end in time", action="test_payments_late", region=sides.region)
            return
        try:
            await self._sink.accept(facts, SOURCE)
        except CheckpointFailed as fault:
            log.error("test payments not recorded", action="test_payments_not_recorded", fault=str(fault))
