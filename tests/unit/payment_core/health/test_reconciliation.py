"""Record and rail are held against each other: money that moved unseen is found, what is under way is not."""

from dataclasses import dataclass, field

import msgspec
import pytest

from payment_core.acquirer.port import RailAnswer, Verdict
from payment_core.health.reconciliation import (
    EACH_MAX,
    LOOKED_THROUGH_MAX,
    PAGE,
    SETTLED_AFTER_MS,
    Agreement,
    Reconciliation,
    agreement,
)
from payment_core.operations.call import Call
from payment_core.payments import facts
from payment_core.payments.model import Doubt, Payment
from payment_core.payments.states import PaymentStatus
from payment_core.registry import core_registry
from payment_core.store.memory import MemoryStore
from payment_core.store.port import Transaction
from tests.unit.payment_core.http.api_world import HandClock

NOW_MS = 1_790_000_000_000
CALL = Call(actor="key:daemon", instance="/v1/health/reconciliation")


def payment(number: int = 1, status: PaymentStatus = PaymentStatus.SUCCEEDED, **changes: object) -> Payment:
    made = Payment(
        id=f"pay_{number:06d}",
        status=status,
        rail="card",
        amount_cents=1_000,
        method="tok_visa",
        customer_id="cus_1",
        provider_id="prv_1",
        environment="green",
        release="2.0.0",
        region="us-east-1",
        created_at_ms=NOW_MS,
        updated_at_ms=NOW_MS,
    )
    return msgspec.structs.replace(made, **changes)


TABLE = [
    (PaymentStatus.SUCCEEDED, Verdict.APPROVED, Agreement.SAME),
    (PaymentStatus.SUCCEEDED, Verdict.DECLINED, Agreement.MISMATCHED),
    (PaymentStatus.SUCCEEDED, Verdict.NOT_FOUND, Agreement.MISMATCHED),
    (PaymentStatus.REQUIRES_CAPTURE, Verdict.FAILED, Agreement.MISMATCHED),
    (PaymentStatus.SUCCEEDED, Verdict.UNKNOWN, Agreement.UNKNOWN),
    (PaymentStatus.CANCELED, Verdict.APPROVED, Agreement.SAME),
    (PaymentStatus.CANCELED, Verdict.NOT_FOUND, Agreement.APART),
    (PaymentStatus.FAILED, Verdict.APPROVED, Agreement.MISMATCHED),
    (PaymentStatus.DECLINED, Verdict.APPROVED, Agreement.MISMATCHED),
    (PaymentStatus.FAILED, Verdict.FAILED, Agreement.SAME),
    (PaymentStatus.FAILED, Verdict.NOT_FOUND, Agreement.SAME),
    (PaymentStatus.DECLINED, Verdict.DECLINED, Agreement.SAME),
    (PaymentStatus.FAILED, Verdict.UNKNOWN, Agreement.UNKNOWN),
    (PaymentStatus.PROCESSING, Verdict.APPROVED, Agreement.APART),
]


@pytest.mark.parametrize(("status", "verdict", "wanted"), TABLE)
def test_each_status_and_verdict_come_to_one_agreement(
    status: PaymentStatus, verdict: Verdict, wanted: Agreement
) -> None:
    assert agreement(payment(1, status), verdict, NOW_MS) is wanted


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_payment_that_is_under_way_for_too_long_is_unknown_whatever_the_rail_says(verdict: Verdict) -> None:
    one = payment(1, PaymentStatus.PROCESSING)
    assert agreement(one, verdict, NOW_MS + SETTLED_AFTER_MS) is Agreement.APART
    assert agreement(one, verdict, NOW_MS + SETTLED_AFTER_MS + 1) is Agreement.UNKNOWN


@dataclass
class FakeRail:
    """Approves everything but what it was told otherwise."""

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def status(self, reference: str) -> RailAnswer:
        """See Rail."""
        self.asked.append(reference)
        return RailAnswer(self.verdicts.get(reference, Verdict.APPROVED))


async def kept(*payments: Payment, doubt: str = "") -> MemoryStore:
    store = MemoryStore(registry=core_registry(), producer="blue", clock=HandClock())

    def work(transaction: Transaction) -> None:
        for one in payments:
            transaction.change(one, facts.payment_changed(one, ""))
        if doubt:
            transaction.put(Doubt(id=doubt, payment_id=doubt, order="void", amount_cents=1, ask_at_ms=1))

    await store.transact(work, "test")
    return store


