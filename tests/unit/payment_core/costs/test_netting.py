"""Which payments a payout carried follows from the ledger alone."""

from payment_core.costs.netting import Netting
from payment_core.ledger.journals import Journal, Move, Phase
from payment_core.store.port import PostedJournal

AVAILABLE = "provider_available/pro_1"


def journal(sequence: int, recipe: str, reference: str, *moves: Move) -> PostedJournal:
    made = Journal(id=f"{reference}:{recipe}:{sequence}", recipe=recipe, reference=reference, moves=moves)
    return PostedJournal(sequence, sequence, made)


def released(sequence: int, payment: str, account: str = AVAILABLE) -> PostedJournal:
    return journal(sequence, "release", payment, Move("customer_escrow/pro_1", account, 100))


def payout(sequence: int, step: str, payout_id: str = "po_1") -> PostedJournal:
    return journal(
        sequence, f"payout.{step}", payout_id, Move(AVAILABLE, "payout_in_flight", 100, Phase.PENDING, payout_id)
    )


def folded(*journals: PostedJournal) -> Netting:
    netting = Netting()
    netting.fold(journals)
    return netting


def test_a_payout_carries_what_was_released_since_the_one_before() -> None:
    netting = folded(
        released(1, "pay_1"), released(2, "pay_2"), payout(3, "hold"), released(4, "pay_3"), payout(5, "hold", "po_2")
    )
    assert netting.references_by_payout == {"po_1": ("pay_1", "pay_2"), "po_2": ("pay_3",)}
    assert netting.payouts_by_reference["pay_2"] == ["po_1"]


def test_money_of_another_provider_is_not_carried() -> None:
    netting = folded(released(1, "pay_1", "provider_available/pro_2"), released(2, "pay_2"), payout(3, "hold"))
    assert netting.references_by_payout == {"po_1": ("pay_2",)}


def test_a_payment_that_is_released_in_two_parts_is_one() -> None:
    netting = folded(released(1, "pay_1"), released(2, "pay_1"), payout(3, "hold"))
    assert netting.references_by_payout == {"po_1": ("pay_1",)}


def test_what_is_released_to_several_payees_is_carried_by_each_ones_payout() -> None:
    to_both = journal(
        1,
        "escrow_release",
        "esc_1",
        Move("escrow_held/esc_1", AVAILABLE, 60),
        Move("escrow_held/esc_1", "provider_available/pro_2", 40),
    )
    other = journal(3, "payout.hold", "po_2", Move("provider_available/pro_2", "payout_in_flight", 40))
    netting = folded(to_both, payout(2, "hold"), other)
    assert netting.payouts_by_reference == {"esc_1": ["po_1", "po_2"]}


def test_a_payout_that_never_left_gives_its_payments_to_the_next() -> None:
    netting = folded(
        released(1, "pay_1"), payout(2, "hold"), payout(3, "void"), released(4, "pay_2"), payout(5, "hold", "po_2")
    )
    assert netting.references_by_payout == {"po_2": ("pay_1", "pay_2")}
    assert netting.payouts_by_reference["pay_1"] == ["po_2"]


def test_a_returned_payout_has_cost_something_and_its_payments_are_carried_again() -> None:
    netting = folded(
        released(1, "pay_1"), payout(2, "hold"), payout(3, "submit"), payout(4, "return"), payout(5, "hold", "po_2")
    )
    assert netting.payouts_by_reference["pay_1"] == ["po_1", "po_2"]


def test_what_the_provider_owes_is_no_part_of_the_payments_it_carries() -> None:
    owed = journal(
        2,
        "payout.hold",
        "po_1",
        Move(AVAILABLE, "provider_reserve/pro_1", 10),
        Move(AVAILABLE, "payout_in_flight", 90, Phase.PENDING, "po_1"),
    )
    assert folded(released(1, "pay_1"), owed).references_by_payout == {"po_1": ("pay_1",)}
