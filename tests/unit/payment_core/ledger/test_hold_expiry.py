"""Holds whose time is over are freed once, and those that were resolved meanwhile are left alone."""

import pytest

from payment_core.ledger.accounts import BANK, PROVIDER_AVAILABLE
from payment_core.ledger.expiry import HoldExpiry
from payment_core.ledger.journals import Journal, Move, Phase
from payment_core.ledger.posting import Hold
from payment_core.store.memory import MemoryStore
from payment_core.store.records import Due
from payment_core.store.stage import Registry

AVAILABLE = PROVIDER_AVAILABLE.of("pro_1")


class HandClock:
    """A clock that moves by hand."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ms(self) -> float:
        return self.ms


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(clock: HandClock) -> MemoryStore:
    made = MemoryStore(registry=Registry((Hold,)), producer="blue", clock=clock)
    funded = Journal(id="in", recipe="test", reference="r", moves=(Move(BANK.name, AVAILABLE, 1000),))
    held = Move(AVAILABLE, BANK.name, 700, Phase.PENDING, "h1", clock.ms + 500)
    waiting = Journal(id="hold", recipe="test", reference="r", moves=(held,))
    assert await made.transact(lambda transaction: transaction.post(funded), "test") is None
    assert await made.transact(lambda transaction: transaction.post(waiting), "test") is None
    return made


async def test_a_hold_is_freed_once_its_time_is_over_and_not_before(store: MemoryStore, clock: HandClock) -> None:
    job = HoldExpiry(store)
    assert await job.run_once(clock.ms) == 0
    assert (await store.account(AVAILABLE)).available_cents("credit") == 300
    clock.ms += 500
    assert await job.run_once(clock.ms) == 1
    assert await job.run_once(clock.ms) == 0
    assert (await store.account(AVAILABLE)).available_cents("credit") == 1000
    hold = await store.read(Hold, "h1")
    assert hold is not None
    assert hold.state == "expired"


async def test_a_hold_that_was_voided_in_time_is_left_alone(store: MemoryStore, clock: HandClock) -> None:
    void = Journal(id="void", recipe="test", reference="r", moves=(Move(AVAILABLE, BANK.name, 700, Phase.VOID, "h1"),))
    assert await store.transact(lambda transaction: transaction.post(void), "test") is None
    clock.ms += 1000
    assert await HoldExpiry(store).run_once(clock.ms) == 0
    hold = await store.read(Hold, "h1")
    assert hold is not None
    assert hold.state == "voided"


async def test_a_hold_that_was_voided_after_it_was_found_is_not_counted(
    store: MemoryStore, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.ms += 500
    found = await store.query(Due(Hold, clock.ms, 10))
    assert [hold.id for hold in found] == ["h1"]
    void = Journal(id="void", recipe="test", reference="r", moves=(Move(AVAILABLE, BANK.name, 700, Phase.VOID, "h1"),))
    assert await store.transact(lambda transaction: transaction.post(void), "test") is None

    async def as_it_was(_: object) -> list[Hold]:
        return found

    monkeypatch.setattr(store, "query", as_it_was)
    assert await HoldExpiry(store).run_once(clock.ms) == 0
    assert (await store.account(AVAILABLE)).available_cents("credit") == 1000
