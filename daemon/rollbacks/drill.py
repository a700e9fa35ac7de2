"""Rehearses a rollback while nothing is wrong: the whole way of one but for the traffic, which stays where it is."""

from collections.abc import Callable, Mapping

import structlog

from config.policy import Policy
from remediation.actions.proving import not_well
from remediation.errors import (
    NotJournaled,
    UnsafeWeights,
    WorldRefused,
    WorldUnreachable,
)
from remediation.executor import Executor
from remediation.guardrails.changes import Change
from remediation.guardrails.locks import holder
from remediation.guardrails.permission import withheld
from remediation.journal.aftermath_kinds import RehearsalBegun, RollbackMeasured
from remediation.journal.entry import DAEMON
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock, Destination, Traffic
from remediation.state import RUNNING

log = structlog.get_logger()

EVERY_MS = 86_400_000
"""A rollout is refused when the last good one is a week old, so six may fail before anybody is kept from deploying."""
AGAIN_MS = 3_600_000
"""After one that failed."""
POLL_SECONDS = 0.2


class DrillFailed(Exception):
    """The rollback would not have worked, or cannot be tried now."""


class Drill:
    """Per region: the destination is proven alive, and the weights are written as they are and read back.

    A drill moves no payment, so it proves permission, reach and speed of the way back, and not that a weight changes.
    It takes its turn as any change. By itself it rehearses only while automation may act; a person may ask always.
    destinations: tells of a region's environments whether they are alive.
    """

    def __init__(
        self,
        traffic: Mapping[str, Traffic],
        destinations: Callable[[str], Destination],
        policy: Callable[[], Policy],
        executor: Executor,
        writer: JournalWriter,
        clock: Clock,
    ) -> None:
        self._traffic = traffic
        self._destinations = destinations
        self._policy = policy
        self._executor = executor
        self._writer = writer
        self._clock = clock
        self._tried_ms = 0

    async def tick(self) -> None:
        """Rehearse when it is due, nothing is being deployed and automation may act; without room, later."""
        policy, now_ms = self._policy(), self._clock.now_ms()
        if not self._is_due() or policy.guard.observe_only:
            return
        if withheld(Change.ROLLOUT, "", self._writer.state, policy, now_ms) is not None:
            return
        try:
            await self.run(DAEMON)
        except NotJournaled as fault:
            log.warning("drill not recorded", action="drill_not_recorded", fault=str(fault))

    async def run(self, actor: str) -> RollbackMeasured:
        """Rehearse now; what was measured, also when it failed: then ``verified_at_ms`` is 0 and detail says why."""
        self._tried_ms = began_ms = self._clock.now_ms()
        called: list[int] = []
        why = ""
        drill_id = f"drill-{self._writer.state.sequence + 1}"
        await self._writer.append(RehearsalBegun(drill_id=drill_id, regions=tuple(self._traffic)), actor)
        try:
            for region in self._traffic:
                await self._rehearse(region, called)
        except (DrillFailed, WorldRefused, WorldUnreachable, UnsafeWeights) as fault:
            why = str(fault)
        except Exception as fault:  # noqa: BLE001 a rehearsal that breaks in an unforeseen way has failed, and ends nothing else
            why = repr(fault)
        ended_ms = self._clock.now_ms()
        measured = RollbackMeasured(
            deployment_id=drill_id,
            decision_id="",
            onset_at_ms=began_ms,
            evidence_at_ms=began_ms,
            decided_at_ms=began_ms,
            commanded_at_ms=called[-1] if called else 0,
            verified_at_ms=0 if why else ended_ms,
            last_payment_at_ms=0,
            exposed_payments=0,
            exposed_cents=0,
            failed_payments=0,
            failed_cents=0,
            drill=True,
            detail=why if why else f"{', '.join(self._traffic)}: the way back was tried in {ended_ms - began_ms} ms",
        )
        await self._writer.append(measured, actor)
        if why:
            log.error("drill failed", action="drill_failed", why=why)
        return measured

    async def _rehearse(self, region: str, called: list[int]) -> None:
        traffic, target = self._traffic[region], self._policy().traffic.target_of(region)
        async with self._executor.turns.of(target):
            busy = holder(self._writer.state, target)
            if busy:
                raise DrillFailed(f"{busy} is at work on {target}")
            weights = await traffic.read()
            serving = [environment for environment, weight in weights.items() if weight > 0]
            if len(serving) != 1:
                raise DrillFailed(f"the traffic of {region} is split between {', '.join(sorted(serving))}")
            why_not = await not_well(serving[0], self._destinations(region).health, self._policy().traffic)
            if why_not:
                raise DrillFailed(why_not)
            if self._clock.now_ms() >= self._writer.lease.until_ms:
                raise DrillFailed("the lease ran out, so another leader may act")
            if await traffic.read() != weights:
                raise DrillFailed(f"somebody changed the traffic of {region} meanwhile")
            called.append(self._clock.now_ms())
            await traffic.write(weights, f"drill-{self._tried_ms}")
            await self._seen(traffic, weights)

    async def _seen(self, traffic: Traffic, wanted: Mapping[str, int]) -> None:
        deadline_ms = self._clock.monotonic_ms() + self._policy().traffic.verify_timeout * 1000
        while await traffic.read() != wanted:
            if self._clock.monotonic_ms() >= deadline_ms:
                raise DrillFailed(
                    f"the weights were not seen in effect within {self._policy().traffic.verify_timeout:g} s"
                )
            await self._clock.sleep(POLL_SECONDS)

    def _is_due(self) -> bool:
        state, now_ms = self._writer.state, self._clock.now_ms()
        if now_ms < self._tried_ms + AGAIN_MS or any(one.status in RUNNING for one in state.deployments.values()):
            return False
        good = [one.verified_at_ms for one in state.rollbacks.values() if one.verified_at_ms]
        return now_ms >= max(good, default=0) + EVERY_MS
