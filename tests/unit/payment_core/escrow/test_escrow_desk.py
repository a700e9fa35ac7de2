"""What can be done with an escrow, what is refused, and where the money is afterwards."""

import asyncio
from typing import Any

import msgspec
import pytest

from payment_core.answers import Answer
from payment_core.escrow.model import Escrow
from payment_core.escrow.options import HOUR_MS, EscrowOptions
from payment_core.escrow.refusals import EscrowRefusal
from payment_core.escrow.requests import (
    AmountRequest,
    ConditionRequest,
    EscrowRequest,
    ResolutionRequest,
    SourceRequest,
)
from payment_core.ledger.accounts import PROVIDER_AVAILABLE
from payment_core.money import Charge
from payment_core.operations.bodies import NoBody, ReasonRequest
from payment_core.operations.once import OnceRefusal, request_hash
from payment_core.payments.model import Payment, Refund
from payment_core.store.records import Listing
from tests.unit.payment_core.escrow.escrow_world import EscrowWorld, answered, two_payees

ALL = AmountRequest()
WHY = ReasonRequest("suspicious")


def part(cents: int) -> AmountRequest:
    return AmountRequest(Charge(cents, "USD"))


@pytest.fixture
async def world() -> EscrowWorld:
    world = EscrowWorld()
    await world.add_provider()
    await world.add_payment(amount_cents=2_000_000)
    return world


async def test_captured_money_moves_into_the_escrow_at_once(world: EscrowWorld) -> None:
    escrow = await world.create(50_000)
    assert (escrow.status, escrow.held_cents) == ("funded", 50_000)
    assert escrow.hold_until_ms == world.clock.now_ms() + 72 * HOUR_MS
    await world.check_money()


async def test_an_escrow_waits_for_its_payment_to_be_captured(world: EscrowWorld) -> None:
    await world.add_payment("pay_2", 100_000, captured=False)
    escrow = await world.create(50_000, "pay_2")
    assert (escrow.status, escrow.held_cents) == ("created", 0)
    refused = await world.desk.fund(world.call(escrow_id=escrow.id), NoBody())
    assert refused is EscrowRefusal.FUNDS_NOT_CAPTURED
    await world.capture_payment("pay_2")
    assert answered(await world.desk.fund(world.call(escrow_id=escrow.id), NoBody()))["status"] == "funded"
    again = await world.desk.fund(world.call(escrow_id=escrow.id), NoBody())
    assert again is EscrowRefusal.ESCROW_ALREADY_FUNDED
    await world.check_money()


async def test_two_escrows_cannot_hold_the_same_money(world: EscrowWorld) -> None:
    net = await world.add_payment("pay_2", 100_000)
    first = await world.create(net - 999, "pay_2")
    second = await world.create(1_000, "pay_2")
    assert (first.status, second.status) == ("funded", "created")
    await world.check_money()


async def test_a_risky_payment_is_held_for_longer(world: EscrowWorld) -> None:
    await world.add_payment("pay_2", score=700)
    escrow = await world.create(1_000, "pay_2", hold_hours=80)
    assert escrow.hold_until_ms == world.clock.now_ms() + 168 * HOUR_MS
    longer = await world.create(1_000, "pay_2", hold_hours=200)
    assert longer.hold_until_ms == world.clock.now_ms() + 200 * HOUR_MS


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"provider_id": "pro_none"}, EscrowRefusal.PROVIDER_NOT_FOUND),
        ({"payees": two_payees(1, 1)}, EscrowRefusal.PROVIDER_NOT_FOUND),
        ({"payment_id": "pay_none"}, EscrowRefusal.PAYMENT_NOT_FOUND),
        ({"payment_id": "pay_other"}, EscrowRefusal.PAYMENT_OF_ANOTHER_PROVIDER),
    ],
)
async def test_an_escrow_of_what_does_not_exist_is_refused(
    world: EscrowWorld, fields: dict[str, object], refusal: EscrowRefusal
) -> None:
    await world.add_payment("pay_other", provider_id="pro_c")
    good = EscrowRequest(provider_id="pro_a", amount=Charge(1_000, "USD"), payment_id="pay_1")
    assert await world.desk.create(world.call(), msgspec.structs.replace(good, **fields)) is refusal


async def test_nothing_is_released_before_the_hold_is_over(world: EscrowWorld) -> None:
    escrow = await world.create()
    world.clock.at_ms = escrow.hold_until_ms - 1
    assert await world.desk.release(world.call(escrow_id=escrow.id), ALL) is EscrowRefusal.HOLD_NOT_OVER
    world.clock.at_ms += 1
    assert answered(await world.desk.release(world.call(escrow_id=escrow.id), ALL))["status"] == "released"
    assert await world.balance(PROVIDER_AVAILABLE.of("pro_a")) == 50_000
    await world.check_money()


