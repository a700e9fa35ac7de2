"""The statistics of experiments against enumeration, known values and simulation: what is stated, holds."""

import random
from itertools import product
from math import comb, e, isclose, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.deployment.gates.comparison import Pane
from remediation.flags.experiments.customers import Customers
from remediation.flags.experiments.difference import DIFFERENCES, Difference, nearest, threshold
from remediation.flags.experiments.needed import LEARNING, NEVER, payments_to_see
from remediation.flags.experiments.ratio import interval_of
from remediation.flags.experiments.sample_ratio import ALPHA as MISMATCH_ALPHA
from remediation.flags.experiments.sample_ratio import SampleRatio

NEEDED = threshold(0.05, 1)
ONLY_NONE = (0.0,)
"""The test alone, without the interval: what a simulation of many runs has time for."""
COARSE = DIFFERENCES[::3]
"""Every third difference, none among them."""


def _chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # reproducible outcomes


def _pane(chance: random.Random, old: float, new: float, *, share: float = 0.5, payments: int = 25) -> Pane:
    pane = Pane()
    for _ in range(payments):
        is_new = chance.random() < share
        pane.count(is_new=is_new, is_bad=chance.random() < (new if is_new else old))
    return pane


def _binomial(counted: int, seen: int, ratio: float) -> float:
    return comb(seen, counted) * ratio**counted * (1 - ratio) ** (seen - counted)


@pytest.mark.parametrize("believed", [(0.02, 0.2), (0.3, 0.31), (0.9, 0.5)])
@pytest.mark.parametrize("difference", [-0.2, 0.0, 0.0002, 0.05, 0.3])
def test_evidence_against_a_true_difference_averages_at_most_one(
    believed: tuple[float, float], difference: float
) -> None:
    old, new = believed
    sizes = Pane(new=3, old=5)
    least = nearest(old, new, sizes, difference)
    for true in (0.001, 0.02, 0.1, 0.25, 0.5, 0.69):
        if not 0 < true + difference < 1:
            continue
        average = 0.0
        for bad_new, bad_old in product(range(sizes.new + 1), range(sizes.old + 1)):
            likely = _binomial(bad_new, sizes.new, true + difference) * _binomial(bad_old, sizes.old, true)
            alternative = _binomial(bad_new, sizes.new, new) * _binomial(bad_old, sizes.old, old)
            null = _binomial(bad_new, sizes.new, least + difference) * _binomial(bad_old, sizes.old, least)
            average += likely * alternative / null
        assert average <= 1 + 1e-9


@given(st.floats(0.001, 0.999), st.floats(0.001, 0.999), st.integers(1, 50), st.integers(1, 50))
def test_nearest_to_no_difference_is_the_ratio_of_both_together(old: float, new: float, many: int, few: int) -> None:
    pane = Pane(new=many, old=few)
    assert isclose(nearest(old, new, pane, 0.0), (many * new + few * old) / (many + few), rel_tol=1e-9)


def test_looking_after_every_pane_finds_a_difference_that_is_not_there_no_more_often_than_stated() -> None:
    false = 0
    for seed in range(200):
        chance, difference = _chance(seed), Difference(differences=ONLY_NONE)
        false += any(_told(difference, _pane(chance, 0.1, 0.1)) for _ in range(80))
    assert false <= 0.05 * 200


def _told(difference: Difference, pane: Pane) -> bool:
    difference.fold(pane)
    return difference.evidence >= NEEDED


def test_the_true_difference_stays_in_the_interval_however_often_it_is_looked_at() -> None:
    missed = 0
    for seed in range(25):
        chance, difference = _chance(seed), Difference(differences=COARSE)
        for _ in range(20):
            difference.fold(_pane(chance, 0.06, 0.10, payments=100))
        interval = difference.interval(NEEDED)
        missed += interval is None or not interval.low <= 0.04 <= interval.high
    # The interval never grows, so whoever looked in between saw a wider one.
    assert missed <= 0.05 * 25


def test_a_split_that_changes_with_the_hour_is_no_difference_and_hides_none() -> None:
    false = found = 0
    for seed in range(20):
        chance, difference, whole = _chance(seed), Difference(differences=ONLY_NONE), Pane()
        for ratio, share in ((0.02, 0.05), (0.20, 0.9)):
            for _ in range(60):
                pane = _pane(chance, ratio, ratio, share=share)
                whole.add(pane)
                difference.fold(pane)
        both = (whole.new_bad + whole.old_bad) / (whole.new + whole.old)
        spread = sqrt(both * (1 - both) * (1 / whole.new + 1 / whole.old))
        assert (whole.new_bad / whole.new - whole.old_bad / whole.old) / spread > 6, "ratios of everything are fooled"
        false += difference.evidence >= NEEDED
        found += any(_told(difference, _pane(chance, 0.10, 0.20)) for _ in range(100))
    assert false <= 0.05 * 20
    assert found >= 19


