"""Sends the simulated marketplace's payments to whichever environment DNS names, and counts what became of them."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from config.scenario import Traffic as TrafficSettings
from daemon.embedded.marketplace.mix import Mix, Order
from daemon.embedded.marketplace.resolver import Resolves
from remediation.errors import WorldRefused, WorldUnreachable
from remediation.ports import Clock

IN_FLIGHT_MAX = 400
"""Payments under way at once: 4 s of a core that hangs at 100 payments a second. Beyond it a payment is not sent and
counts as failed, because its customer would have seen an error."""

SETTLE_SECONDS = 8.0
"""How long payments under way may take once traffic has ended; longer than one request may."""

LOOKS = 4
LOOK_SECONDS = 1.0
"""A payment that is still processing is asked for so often, so far apart."""


class Answer(StrEnum):
    """What a client learned about its payment."""

    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    FAILED = "failed"
    PROCESSING = "processing"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a request was answered with. payment_id: empty when none was made."""

    answer: Answer
    payment_id: str = ""


class Gateway(Protocol):
    """The payment core as a client of it sees it; an unreachable one answers FAILED and raises nothing."""

    async def pay(self, address: str, order: Order) -> Receipt:
        """Ask for the payment."""

    async def look(self, address: str, payment_id: str) -> Answer:
        """What became of a payment that was still processing."""

    async def capture(self, address: str, order: Order, payment_id: str) -> None:
        """Take the authorized money."""

    async def refund(self, address: str, order: Order, payment_id: str) -> None:
        """Give money back."""


class Named(Protocol):
    """Knows the clients that are routed by name."""

    async def address(self, order: Order) -> str:
        """Where the payment goes by name; empty when it goes by the weights."""


@dataclass(slots=True)
class Tally:
    """Payments by what their clients learned. not_sent: the part of failed that IN_FLIGHT_MAX held back.

    processing: those whose outcome nobody had learned when traffic ended; they are in no other count but attempted.
    """

    attempted: int = 0
    succeeded: int = 0
    declined: int = 0
    failed: int = 0
    processing: int = 0
    not_sent: int = 0

    def count(self, answer: Answer) -> None:
        """Add one payment's end."""
        match answer:
            case Answer.SUCCEEDED:
                self.succeeded += 1
            case Answer.DECLINED:
                self.declined += 1
            case Answer.FAILED:
                self.failed += 1
            case Answer.PROCESSING:
                self.processing += 1


class Traffic:
    """An open loop: payments begin by the clock of a Poisson stream and do not wait for each other.

    named: who goes elsewhere than the resolver says; None for nobody.
    """

    def __init__(
        self,
        settings: TrafficSettings,
        resolver: Resolves,
        gateway: Gateway,
        clock: Clock,
        time_scale: float = 1.0,
        *,
        named: Named | None = None,
    ) -> None:
        self._named = named
        self._settings = settings
        self._resolver = resolver
        self._gateway = gateway
        self._clock = clock
        self._time_scale = time_scale
        self._mix = Mix(settings.seed)
        self._in_flight = 0
        self._ending = asyncio.Event()
        self.tally = Tally()

    def end(self) -> None:
        """Begin no more payments; run returns when those under way are done."""
        self._ending.set()

    async def run(self) -> None:
        """Send until end is called."""
        try:
            async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as group:
                await self._begin_payments(group)
                limit.reschedule(asyncio.get_running_loop().time() + SETTLE_SECONDS)
        except TimeoutError:
            self.tally.processing = self.tally.attempted - (
                self.tally.succeeded + self.tally.declined + self.tally.failed
            )

    async def _begin_payments(self, group: asyncio.TaskGroup) -> None:
        began_ms = self._clock.monotonic_ms()
        due_ms = began_ms
        while not self._ending.is_set():
            elapsed_seconds = (due_ms - began_ms) / 1000
            rate = self._settings.payments_per_second
            # From when the last one was due, not from now: a late start does not thin the stream out.
            due_ms += self._mix.wait_seconds(rate, elapsed_seconds, self._time_scale) * 1000
            if await self._ends_before(due_ms):
                return
            self._begin(group)

    async def _ends_before(self, due_ms: float) -> bool:
        wait_seconds = (due_ms - self._clock.monotonic_ms()) / 1000
        if wait_seconds > 0:
            await self._clock.sleep(wait_seconds)
        else:
            await asyncio.sleep(0)
        return self._ending.is_set()

    def _begin(self, group: asyncio.TaskGroup) -> None:
        order = self._mix.next_order()
        self.tally.attempted += 1
        if self._in_flight >= IN_FLIGHT_MAX:
            self.tally.not_sent += 1
            self.tally.count(Answer.FAILED)
            return
        self._in_flight += 1
        group.create_task(self._pay(order), name=f"payment-{order.number}")

    async def _pay(self, order: Order) -> None:
        try:
            try:
                address = await self._address(order)
            except (WorldUnreachable, WorldRefused):
                self.tally.count(Answer.FAILED)
                return
            receipt = await self._gateway.pay(address, order)
            answer = await self._final(address, order, receipt)
            self.tally.count(answer)
            if answer is Answer.SUCCEEDED:
                await self._follow_up(await self._address_now(address, order), order, receipt.payment_id)
        finally:
            self._in_flight -= 1

    async def _address(self, order: Order) -> str:
        """Where its customer's DNS client sends it."""
        named = "" if self._named is None else await self._named.address(order)
        return named if named else (await self._resolver.resolve(order.number % self._settings.clients)).address

    async def _address_now(self, before: str, order: Order) -> str:
        """Where it is sent now: the process that took the payment may be gone. As before when nobody can tell."""
        try:
            return await self._address(order)
        except (WorldUnreachable, WorldRefused):
            return before

    async def _final(self, address: str, order: Order, receipt: Receipt) -> Answer:
        answer = receipt.answer
        for _ in range(LOOKS):
            if answer is not Answer.PROCESSING:
                break
            await self._clock.sleep(LOOK_SECONDS)
            answer = await self._gateway.look(await self._address_now(address, order), receipt.payment_id)
        return answer

    async def _follow_up(self, address: str, order: Order, payment_id: str) -> None:
        if order.capture_later:
            await self._gateway.capture(address, order, payment_id)
        elif order.refund_cents:
            await self._gateway.refund(address, order, payment_id)