async def test_nothing_is_released_before_every_condition_is_satisfied(world: EscrowWorld) -> None:
    escrow = await world.create(conditions=("delivered", "accepted"))
    world.after_hold()
    call = world.call(escrow_id=escrow.id, name="delivered")
    shown = answered(await world.desk.satisfy(call, ConditionRequest("shipment/77")))
    assert [each["name"] for each in shown["conditions"] if each.get("evidence")] == ["delivered"]
    assert await world.desk.release(world.call(escrow_id=escrow.id), ALL) is EscrowRefusal.CONDITIONS_NOT_SATISFIED
    twice = await world.desk.satisfy(world.call(escrow_id=escrow.id, name="delivered"), ConditionRequest("other"))
    assert twice is EscrowRefusal.CONDITION_ALREADY_SATISFIED
    unknown = await world.desk.satisfy(world.call(escrow_id=escrow.id, name="painted"), ConditionRequest("other"))
    assert unknown is EscrowRefusal.CONDITION_NOT_FOUND
    answered(await world.desk.satisfy(world.call(escrow_id=escrow.id, name="accepted"), ConditionRequest("form/1")))
    answered(await world.desk.release(world.call(escrow_id=escrow.id), ALL))


async def test_an_escrow_is_released_in_parts_and_never_twice(world: EscrowWorld) -> None:
    escrow = await world.create(50_000)
    world.after_hold()
    first = answered(await world.desk.release(world.call(escrow_id=escrow.id), part(20_000)))
    assert (first["status"], first["held"]["amount_cents"]) == ("partially_released", 30_000)
    over = await world.desk.release(world.call(escrow_id=escrow.id), part(30_001))
    assert over is EscrowRefusal.AMOUNT_EXCEEDS_HELD
    assert answered(await world.desk.release(world.call(escrow_id=escrow.id), ALL))["status"] == "released"
    assert await world.desk.release(world.call(escrow_id=escrow.id), ALL) is EscrowRefusal.ESCROW_CLOSED
    assert await world.desk.refund(world.call(escrow_id=escrow.id), ALL) is EscrowRefusal.ESCROW_CLOSED
    await world.check_money()


async def test_payees_share_by_weight_to_the_cent(world: EscrowWorld) -> None:
    await world.add_provider("pro_b")
    escrow = await world.create(10_001, payees=two_payees(2, 1))
    world.after_hold()
    answered(await world.desk.release(world.call(escrow_id=escrow.id), ALL))
    assert await world.balance(PROVIDER_AVAILABLE.of("pro_a")) == 6_667
    assert await world.balance(PROVIDER_AVAILABLE.of("pro_b")) == 3_334
    await world.check_money()


async def test_a_whole_escrow_refunds_the_whole_payment_and_its_fee(world: EscrowWorld) -> None:
    net = await world.add_payment("pay_2", 10_007)
    escrow = await world.create(net, "pay_2")
    answered(await world.desk.refund(world.call(escrow_id=escrow.id), part(1_001)))
    shown = answered(await world.desk.refund(world.call(escrow_id=escrow.id), ALL))
    assert (shown["status"], shown["held"]["amount_cents"]) == ("refunded", 0)
    payment = await world.store.read(Payment, "pay_2")
    assert payment is not None
    assert (payment.refunded_cents, payment.fee_refunded_cents) == (payment.captured_cents, payment.fee_cents)
    refunds = await world.store.query(Listing(Refund, "pay_2"))
    assert {(refund.source, refund.status) for refund in refunds} == {("escrow", "queued")}
    await world.check_money()


async def test_several_payments_fund_one_escrow_and_each_gets_its_own_back(world: EscrowWorld) -> None:
    await world.add_payment("pay_2", 10_000)
    body = EscrowRequest(
        provider_id="pro_a",
        amount=Charge(15_000, "USD"),
        payments=(SourceRequest("pay_1", Charge(6_000, "USD")), SourceRequest("pay_2", Charge(9_000, "USD"))),
    )
    escrow_id = answered(await world.desk.create(world.call(), body), 201)["id"]
    world.after_hold()
    answered(await world.desk.release(world.call(escrow_id=escrow_id), part(7_000)))
    answered(await world.desk.refund(world.call(escrow_id=escrow_id), ALL))
    escrow = await world.stored(escrow_id)
    parts = [(source.released_cents, source.refunded_cents) for source in escrow.sources]
    assert parts == [(6_000, 0), (1_000, 8_000)]
    await world.check_money()


