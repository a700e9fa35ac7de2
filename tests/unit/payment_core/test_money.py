"""Fees are whole cents and come back whole."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from payment_core.money import AMOUNT_CENTS_MAX, fee_cents, fee_share_cents

amounts = st.integers(1, AMOUNT_CENTS_MAX)


@given(amount=amounts, basis_points=st.integers(0, 10_000))
def test_a_fee_is_never_more_than_the_amount_and_within_half_a_cent_of_exact(amount: int, basis_points: int) -> None:
    fee = fee_cents(amount, basis_points)
    assert 0 <= fee <= amount
    assert abs(fee * 10_000 - amount * basis_points) <= 5_000


def test_half_a_cent_of_fee_is_rounded_up() -> None:
    assert [fee_cents(cents, 800) for cents in (6, 7, 100, 1875)] == [0, 1, 8, 150]


@given(captured=amounts, basis_points=st.integers(0, 10_000), cuts=st.lists(st.integers(0, 10_000), max_size=8))
def test_refunding_everything_in_any_steps_gives_back_exactly_the_fee(
    captured: int, basis_points: int, cuts: list[int]
) -> None:
    fee = fee_cents(captured, basis_points)
    steps = sorted({captured * cut // 10_000 for cut in cuts} | {0, captured})
    shares = [
        fee_share_cents(fee=fee, captured=captured, refunded_before=before, refunded_after=after)
        for before, after in pairwise(steps)
    ]
    assert sum(shares) == fee
    assert all(0 <= share <= after - before for share, before, after in zip(shares, steps, steps[1:], strict=False))
