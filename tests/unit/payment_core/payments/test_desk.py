"""The desk: one effect per key, faults of a release, answers that never come, and recovery by asking."""

import asyncio
import re

import msgspec
import pytest

from checks.facts import AnyFact, PaymentAttempted, PaymentCaptured, PaymentRequested
from checks.scoring.model import Decision
from payment_core.acquirer.tokens import SANDBOX_TOKENS
from payment_core.answers import Answer
from payment_core.operations.once import KeyRecord, OnceRefusal
from payment_core.payments.model import Payment
from payment_core.payments.ports import Method
from payment_core.payments.rail.carrying import FaultProfile
from payment_core.payments.refusals import PaymentRefusal, explain_payment
from payment_core.payments.requests import PaymentContext
from payment_core.store.memory import MemoryStore
from payment_core.store.records import Record, kind_of
from tests.simulation.payment_invariants import everything
from tests.simulation.payment_world import TERMS, World
from tests.unit.payment_core.payments.asking import all_is_well, create, order, payment_of, plain, refund


async def facts(world: World) -> list[AnyFact]:
    return [msgspec.json.decode(row.body, type=AnyFact) for row in await world.store.events("", 1000)]


async def test_a_payment_is_taken_and_tells_what_happened(world: World) -> None:
    answer = await create(world, body=order(5000, metadata={"cart": "7"}))
    body = plain(answer)
    assert (answer.status, body["status"], body["captured"]["amount_cents"]) == (201, "succeeded", 5000)
    assert (body["fee"]["amount_cents"], body["metadata"]) == (400, {"cart": "7"})
    told = await facts(world)
    assert [type(fact) for fact in told] == [PaymentRequested, PaymentAttempted, PaymentCaptured]
    assert world.scorer.observed == [msgspec.structs.replace(told[1], sequence=0)]
    assert world.process.attempts == [("succeeded", "card")]
    assert await all_is_well(world)


class NeverAsked:
    """Methods that fail whoever asks."""

    async def resolve(self, token: str) -> Method | None:
        pytest.fail(f"{token} was looked up")


@pytest.mark.parametrize("token", [each.token for each in SANDBOX_TOKENS])
async def test_a_sandbox_token_pays_without_a_look_up(world: World, token: str) -> None:
    world.process.desk._methods = NeverAsked()
    answer = await create(world, body=order(payment_method=token))
    assert isinstance(answer, Answer)
    assert len(await everything(world.store, Payment)) == 1


async def test_a_thousand_at_once_with_one_key_have_one_effect_and_one_answer(world: World) -> None:
    async with asyncio.TaskGroup() as group:
        same = [group.create_task(create(world), name=f"same-{number}") for number in range(1000)]
        other = [group.create_task(create(world, body=order(1)), name=f"other-{number}") for number in range(50)]
    answers = [task.result() for task in same]
    bodies = {answer.body for answer in answers if isinstance(answer, Answer)}
    assert len(bodies) == len(world.rail.submitted) == len(await everything(world.store, Payment)) == 1
    assert all(isinstance(answer, Answer) or answer is OnceRefusal.IDEMPOTENCY_IN_PROGRESS for answer in answers)
    assert {task.result() for task in other} == {OnceRefusal.IDEMPOTENCY_MISMATCH}
    assert len(world.scorer.scored) == 2


async def test_a_payment_reads_its_key_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    load = MemoryStore.load

    def noting(store: MemoryStore, record_type: type[Record], record_id: str) -> Record | None:
        read.append(kind_of(record_type))
        return load(store, record_type, record_id)

    monkeypatch.setattr(MemoryStore, "load", noting)
    first = await create(world)
    assert read.count(kind_of(KeyRecord)) == 1
    again = await create(world)
    assert (again.replayed, again.body) == (True, first.body)


async def test_the_stored_answer_is_given_again_byte_for_byte(world: World) -> None:
    first, second = await create(world), await create(world)
    assert second == msgspec.structs.replace(first, replayed=True)
    assert len(world.rail.submitted) == 1


