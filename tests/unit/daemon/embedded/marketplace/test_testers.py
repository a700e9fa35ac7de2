"""Card testers try each stolen card again and again under new names, and stop when they are told to."""

import asyncio

import pytest

from config.scenario import CardTesting
from daemon.embedded.marketplace.mix import Order
from daemon.embedded.marketplace.resolver import WeightedRecord
from daemon.embedded.marketplace.testers import FIRST_NUMBER, STOLEN, CardTesters
from daemon.embedded.marketplace.traffic import Answer, Receipt, Tally
from remediation.errors import WorldUnreachable

NOW_MS = 1_795_690_800_000
ATTEMPTS = 24


class Clock:
    """Sleeping takes no time, and lets the others run."""

    def __init__(self) -> None:
        self.ms = float(NOW_MS)
        self.slept = 0
        self.had_enough = asyncio.Event()

    def now_ms(self) -> int:
        return int(self.ms)

    def monotonic_ms(self) -> float:
        return self.ms

    async def sleep(self, seconds: float) -> None:
        self.ms += seconds * 1000
        self.slept += 1
        if self.slept == ATTEMPTS:
            self.had_enough.set()
        await asyncio.sleep(0)


class Gateway:
    """Keeps what was asked; answers as told."""

    def __init__(self, answer: Answer = Answer.DECLINED, *, keeps: bool = True) -> None:
        self.answer = answer
        self.keeps = keeps
        self.kept: list[tuple[str, str, int]] = []
        self.paid: list[Order] = []

    async def keep_card(self, address: str, customer_id: str, number: str, exp_year: int) -> str:
        assert address == "127.0.0.2"
        self.kept.append((customer_id, number, exp_year))
        return f"tok_{customer_id}" if self.keeps else ""

    async def pay(self, address: str, order: Order) -> Receipt:
        assert address == "127.0.0.2"
        self.paid.append(order)
        return Receipt(self.answer)


class Zone:
    """One record, or a name that cannot be resolved."""

    def __init__(self, *, there: bool = True) -> None:
        self.there = there

    async def resolve(self, _client: int) -> WeightedRecord:
        if not self.there:
            raise WorldUnreachable("no route")
        return WeightedRecord("blue", "127.0.0.2", 100, 1)


async def played(gateway: Gateway, zone: Zone, **wave: object) -> Tally:
    tally = Tally()
    clock = Clock()
    testers = CardTesters(zone, gateway, clock, tally, seed=1)
    settings = {"at": 1.0, "step": "test_cards", "cards": 3, "attempts_per_second": 4.0, "lasting": 6.0} | wave
    testers.begin(CardTesting.model_validate(settings))
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(testers.run(), name="testers")
        await clock.had_enough.wait()
        testers.end()
    return tally


async def test_every_attempt_is_a_new_customer_with_one_of_the_stolen_cards() -> None:
    gateway = Gateway()
    tally = await played(gateway, Zone())
    assert (tally.attempted, tally.declined) == (24, 24)
    assert len({customer for customer, _, _ in gateway.kept}) == 24
    assert {number for _, number, _ in gateway.kept} == set(STOLEN[:3])
    assert {year for _, _, year in gateway.kept} == {2029}
    assert all(order.number >= FIRST_NUMBER and 100 <= order.amount_cents < 500 for order in gateway.paid)


@pytest.mark.parametrize(
    ("gateway", "zone", "failed"),
    [(Gateway(keeps=False), Zone(), 24), (Gateway(), Zone(there=False), 24), (Gateway(Answer.FAILED), Zone(), 24)],
)
async def test_an_attempt_that_reaches_nobody_has_failed(gateway: Gateway, zone: Zone, failed: int) -> None:
    tally = await played(gateway, zone)
    assert (tally.attempted, tally.failed) == (24, failed)


async def test_no_attempt_begins_after_the_end() -> None:
    gateway = Gateway()
    tally = await played(gateway, Zone(), lasting=600.0)
    assert tally.attempted == tally.declined
    assert tally.attempted < 100
