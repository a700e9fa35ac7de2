"""Picks what an act is for out of what is stored, the same for the same seed."""

import random
from typing import TypeVar

from payment_core.ach.files.incoming.model import AchCase
from payment_core.ach.files.model import AchEntry, AchFile
from payment_core.escrow.model import Escrow
from payment_core.methods.model import PaymentMethod
from payment_core.payouts.model import Payout
from payment_core.providers.model import BankAccount, Provider
from payment_core.store.records import Document
from tests.simulation.core.bank import Bank, entries_of
from tests.simulation.core.world import CoreWorld
from tests.simulation.payment_invariants import everything

D = TypeVar("D", bound=Document)

ELSEWHERE = "pro_unknown"
"""A provider that nobody made; payments name any."""
NUMBER_DIGITS = 12


class Picks:
    """numbers: every account number that was handed in, which must be found nowhere."""

    def __init__(self, world: CoreWorld, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self.numbers: list[str] = []

    @property
    def now_ms(self) -> int:
        return self._world.clock.ms

    @property
    def bank(self) -> Bank:
        self._world.bank.look()
        return self._world.bank

    async def one(self, kind: type[D], *statuses: str) -> D | None:
        """One of those in these states, now and then one in another, the newest more often."""
        found = await everything(self._world.store, kind)
        fitting = [each for each in found if getattr(each, "status", "") in statuses]
        among = fitting if statuses and self._chance.random() < 0.93 else found
        if not among:
            return None
        return self._chance.choice(among[-8:] if self._chance.random() < 0.7 else among)

    async def providers(self) -> list[str]:
        known = [provider.id for provider in await everything(self._world.store, Provider)]
        return known[:3] * 8 + known if known else [ELSEWHERE]

    async def accounts(self) -> list[BankAccount]:
        return await everything(self._world.store, BankAccount)

    async def account(self, *statuses: str) -> BankAccount | None:
        return await self.one(BankAccount, *statuses)

    async def cards(self) -> list[str]:
        methods = await everything(self._world.store, PaymentMethod)
        return [method.id for method in methods if method.deleted_at_ms == 0 or self._chance.random() < 0.1]

    async def debitable(self) -> list[str]:
        accounts = [each for each in await self.accounts() if each.holder_kind == "customer"]
        return [each.token for each in accounts if each.status == "verified" or self._chance.random() < 0.1]

    async def holder_of(self, token: str, otherwise: str) -> str:
        for account in await self.accounts():
            if account.token == token:
                return account.holder_id
        for method in await everything(self._world.store, PaymentMethod):
            if method.id == token:
                return method.customer_id
        return otherwise

    async def micro_amounts(self, account: BankAccount) -> tuple[int, ...]:
        """What the holder reads on the statement: of the bank's files, not of our records."""
        entries = await everything(self._world.store, AchEntry)
        traces = {entry.trace_number for entry in entries if entry.id in account.entry_ids and entry.trace_number != ""}
        return tuple(
            entry.amount_cents
            for file in self.bank.files.values()
            for entry in entries_of(file)
            if entry.trace_number in traces
        )

    async def payout(self) -> Payout | None:
        return await self.one(Payout, "requested", "approved")

    async def releasable(self) -> Escrow | None:
        """An escrow whose hold is over."""
        escrows = [
            each for each in await everything(self._world.store, Escrow) if 0 < each.hold_until_ms <= self.now_ms
        ]
        held = [each for each in escrows if each.held_cents > 0 and each.status in {"funded", "partially_released"}]
        return self._chance.choice(held) if held else None

    async def reversible(self) -> AchEntry | None:
        """Only payouts are taken back here; what the reversal of another entry means, people decide."""
        entries = [each for each in await everything(self._world.store, AchEntry) if each.purpose == "payout"]
        settled = [each for each in entries if each.status in {"settled", "submitted", "acknowledged"}]
        return self._chance.choice(settled) if settled else None

    async def file(self, *statuses: str) -> AchFile | None:
        return await self.one(AchFile, *statuses)

    async def case(self) -> AchCase | None:
        return await self.one(AchCase, "open")

    def new_account_number(self) -> str:
        """Never one that was used before, so that a leak is found."""
        number = "90" + "".join(self._chance.choice("0123456789") for _ in range(NUMBER_DIGITS - 2))
        self.numbers.append(number)
        return number
