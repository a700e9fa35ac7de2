"""What a payout must meet: states, limits, holds, approvals, schedules and reversals."""

import asyncio
from datetime import date, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.banking_days import is_banking_day
from checks.facts import AnyFact, PayoutRequested
from checks.scoring.model import Decision
from payment_core.answers import Answer
from payment_core.errors import IllegalTransition
from payment_core.ledger.accounts import PROVIDER_AVAILABLE, PROVIDER_RESERVE, RAIL_CLEARING
from payment_core.ledger.journals import Journal, Move
from payment_core.money import Charge
from payment_core.payouts.jobs.scheduling import is_payday
from payment_core.payouts.model import Hold, Payout, ScheduleProgress
from payment_core.payouts.refusals import PayoutRefusal, explain_payout
from payment_core.payouts.requests import PayoutRequest
from payment_core.payouts.states import CANCELABLE, PAYOUT_TRANSITIONS, next_payout_status
from payment_core.providers.model import BankAccount, Provider
from tests.unit.payment_core.payouts.payout_world import (
    HOUR_MS,
    TUESDAY_MORNING,
    Crash,
    Fuse,
    PayoutWorld,
    eastern_ms,
    terms,
)


@pytest.mark.parametrize("wanted", sorted(PAYOUT_TRANSITIONS))
@pytest.mark.parametrize("status", sorted(PAYOUT_TRANSITIONS))
def test_a_payout_moves_along_its_table_and_nowhere_else(status: str, wanted: str) -> None:
    if wanted in PAYOUT_TRANSITIONS[status]:  # type: ignore[index]  # a name from the table
        assert next_payout_status(status, wanted) == wanted  # type: ignore[arg-type]  # see above
    else:
        with pytest.raises(IllegalTransition):
            next_payout_status(status, wanted)  # type: ignore[arg-type]  # see above


def test_only_what_no_file_has_can_be_canceled() -> None:
    assert {status for status, ways in PAYOUT_TRANSITIONS.items() if "canceled" in ways} == CANCELABLE


@pytest.mark.parametrize("refusal", list(PayoutRefusal))
def test_every_refusal_is_the_callers_to_mend_unless_something_is_switched_off(refusal: PayoutRefusal) -> None:
    switched_off = refusal in {PayoutRefusal.BANK_TRANSFERS_OFF, PayoutRefusal.FAST_PAYOUTS_OFF}
    assert (explain_payout(refusal).status == 503) == switched_off
    assert 400 <= explain_payout(refusal).status <= 503


async def ask(
    world: PayoutWorld, key: str, provider: str = "pro_ann", *, cents: int = 0, actor: str = "key:alice"
) -> Payout | str:
    """Ask for a payout; the stored one, or the refusal's name."""
    amount = None if cents == 0 else Charge(cents, "USD")
    answer = await world.system.desk.create(
        world.call(key, actor=actor), PayoutRequest(provider_id=provider, amount=amount)
    )
    if not isinstance(answer, Answer):
        return str(answer)
    payout = await world.memory.read(Payout, msgspec.json.decode(answer.body)["id"])
    assert payout is not None
    return payout


async def test_amounts_that_cannot_be_paid_are_refused_with_their_reason() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=3_000_000)
    await world.provider("poor", available_cents=1_999)
    await world.provider("none")
    assert await ask(world, "k1", "pro_nobody") == "provider_not_found"
    assert await ask(world, "k2", "pro_none") == "nothing_available"
    assert await ask(world, "k3", "pro_poor") == "below_minimum"
    assert await ask(world, "k4", cents=3_000_001) == "amount_exceeds_available"
    assert await ask(world, "k5", cents=1_000_001) == "daily_limit_exceeded"
    assert isinstance(await ask(world, "k6", cents=600_000), Payout)
    assert await ask(world, "k7", cents=400_001) == "daily_limit_exceeded"
    assert isinstance(await ask(world, "k8", cents=400_000), Payout)


async def test_the_limit_of_a_month_counts_over_its_days() -> None:
    world = PayoutWorld(eastern_ms("2026-11-02 09:00"))
    await world.provider("ann", available_cents=9_000_000)
    for day in range(5):
        world.clock.ms = eastern_ms(f"2026-11-0{2 + day} 09:00")
        assert isinstance(await ask(world, f"k{day}", cents=1_000_000), Payout)
    world.clock.ms = eastern_ms("2026-11-09 09:00")
    assert await ask(world, "k9", cents=2_000) == "monthly_limit_exceeded"
    world.clock.ms = eastern_ms("2026-12-01 09:00")
    assert isinstance(await ask(world, "k10", cents=2_000), Payout)


