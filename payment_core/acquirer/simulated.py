"""A stand-in for card and bank rails with documented answers, realistic latency and a memory that survives."""

import asyncio
import math
import random
from pathlib import Path

import msgspec

from payment_core.acquirer.cards import CARD_BY_NUMBER, OTHER_CARD, WINNING_EVIDENCE
from payment_core.acquirer.port import CardReader, Instruction, RailAnswer, RailDispute, Verdict
from payment_core.acquirer.rail_records import Decided, FileRecords, MemoryRecords, RailRecords
from payment_core.acquirer.tokens import SLOW_SECONDS, TOKEN_BY_NAME, UNDECIDED_SECONDS, Behaviour
from payment_core.clock import Clock

LATENCY_SIGMA = 0.35
"""Spread of the lognormal answer time: with a median of 60 ms, 95 % lie between 30 and 119 ms."""

NO_SUCH_CARD_CODE = "card_unknown"
"""The decline of a token that stands for no card (any more)."""

_APPROVED = RailAnswer(Verdict.APPROVED)
_TAKES_MONEY = frozenset({"authorize", "purchase"})


class _Conduct(msgspec.Struct, frozen=True):
    """How the rail treats a method."""

    behaviour: Behaviour
    code: str = ""


_CONDUCT_BY_TOKEN = {token.token: _Conduct(token.behaviour, token.code) for token in TOKEN_BY_NAME.values()}


class SimulatedAcquirer:
    """Answers sandbox tokens and test cards as documented and remembers every instruction by its reference.

    path: of its records; None keeps them in memory. A reference that is not in them was never seen, so nothing was
    charged. cards: reads the number behind a token of the vault; without it only sandbox tokens are known.
    """

    def __init__(
        self, *, path: Path | None, clock: Clock, latency_ms: int, seed: int, cards: CardReader | None = None
    ) -> None:
        self._clock = clock
        self._latency_ms = latency_ms
        self._random = random.Random(seed)  # noqa: S311 - spreads simulated answer times, protects nothing
        self._cards = cards
        self._records: RailRecords = MemoryRecords() if path is None else FileRecords(path, clock)

    async def open(self) -> None:
        """Make the records ready."""
        if isinstance(self._records, FileRecords):
            await self._records.open()

    async def close(self) -> None:
        """Let the records go."""
        if isinstance(self._records, FileRecords):
            await self._records.close()

    async def submit(self, instruction: Instruction) -> RailAnswer:
        """Record the instruction at once, answer after the method's latency; tok_timeout never answers."""
        takes_money = instruction.order in _TAKES_MONEY
        conduct = _CONDUCT_BY_TOKEN.get(instruction.method)
        if conduct is None:
            conduct = await self._conduct_of_card(instruction.method)
        stands = await self._records.keep(self._decide(instruction, conduct, takes_money=takes_money))
        answer = self._answer(stands)
        if conduct.behaviour == "dispute" and answer.verdict is Verdict.APPROVED:
            await self._dispute(instruction, conduct.code)
        if takes_money and conduct.behaviour == "timeout":
            await asyncio.Event().wait()
        if takes_money and conduct.behaviour == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        elif self._latency_ms > 0:
            await asyncio.sleep(self._random.lognormvariate(math.log(self._latency_ms), LATENCY_SIGMA) / 1000)
        return answer

    async def status(self, reference: str) -> RailAnswer:
        """What became of an instruction, from the records."""
        decided = await self._records.find(reference)
        return RailAnswer(Verdict.NOT_FOUND) if decided is None else self._answer(decided)

    async def disputes(self, after: int, limit: int) -> list[RailDispute]:
        """Notices in order."""
        return await self._records.notices(after, limit)

    async def answer_dispute(self, reference: str, evidence: str) -> None:
        """Decide the dispute by the documented words in the evidence."""
        opened = [notice for notice in await self._records.notices(0, 1_000_000) if notice.reference == reference]
        if opened:
            won = WINNING_EVIDENCE in evidence
            await self._records.tell(msgspec.structs.replace(opened[0], outcome="won" if won else "lost"))

    async def _conduct_of_card(self, token: str) -> _Conduct:
        pan = None if self._cards is None else await self._cards.card_number(token)
        if pan is None:
            return _Conduct("decline", NO_SUCH_CARD_CODE)
        card = CARD_BY_NUMBER.get(pan.reveal(), OTHER_CARD)
        return _Conduct(card.behaviour, card.code)

    def _decide(self, instruction: Instruction, conduct: _Conduct, *, takes_money: bool) -> Decided:
        now_ms = self._clock.now_ms()
        answer = _verdict(conduct) if takes_money else _APPROVED
        undecided = takes_money and conduct.behaviour == "timeout"
        return Decided(
            instruction.reference,
            instruction.order,
            instruction.method,
            instruction.amount_cents,
            answer.verdict.value,
            answer.code,
            now_ms + round(UNDECIDED_SECONDS * 1000) if undecided else now_ms,
        )

    def _answer(self, decided: Decided) -> RailAnswer:
        if decided.decided_at_ms > self._clock.now_ms():
            return RailAnswer(Verdict.UNKNOWN)
        return RailAnswer(Verdict(decided.verdict), decided.code)

    async def _dispute(self, instruction: Instruction, reason: str) -> None:
        """The payer takes back what was captured, as soon as it is."""
        if instruction.order in {"purchase", "capture"}:
            original = instruction.original if instruction.original != "" else instruction.reference
            await self._records.tell(
                RailDispute(
                    sequence=0,
                    reference=f"rail-{instruction.reference}",
                    original=original,
                    outcome="opened",
                    amount_cents=instruction.amount_cents,
                    reason=reason,
                )
            )


def _verdict(conduct: _Conduct) -> RailAnswer:
    """The method's documented answer to taking money; what follows an authorization is approved."""
    match conduct.behaviour:
        case "decline":
            return RailAnswer(Verdict.DECLINED, conduct.code)
        case "error":
            return RailAnswer(Verdict.FAILED, conduct.code)
        case "approve" | "slow" | "timeout" | "dispute":
            return _APPROVED
