"""The tables and the arithmetic of escrows, by themselves."""

from itertools import product
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payment_core.errors import IllegalTransition
from payment_core.escrow.acts.opening import request_refusal
from payment_core.escrow.acts.splits import gross_refund_cents, take
from payment_core.escrow.model import EscrowStatus, Source
from payment_core.escrow.options import EscrowOptions
from payment_core.escrow.refusals import EscrowRefusal, explain_escrow
from payment_core.escrow.requests import EscrowRequest, PayeeRequest, SourceRequest
from payment_core.escrow.states import AFTER, FINAL, Act, status_after
from payment_core.money import Charge, fee_share_cents, split_cents

STATUSES: tuple[EscrowStatus, ...] = get_args(EscrowStatus)
LEGAL = {
    "created": {"fund": "funded", "expire": "expired"},
    "funded": {
        "release_part": "partially_released",
        "release_all": "released",
        "refund_part": "funded",
        "refund_all": "refunded",
        "freeze": "frozen",
        "dispute": "disputed",
    },
    "partially_released": {
        "release_part": "partially_released",
        "release_all": "released",
        "refund_part": "partially_released",
        "refund_all": "refunded",
        "freeze": "frozen",
        "dispute": "disputed",
    },
    "disputed": {"resolve": "resolved", "freeze": "frozen"},
    "frozen": {"unfreeze": "funded"},
}


@pytest.mark.parametrize(("status", "act"), list(product(STATUSES, Act)))
def test_an_act_is_legal_only_where_the_table_has_it(status: EscrowStatus, act: Act) -> None:
    wanted = LEGAL.get(status, {}).get(act.value)
    if wanted is None:
        with pytest.raises(IllegalTransition):
            status_after(status, act, "funded")
    else:
        assert status_after(status, act, "funded") == wanted


@pytest.mark.parametrize("before", ["funded", "partially_released", "disputed"])
def test_unfreezing_leads_back_to_where_it_was_frozen(before: EscrowStatus) -> None:
    assert status_after("frozen", Act.UNFREEZE, before) == before


@pytest.mark.parametrize("before", ["", "created", "frozen", *sorted(FINAL)])
def test_nothing_thaws_to_a_status_that_cannot_be_frozen(before: str) -> None:
    with pytest.raises(IllegalTransition):
        status_after("frozen", Act.UNFREEZE, before)


def test_nothing_leaves_a_final_status() -> None:
    assert not [key for key in AFTER if key[0] in FINAL]


@pytest.mark.parametrize("refusal", list(EscrowRefusal))
def test_every_refusal_says_what_to_do(refusal: EscrowRefusal) -> None:
    explanation = explain_escrow(refusal)
    assert 400 <= explanation.status < 500
    assert explanation.detail.endswith(".")


@given(st.integers(0, 10**9), st.lists(st.integers(1, 10_000), min_size=1, max_size=10))
def test_parts_sum_to_the_whole_and_are_within_a_cent_of_their_share(amount: int, weights: list[int]) -> None:
    parts = split_cents(amount, weights)
    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - amount * weight) < sum(weights)


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (100, [1, 1, 1], (34, 33, 33)),
        (1, [1, 1], (1, 0)),
        (5, [3, 7], (2, 3)),
        (10_001, [9_999, 1], (10_000, 1)),
        (0, [1, 2], (0, 0)),
    ],
)
def test_cents_are_split_by_largest_remainder(amount: int, weights: list[int], parts: tuple[int, ...]) -> None:
    assert split_cents(amount, weights) == parts


@given(st.lists(st.integers(1, 1_000), min_size=1, max_size=5), st.data())
def test_what_is_taken_of_the_sources_sums_to_the_amount(held: list[int], data: st.DataObject) -> None:
    sources = [Source(f"pay_{number}", "pro_a", cents) for number, cents in enumerate(held)]
    amount = data.draw(st.integers(0, sum(held)))
    after, taken = take(sources, amount, "released_cents")
    assert sum(cents for _, cents in taken) == amount
    assert sum(source.held_cents for source in after) == sum(held) - amount
    assert all(source.held_cents >= 0 for source in after)


@given(st.integers(1, 1_000_000), st.integers(0, 10_000), st.data())
def test_refunds_of_all_parts_of_an_escrow_refund_exactly_the_payment(
    captured: int, basis_points: int, data: st.DataObject
) -> None:
    fee = min(captured - 1, captured * basis_points // 10_000)
    left, refunded, fee_refunded = captured - fee, 0, 0
    while left > 0:
        net = data.draw(st.integers(max(1, left // 4), left))

        def share(gross: int, refunded: int = refunded, fee_refunded: int = fee_refunded) -> int:
            after = refunded + gross
            return fee_share_cents(
                amount=gross, fee=fee, captured=captured, refunded_after=after, fee_refunded=fee_refunded
            )

        gross = gross_refund_cents(net, captured - refunded, share)
        assert gross - share(gross) == net
        fee_refunded += share(gross)
        refunded += gross
        left -= net
    assert (refunded, fee_refunded) == (captured, fee)


GOOD = EscrowRequest(provider_id="pro_a", amount=Charge(10_000, "USD"), payment_id="pay_1")
SOURCES = (SourceRequest("pay_1", Charge(4_000, "USD")), SourceRequest("pay_2", Charge(6_000, "USD")))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({}, None),
        ({"payment_id": "", "payments": SOURCES}, None),
        ({"payment_id": "", "payments": (SOURCES[0], SOURCES[0])}, EscrowRefusal.PAYMENTS_REPEATED),
        ({"payees": (PayeeRequest("pro_a", 1), PayeeRequest("pro_a", 2))}, EscrowRefusal.PAYEES_REPEATED),
        ({"conditions": ("delivered", "delivered")}, EscrowRefusal.CONDITIONS_REPEATED),
        ({"payment_id": ""}, EscrowRefusal.PAYMENT_OR_PAYMENTS),
        ({"payments": SOURCES}, EscrowRefusal.PAYMENT_OR_PAYMENTS),
        ({"payment_id": "", "payments": SOURCES[:1]}, EscrowRefusal.AMOUNTS_DIFFER),
        ({"amount": Charge(99, "USD")}, EscrowRefusal.AMOUNT_OUTSIDE_LIMITS),
        ({"amount": Charge(100, "USD")}, None),
        ({"amount": Charge(10_000_000, "USD")}, None),
        ({"amount": Charge(10_000_001, "USD")}, EscrowRefusal.AMOUNT_OUTSIDE_LIMITS),
        ({"auto_release_at_ms": 2_000, "auto_refund_at_ms": 2_000}, EscrowRefusal.TWO_TIMERS),
        ({"auto_release_at_ms": 1_000}, EscrowRefusal.TIMER_IN_THE_PAST),
        ({"auto_refund_at_ms": 1_001}, None),
    ],
)
def test_a_request_is_refused_for_its_first_fault(changes: dict[str, object], refusal: EscrowRefusal | None) -> None:
    request = msgspec.structs.replace(GOOD, **changes)
    assert request_refusal(request, 1_000, EscrowOptions()) is refusal
