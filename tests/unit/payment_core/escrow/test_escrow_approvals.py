"""Large escrows need other people: approvals of two, none of them a payee's, and a compliance case."""

import pytest

from payment_core.escrow.refusals import EscrowRefusal
from payment_core.escrow.requests import AmountRequest, ResolutionRequest
from payment_core.money import Charge
from payment_core.operations.bodies import NoBody, ReasonRequest
from payment_core.providers.model import ComplianceCase
from payment_core.store.records import Listing
from tests.unit.payment_core.escrow.escrow_world import DAY_MS, EscrowWorld, answered, two_payees

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


async def test_over_five_thousand_dollars_two_people_have_to_approve(world: EscrowWorld) -> None:
    escrow = await world.create(500_001)
    world.after_hold()
    assert await world.desk.release(world.call(escrow_id=escrow.id), ALL) is EscrowRefusal.APPROVALS_MISSING
    answered(await world.desk.approve(world.call("key:ada", escrow_id=escrow.id), NoBody()))
    same = await world.desk.approve(world.call("key:ada", escrow_id=escrow.id), NoBody())
    assert same is EscrowRefusal.ALREADY_APPROVED
    assert await world.desk.release(world.call(escrow_id=escrow.id), part(1)) is EscrowRefusal.APPROVALS_MISSING
    shown = answered(await world.desk.approve(world.call("key:bob", escrow_id=escrow.id), NoBody()))
    assert shown["approved_by"] == ["key:ada", "key:bob"]
    answered(await world.desk.release(world.call(escrow_id=escrow.id), part(1)))
    # The approvals were for one release.
    assert await world.desk.release(world.call(escrow_id=escrow.id), ALL) is EscrowRefusal.APPROVALS_MISSING
    await world.check_money()


async def test_five_thousand_dollars_need_no_approval(world: EscrowWorld) -> None:
    escrow = await world.create(500_000)
    world.after_hold()
    unneeded = await world.desk.approve(world.call("key:ada", escrow_id=escrow.id), NoBody())
    assert unneeded is EscrowRefusal.APPROVALS_NOT_NEEDED
    answered(await world.desk.release(world.call(escrow_id=escrow.id), ALL))


@pytest.mark.parametrize("person", ["key:carol", "KEY:Carol", "key:pro_b", "pro_b", "pro_a"])
async def test_nobody_approves_money_for_themselves(world: EscrowWorld, person: str) -> None:
    await world.add_provider("pro_b", people=("key:carol",))
    escrow = await world.create(600_000, payees=two_payees(1, 1))
    refused = await world.desk.approve(world.call(person, escrow_id=escrow.id), NoBody())
    assert refused is EscrowRefusal.APPROVER_IS_PAYEE


async def test_an_approval_counts_for_24_hours(world: EscrowWorld) -> None:
    escrow = await world.create(600_000)
    world.after_hold()
    answered(await world.desk.approve(world.call("key:ada", escrow_id=escrow.id), NoBody()))
    world.clock.at_ms += DAY_MS - 1
    answered(await world.desk.approve(world.call("key:bob", escrow_id=escrow.id), NoBody()))
    world.clock.at_ms += 1
    assert await world.desk.release(world.call(escrow_id=escrow.id), ALL) is EscrowRefusal.APPROVALS_MISSING
    shown = answered(await world.desk.approve(world.call("key:ada", escrow_id=escrow.id), NoBody()))
    assert shown["approved_by"] == ["key:bob", "key:ada"]
    answered(await world.desk.release(world.call(escrow_id=escrow.id), ALL))


async def test_a_freeze_and_a_dispute_void_the_approvals(world: EscrowWorld) -> None:
    escrow = await world.create(600_000)
    world.after_hold()
    for person in ("key:ada", "key:bob"):
        answered(await world.desk.approve(world.call(person, escrow_id=escrow.id), NoBody()))
    answered(await world.desk.freeze(world.call(escrow_id=escrow.id), WHY))
    answered(await world.desk.unfreeze(world.call(escrow_id=escrow.id), NoBody()))
    assert await world.desk.release(world.call(escrow_id=escrow.id), ALL) is EscrowRefusal.APPROVALS_MISSING
    answered(await world.desk.dispute(world.call(escrow_id=escrow.id), WHY))
    refused = await world.desk.resolve(world.call(escrow_id=escrow.id), ResolutionRequest(600_000, 0))
    assert refused is EscrowRefusal.APPROVALS_MISSING
    for person in ("key:ada", "key:bob"):
        answered(await world.desk.approve(world.call(person, escrow_id=escrow.id), NoBody()))
    answered(await world.desk.resolve(world.call(escrow_id=escrow.id), ResolutionRequest(600_000, 0)))


@pytest.mark.parametrize(("amount", "cases"), [(999_999, 0), (1_000_000, 1)])
async def test_ten_thousand_dollars_open_a_compliance_case(world: EscrowWorld, amount: int, cases: int) -> None:
    escrow = await world.create(amount)
    found = await world.store.query(Listing(ComplianceCase, escrow.id))
    assert len(found) == cases
    assert [case.id for case in found] == ([escrow.case_id] if cases else [])
