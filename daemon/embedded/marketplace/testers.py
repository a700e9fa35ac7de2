"""Card testers: stolen cards tried again and again, each time under a new name, until one of them is approved."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from config.scenario import CardTesting
from daemon.embedded.marketplace.mix import Order
from daemon.embedded.marketplace.resolver import Resolves
from daemon.embedded.marketplace.traffic import Answer, Receipt, Tally
from payment_core.acquirer.cards import SANDBOX_CARDS
from remediation.errors import WorldRefused, WorldUnreachable
from remediation.ports import Clock

FIRST_NUMBER = 1_000_000_000
"""Of a tester's payments, far from those of customers: numbers are part of idempotency keys."""
SMALL_CENTS = (100, 499)
"""A test is cheap, so that nobody who reads a bill wonders."""

VALID_YEARS = 3
"""How long a stolen card is good for."""

STOLEN = tuple(card.number for card in SANDBOX_CARDS if card.behaviour == "decline")
"""The documented test numbers that the simulated issuers decline."""


class TesterGateway(Protocol):
    """The payment core as somebody who keeps cards with it sees it."""

    async def keep_card(self, address: str, customer_id: str, number: str, exp_year: int) -> str:
        """Keep a card; its token, or nothing when it was not kept."""

    async def pay(self, address: str, order: Order) -> Receipt:
        """Ask for the payment."""


class CardTesters:
    """Tests cards while it runs. tally: what the attempts came to, the same as that of the other payments."""

    def __init__(self, resolver: Resolves, gateway: TesterGateway, clock: Clock, tally: Tally, seed: int) -> None:
        self._resolver = resolver
        self._gateway = gateway
        self._clock = clock
        self._tally = tally
        self._seed = seed
        self._waves: asyncio.Queue[CardTesting | None] = asyncio.Queue()
        self._ending = False
        self._numbers = itertools.count(FIRST_NUMBER)

    def begin(self, wave: CardTesting) -> None:
        """Start a wave of attempts beside those that are under way."""
        self._waves.put_nowait(wave)

    def end(self) -> None:
        """Begin no more attempts; run returns when those under way are done."""
        self._ending = True
        self._waves.put_nowait(None)

    async def run(self) -> None:
        """Test cards until end is called."""
        async with asyncio.TaskGroup() as group:
            while (wave := await self._waves.get()) is not None:
                group.create_task(self._test(wave), name="card-testing")

    async def _test(self, wave: CardTesting) -> None:
        attempts = round(wave.attempts_per_second * wave.lasting)
        async with asyncio.TaskGroup() as group:
            for number in itertools.islice(self._numbers, attempts):
                if self._ending:
                    return
                group.create_task(self._attempt(number, STOLEN[: wave.cards]), name=f"test-{number}")
                await self._clock.sleep(1 / wave.attempts_per_second)

    async def _attempt(self, number: int, cards: Sequence[str]) -> None:
        self._tally.attempted += 1
        self._tally.count(await self._tried(number, cards[number % len(cards)]))

    async def _tried(self, number: int, card: str) -> Answer:
        customer_id = f"cus_t{self._seed}_{number}"
        try:
            record = await self._resolver.resolve(number)
        except (WorldUnreachable, WorldRefused):
            return Answer.FAILED
        year = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC).year
        token = await self._gateway.keep_card(record.address, customer_id, card, year + VALID_YEARS)
        if not token:
            return Answer.FAILED
        least, most = SMALL_CENTS
        order = Order(
            number=number,
            amount_cents=least + number % (most - least),
            token=token,
            customer_id=customer_id,
            provider_id=f"prv_{number % 200:03d}",
            capture_later=False,
            refund_cents=0,
        )
        receipt = await self._gateway.pay(record.address, order)
        return Answer.SUCCEEDED if receipt.answer is Answer.PROCESSING else receipt.answer
