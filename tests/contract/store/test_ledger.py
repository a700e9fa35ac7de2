"""The two-phase ledger, over every store, by tables in the manner of TigerBeetle's own tests."""

import pytest

from payment_core.ledger.journals import Journal, LedgerRefusal, Move, Phase
from payment_core.ledger.posting import Hold
from tests.contract.store.store_worlds import NOW_MS, StoreWorld, hold, journal, move

AVAILABLE = "provider_available/p1"
ESCROW = "customer_escrow/p1"
FLIGHT = "payout_in_flight"
CLEARING = "rail_clearing"

FUND = journal("fund", move(CLEARING, AVAILABLE, 100))
HOLD = journal("hold", hold(AVAILABLE, FLIGHT, 60, "h1", NOW_MS + 1000))


async def post(world: StoreWorld, posted: Journal) -> LedgerRefusal | None:
    return await world.store.transact(lambda transaction: transaction.post(posted), "key:test")


async def totals(world: StoreWorld, account: str) -> tuple[int, int, int, int]:
    found = await world.store.account(account)
    return found.debits_posted, found.credits_posted, found.debits_pending, found.credits_pending


def resolve(journal_id: str, phase: Phase, amount_cents: int, hold_id: str = "h1") -> Journal:
    return journal(journal_id, Move(AVAILABLE, FLIGHT, amount_cents, phase, hold_id))


@pytest.fixture
async def held(world: StoreWorld) -> StoreWorld:
    """A provider with 100, 60 of which are set aside."""
    assert await post(world, FUND) is None
    assert await post(world, HOLD) is None
    return world


async def test_a_hold_counts_as_pending_on_both_sides(held: StoreWorld) -> None:
    assert await totals(held, AVAILABLE) == (0, 100, 60, 0)
    assert await totals(held, FLIGHT) == (0, 0, 0, 60)


@pytest.mark.parametrize(
    ("phase", "amount", "late_ms", "provider", "flight", "state"),
    [
        (Phase.POST, 60, 0, (60, 100, 0, 0), (0, 60, 0, 0), "posted"),
        (Phase.POST, 25, 0, (25, 100, 0, 0), (0, 25, 0, 0), "posted"),
        (Phase.VOID, 60, 0, (0, 100, 0, 0), (0, 0, 0, 0), "voided"),
        (Phase.EXPIRE, 60, 1000, (0, 100, 0, 0), (0, 0, 0, 0), "expired"),
    ],
)
async def test_a_hold_is_resolved_exactly_once(
    held: StoreWorld,
    phase: Phase,
    amount: int,
    late_ms: int,
    provider: tuple[int, ...],
    flight: tuple[int, ...],
    state: str,
) -> None:
    held.clock.wall_ms += late_ms
    assert await post(held, resolve("first", phase, amount)) is None
    for again in (Phase.POST, Phase.VOID, Phase.EXPIRE):
        refusal = await post(held, resolve(f"again-{again}", again, amount))
        assert refusal is LedgerRefusal(f"hold_already_{state}")
    assert await totals(held, AVAILABLE) == provider
    assert await totals(held, FLIGHT) == flight
    found = await held.store.read(Hold, "h1")
    assert found is not None
    assert found.state == state


@pytest.mark.parametrize(
    ("posted", "late_ms", "refusal"),
    [
        (resolve("x", Phase.POST, 61), 0, LedgerRefusal.EXCEEDS_HOLD),
        (resolve("x", Phase.POST, 60, "h2"), 0, LedgerRefusal.HOLD_NOT_FOUND),
        (resolve("x", Phase.POST, 60), 1000, LedgerRefusal.HOLD_ALREADY_EXPIRED),
        (resolve("x", Phase.EXPIRE, 60), 999, LedgerRefusal.HOLD_NOT_YET_EXPIRED),
        (journal("x", Move(ESCROW, FLIGHT, 60, Phase.POST, "h1")), 0, LedgerRefusal.HOLD_HAS_OTHER_ACCOUNTS),
        (journal("x", hold(AVAILABLE, FLIGHT, 1, "h1")), 0, LedgerRefusal.HOLD_EXISTS),
        (journal("x", hold(AVAILABLE, FLIGHT, 1, "")), 0, LedgerRefusal.HOLD_ID_MISSING),
        (journal("x"), 0, LedgerRefusal.JOURNAL_EMPTY),
        (journal("x", move(AVAILABLE, FLIGHT, 0)), 0, LedgerRefusal.AMOUNT_NOT_POSITIVE),
        (journal("x", move(AVAILABLE, AVAILABLE, 1)), 0, LedgerRefusal.ACCOUNTS_MUST_DIFFER),
        (journal("x", move(AVAILABLE, ESCROW, 41)), 0, LedgerRefusal.EXCEEDS_BALANCE),
        (journal("x", hold(AVAILABLE, ESCROW, 41, "h2")), 0, LedgerRefusal.EXCEEDS_BALANCE),
        (FUND, 0, LedgerRefusal.JOURNAL_EXISTS),
        (journal("fund", move(CLEARING, AVAILABLE, 99)), 0, LedgerRefusal.JOURNAL_EXISTS_WITH_OTHER_MOVES),
    ],
)
async def test_what_the_ledger_refuses_changes_nothing(
    held: StoreWorld, posted: Journal, late_ms: int, refusal: LedgerRefusal
) -> None:
    held.clock.wall_ms += late_ms
    assert await post(held, posted) is refusal
    assert await totals(held, AVAILABLE) == (0, 100, 60, 0)
    assert len(await held.store.journals(0, 10)) == 2