def test_most_differences_are_told_by_the_payments_that_are_called_enough() -> None:
    needed = payments_to_see(0.05, 0.10, 0.5, NEEDED + LEARNING, 0.8)
    told = 0
    for seed in range(100):
        chance, difference = _chance(seed), Difference(differences=ONLY_NONE)
        told += any(_told(difference, _pane(chance, 0.05, 0.10)) for _ in range(needed // 25))
    assert told >= 75


def test_payments_needed_grow_as_the_difference_shrinks_and_are_never_enough_for_none() -> None:
    sizes = [payments_to_see(0.05, 0.05 + apart, 0.5, NEEDED, 0.8) for apart in (0.1, 0.05, 0.02, 0.01)]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == len(sizes)
    assert payments_to_see(0.05, 0.10, 0.05, NEEDED, 0.8) > payments_to_see(0.05, 0.10, 0.5, NEEDED, 0.8)
    assert payments_to_see(0.05, 0.05, 0.5, NEEDED, 0.8) == NEVER
    assert payments_to_see(0.05, 0.10, 1.0, NEEDED, 0.8) == NEVER


def test_what_was_kept_goes_on_as_if_nothing_had_happened() -> None:
    chance = _chance(11)
    panes = [_pane(chance, 0.05, 0.15) for _ in range(6)]
    whole, first = Difference(), Difference()
    for pane in panes:
        whole.fold(pane)
    for pane in panes[:3]:
        first.fold(pane)
    second = Difference(first.state)
    for pane in panes[3:]:
        second.fold(pane)
    assert second.state == whole.state


def test_differences_are_in_order_and_alike_on_both_sides_of_none() -> None:
    assert list(DIFFERENCES) == sorted(DIFFERENCES)
    assert [-one for one in reversed(DIFFERENCES)] == list(DIFFERENCES)
    assert DIFFERENCES[-1] > 0.5


def test_the_interval_of_one_ratio_has_known_ends() -> None:
    """One of one: the martingale is B(3/2, 1/2) / B(1/2, 1/2) / p = 1 / (2 p), so p may be as small as alpha / 2."""
    one = interval_of(1, 1, 0.05)
    assert one.low == pytest.approx(0.025)
    assert one.high == 1.0
    none = interval_of(0, 1, 0.05)
    assert none.low == 0.0
    assert none.high == pytest.approx(0.975)
    unknown = interval_of(0, 0, 0.05)
    assert (unknown.low, unknown.high) == (0.0, 1.0)


def test_the_true_ratio_stays_in_its_interval_after_every_payment() -> None:
    missed = 0
    for seed in range(60):
        chance, counted = _chance(seed), 0
        for seen in range(1, 101):
            counted += chance.random() < 0.3
            interval = interval_of(counted, seen, 0.1)
            if not interval.low <= 0.3 <= interval.high:
                missed += 1
                break
    assert missed <= 0.1 * 60


def test_evidence_of_a_wrong_split_averages_one_while_it_is_right() -> None:
    shares = {"a": 0.2, "b": 0.5, "c": 0.3}
    average = 0.0
    for came in product(shares, repeat=5):
        likely = 1.0
        ratio = SampleRatio(shares)
        for variant in came:
            likely *= shares[variant]
            ratio.count(variant)
        average += likely * e**ratio.evidence
    assert average == pytest.approx(1.0, abs=1e-9)


def test_a_right_split_is_rarely_called_wrong_and_a_wrong_one_soon() -> None:
    false = sum(_mismatch(seed, 0.5, 2_000) is not None for seed in range(100))
    assert false <= max(1, MISMATCH_ALPHA * 100)
    found = [_mismatch(seed, 0.58, 4_000) for seed in range(20)]
    assert all(found)


def _mismatch(seed: int, true: float, customers: int) -> int | None:
    chance, ratio = _chance(seed), SampleRatio({"on": 0.5, "off": 0.5})
    for came in range(1, customers + 1):
        ratio.count("on" if chance.random() < true else "off")
        if came % 20 == 0:
            ratio.weigh()
            if ratio.is_wrong:
                return came
    return None


def test_a_change_of_shares_is_no_mismatch_and_forgets_none() -> None:
    chance, ratio = _chance(2), SampleRatio({"on": 0.05, "off": 0.95})
    for share in (0.05, 0.25, 0.5):
        ratio.ask({"on": share, "off": 1 - share})
        for _ in range(1_000):
            ratio.count("on" if chance.random() < share else "off")
        ratio.weigh()
    assert not ratio.is_wrong
    wrong = SampleRatio({"on": 0.5, "off": 0.5})
    for _ in range(100):
        wrong.count("on")
    wrong.weigh()
    wrong.ask({"on": 1.0, "off": 0.0})
    wrong.count("on")
    wrong.count("off")
    wrong.weigh()
    assert wrong.is_wrong
    assert SampleRatio({"on": 1.0, "off": 0.0}, wrong.state).is_wrong


@given(st.lists(st.integers(0, 300), max_size=300))
@settings(max_examples=30)
def test_no_customer_is_the_first_one_twice(ids: list[int]) -> None:
    customers = Customers("salt", bits=1 << 10)
    first = [one for one in ids if customers.is_first(f"cus_{one}")]
    assert len(first) == len(set(first))


def test_a_filter_passes_over_as_many_new_customers_as_its_size_says_and_goes_on_from_what_was_kept() -> None:
    bits, many = 1 << 14, 2_000
    customers = Customers("salt", bits=bits)
    for number in range(many):
        customers.is_first(f"cus_{number}")
    again = Customers("salt", customers.filled)
    passed = sum(not again.is_first(f"new_{number}") for number in range(200))
    filled = 1 - (1 - 1 / bits) ** (4 * many)
    assert passed / 200 == pytest.approx(filled**4, abs=0.06)
    assert not any(again.is_first(f"cus_{number}") for number in range(many))
