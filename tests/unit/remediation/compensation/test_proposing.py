"""What is proposed for a payment, by what the payer was told and what the books say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.facts import PaymentAttempted, PaymentRequested
from remediation.compensation.attempts import attempts_of
from remediation.compensation.model import Fix
from remediation.compensation.proposing import RESERVED, SETTLED, digest_of, propose
from tests.unit.remediation.compensation.books import AT_MS, attempt, record

WAITING = ("processing", "capturing", "canceling", "expiring", "held", "requires_review")


@pytest.mark.parametrize(
    ("told", "status", "captured_cents", "refunded_cents", "fix", "amount_cents"),
    [
        ("failed", "succeeded", 1250, 0, Fix.REFUND, 1250),
        ("", "succeeded", 1250, 0, Fix.REFUND, 1250),
        ("failed", "succeeded", 1250, 250, Fix.REFUND, 1000),
        ("succeeded", "succeeded", 2500, 0, Fix.REFUND, 1250),
        ("failed", RESERVED, 0, 0, Fix.VOID, 1250),
        ("failed", "failed", 0, 0, Fix.RESEND, 1250),
        ("", "failed", 0, 0, Fix.RESEND, 1250),
        ("succeeded", "failed", 0, 0, Fix.INVESTIGATE, 0),
        *((told, status, 0, 0, Fix.WAIT, 0) for told in ("failed", "", "succeeded") for status in WAITING),
    ],
)
def test_each_contradiction_between_what_was_told_and_what_is_so_has_its_fix(
    told: str, status: str, captured_cents: int, refunded_cents: int, fix: Fix, amount_cents: int
) -> None:
    kept = record(status=status, captured_cents=captured_cents, refunded_cents=refunded_cents)
    (affected,) = propose([attempt(told=told)], {"pay_1": kept})
    assert (affected.fix, affected.amount_cents, affected.payment_id) == (fix, amount_cents, "pay_1")
    assert affected.why


@pytest.mark.parametrize(
    ("told", "status", "captured_cents", "refunded_cents"),
    [
        ("succeeded", "succeeded", 1250, 0),
        ("succeeded", "succeeded", 1250, 1250),
        ("succeeded", RESERVED, 0, 0),
        ("declined", "declined", 0, 0),
        ("failed", "canceled", 0, 0),
        ("failed", "succeeded", 1250, 1250),
    ],
)
def test_a_payment_that_is_as_it_was_told_is_not_listed(
    told: str, status: str, captured_cents: int, refunded_cents: int
) -> None:
    kept = record(status=status, captured_cents=captured_cents, refunded_cents=refunded_cents)
    assert propose([attempt(told=told)], {"pay_1": kept}) == ()


def test_a_payment_that_the_core_does_not_know_is_for_a_person_unless_nothing_was_told() -> None:
    (affected,) = propose([attempt()], {"pay_1": None})
    assert affected.fix is Fix.INVESTIGATE
    assert propose([attempt(told="")], {"pay_1": None}) == ()


@pytest.mark.parametrize(
    ("later", "fix"),
    [
        ({"at_ms": AT_MS + 1}, Fix.NONE),
        ({"at_ms": AT_MS + 86_400_000}, Fix.NONE),
        ({"at_ms": AT_MS - 1}, Fix.RESEND),
        ({"at_ms": AT_MS + 1, "told": "failed"}, Fix.RESEND),
        ({"at_ms": AT_MS + 1, "amount_cents": 1251}, Fix.RESEND),
        ({"at_ms": AT_MS + 1, "provider_id": "pro_2"}, Fix.RESEND),
        ({"at_ms": AT_MS + 1, "customer_id": "cus_bob"}, Fix.RESEND),
    ],
)
def test_who_came_back_and_paid_is_not_charged_again(later: dict[str, object], fix: Fix) -> None:
    back = attempt("pay_2", **({"told": "succeeded", "environment": "blue"} | later))
    (affected,) = propose([attempt()], {"pay_1": record()}, [back])
    assert affected.fix is fix


def test_a_payer_without_a_name_is_never_taken_for_one_who_came_back() -> None:
    nameless = attempt(customer_id="")
    back = attempt("pay_2", told="succeeded", customer_id="", at_ms=AT_MS + 1)
    (affected,) = propose([nameless], {"pay_1": record()}, [back])
    assert affected.fix is Fix.RESEND


@given(
    told=st.sampled_from(["", "succeeded", "declined", "failed"]),
    status=st.sampled_from([*sorted(SETTLED), RESERVED, *WAITING]),
    captured_cents=st.integers(0, 3000),
    refunded_cents=st.integers(0, 3000),
)
def test_no_fix_gives_back_more_than_was_taken_and_is_still_there(
    told: str, status: str, captured_cents: int, refunded_cents: int
) -> None:
    kept = record(status=status, captured_cents=captured_cents, refunded_cents=min(refunded_cents, captured_cents))
    for affected in propose([attempt(told=told)], {"pay_1": kept}):
        if affected.fix is Fix.REFUND:
            assert 0 < affected.amount_cents <= kept.captured_cents - kept.refunded_cents
        if affected.fix is Fix.RESEND:
            assert (told != "succeeded", kept.status, kept.captured_cents - kept.refunded_cents) == (True, "failed", 0)


def test_the_digest_is_another_one_for_another_fix_amount_or_order() -> None:
    one, two = propose(
        [attempt(), attempt("pay_2", at_ms=AT_MS + 1)],
        {"pay_1": record(), "pay_2": record("pay_2", status=RESERVED)},
    )
    lists = [
        (one, two),
        (two, one),
        (one,),
        (),
        (replace(one, amount_cents=1251), two),
        (replace(one, fix=Fix.VOID), two),
    ]
    assert len({digest_of(each) for each in lists}) == len(lists)
    assert digest_of((one, replace(two, why="in other words"))) == digest_of((one, two))


@given(st.permutations(range(4)))
def test_an_attempt_is_the_same_in_whatever_order_its_events_come(order: list[int]) -> None:
    asked = PaymentRequested(
        id="e1", at_ms=AT_MS, subject="pay_1", rail="card", amount_cents=1250, environment="green", version="2.0.0"
    )
    failed = PaymentAttempted(
        id="e2",
        at_ms=AT_MS + 40,
        subject="pay_1",
        rail="card",
        amount_cents=1250,
        environment="green",
        version="2.0.0",
        outcome="failed",
    )
    hung = replace(asked, id="e3", subject="pay_2")
    facts = [asked, failed, failed, hung]
    found = attempts_of([facts[index] for index in order])
    assert (found["pay_1"].told, found["pay_1"].at_ms) == ("failed", AT_MS + 40)
    assert (found["pay_2"].told, found["pay_2"].at_ms) == ("", AT_MS)
