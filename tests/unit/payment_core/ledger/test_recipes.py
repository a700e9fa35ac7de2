"""What each event of a payment posts, read off the recipes one by one."""

import pytest

from payment_core.errors import JournalRefused
from payment_core.ledger import recipes
from payment_core.ledger.journals import Journal, Move
from payment_core.store.memory import MemoryStore
from tests.simulation.payment_world import REGISTRY, HandClock

ESCROW, AVAILABLE, RESERVE = "customer_escrow/pro_1", "provider_available/pro_1", "provider_reserve/pro_1"
PARTS = {"fee_cents": 8, "escrow_cents": 50, "available_cents": 42}


def moves(journal: Journal) -> list[tuple[str, str, int]]:
    return [(move.debit, move.credit, move.amount_cents) for move in journal.moves]


@pytest.mark.parametrize(
    ("journal", "expected"),
    [
        (
            recipes.capture("cap_1", "pay_1", "pro_1", amount_cents=100, fee_cents=8),
            [("rail_clearing", ESCROW, 100), (ESCROW, "platform_fee", 8)],
        ),
        (
            recipes.capture("cap_1", "pay_1", "pro_1", amount_cents=5, fee_cents=0),
            [("rail_clearing", ESCROW, 5)],
        ),
        (recipes.release("pay_1", 3, "pro_1", amount_cents=92), [(ESCROW, AVAILABLE, 92)]),
        (
            recipes.refund_promised("ref_1", "pay_1", "pro_1", **PARTS),
            [
                ("platform_fee", "refunds_payable", 8),
                (ESCROW, "refunds_payable", 50),
                (AVAILABLE, "refunds_payable", 42),
            ],
        ),
        (recipes.refund_settled("ref_1", "pay_1", amount_cents=100), [("refunds_payable", "rail_clearing", 100)]),
        (
            recipes.dispute_lost(
                "dis_1", "pay_1", "pro_1", held_cents=60, escrow_cents=10, available_cents=20, reserve_cents=10
            ),
            [
                ("disputes_held", "disputes_lost", 60),
                (ESCROW, "disputes_lost", 10),
                (AVAILABLE, "disputes_lost", 20),
                (RESERVE, "disputes_lost", 10),
                ("disputes_lost", "rail_clearing", 100),
            ],
        ),
    ],
    ids=["capture", "capture without fee", "release", "promised", "settled", "lost"],
)
def test_a_recipe_moves_what_it_says(journal: Journal, expected: list[tuple[str, str, int]]) -> None:
    assert moves(journal) == expected
    assert journal.reference == "pay_1"


@pytest.mark.parametrize(
    ("recipe", "debit", "credit"),
    [
        (recipes.debit_received, "bank", "rail_clearing"),
        (recipes.debit_returned, "rail_clearing", "bank"),
        (recipes.refund_credited, "rail_clearing", "bank"),
        (recipes.refund_came_back, "bank", "refunds_payable"),
    ],
)
def test_what_the_bank_did_is_between_it_and_the_rail_or_the_payer(recipe: object, debit: str, credit: str) -> None:
    journal = recipe("ent_1", "pay_1", amount_cents=7)  # type: ignore[operator]  # four recipes
    assert moves(journal) == [(debit, credit, 7)]
    assert (journal.reference, journal.id.partition(":")[0]) == ("pay_1", "ent_1")


def test_what_a_payer_has_twice_is_owed_by_the_provider() -> None:
    journal = recipes.debit_overpaid("ent_1", "pay_1", "pro_1", amount_cents=7)
    assert moves(journal) == [(RESERVE, "rail_clearing", 7)]


def test_each_cause_has_a_journal_of_its_own_so_that_it_is_posted_once() -> None:
    one = {"amount_cents": 7}
    journals = [
        recipes.capture("x_1", "pay_1", "pro_1", amount_cents=7, fee_cents=1),
        recipes.release("x_1", 3, "pro_1", amount_cents=7),
        recipes.release("x_1", 4, "pro_1", amount_cents=7),
        recipes.debit_overpaid("x_1", "pay_1", "pro_1", amount_cents=7),
        *(recipe("x_1", "pay_1", **one) for recipe in (recipes.debit_received, recipes.debit_returned)),
        *(recipe("x_1", "pay_1", **one) for recipe in (recipes.refund_credited, recipes.refund_came_back)),
        recipes.refund_settled("x_1", "pay_1", amount_cents=7),
        *(recipe("x_1", "pay_1", "pro_1", **PARTS) for recipe in (recipes.refund_promised, recipes.refund_undone)),
        *(recipe("x_1", "pay_1", "pro_1", **PARTS) for recipe in (recipes.dispute_opened, recipes.dispute_won)),
    ]
    assert len({journal.id for journal in journals}) == len(journals)


async def test_a_journal_of_nothing_posts_nothing_and_is_no_refusal() -> None:
    store = MemoryStore(registry=REGISTRY, producer="blue", clock=HandClock())
    nothing = recipes.release("pay_1", 3, "pro_1", amount_cents=0)
    assert nothing.moves == ()
    assert await store.transact(lambda transaction: recipes.try_post(transaction, nothing), "test")
    await store.transact(lambda transaction: recipes.must_post(transaction, nothing), "test")
    assert await store.journals(0, 10) == []


@pytest.mark.parametrize(
    ("forth", "back"),
    [(recipes.refund_promised, recipes.refund_undone), (recipes.dispute_opened, recipes.dispute_won)],
    ids=["refund", "dispute"],
)
def test_what_is_undone_goes_back_to_where_it_came_from(forth: object, back: object) -> None:
    went = moves(forth("x_1", "pay_1", "pro_1", **PARTS))  # type: ignore[operator]  # two recipes
    came = moves(back("x_1", "pay_1", "pro_1", **PARTS))  # type: ignore[operator]  # two recipes
    assert came == [(credit, debit, cents) for debit, credit, cents in went]


async def test_only_a_balance_may_stand_against_a_journal_that_is_tried() -> None:
    store = MemoryStore(registry=REGISTRY, producer="blue", clock=HandClock())
    overdraft = Journal(id="j1", recipe="test", reference="x", moves=(Move(AVAILABLE, "payout_in_flight", 1),))
    wrong = Journal(id="j2", recipe="test", reference="x", moves=(Move("bank", "bank", 1),))
    assert not await store.transact(lambda transaction: recipes.try_post(transaction, overdraft), "test")
    with pytest.raises(JournalRefused, match="j2: accounts_must_differ"):
        await store.transact(lambda transaction: recipes.try_post(transaction, wrong), "test")
    with pytest.raises(JournalRefused, match="j1: exceeds_balance"):
        await store.transact(lambda transaction: recipes.must_post(transaction, overdraft), "test")
    assert await store.journals(0, 10) == []