async def test_each_release_is_told_of_with_its_first_bad_payment() -> None:
    store = await kept(
        *(payment(number) for number in range(1, 5)),
        *(payment(number, environment="blue", release="1.0.0") for number in range(5, 8)),
    )
    rail = FakeRail({"pay_000003": Verdict.DECLINED, "pay_000006": Verdict.UNKNOWN})
    found = {one.environment: one for one in await Reconciliation(store, rail, HandClock()).look()}
    green, blue = found["green"], found["blue"]
    assert (green.version, green.examined, green.unknown, green.mismatched) == ("2.0.0", 4, 0, 1)
    assert green.example == "pay_000003"
    assert (blue.examined, blue.unknown, blue.mismatched, blue.example) == (3, 1, 0, "pay_000006")


async def test_what_never_went_to_an_acquirer_is_not_asked_about() -> None:
    store = await kept(
        payment(1, PaymentStatus.HELD),
        payment(2, PaymentStatus.REQUIRES_REVIEW),
        payment(3, PaymentStatus.DECLINED, decline_code="fraud_blocked"),
        payment(4, PaymentStatus.PROCESSING, rail="ach", ach_entry_id="ent_1"),
        payment(5, purpose="health"),
    )
    rail = FakeRail()
    assert await Reconciliation(store, rail, HandClock()).look() == []
    assert rail.asked == []


async def test_the_newest_payments_are_looked_at_and_a_small_release_is_found_among_many_of_the_other() -> None:
    many = [payment(number, environment="blue", release="1.0.0") for number in range(2, PAGE + 50)]
    rail = FakeRail()
    found = {
        one.environment: one for one in await Reconciliation(await kept(payment(1), *many), rail, HandClock()).look()
    }
    assert found["green"].examined == 1
    assert found["blue"].examined == EACH_MAX
    assert f"pay_{PAGE + 49:06d}" in rail.asked
    assert "pay_000002" not in rail.asked


def twenty_a_second(seconds: int, **changes: object) -> list[Payment]:
    """One payment every 50 ms until now, each as its creation left it: with a lease of 15 seconds."""
    count = 20 * seconds
    at = [NOW_MS - 50 * (count - number) for number in range(count)]
    return [
        payment(
            number,
            PaymentStatus.PROCESSING,
            created_at_ms=at_ms,
            updated_at_ms=at_ms,
            lease_until_ms=at_ms + 15_000,
            **changes,
        )
        for number, at_ms in enumerate(at, start=1)
    ]


async def test_payments_that_are_all_stuck_at_twenty_a_second_are_unknown_however_many_are_under_way_since() -> None:
    store = await kept(*twenty_a_second(120))
    clock = HandClock()
    clock.ms = NOW_MS
    rail = FakeRail()
    (found,) = await Reconciliation(store, rail, clock).look()
    assert found.unknown > 900
    assert (found.examined, found.mismatched, found.example) == (found.unknown, 0, "pay_000001")
    assert "pay_000001" not in rail.asked


async def test_a_release_that_takes_nothing_any_more_is_told_of_while_payments_of_it_are_stuck() -> None:
    old = twenty_a_second(120, environment="blue", release="1.0.0")[:3]
    newer = [payment(number) for number in range(1_000, 1_000 + LOOKED_THROUGH_MAX)]
    clock = HandClock()
    clock.ms = NOW_MS
    found = {one.environment: one for one in await Reconciliation(await kept(*old, *newer), FakeRail(), clock).look()}
    assert (found["blue"].examined, found["blue"].unknown, found["blue"].example) == (3, 3, "pay_000001")
    assert (found["green"].examined, found["green"].unknown) == (EACH_MAX, 0)


async def test_a_stuck_payment_among_the_newest_is_counted_once_and_what_the_rail_never_sees_is_not() -> None:
    one, other = twenty_a_second(120)[:2]
    store = await kept(one, msgspec.structs.replace(other, rail="ach", ach_entry_id="ent_1"))
    clock = HandClock()
    clock.ms = NOW_MS
    (found,) = await Reconciliation(store, FakeRail(), clock).look()
    assert (found.examined, found.unknown) == (1, 1)


@pytest.mark.parametrize(
    ("doubt", "stray", "unknown", "mismatched"),
    [("", Verdict.NOT_FOUND, 0, 1), ("pay_000001", Verdict.NOT_FOUND, 1, 0), ("", Verdict.APPROVED, 0, 0)],
)
async def test_money_that_is_given_back_or_about_to_be_is_no_mismatch(
    doubt: str, stray: Verdict, unknown: int, mismatched: int
) -> None:
    store = await kept(payment(1, PaymentStatus.FAILED), doubt=doubt)
    rail = FakeRail({"pay_000001:stray": stray})
    (found,) = await Reconciliation(store, rail, HandClock()).look()
    assert (found.unknown, found.mismatched) == (unknown, mismatched)


async def test_the_answer_is_json_that_names_every_release() -> None:
    answer = await Reconciliation(await kept(payment(1)), FakeRail(), HandClock()).answer(CALL, None)
    told = msgspec.json.decode(answer.body)
    assert told["object"] == "reconciliation"
    assert told["releases"][0]["version"] == "2.0.0"