async def test_one_payment_short_leaves_all_of_them_untouched(world: EscrowWorld) -> None:
    await world.add_payment("pay_2", 10_000)
    body = EscrowRequest(
        provider_id="pro_a",
        amount=Charge(15_000, "USD"),
        payments=(SourceRequest("pay_1", Charge(5_000, "USD")), SourceRequest("pay_2", Charge(10_000, "USD"))),
    )
    assert answered(await world.desk.create(world.call(), body), 201)["status"] == "created"
    payment = await world.store.read(Payment, "pay_1")
    assert payment is not None
    assert payment.escrowed_cents == 0


async def test_a_frozen_escrow_gives_nothing_to_anybody(world: EscrowWorld) -> None:
    escrow = await world.create()
    world.after_hold()
    answered(await world.desk.freeze(world.call(escrow_id=escrow.id), WHY))
    for refused in (
        await world.desk.release(world.call(escrow_id=escrow.id), ALL),
        await world.desk.refund(world.call(escrow_id=escrow.id), ALL),
        await world.desk.dispute(world.call(escrow_id=escrow.id), WHY),
        await world.desk.approve(world.call(escrow_id=escrow.id), NoBody()),
        await world.desk.freeze(world.call(escrow_id=escrow.id), WHY),
        await world.desk.resolve(world.call(escrow_id=escrow.id), ResolutionRequest(50_000, 0)),
    ):
        assert refused is EscrowRefusal.ESCROW_FROZEN
    assert answered(await world.desk.unfreeze(world.call(escrow_id=escrow.id), NoBody()))["status"] == "funded"
    assert await world.desk.unfreeze(world.call(escrow_id=escrow.id), NoBody()) is EscrowRefusal.ESCROW_NOT_FROZEN
    answered(await world.desk.release(world.call(escrow_id=escrow.id), ALL))


async def test_a_disputed_escrow_is_resolved_by_a_split_that_sums_exactly(world: EscrowWorld) -> None:
    escrow = await world.create(50_000)
    early = await world.desk.resolve(world.call(escrow_id=escrow.id), ResolutionRequest(50_000, 0))
    assert early is EscrowRefusal.ESCROW_NOT_DISPUTED
    answered(await world.desk.dispute(world.call(escrow_id=escrow.id), WHY))
    assert await world.desk.release(world.call(escrow_id=escrow.id), ALL) is EscrowRefusal.ESCROW_DISPUTED
    for wrong in (ResolutionRequest(30_000, 20_001), ResolutionRequest(0, 0), ResolutionRequest(50_000, 50_000)):
        refused = await world.desk.resolve(world.call(escrow_id=escrow.id), wrong)
        assert refused is EscrowRefusal.SPLIT_DIFFERS_FROM_HELD
    shown = answered(await world.desk.resolve(world.call(escrow_id=escrow.id), ResolutionRequest(30_000, 20_000)))
    assert (shown["status"], shown["released"]["amount_cents"], shown["refunded"]["amount_cents"]) == (
        "resolved",
        30_000,
        20_000,
    )
    await world.check_money()


async def test_a_suspended_payee_gets_nothing(world: EscrowWorld) -> None:
    escrow = await world.create()
    world.after_hold()
    await world.set_provider("pro_a", "suspended")
    assert await world.desk.release(world.call(escrow_id=escrow.id), ALL) is EscrowRefusal.PAYEE_NOT_ACTIVE
    answered(await world.desk.dispute(world.call(escrow_id=escrow.id), WHY))
    refused = await world.desk.resolve(world.call(escrow_id=escrow.id), ResolutionRequest(50_000, 0))
    assert refused is EscrowRefusal.PAYEE_NOT_ACTIVE
    answered(await world.desk.resolve(world.call(escrow_id=escrow.id), ResolutionRequest(0, 50_000)))
    await world.check_money()


async def test_nothing_is_released_while_the_payer_disputes_the_payment(world: EscrowWorld) -> None:
    escrow = await world.create()
    world.after_hold()
    await world.change_payment("pay_1", open_disputes=1)
    assert await world.desk.release(world.call(escrow_id=escrow.id), ALL) is EscrowRefusal.PAYMENT_DISPUTED
    await world.change_payment("pay_1", open_disputes=0)
    answered(await world.desk.release(world.call(escrow_id=escrow.id), ALL))


async def test_a_refund_that_the_payment_refuses_changes_nothing(world: EscrowWorld) -> None:
    net = await world.add_payment("pay_2", 10_000)
    escrow = await world.create(net, "pay_2")
    await world.change_payment("pay_2", disputed_cents=5_000, open_disputes=1)
    assert await world.desk.refund(world.call(escrow_id=escrow.id), ALL) is EscrowRefusal.REFUND_REFUSED
    assert await world.stored(escrow.id) == escrow
    await world.check_money()


