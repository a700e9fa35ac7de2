"""Many expressions read at once give what each gives alone."""

import pytest

from checks.expression import ExpressionError, compile_condition
from checks.expression.fused import WHOLE, Slots
from checks.facts import PaymentRequested
from tests.unit.checks.scoring.fraud_facts import payment

CONDITIONS = ("true", "rail == 'card'", "amount_cents > 5000", "100 / chargeback_count > 1", "ip == ''")


@pytest.mark.parametrize("fact", [payment(), payment(amount_cents=6_000), payment(chargeback_count=2, ip="1.1.1.1")])
def test_fused_conditions_equal_single_ones(fact: PaymentRequested) -> None:
    slots = Slots(PaymentRequested)
    numbers = [slots.condition(text) for text in CONDITIONS]
    read = slots.compiled()(fact)
    alone = [compile_condition(text, PaymentRequested).predicate(fact) for text in CONDITIONS]
    assert [read[number] for number in numbers] == alone


def test_equal_expressions_share_a_slot_and_an_undefined_number_is_none() -> None:
    slots = Slots(PaymentRequested)
    assert slots.condition("rail=='card'") == slots.condition('(rail == "card")')
    assert slots.condition("true") != slots.condition("rail == 'card'")
    share = slots.number("amount_cents / chargeback_count")
    assert slots.compiled()(payment())[share] is None
    assert slots.compiled()(payment(chargeback_count=2))[share] == 2_500


def test_a_key_with_an_empty_part_is_false() -> None:
    slots = Slots(PaymentRequested)
    whole, single, double = slots.key(()), slots.key(("ip",)), slots.key(("ip", "device_id"))
    read = slots.compiled()
    assert [read(payment(ip="i"))[slot] for slot in (whole, single, double)] == [WHOLE, "i", ""]
    assert read(payment(ip="i", device_id="d"))[double] == ("i", "d")


def test_what_is_no_condition_or_no_number_is_refused() -> None:
    slots = Slots(PaymentRequested)
    with pytest.raises(ExpressionError):
        slots.condition("amount_cents")
    with pytest.raises(ExpressionError):
        slots.number("ip")
