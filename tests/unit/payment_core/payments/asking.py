"""Short ways to ask a payment core for things."""

from typing import Any

import msgspec

from payment_core.answers import Answer
from payment_core.money import Charge
from payment_core.payments.control import SetControl
from payment_core.payments.model import Payment
from payment_core.payments.requests import (
    CancelPayment,
    CapturePayment,
    CreatePayment,
    CreateRefund,
    NotifyDispute,
    ReviewPayment,
)
from tests.simulation.invariants import violations
from tests.simulation.payment_invariants import payment_violations
from tests.simulation.payment_world import World, call_of


def order(cents: int = 10_000, **fields: Any) -> CreatePayment:  # noqa: ANN401 - fields of the body
    """A body that takes a payment."""
    return CreatePayment(
        amount=Charge(cents, "USD"),
        **{"payment_method": "tok_visa", "customer_id": "cus_1", "provider_id": "pro_1", **fields},
    )


def charge(cents: int | None) -> Charge | None:
    return None if cents is None else Charge(cents, "USD")


async def create(world: World, key: str = "k1", body: CreatePayment | None = None) -> Any:  # noqa: ANN401 - see plain
    body = order() if body is None else body
    return await world.process.desk.create(call_of(key, body), body)


async def capture(
    world: World, payment_id: str, cents: int | None = None, *, final: bool = True, key: str = "c1"
) -> Any:  # noqa: ANN401 - see plain
    body = CapturePayment(amount=charge(cents), final=final)
    return await world.process.desk.capture(call_of(key, body, payment_id=payment_id), body)


async def cancel(world: World, payment_id: str, key: str = "x1") -> Any:  # noqa: ANN401 - see plain
    return await world.process.desk.cancel(call_of(key, None, payment_id=payment_id), CancelPayment())


async def review(world: World, payment_id: str, decision: Any, key: str = "v1") -> Any:  # noqa: ANN401 - see plain
    body = ReviewPayment(decision=decision, reason="looked at it")
    return await world.process.desk.review(call_of(key, body, payment_id=payment_id), body)


async def refund(world: World, payment_id: str, cents: int | None = None, key: str = "r1") -> Any:  # noqa: ANN401 - see plain
    body = CreateRefund(payment_id=payment_id, amount=charge(cents), reason="asked")
    return await world.process.desk.refund(call_of(key, body), body)


async def dispute(world: World, payment_id: str, cents: int | None = None, **fields: Any) -> Any:  # noqa: ANN401 - see plain
    body = NotifyDispute(payment_id=payment_id, **{"reference": "dp_1", "amount": charge(cents), **fields})
    return await world.process.disputes.notify(call_of(f"d{body.reference}{body.outcome}", body), body)


async def control(world: World, mode: Any) -> Any:  # noqa: ANN401 - see plain
    body = SetControl(mode=mode, reason="a drill")
    return await world.process.control.set(call_of(f"m{world.clock.ms}{mode}", body), body)


def plain(answer: object) -> Any:  # noqa: ANN401 - a document of the API, as its callers see it
    """The answer's body."""
    assert isinstance(answer, Answer), answer
    return msgspec.json.decode(answer.body)


async def paid(world: World, cents: int = 10_000, key: str = "k1", **fields: Any) -> Payment:  # noqa: ANN401 - see order
    """A payment that was taken."""
    body = plain(await create(world, key, order(cents, **fields)))
    return await payment_of(world, body["id"])


async def payment_of(world: World, payment_id: str) -> Payment:
    payment = await world.store.read(Payment, payment_id)
    assert payment is not None
    return payment


async def balance(world: World, account: str, side: Any = "credit") -> int:  # noqa: ANN401 - debit or credit
    return (await world.store.account(account)).balance_cents(side)


async def all_is_well(world: World) -> bool:
    """Whether every invariant holds; says which does not."""
    found = await violations(world.store) + await payment_violations(world.store) + world.rail.wrong
    assert found == []
    return True
