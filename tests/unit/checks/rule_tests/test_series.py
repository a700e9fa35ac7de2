"""Facts from compact notation: exact shares, the same each time, and nothing that a fact cannot be."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.facts import PaymentAttempted
from checks.rule_tests.series import BEGIN_MS, facts_of, misfits
from config.loading.document import Path
from config.rules.rule_tests import Series

Fields = dict[str, Any]  # As in a YAML mapping.


def series(**fields: Any) -> Series:  # noqa: ANN401 - the fields of a YAML mapping.
    whole = {"facts": "payment.attempted", "with": {"rail": "card", "outcome": "failed", "amount_cents": 1}, **fields}
    return Series.model_validate(whole, context={"file": "x"})


@given(st.lists(st.integers(1, 50), min_size=1, max_size=5), st.integers(1, 400))
def test_after_any_number_of_facts_no_share_is_off_by_as_many_facts_as_there_are_shares(
    weights: list[int], size: int
) -> None:
    total = sum(weights)
    last = 100 - sum(100 * weight // total for weight in weights[:-1])
    percents = [*(100 * weight // total for weight in weights[:-1]), last]
    shares = [{"share": f"{one}%", "with": {"customer_id": str(place)}} for place, one in enumerate(percents)]
    seen: Counter[str] = Counter()
    for number, fact in enumerate(facts_of(series(every="1s", **{"for": f"{size}s"}, shares=shares), "0"), 1):
        assert isinstance(fact, PaymentAttempted)
        seen[fact.customer_id] += 1
        for place, one in enumerate(percents):
            assert abs(seen[str(place)] - number * one / 100) < max(1.01, len(percents) - 1)
            assert number % 100 or seen[str(place)] == number * one / 100


def test_facts_come_every_so_often_from_the_beginning_of_the_series() -> None:
    facts = list(facts_of(series(at="10s", every="250ms", **{"for": "1s"}), "3"))
    assert [fact.at_ms - BEGIN_MS for fact in facts] == [10_000, 10_250, 10_500, 10_750]
    assert len({fact.id for fact in facts}) == 4


def test_a_seed_draws_the_same_facts_each_time_and_another_seed_draws_others() -> None:
    shares = [{"share": "50%", "with": {"outcome": "failed"}}, {"share": "50%", "with": {"outcome": "succeeded"}}]
    drawn = [
        [fact.outcome for fact in facts_of(one, "0") if isinstance(fact, PaymentAttempted)]
        for one in (series(every="1s", **{"for": "40s"}, shares=shares, seed=seed) for seed in (1, 1, 2))
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_values_take_turns_numbers_are_filled_in_and_a_ramp_reaches_its_end() -> None:
    one = series(
        every="1s",
        **{"for": "5s"},
        in_turn={"environment": ["blue", "green"], "customer_id": ["cus_{n}"]},
        ramp={"latency_ms": {"from": 100, "to": 500}},
    )
    facts = [fact for fact in facts_of(one, "0") if isinstance(fact, PaymentAttempted)]
    assert [fact.environment for fact in facts] == ["blue", "green", "blue", "green", "blue"]
    assert [fact.customer_id for fact in facts][-1] == "cus_4"
    assert [fact.latency_ms for fact in facts] == [100, 200, 300, 400, 500]


@pytest.mark.parametrize(
    ("fields", "path", "part"),
    [
        ({"facts": "payment.atempted"}, ("facts",), "no kind of fact"),
        ({"with": {"raill": "card"}}, ("with", "raill"), "no field 'raill'"),
        ({"with": {"rail": "cart"}}, ("with", "rail"), "cannot be 'cart'"),
        ({"with": {"at_ms": 1}}, ("with", "at_ms"), "given by the series"),
        ({"with": {"rail": "card"}}, ("facts",), "not complete"),
        ({"in_turn": {"amount_cents": [1, "two"]}}, ("in_turn", "amount_cents"), "cannot be 'two'"),
        ({"ramp": {"rail": {"from": 1, "to": 2}}}, ("ramp", "rail"), "cannot be"),
        ({"shares": [{"share": "100%", "with": {"amount_cents": "x"}}]}, ("shares", 0, "with", "amount_cents"), "'x'"),
    ],
)
def test_what_a_fact_cannot_be_is_named_with_its_place(fields: Fields, path: Path, part: str) -> None:
    found = misfits(series(**fields))
    assert [one.path for one in found] == [path]
    assert part in found[0].what
