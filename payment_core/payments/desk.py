"""Takes payments: begins each operation, asks the rail, settles it, and recovers what a crash left."""

import asyncio
import zlib
from collections.abc import Callable

import msgspec
import structlog

from payment_core.acquirer.port import Acquirer, RailAnswer, Verdict
from payment_core.clock import Clock
from payment_core.payments.answers import Answer
from payment_core.payments.begin import Intent, begin, take_over
from payment_core.payments.idempotency import Claim
from payment_core.payments.operations import InFlight, Operation
from payment_core.payments.refusals import Refusal
from payment_core.payments.settle import Settled, Settler
from payment_core.store.batch import CoreBatch
from payment_core.store.store import Store

log = structlog.get_logger()

RELEASE_FAULT_CODE = "release_fault"

SWEEP_SECONDS = 1.0
"""How often abandoned operations are looked for: one indexed query of an almost always empty set."""

SWEEP_MAX = 100
"""Abandoned operations recovered in one sweep; a rail that is down for long is asked at most this often a second."""


class FaultProfile(msgspec.Struct, frozen=True):
    """What is wrong with this release, set at start so that a bad release can be deployed for real."""

    fail_percent: float = 0.0
    slow_seconds: float = 0.0

    def fails(self, payment_id: str) -> bool:
        """Whether this payment fails: a fixed spread over ids, the same answer for the same payment."""
        return zlib.crc32(payment_id.encode()) % 10_000 < self.fail_percent * 100


class Desk:
    """The operations of one process. lease_ms: how long an operation is ours; longer than its longest way.

    on_attempt is told the outcome and rail of every payment attempt that ends here.
    """

    def __init__(
        self,
        *,
        store: Store,
        acquirer: Acquirer,
        settler: Settler,
        clock: Clock,
        fault: FaultProfile,
        lease_ms: int,
        rail_timeout_seconds: float,
        on_attempt: Callable[[str, str], None],
    ) -> None:
        self._store = store
        self._acquirer = acquirer
        self._settler = settler
        self._clock = clock
        self._fault = fault
        self._lease_ms = lease_ms
        self._rail_timeout_seconds = rail_timeout_seconds
        self._on_attempt = on_attempt

    async def perform(self, operation: Operation, key: str, request_hash: bytes, intent: Intent) -> Answer | Refusal:
        """Carry the operation out once for its key and return its answer, the stored one when there is one."""
        started_ms = self._clock.monotonic_ms()
        claim = Claim(operation, key, request_hash, self._clock.now_ms() + self._lease_ms)
        begun = await self._store.write(lambda batch: begin(batch, claim, intent))
        if not isinstance(begun, InFlight):
            return begun
        if begun.recovered:
            return await self._recover(begun)
        rail = await self._carry_out(begun)
        return await self._settle(begun, rail, self._clock.monotonic_ms() - started_ms)

    async def sweep(self) -> int:
        """Recover the operations whose lease has ended, whoever began them; returns how many there were."""
        flights = await self._store.write(lambda batch: _take_over_abandoned(batch, self._lease_ms))
        for flight in flights:
            log.info("recovering an operation", action="operation_recovered", payment=flight.payment.id)
            try:
                await self._recover(flight)
            except Exception:
                # It is taken over again when its new lease ends; the others must not wait for it.
                log.exception("recovery failed", action="recovery_failed", payment=flight.payment.id)
        return len(flights)

    async def sweep_forever(self) -> None:
        """Sweep once a second; a sweep that fails is tried again at the next."""
        while True:
            try:
                await self.sweep()
            except Exception:
                log.exception("sweep failed", action="sweep_failed")
            await asyncio.sleep(SWEEP_SECONDS)

    async def _recover(self, flight: InFlight) -> Answer:
        """Ask the rail what became of it; never send it again."""
        try:
            async with asyncio.timeout(self._rail_timeout_seconds):
                rail = await self._acquirer.status(flight.instruction.reference)
        except TimeoutError:
            rail = RailAnswer(Verdict.UNKNOWN)
        latency_ms = self._clock.now_ms() - flight.payment.created_at_ms
        return await self._settle(flight, rail, latency_ms)

    async def _carry_out(self, flight: InFlight) -> RailAnswer:
        """Ask the rail, within its timeout and our lease; a release fault fails before anything is sent."""
        if flight.operation is Operation.CREATE:
            if self._fault.slow_seconds > 0:
                await asyncio.sleep(self._fault.slow_seconds)
            if self._fault.fails(flight.payment.id):
                return RailAnswer(Verdict.FAILED, RELEASE_FAULT_CODE)
        if self._clock.now_ms() + self._rail_timeout_seconds * 1000 > flight.lease_until_ms:
            # Too late to send: whoever takes the operation over finds that the rail never saw it.
            return RailAnswer(Verdict.FAILED, "lease_ended")
        try:
            async with asyncio.timeout(self._rail_timeout_seconds):
                return await self._acquirer.submit(flight.instruction)
        except TimeoutError:
            return RailAnswer(Verdict.UNKNOWN)

    async def _settle(self, flight: InFlight, rail: RailAnswer, latency_ms: float) -> Answer:
        settled: Settled = await self._store.write(lambda batch: self._settler.settle(batch, flight, rail, latency_ms))
        if settled.outcome is not None:
            self._on_attempt(settled.outcome, flight.payment.rail)
        if settled.stray:
            log.error("voiding an approval that came too late", action="stray_voided", payment=flight.payment.id)
            void = msgspec.structs.replace(
                flight.instruction, order="void", reference=f"{flight.payment.id}:void:stray"
            )
            await self._acquirer.submit(void)
        return settled.answer


def _take_over_abandoned(batch: CoreBatch, lease_ms: int) -> list[InFlight]:
    """Take over what is abandoned, oldest lease first, payments and refunds."""
    rows = batch.connection.execute(
        "SELECT id FROM (SELECT id, lease_until_ms FROM payments WHERE lease_until_ms > 0 AND lease_until_ms <= :now"
        " UNION ALL SELECT id, lease_until_ms FROM refunds WHERE lease_until_ms > 0 AND lease_until_ms <= :now)"
        " ORDER BY lease_until_ms LIMIT :limit",
        {"now": batch.now_ms, "limit": SWEEP_MAX},
    ).fetchall()
    taken = (take_over(batch, resource_id, batch.now_ms + lease_ms) for (resource_id,) in rows)
    return [flight for flight in taken if flight is not None]
