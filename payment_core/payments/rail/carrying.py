"""Asks rails: within the timeout and the lease, once, and afterwards only what became of it."""

import asyncio
import zlib

import msgspec

from payment_core.acquirer.port import Acquirer, Instruction, RailAnswer, Verdict
from payment_core.clock import Clock
from payment_core.payments.rail.flights import Flight

RELEASE_FAULT_CODE = "release_fault"
LEASE_ENDED_CODE = "lease_ended"

_UNKNOWN = RailAnswer(Verdict.UNKNOWN)


class FaultProfile(msgspec.Struct, frozen=True):
    """What is wrong with this release, set at start so that a bad release can be deployed for real.

    above_cents: only larger payments fail.
    """

    fail_percent: float = 0.0
    slow_seconds: float = 0.0
    above_cents: int = 0

    def fails(self, payment_id: str, amount_cents: int) -> bool:
        """Whether this payment fails: a fixed spread over ids, the same answer for the same payment."""
        return amount_cents > self.above_cents and zlib.crc32(payment_id.encode()) % 10_000 < self.fail_percent * 100


class Carrier:
    """Carries operations to the rail."""

    def __init__(self, *, acquirer: Acquirer, clock: Clock, fault: FaultProfile, rail_timeout_seconds: float) -> None:
        self._acquirer = acquirer
        self._clock = clock
        self._fault = fault
        self._faulty = fault != FaultProfile()
        self._timeout_seconds = rail_timeout_seconds
        self._timeout_ms = round(rail_timeout_seconds * 1000)

    async def carry(self, flight: Flight) -> RailAnswer:
        """Give the instruction to the rail, or ask what became of a recovered one."""
        if flight.recovered:
            return await self.ask(flight.instruction.reference)
        if self._faulty and flight.creates:
            if self._fault.slow_seconds > 0:
                await asyncio.sleep(self._fault.slow_seconds)
            if self._fault.fails(flight.payment.id, flight.payment.amount_cents):
                return RailAnswer(Verdict.FAILED, RELEASE_FAULT_CODE)
        if self._clock.now_ms() + self._timeout_ms > flight.lease_until_ms:
            # Too late to send: whoever takes the operation over finds that the rail never saw it.
            return RailAnswer(Verdict.NOT_FOUND, LEASE_ENDED_CODE)
        return await self.send(flight.instruction)

    async def send(self, instruction: Instruction) -> RailAnswer:
        """Give the instruction to the rail."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._acquirer.submit(instruction)
        except TimeoutError:
            return _UNKNOWN

    async def ask(self, reference: str) -> RailAnswer:
        """What became of an instruction; nothing is sent."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._acquirer.status(reference)
        except TimeoutError:
            return _UNKNOWN
