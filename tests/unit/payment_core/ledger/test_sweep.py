"""The whole ledger is added up once a day, a while after the start, and what is wrong is counted."""

from payment_core.ledger.sweep import EVERY_MS, FIRST_AFTER_MS, LedgerSweep
from payment_core.ledger.verify import LedgerVerifier
from tests.unit.payment_core.ledger.ledger_world import BOOKED, NOW_MS, memory_store, post


async def test_it_checks_a_while_after_the_start_and_then_once_a_day() -> None:
    store = memory_store()
    for booked in BOOKED:
        await post(store, booked)
    sweep = LedgerSweep(LedgerVerifier(store, store), NOW_MS)
    first_ms = NOW_MS + FIRST_AFTER_MS
    assert await sweep.run_once(first_ms) == 0
    store._accounts["payout_in_flight", "USD"].credits_posted += 1
    assert await sweep.run_once(first_ms + EVERY_MS - 1) == 0
    assert await sweep.run_once(first_ms + EVERY_MS) == 2
    assert await sweep.run_once(first_ms + EVERY_MS + 1) == 0


async def test_nothing_is_checked_at_the_start() -> None:
    store = memory_store()
    for booked in BOOKED:
        await post(store, booked)
    store._accounts["payout_in_flight", "USD"].credits_posted += 1
    sweep = LedgerSweep(LedgerVerifier(store, store), NOW_MS)
    assert await sweep.run_once(NOW_MS + FIRST_AFTER_MS - 1) == 0
    assert await sweep.run_once(NOW_MS + FIRST_AFTER_MS) == 2