async def test_what_is_pending_counts_against_the_limit_and_what_is_coming_does_not_count_for_it(
    held: StoreWorld,
) -> None:
    assert await post(held, journal("coming", hold(CLEARING, AVAILABLE, 500, "h2"))) is None
    assert await post(held, journal("too-much", move(AVAILABLE, ESCROW, 41))) is LedgerRefusal.EXCEEDS_BALANCE
    assert await post(held, journal("just-enough", move(AVAILABLE, ESCROW, 40))) is None


async def test_a_linked_chain_happens_as_a_whole_or_not_at_all(held: StoreWorld) -> None:
    chain = (move(CLEARING, ESCROW, 30), move(AVAILABLE, ESCROW, 40), move(AVAILABLE, ESCROW, 1))
    assert await post(held, journal("chain", *chain)) is LedgerRefusal.EXCEEDS_BALANCE
    assert await totals(held, ESCROW) == (0, 0, 0, 0)
    assert await post(held, journal("chain", *chain[:2])) is None
    assert await totals(held, ESCROW) == (0, 70, 0, 0)


async def test_within_a_chain_the_limit_counts_at_its_end(world: StoreWorld) -> None:
    assert await post(world, journal("j1", move(ESCROW, AVAILABLE, 5), move(CLEARING, ESCROW, 5))) is None
    assert await totals(world, ESCROW) == (5, 5, 0, 0)


async def test_currencies_are_kept_apart(held: StoreWorld) -> None:
    euros = journal("euros", move(AVAILABLE, ESCROW, 1), currency="EUR")
    assert await post(held, euros) is LedgerRefusal.EXCEEDS_BALANCE
    assert await post(held, journal("eur", move(CLEARING, AVAILABLE, 7), currency="EUR")) is None
    assert (await held.store.account(AVAILABLE, "EUR")).credits_posted == 7
    assert await totals(held, AVAILABLE) == (0, 100, 60, 0)


async def test_an_account_that_may_go_negative_does(world: StoreWorld) -> None:
    assert await post(world, journal("j1", move("fee_expense", "bank", 7))) is None
    assert (await world.store.account("bank")).balance_cents("debit") == -7


async def test_a_refused_journal_does_not_stop_the_rest_of_its_transaction(held: StoreWorld) -> None:
    def work(transaction: object) -> tuple[LedgerRefusal | None, LedgerRefusal | None]:
        post_ = transaction.post  # type: ignore[attr-defined]  # a Transaction
        return post_(journal("no", move(AVAILABLE, ESCROW, 41))), post_(journal("yes", move(AVAILABLE, ESCROW, 40)))

    assert await held.store.transact(work, "key:test") == (LedgerRefusal.EXCEEDS_BALANCE, None)
    assert [posted.journal.id for posted in await held.store.journals(0, 10)].count("yes") == 1
    assert await totals(held, AVAILABLE) == (40, 100, 60, 0)


async def test_a_transaction_that_makes_up_new_ids_in_each_run_comes_to_an_end(world: StoreWorld) -> None:
    runs = iter(range(1000))

    def work(transaction: object) -> None:
        number = next(runs)
        transaction.post(journal(f"f{number}", move(CLEARING, f"escrow_held/e{number}", 5)))  # type: ignore[attr-defined]  # a Transaction
        transaction.post(journal(f"h{number}", hold(f"escrow_held/e{number}", FLIGHT, 5, f"h{number}")))  # type: ignore[attr-defined]  # see above

    await world.store.transact(work, "key:test")
    assert len(await world.store.journals(0, 10)) == 2