@pytest.mark.parametrize(
    ("rail_answer", "status", "code"), [("declined", 402, "rail_says_no"), ("failed", 502, "rail_says_no")]
)
async def test_what_the_rail_refuses_is_a_problem_with_the_payment_in_it(
    world: World, rail_answer: str, status: int, code: str
) -> None:
    world.rail.next_answers = [rail_answer]
    answer = await create(world)
    body = plain(answer)
    assert (answer.status, body["status"], body["code"], body["resource"]["status"]) == (
        status,
        status,
        code,
        rail_answer,
    )
    assert body["resource"]["decline_code" if rail_answer == "declined" else "error_code"] == code
    assert await all_is_well(world)


@pytest.mark.parametrize(("decision", "asked"), [(Decision.BLOCK, 0), (Decision.FREEZE, 0), (Decision.MONITOR, 1)])
async def test_a_blocked_payment_never_reaches_the_rail(world: World, decision: Decision, asked: int) -> None:
    world.scorer.decision = decision
    answer = await create(world)
    assert (answer.status, len(world.rail.submitted)) == ((402, 0) if asked == 0 else (201, 1))
    if asked == 0:
        assert plain(answer)["code"] == "fraud_blocked"
    assert await all_is_well(world)


async def test_the_address_is_hashed_and_the_code_of_the_card_is_nowhere(world: World) -> None:
    context = PaymentContext(email="Ann@Example.com", ip="192.0.2.1", user_agent="HeadlessChrome/1")
    body = order(cvc="7319", context=context)
    await create(world, body=body)
    scored = world.scorer.scored[0]
    assert (scored.email_domain, len(scored.email_hash), scored.headless) == ("example.com", 32, True)
    stored = [row.body for row in await world.store.events("", 10)] + list(world.store._bodies.values())  # type: ignore[attr-defined]  # MemoryStore's
    # Four digits stand in some digest by chance: the code would stand alone.
    for secret in (rb"(?<![0-9a-f])7319(?![0-9a-f])", b"nn@"):
        assert not any(re.search(secret, body) for body in stored)
    assert "7319" not in repr(body)
    assert world.rail.submitted[0].cvc is not None
    # The same request without the code has the same hash, so the hash does not hold it.
    assert (await create(world, body=order(cvc="1111", context=context))).replayed


async def test_a_release_fault_fails_before_the_rail_is_asked(world: World) -> None:
    world.new_process(fault=FaultProfile(fail_percent=100))
    answer = await create(world)
    assert (answer.status, plain(answer)["code"], world.rail.submitted) == (502, "release_fault", [])


def test_the_fault_profile_spreads_over_payments_as_it_says() -> None:
    fault = FaultProfile(fail_percent=5)
    failing = sum(fault.fails(f"pay_{number:011x}{number * 7919:016x}", 100) for number in range(20_000))
    assert 800 <= failing <= 1200
    assert not any(FaultProfile().fails(f"pay_{number}", 100) for number in range(1000))


@pytest.mark.parametrize(("amount_cents", "fails"), [(100, False), (101, True)])
def test_a_fault_of_larger_payments_spares_those_up_to_its_amount(amount_cents: int, fails: bool) -> None:
    assert FaultProfile(fail_percent=100, above_cents=100).fails("pay_1", amount_cents) is fails


async def test_a_rail_that_does_not_answer_is_asked_once_the_lease_has_ended_and_never_sent_to_again(
    world: World,
) -> None:
    world.rail.next_answers = ["mute"]
    answer = await create(world)
    assert (answer.status, plain(answer)["status"]) == (202, "processing")
    reference = world.rail.submitted[0].reference
    world.clock.ms += TERMS.lease_ms - 1
    await world.process.run_jobs(world.clock.ms)
    assert world.rail.asked == []  # Before the lease ends the rail may simply not have seen it yet.
    world.clock.ms += 2
    world.rail.undecided = {reference}
    await world.process.run_jobs(world.clock.ms)
    assert (await payment_of(world, reference)).status == "processing"
    world.rail.undecided = set()
    world.clock.ms += TERMS.lease_ms
    await world.process.run_jobs(world.clock.ms)
    assert (await payment_of(world, reference)).status == "succeeded"
    assert (len(world.rail.submitted), world.rail.asked) == (1, [reference, reference])
    assert (await create(world)).body == answer.body
    assert await all_is_well(world)