async def test_a_large_payout_waits_for_two_people_who_are_neither_requester_nor_payee() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=900_000)
    (provider,) = await world.all(Provider)
    await world.put(msgspec.structs.replace(provider, version=2, people=("key:payee",)))
    payout = await ask(world, "k1", cents=500_000)
    assert isinstance(payout, Payout)
    assert payout.holds == (Hold.APPROVAL_NEEDED,)
    await world.run("payouts")
    assert await approve(world, payout, "key:alice") is PayoutRefusal.APPROVER_IS_REQUESTER
    assert await approve(world, payout, "key:payee") is PayoutRefusal.APPROVER_IS_PAYEE
    assert isinstance(await approve(world, payout, "key:bob"), Answer)
    assert await approve(world, payout, "key:bob") is PayoutRefusal.APPROVED_BY_YOU_ALREADY
    await world.run("payouts")
    assert (await world.payouts())[0].status == "requested"
    assert isinstance(await approve(world, payout, "key:carol"), Answer)
    await world.run("payouts")
    assert (await world.payouts())[0].status == "batched"
    assert await approve(world, payout, "key:dan") is PayoutRefusal.APPROVAL_NOT_NEEDED


async def approve(world: PayoutWorld, payout: Payout, actor: str) -> object:
    key = f"{actor}-{len(await world.memory.events('', 10_000))}"
    return await world.system.desk.approve(world.call(key, actor=actor, payout_id=payout.id), None)


@pytest.mark.parametrize(
    ("account", "provider", "hold"),
    [
        ({"status": "unverified"}, {}, Hold.BANK_ACCOUNT_UNVERIFIED),
        ({"status": "micro_pending"}, {}, Hold.BANK_ACCOUNT_UNVERIFIED),
        ({"status": "disabled"}, {}, Hold.BANK_ACCOUNT_DISABLED),
        ({}, {"status": "suspended"}, Hold.PROVIDER_NOT_ACTIVE),
        ({}, {"status": "needs_review"}, Hold.PROVIDER_NOT_ACTIVE),
        ({"changed_at_ms": TUESDAY_MORNING - HOUR_MS}, {}, Hold.BANK_ACCOUNT_CHANGED),
        ({}, {"bank_account_changed_at_ms": TUESDAY_MORNING - HOUR_MS}, Hold.BANK_ACCOUNT_CHANGED),
    ],
)
async def test_a_payout_is_held_while_there_is_a_reason_and_goes_once_it_is_gone(
    account: dict[str, object], provider: dict[str, object], hold: Hold
) -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=50_000, **account)
    (kept,) = await world.all(Provider)
    await world.put(msgspec.structs.replace(kept, version=2, **provider))
    payout = await ask(world, "k1")
    assert isinstance(payout, Payout)
    assert payout.holds == (hold,)
    assert await world.balances("pro_ann") == (0, 0, 0)
    await world.run("payouts")
    assert (await world.payouts())[0].status == "requested"
    await world.put(msgspec.structs.replace(kept, version=3))
    (now,) = await world.all(BankAccount)
    if now.status != "verified":
        await world.put(msgspec.structs.replace(now, version=2, status="verified"))
    world.clock.ms += 72 * HOUR_MS
    await world.run("payouts")
    (after,) = await world.payouts()
    assert (after.status, after.holds) == ("batched", ())


async def test_a_changed_account_waits_exactly_72_hours() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=50_000, changed_at_ms=TUESDAY_MORNING)
    await ask(world, "k1")
    world.clock.ms += 72 * HOUR_MS - 1
    await world.run("payouts")
    assert (await world.payouts())[0].status == "requested"
    world.clock.ms += 1
    await world.run("payouts")
    assert (await world.payouts())[0].status == "batched"


async def test_an_open_dispute_without_cover_holds_the_payout() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=50_000)
    world.disputes.cents["pro_ann"] = 1
    payout = await ask(world, "k1")
    assert isinstance(payout, Payout)
    assert payout.holds == (Hold.DISPUTE_OPEN,)
    world.disputes.cents.clear()
    world.clock.ms += HOUR_MS
    await world.run("payouts")
    assert (await world.payouts())[0].status == "batched"


