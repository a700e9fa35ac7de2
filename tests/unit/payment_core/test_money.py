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
        assert 0 <= share <= amount
        live.append((amount, share))
        assert 0 <= sum(share for _, share in live) <= fee
