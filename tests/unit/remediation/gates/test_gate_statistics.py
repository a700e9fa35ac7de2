"""The figures that gates go by: evidence sizes against simulation, stated errors, and what each test sees."""

import random
from fractions import Fraction
from math import log

import pytest

from checks.windows.cusum import chart
from remediation.deployment.gates.comparison import Contrast, Pane, share_of, threshold
from remediation.deployment.gates.drift import Scores
from remediation.deployment.gates.evidence import Unattainable, facts_to_see, facts_to_tell

STEPS = chart(Fraction(1, 100), Fraction(10, 100), 100_000)


def _facts_until_it_fires(chance: random.Random, bad: float) -> int:
    score = facts = 0
    while score < STEPS.threshold:
        facts += 1
        score = score + STEPS.up if chance.random() < bad else max(0, score - 1)
    return facts


@pytest.mark.parametrize("power", [0.5, 0.95])
def test_after_the_facts_of_a_stage_the_chart_has_fired_as_often_as_the_stated_power(power: float) -> None:
    chance = random.Random(5)  # noqa: S311  # reproducible outcomes
    needed = facts_to_see(STEPS, 0.1, power)
    fired = sum(_facts_until_it_fires(chance, 0.10) <= needed for _ in range(2_000)) / 2_000
    # Four standard deviations of a share of 2,000.
    assert fired == pytest.approx(power, abs=4 * (power * (1 - power) / 2_000) ** 0.5)


def test_a_milder_fault_and_more_power_take_more_facts() -> None:
    sizes = [facts_to_see(STEPS, bad / 100, 0.9) for bad in (40, 20, 10, 5)]
    assert sizes == sorted(set(sizes))
    assert facts_to_see(STEPS, 0.1, 0.99) > sizes[2]


def test_the_smallest_binomial_test_is_the_smallest() -> None:
    healthy, faulty, power, alarm = Fraction(1, 100), Fraction(10, 100), Fraction(9, 10), Fraction(1, 100)
    needed = facts_to_tell(0.01, 0.1, 0.9, 0.01)

    def tells(facts: int) -> bool:
        return any(
            _at_least(limit, facts, faulty) >= power and _at_least(limit, facts, healthy) <= alarm
            for limit in range(facts + 1)
        )

    assert tells(needed)
    # Binomial tests are saw-toothed in n: a smaller one that tells has another number of bad facts as its limit.
    assert not any(tells(facts) for facts in range(1, needed - 8))


def _at_least(limit: int, facts: int, bad: Fraction) -> Fraction:
    below, term = Fraction(0), (1 - bad) ** facts
    for count in range(limit):
        below += term
        term = term * (facts - count) / (count + 1) * bad / (1 - bad)
    return 1 - below


def test_a_fault_that_no_stage_can_see_is_unattainable_rather_than_endless() -> None:
    with pytest.raises(Unattainable):
        facts_to_tell(0.5, 0.50001, 0.95, 0.01)


def _panes(chance: random.Random, count: int, new_bad: float, old_bad: float) -> list[Pane]:
    made = []
    for _ in range(count):
        new, old = chance.randint(0, 10), chance.randint(60, 140)
        made.append(
            Pane(
                new,
                sum(chance.random() < new_bad for _ in range(new)),
                old,
                sum(chance.random() < old_bad for _ in range(old)),
            )
        )
    return made


def test_looked_at_after_every_pane_two_equal_versions_differ_no_oftener_than_alpha() -> None:
    chance = random.Random(7)  # noqa: S311  # reproducible outcomes
    alpha, false = 0.1, 0
    for number in range(300):
        contrast = Contrast(0.005)
        ratio = (0.002, 0.02, 0.2)[number % 3]
        highest = max(contrast.fold(pane) for pane in _panes(chance, 40, ratio, ratio))
        false += highest >= threshold(alpha, 1, 1)
    # Four standard deviations above what is allowed; in truth it is far below.
    assert false <= 300 * alpha + 4 * (300 * alpha * (1 - alpha)) ** 0.5


@pytest.mark.parametrize("onset", [0, 30])
def test_a_fault_is_seen_whether_it_was_there_from_the_start_or_began_later(onset: int) -> None:
    chance = random.Random(9)  # noqa: S311  # reproducible outcomes
    needed = threshold(0.001, 1, 1)
    contrast = Contrast(0.005)
    for pane in _panes(chance, onset, 0.005, 0.005):
        assert contrast.fold(pane) < needed
    assert any(contrast.fold(pane) >= needed for pane in _panes(chance, 40, 0.3, 0.005))


def test_a_better_new_version_and_a_pane_of_one_version_are_no_evidence() -> None:
    chance = random.Random(3)  # noqa: S311  # reproducible outcomes
    contrast = Contrast(0.005)
    assert contrast.fold(Pane(10, 10, 0, 0)) == 0.0
    for pane in _panes(chance, 60, 0.001, 0.2):
        contrast.fold(pane)
    assert contrast.evidence < 1
    assert contrast.seen.new_bad >= 10


def test_evidence_is_told_on_the_scale_on_which_payments_add_up() -> None:
    assert share_of(0.0, 1_000) == 0
    assert share_of(10.0, 1_000) == pytest.approx(log(10) / log(1_000))
    assert share_of(1e9, 1_000) == 1


def test_no_evidence_is_too_large_to_be_held() -> None:
    contrast = Contrast(0.005)
    for _ in range(200):
        contrast.fold(Pane(1_000, 1_000, 1_000, 0))
    assert contrast.evidence > threshold(1e-9, 10, 20, 10_000)


def _scores(chance: random.Random, new: int, old: int, shift: float) -> Scores:
    scores = Scores()
    for count, moved, is_new in ((new, shift, True), (old, 0.0, False)):
        for _ in range(count):
            scores.take(min(1_000, max(0, round(chance.gauss(200 + moved, 120)))), is_new=is_new)
    return scores


def test_shifted_scores_are_apart_and_equal_ones_are_within_chance() -> None:
    chance = random.Random(1)  # noqa: S311  # reproducible outcomes
    for _ in range(20):
        equal = _scores(chance, 400, 4_000, 0).drift(400, 1e-4)
        assert equal is not None
        assert equal.distance < equal.chance
    apart = _scores(chance, 400, 4_000, 120).drift(400, 1e-4)
    assert apart is not None
    assert apart.distance > max(0.15, apart.chance)
    assert 150 <= apart.at_score <= 400


def test_drift_is_looked_at_when_there_are_enough_scores_and_at_every_doubling_only() -> None:
    chance = random.Random(2)  # noqa: S311  # reproducible outcomes
    scores = _scores(chance, 99, 1_000, 0)
    assert scores.drift(100, 1e-4) is None
    scores.take(900, is_new=True)
    first = scores.drift(100, 1e-4)
    assert first is not None
    for _ in range(99):
        scores.take(900, is_new=True)
    assert scores.drift(100, 1e-4) is first
    scores.take(900, is_new=True)
    second = scores.drift(100, 1e-4)
    assert second is not None
    assert (second.new, second.distance > first.distance) == (200, True)
