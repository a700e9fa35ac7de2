"""Fees are whole cents, come back whole, and parts sum to the whole."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payment_core.money import AMOUNT_CENTS_MAX, fee_cents, fee_share_cents, split_cents

amounts = st.integers(1, AMOUNT_CENTS_MAX)


@given(total=st.integers(0, AMOUNT_CENTS_MAX), weights=st.lists(st.integers(0, 10_000), min_size=1, max_size=30))
def test_parts_sum_to_the_whole_and_are_within_a_cent_of_exact(total: int, weights: list[int]) -> None:
    if sum(weights) == 0:
        weights = [*weights, 1]
    parts = split_cents(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


def test_the_largest_remainders_get_the_cents_left_over() -> None:
    assert split_cents(100, (1, 1, 1)) == (34, 33, 33)
    assert split_cents(10, (5, 3, 2)) == (5, 3, 2)
    assert split_cents(11, (6, 3, 1)) == (7, 3, 1)
    assert split_cents(1, (0, 0, 7)) == (0, 0, 1)


@pytest.mark.parametrize(("total", "weights"), [(10, ()), (10, (0, 0)), (10, (2, -1)), (-1, (1,))])
def test_what_cannot_be_split_is_refused(total: int, weights: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split_cents(total, weights)


@given(amount=amounts, basis_points=st.integers(0, 10_000))
def test_the_fee_is_the_first_part_of_the_split(amount: int, basis_points: int) -> None:
    assert fee_cents(amount, basis_points) == split_cents(amount, (basis_points, 10_000 - basis_points))[0]


def test_half_a_cent_of_fee_is_rounded_up() -> None:
    assert [fee_cents(cents, 800) for cents in (6, 7, 100, 1875)] == [0, 1, 8, 150]


@given(captured=amounts, basis_points=st.integers(0, 10_000), cuts=st.lists(st.integers(0, 10_000), max_size=8))
def test_refunding_everything_in_any_steps_gives_back_exactly_the_fee(
    captured: int, basis_points: int, cuts: list[int]
) -> None:
    fee = fee_cents(captured, basis_points)
    steps = sorted({captured * cut // 10_000 for cut in cuts} | {0, captured})
    shares: list[int] = []
    for before, after in pairwise(steps):
        shares.append(share_of(after - before, fee, captured, after, sum(shares)))
    assert sum(shares) == fee
    assert all(0 <= share <= after - before for share, before, after in zip(shares, steps, steps[1:], strict=False))


def share_of(amount: int, fee: int, captured: int, refunded_after: int, fee_refunded: int) -> int:
    return fee_share_cents(
        amount=amount, fee=fee, captured=captured, refunded_after=refunded_after, fee_refunded=fee_refunded
    )


@given(
    captured=st.integers(1, 500),
    basis_points=st.integers(0, 10_000),
    steps=st.lists(st.tuples(st.integers(1, 200), st.booleans()), max_size=12),
)
def test_refunds_that_fail_between_others_never_give_back_more_than_the_fee(
    captured: int, basis_points: int, steps: list[tuple[int, bool]]
) -> None:
    fee = fee_cents(captured, basis_points)
    live: list[tuple[int, int]] = []
    for amount, first_one_fails in steps:
        if first_one_fails and live:
            live.pop(0)
        refunded = sum(cents for cents, _ in live)
        if refunded + amount > captured:
            continue
        given_back = sum(share for _, share in live)
        share = share_of(amount, fee, captured, refunded + amount, given_back)
        live.append((amount, share))
        assert 0 <= share <= amount
        assert given_back + share <= fee