async def test_of_concurrent_releases_one_wins(world: EscrowWorld) -> None:
    escrow = await world.create()
    world.after_hold()
    answers = await asyncio.gather(
        *(world.desk.release(world.call(escrow_id=escrow.id), ALL) for _ in range(5)),
        *(world.desk.refund(world.call(escrow_id=escrow.id), ALL) for _ in range(5)),
    )
    assert len([answer for answer in answers if isinstance(answer, Answer)]) == 1
    assert {answer for answer in answers if not isinstance(answer, Answer)} == {EscrowRefusal.ESCROW_CLOSED}
    await world.check_money()


async def test_the_same_key_has_one_effect_and_one_answer(world: EscrowWorld) -> None:
    escrow = await world.create()
    world.after_hold()
    call = world.call(key="once", escrow_id=escrow.id)
    first = await world.desk.release(call, part(10_000))
    second = await world.desk.release(call, part(10_000))
    assert isinstance(first, Answer)
    assert isinstance(second, Answer)
    assert (first.body, first.replayed, second.replayed) == (second.body, False, True)
    other = msgspec.structs.replace(call, request_hash=request_hash("other", None))
    assert await world.desk.release(other, part(9)) is OnceRefusal.IDEMPOTENCY_MISMATCH
    assert (await world.stored(escrow.id)).released_cents == 10_000


async def test_an_escrow_without_money_is_given_up_and_one_with_money_is_not(world: EscrowWorld) -> None:
    await world.add_payment("pay_2", captured=False)
    empty = await world.create(1_000, "pay_2")
    for refused in (
        await world.desk.release(world.call(escrow_id=empty.id), ALL),
        await world.desk.freeze(world.call(escrow_id=empty.id), WHY),
    ):
        assert refused is EscrowRefusal.ESCROW_NOT_FUNDED
    assert answered(await world.desk.expire(world.call(escrow_id=empty.id), NoBody()))["status"] == "expired"
    assert await world.desk.fund(world.call(escrow_id=empty.id), NoBody()) is EscrowRefusal.ESCROW_CLOSED
    full = await world.create()
    assert await world.desk.expire(world.call(escrow_id=full.id), NoBody()) is EscrowRefusal.ESCROW_ALREADY_FUNDED


async def test_every_operation_on_an_unknown_escrow_is_not_found(world: EscrowWorld) -> None:
    desk = world.desk
    call = world.call(escrow_id="esc_none", name="delivered")
    operations: tuple[tuple[Any, Any], ...] = (
        (desk.get, None),
        (desk.fund, NoBody()),
        (desk.satisfy, ConditionRequest("x")),
        (desk.approve, NoBody()),
        (desk.release, ALL),
        (desk.refund, ALL),
        (desk.freeze, WHY),
        (desk.unfreeze, NoBody()),
        (desk.dispute, WHY),
        (desk.resolve, ResolutionRequest(0, 0)),
        (desk.expire, NoBody()),
    )
    for operation, body in operations:
        assert await operation(call, body) is EscrowRefusal.ESCROW_NOT_FOUND


async def test_escrows_are_listed_in_pages(world: EscrowWorld) -> None:
    made = [(await world.create(1_000)).id for _ in range(3)]
    call = msgspec.structs.replace(world.call(), query={"limit": 2, "after": "", "provider_id": "pro_a"})
    page = answered(await world.desk.list(call, None))
    rest = msgspec.structs.replace(call, query={"limit": 2, "after": page["next_after"], "provider_id": "pro_a"})
    last = answered(await world.desk.list(rest, None))
    assert sorted(made) == [each["id"] for each in (*page["data"], *last["data"])]
    assert last["next_after"] == ""


async def test_every_change_leaves_one_audit_row_and_one_event(world: EscrowWorld) -> None:
    escrow = await world.create()
    world.after_hold()
    answered(await world.desk.release(world.call("key:ada", escrow_id=escrow.id), ALL))
    rows = [row for row in await world.store.audit(0, 0, 100) if row.id == escrow.id]
    assert [(row.version, row.actor) for row in rows] == [(1, "key:ops"), (2, "key:ops"), (3, "key:ada")]
    events = [msgspec.json.decode(row.body) for row in await world.store.events("", 100)]
    moves = [(each["previous_status"], each["status"]) for each in events if each["subject"] == escrow.id]
    assert moves == [("", "created"), ("created", "funded"), ("funded", "released")]


async def test_options_decide_the_limits() -> None:
    world = EscrowWorld(EscrowOptions(hold_ms=0, approvals_over_cents=100, approvals_needed=1))
    await world.add_provider()
    await world.add_payment()
    escrow = await world.create(101)
    assert isinstance(await world.stored(escrow.id), Escrow)
    assert await world.desk.release(world.call(escrow_id=escrow.id), ALL) is EscrowRefusal.APPROVALS_MISSING
    answered(await world.desk.approve(world.call("key:ada", escrow_id=escrow.id), NoBody()))
    answered(await world.desk.release(world.call(escrow_id=escrow.id), ALL))