async def test_a_review_of_the_fraud_score_needs_a_person_and_a_block_can_only_be_canceled() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=50_000)
    world.risk.decision = Decision.REVIEW
    reviewed = await ask(world, "k1", cents=20_000)
    world.risk.decision = Decision.BLOCK
    blocked = await ask(world, "k2", cents=20_000)
    assert isinstance(reviewed, Payout)
    assert isinstance(blocked, Payout)
    assert (reviewed.holds, blocked.holds) == ((Hold.FRAUD_REVIEW,), (Hold.FRAUD_BLOCKED,))
    assert isinstance(await approve(world, reviewed, "key:bob"), Answer)
    assert await approve(world, blocked, "key:bob") is PayoutRefusal.APPROVAL_NOT_NEEDED
    await world.run("payouts")
    states = {payout.id: payout.status for payout in await world.payouts()}
    assert states == {reviewed.id: "batched", blocked.id: "requested"}
    await world.system.desk.cancel(world.call("c", payout_id=blocked.id), None)
    assert await world.balances("pro_ann") == (30_000, 0, 0)


async def told(world: PayoutWorld, payout: Payout) -> list[PayoutRequested]:
    """The events in which the payout's request is told."""
    rows = await world.memory.events("", 100)
    found = [msgspec.json.decode(row.body, type=AnyFact) for row in rows]
    return [fact for fact in found if isinstance(fact, PayoutRequested) and fact.subject == payout.id]


async def test_a_request_is_told_once_with_what_the_score_knew_and_the_amount_that_is_paid() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=100_000)
    payout = await ask(world, "k1", cents=40_000)
    assert isinstance(payout, Payout)
    await ask(world, "k1", cents=40_000)
    (fact,) = await told(world, payout)
    assert (fact.id, fact.amount_cents, fact.balance_share_percent) == (f"{payout.id}.1.requested", 40_000, 40)
    assert (fact.provider_id, fact.scored, fact.id) == ("pro_ann", True, world.risk.asked[0].id)


async def test_a_payout_without_a_score_waits_for_a_person_and_its_event_says_so() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=100_000)
    world.risk.broken = True
    payout = await ask(world, "k1")
    assert isinstance(payout, Payout)
    assert (payout.risk, payout.approvals_needed) == ("review", 1)
    assert [fact.scored for fact in await told(world, payout)] == [False]


async def test_what_a_provider_owes_is_taken_back_before_it_is_paid() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=50_000)
    owed = Journal(
        id="owed",
        recipe="test.owed",
        reference="pro_ann",
        moves=(Move(PROVIDER_RESERVE.of("pro_ann"), RAIL_CLEARING.name, 8_000),),
    )
    assert await world.memory.transact(lambda transaction: transaction.post(owed), "test") is None
    assert await ask(world, "k1", cents=42_001) == "amount_exceeds_available"
    payout = await ask(world, "k2")
    assert isinstance(payout, Payout)
    assert payout.amount_cents == 42_000
    reserve = await world.memory.account(PROVIDER_RESERVE.of("pro_ann"))
    assert (reserve.balance_cents("debit"), await world.balances("pro_ann")) == (0, (0, 0, 0))


NOON = eastern_ms("2026-11-24 12:00")


async def test_a_day_pays_each_provider_once_whatever_it_earned_in_between() -> None:
    world = PayoutWorld(NOON - 1)
    await world.provider("ann", available_cents=30_000)
    await world.provider("bob", available_cents=1_000)
    assert await world.run("payout-schedule") == 0
    world.clock.ms = NOON
    assert await world.run("payout-schedule") == 1
    (payout,) = await world.payouts()
    assert (payout.amount_cents, payout.slot) == (30_000, "pro_ann:2026-11-24")
    await world.fund("pro_ann", 30_000, "more")
    assert await world.run("payout-schedule") == 0
    world.clock.ms = eastern_ms("2026-11-26 12:00")
    assert await world.run("payout-schedule") == 0
    world.clock.ms = eastern_ms("2026-11-27 12:00")
    assert await world.run("payout-schedule") == 1


async def test_a_slot_is_paid_once_though_the_process_dies_anywhere_in_it() -> None:
    for step in range(1, 60):
        world = PayoutWorld(NOON)
        for name in ("ann", "bob", "cid"):
            await world.provider(name, available_cents=30_000)
        world.restart(Fuse(step))
        try:
            await world.run("payout-schedule")
            died = False
        except Crash:
            died = True
        world.restart()
        await world.run("payout-schedule")
        slots = sorted(payout.slot for payout in await world.payouts())
        assert slots == [f"pro_{name}:2026-11-24" for name in ("ann", "bob", "cid")]
        if not died:
            return
    pytest.fail("the run has more steps than were tried")