async def test_a_payment_the_rail_never_saw_has_failed_and_is_doubted(world: World) -> None:
    world.rail.next_answers = ["lost"]
    await create(world)
    reference = world.rail.submitted[0].reference
    world.clock.ms += TERMS.lease_ms + 1
    await world.process.run_jobs(world.clock.ms)
    failed = await payment_of(world, reference)
    assert (failed.status, failed.error_code) == ("failed", "rail_never_saw_it")
    await world.settle_everything()
    assert world.rail.asked == [reference, reference]
    assert world.rail.balance_cents() == 0


async def test_an_approval_that_comes_after_the_payment_was_given_up_is_voided_once(world: World) -> None:
    world.rail.next_answers = ["late"]
    await create(world)
    world.clock.ms += TERMS.lease_ms + 1
    await world.process.run_jobs(world.clock.ms)
    (instruction,) = world.rail.on_the_way
    world.rail.carry_out(instruction, "approved")
    assert world.rail.balance_cents() == 10_000
    await world.settle_everything()
    assert [each.order for each in world.rail.submitted] == ["purchase", "void"]
    assert world.rail.balance_cents() == 0
    assert await all_is_well(world)


async def test_the_key_of_a_crashed_request_is_recovered_by_asking(world: World) -> None:
    assert await world.live(lambda _: create(world), dies_at=4) is None
    assert await create(world) is OnceRefusal.IDEMPOTENCY_IN_PROGRESS
    world.clock.ms += TERMS.lease_ms + 1
    answer = await create(world)
    assert (answer.status, len(world.rail.submitted), len(world.rail.asked)) == (201, 1, 1)


async def test_a_request_that_lost_its_lease_before_sending_sends_nothing(world: World) -> None:
    world.new_process(rail_timeout_seconds=TERMS.lease_ms / 1000 + 1)
    answer = await create(world)
    assert (plain(answer)["code"], world.rail.submitted) == ("lease_ended", [])


async def test_one_operation_that_cannot_be_recovered_does_not_hold_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        world.rail.next_answers = ["mute"]
        await create(world, f"k{number}")
    world.clock.ms += TERMS.lease_ms + 1
    status = world.rail.status
    broken = world.rail.submitted[0].reference

    async def fail_first(reference: str) -> object:
        if reference == broken:
            raise KeyError(reference)
        return await status(reference)

    monkeypatch.setattr(world.rail, "status", fail_first)
    assert await world.process.run_jobs(world.clock.ms) == 2
    assert [payment.status.value for payment in await everything(world.store, Payment)].count("succeeded") == 2


async def test_refusals_leave_nothing_behind_and_are_not_remembered(world: World) -> None:
    assert await create(world, body=order(payment_method="tok_nobody")) is PaymentRefusal.METHOD_UNKNOWN
    assert await refund(world, "pay_none") is PaymentRefusal.PAYMENT_NOT_FOUND
    assert await everything(world.store, KeyRecord) == []
    assert (await create(world)).status == 201


@pytest.mark.parametrize("refusal", [*PaymentRefusal, *OnceRefusal])
def test_every_refusal_is_explained(refusal: PaymentRefusal | OnceRefusal) -> None:
    explanation = explain_payment(refusal)
    switched_off = {PaymentRefusal.PAYMENTS_OFF, PaymentRefusal.BANK_DEBITS_OFF}
    assert explanation.status in ({503} if refusal in switched_off else {404, 409, 422})
    assert explanation.detail.endswith(".")
