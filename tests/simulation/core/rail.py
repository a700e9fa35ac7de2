"""The simulated acquirer behind a network that loses, delays and swallows, and its books beside ours."""

from typing import Protocol

import msgspec

from payment_core.acquirer.port import Instruction, RailAnswer, RailDispute, Verdict
from payment_core.acquirer.simulated import SimulatedAcquirer
from payment_core.clock import Clock
from payment_core.vault.numbers.sensitive import Pan
from tests.simulation.payment_world import BookkeepingRail


class CardReader(Protocol):
    """Reads the number behind a token."""

    async def card_number(self, token: str) -> Pan | None:
        """The number, or None."""
        ...


class CurrentCards:
    """The vault of the process that asks; the rail outlives all of them."""

    def __init__(self) -> None:
        self.reader: CardReader | None = None

    async def card_number(self, token: str) -> Pan | None:
        return None if self.reader is None else await self.reader.card_number(token)


class CoreRail(BookkeepingRail):
    """What the product asks the acquirer for; moods as in ``next_answers`` of the rail that it extends.

    patience_ms: an instruction that is on its way for longer never arrives, because its sender gave it up.
    """

    def __init__(self, clock: Clock, patience_ms: int) -> None:
        super().__init__()
        self.cards = CurrentCards()
        self._clock = clock
        self._patience_ms = patience_ms
        self._sent_at_ms: dict[str, int] = {}
        self._acquirer = SimulatedAcquirer(path=None, clock=clock, latency_ms=0, seed=1, cards=self.cards)

    async def submit(self, instruction: Instruction) -> RailAnswer:
        self.submitted.append(instruction)
        known = self.known.get(instruction.reference)
        if known is not None:
            if msgspec.structs.replace(known[0], cvc=None) != msgspec.structs.replace(instruction, cvc=None):
                self.wrong.append(f"{instruction.reference} means something else than before")
            return known[1]
        mood = self.next_answers.pop(0) if self.next_answers else "approved"
        if mood == "lost":
            return RailAnswer(Verdict.UNKNOWN)
        if mood == "late":
            self.on_the_way.append(instruction)
            self.arrived_late.add(instruction.reference)
            self._sent_at_ms[instruction.reference] = self._clock.now_ms()
            return RailAnswer(Verdict.UNKNOWN)
        if mood in {"declined", "failed"}:
            return self.carry_out(instruction, mood)
        answer = await self._take(instruction)
        return RailAnswer(Verdict.UNKNOWN) if mood == "mute" else answer

    async def status(self, reference: str) -> RailAnswer:
        self.asked.append(reference)
        known = self.known.get(reference)
        return await self._acquirer.status(reference) if known is None else known[1]

    async def disputes(self, after: int, limit: int) -> list[RailDispute]:
        return await self._acquirer.disputes(after, limit)

    async def answer_dispute(self, reference: str, evidence: str) -> None:
        await super().answer_dispute(reference, evidence)
        await self._acquirer.answer_dispute(reference, evidence)

    async def late_ones_arrive(self) -> None:
        """What is not given up yet is carried out."""
        arriving, self.on_the_way = self.on_the_way, []
        for instruction in arriving:
            if self._clock.now_ms() - self._sent_at_ms[instruction.reference] <= self._patience_ms:
                await self._take(instruction)

    async def _take(self, instruction: Instruction) -> RailAnswer:
        """Let the acquirer decide, and keep books of it."""
        if instruction.reference in self.known:
            return self.known[instruction.reference][1]
        if self.exceeds(instruction):
            return self.carry_out(instruction, "declined")
        answer = await self._acquirer.submit(instruction)
        self.known[instruction.reference] = (instruction, answer)
        return answer