async def test_two_processes_at_once_pay_a_day_once() -> None:
    world = PayoutWorld(NOON)
    await world.provider("ann", available_cents=50_000)
    jobs = [world.restart().jobs["payout-schedule"] for _ in range(2)]
    made = await asyncio.gather(*(job.run_once(world.clock.ms) for job in jobs))
    assert sorted(made) == [0, 1]
    # A process that lost its place in the day comes by again after more money came in.
    await world.fund("pro_ann", 30_000, "more")
    await world.memory.transact(lambda transaction: transaction.delete(ScheduleProgress, "2026-11-24"), "test")
    assert await world.run("payout-schedule") == 0


async def test_the_schedule_pays_up_to_the_limit_and_the_rest_another_day() -> None:
    world = PayoutWorld(NOON)
    await world.provider("ann", available_cents=1_500_000)
    await world.run("payout-schedule")
    assert [payout.amount_cents for payout in await world.payouts()] == [1_000_000]
    world.clock.ms = eastern_ms("2026-11-25 12:00")
    await world.run("payout-schedule")
    assert sorted(payout.amount_cents for payout in await world.payouts()) == [500_000, 1_000_000]


@given(st.dates(date(2026, 1, 1), date(2030, 12, 31)), st.integers(1, 5))
@settings(max_examples=60)
def test_a_weekly_provider_has_one_payday_for_each_week(first: date, weekly_on: int) -> None:
    provider = Provider(id="p", created_at_ms=1, updated_at_ms=1, name="P", status="active", payout_schedule="weekly")
    days = [first + timedelta(days=offset) for offset in range(7 * 8)]
    paydays = [day for day in days if is_banking_day(day) and is_payday(provider, day, weekly_on)]
    assert 7 <= len(paydays) <= 9
    assert all(4 <= (after - before).days <= 10 for before, after in pairwise(paydays))


async def test_a_payout_sent_by_mistake_is_reversed_within_five_banking_days() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=50_000)
    await ask(world, "k1")
    await to_settlement(world, "2026-11-25 08:30")
    (entry,) = await world.entries()
    answer = await world.system.ach_desk.reverse(world.call("r1", entry_id=entry.id), None)
    assert isinstance(answer, Answer)
    twice = await world.system.ach_desk.reverse(world.call("r2", entry_id=entry.id), None)
    assert str(twice) == "entry_reversed_already"
    assert await world.balances("pro_ann") == (0, 0, 50_000)
    await to_settlement(world, "2026-11-30 08:30")
    assert await world.balances("pro_ann") == (50_000, 0, 0)
    (payout,) = await world.payouts()
    assert (payout.status, payout.return_code) == ("returned", "reversed")


async def test_a_reversal_after_five_banking_days_is_refused() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=50_000)
    await ask(world, "k1")
    await to_settlement(world, "2026-11-25 08:30")
    (entry,) = await world.entries()
    world.clock.ms = eastern_ms("2026-12-04 00:00")
    late = await world.system.ach_desk.reverse(world.call("r1", entry_id=entry.id), None)
    assert str(late) == "reversal_too_late"


async def to_settlement(world: PayoutWorld, when: str) -> None:
    await world.run("payouts", "ach-collecting", "ach-files")
    for file in await world.files():
        body = msgspec.json.encode({"file": file.name, "accepted": True})
        world.bank.inbox[f"{file.id}.ack.json"] = body
    await world.run("ach-inbox", "ach-files")
    world.clock.ms = eastern_ms(when)
    await world.run("ach-files")


async def test_money_is_never_made_nor_lost_by_any_order_of_requests_and_cancellations() -> None:
    world = PayoutWorld(TUESDAY_MORNING, terms())
    await world.provider("ann", available_cents=100_000)
    for number in range(12):
        payout = await ask(world, f"k{number}", cents=9_000 + number)
        if isinstance(payout, Payout) and number % 3 == 0:
            await world.system.desk.cancel(world.call(f"c{number}", payout_id=payout.id), None)
    kept = [payout for payout in await world.payouts() if payout.status == "requested"]
    available, in_flight, paid = await world.balances("pro_ann")
    assert available + sum(payout.amount_cents for payout in kept) == 100_000
    assert (in_flight, paid) == (0, 0)
    posted = await world.memory.account(PROVIDER_AVAILABLE.of("pro_ann"))
    assert posted.debits_pending == sum(payout.amount_cents for payout in kept)
