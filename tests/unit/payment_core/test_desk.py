"""The desk: one effect per key, faults of a release, answers that never come, and recovery by asking."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from payment_core.acquirer.port import Instruction, RailAnswer, Verdict
from payment_core.money import Charge
from payment_core.payments.answers import Answer
from payment_core.payments.begin import Origin, intend_payment
from payment_core.payments.desk import Desk, FaultProfile
from payment_core.payments.operations import InFlight, Operation
from payment_core.payments.refusals import Refusal
from payment_core.payments.requests import CreatePayment
from payment_core.payments.settle import Settler
from payment_core.store.store import Store

ORIGIN = Origin("green", "2.0.0", "us-east-1")
REQUEST = CreatePayment(amount=Charge(5000, "USD"), payment_method="tok_visa", customer_id="cus_1", provider_id="pro_1")
LEASE_MS = 10_000
RAIL_TIMEOUT_SECONDS = 2.0


class HandClock:
    """A clock that moves by hand."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ms(self) -> float:
        return self.ms


class ScriptedRail:
    """Answers what it is told; submitting waits for the gate. Counts what it was asked."""

    def __init__(self) -> None:
        self.submit_answer = RailAnswer(Verdict.APPROVED)
        self.status_answer = RailAnswer(Verdict.APPROVED)
        self.gate = asyncio.Event()
        self.gate.set()
        self.reached = asyncio.Event()
        self.submitted: list[Instruction] = []
        self.asked: list[str] = []

    async def submit(self, instruction: Instruction) -> RailAnswer:
        self.submitted.append(instruction)
        self.reached.set()
        await self.gate.wait()
        return self.submit_answer

    async def status(self, reference: str) -> RailAnswer:
        self.asked.append(reference)
        return self.status_answer


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def rail() -> ScriptedRail:
    return ScriptedRail()


@pytest.fixture
async def store(tmp_path: Path, clock: HandClock) -> AsyncIterator[Store]:
    opened = Store(path=tmp_path / "payments.db", producer="green", clock=clock, on_commit=lambda *_: None)
    await opened.open()
    yield opened
    await opened.close()


MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk(store: Store, rail: ScriptedRail, clock: HandClock) -> MakeDesk:
    def make(fault: FaultProfile | None = None, rail_timeout_seconds: float = RAIL_TIMEOUT_SECONDS) -> Desk:
        return Desk(
            store=store,
            acquirer=rail,
            settler=Settler(origin=ORIGIN, fee_basis_points=800),
            clock=clock,
            fault=FaultProfile() if fault is None else fault,
            lease_ms=LEASE_MS,
            rail_timeout_seconds=rail_timeout_seconds,
            on_attempt=lambda _outcome, _rail: None,
        )

    return make


async def pay(desk: Desk, key: str = "k1", request_hash: bytes = b"h") -> Answer:
    answer = await desk.perform(Operation.CREATE, key, request_hash, intend_payment(REQUEST, ORIGIN))
    assert isinstance(answer, Answer)
    return answer


async def test_fifty_at_once_with_one_key_have_one_effect(make_desk: MakeDesk, rail: ScriptedRail) -> None:
    desk = make_desk()
    rail.gate.clear()

    async def attempt() -> Answer | Refusal:
        return await desk.perform(Operation.CREATE, "k1", b"h", intend_payment(REQUEST, ORIGIN))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(attempt(), name=f"attempt-{number}") for number in range(50)]
        refused = 0
        for finished in asyncio.as_completed(tasks):
            refused += await finished is Refusal.IDEMPOTENCY_IN_PROGRESS
            if refused == 49:
                break
        rail.gate.set()
    answers = [answer for task in tasks if isinstance(answer := task.result(), Answer)]
    assert len(answers) == len(rail.submitted) == 1
    replay = await pay(desk)
    assert replay == msgspec.structs.replace(answers[0], replayed=True)


async def test_another_request_with_a_used_key_is_refused_without_effect(
    make_desk: MakeDesk, rail: ScriptedRail
) -> None:
    desk = make_desk()
    await pay(desk)
    refusal = await desk.perform(Operation.CREATE, "k1", b"other", intend_payment(REQUEST, ORIGIN))
    assert refusal is Refusal.IDEMPOTENCY_MISMATCH
    assert len(rail.submitted) == 1


async def test_a_release_fault_fails_before_the_rail_is_asked(make_desk: MakeDesk, rail: ScriptedRail) -> None:
    answer = await pay(make_desk(FaultProfile(fail_percent=100)))
    assert answer.status == 502
    assert msgspec.json.decode(answer.body)["error_code"] == "release_fault"
    assert rail.submitted == []


def test_the_fault_profile_spreads_over_payments_as_it_says() -> None:
    fault = FaultProfile(fail_percent=5)
    failing = sum(fault.fails(f"pay_{number:011x}{number * 7919:016x}") for number in range(20_000))
    assert 800 <= failing <= 1200
    assert not any(FaultProfile().fails(f"pay_{number}") for number in range(1000))


async def test_a_rail_that_does_not_answer_leaves_the_payment_processing_until_it_is_asked(
    make_desk: MakeDesk, rail: ScriptedRail, clock: HandClock
) -> None:
    desk = make_desk(rail_timeout_seconds=0.05)
    rail.gate.clear()
    answer = await pay(desk)
    assert answer.status == 202
    assert msgspec.json.decode(answer.body)["status"] == "processing"
    clock.ms += LEASE_MS - 1
    assert await desk.sweep() == 0  # Before the lease ends the rail may simply not have seen it yet.
    clock.ms += 2
    rail.status_answer = RailAnswer(Verdict.UNKNOWN)
    assert await desk.sweep() == 1
    clock.ms += LEASE_MS + 1
    rail.status_answer = RailAnswer(Verdict.APPROVED)
    assert await desk.sweep() == 1
    assert await desk.sweep() == 0
    assert len(rail.submitted) == 1
    assert (await pay(desk)).body == answer.body


async def test_one_operation_that_cannot_be_recovered_does_not_hold_the_others(
    make_desk: MakeDesk, rail: ScriptedRail, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk(rail_timeout_seconds=0.05)
    rail.gate.clear()
    await pay(desk, "k1")
    await pay(desk, "k2")
    clock.ms += LEASE_MS + 1
    rail.status_answer = RailAnswer(Verdict.APPROVED)
    recover, asked = desk._recover, []

    async def fail_first(flight: InFlight) -> Answer:
        asked.append(flight.key)
        if len(asked) == 1:
            raise KeyError(flight.key)
        return await recover(flight)

    monkeypatch.setattr(desk, "_recover", fail_first)
    assert await desk.sweep() == 2
    assert sorted(asked) == ["k1", "k2"]


async def test_a_crash_between_the_transactions_is_recovered_by_asking_and_not_by_sending(
    make_desk: MakeDesk, rail: ScriptedRail, clock: HandClock
) -> None:
    await crash_in_the_rail(make_desk(), rail)
    desk = make_desk()
    assert await desk.perform(Operation.CREATE, "k1", b"h", intend_payment(REQUEST, ORIGIN)) is (
        Refusal.IDEMPOTENCY_IN_PROGRESS
    )
    clock.ms += LEASE_MS + 1
    answer = await pay(desk)
    assert answer.status == 201
    assert rail.asked == [rail.submitted[0].reference]
    assert len(rail.submitted) == 1


async def test_a_payment_the_rail_never_saw_has_failed(
    make_desk: MakeDesk, rail: ScriptedRail, clock: HandClock
) -> None:
    await crash_in_the_rail(make_desk(), rail)
    clock.ms += LEASE_MS + 1
    rail.status_answer = RailAnswer(Verdict.NOT_FOUND)
    answer = await pay(make_desk())
    assert answer.status == 502
    assert msgspec.json.decode(answer.body)["error_code"] == "rail_never_saw_it"


async def test_an_approval_that_comes_after_the_payment_was_given_up_is_voided(
    make_desk: MakeDesk, rail: ScriptedRail, clock: HandClock
) -> None:
    slow, other = make_desk(), make_desk()
    rail.gate.clear()
    async with asyncio.TaskGroup() as group:
        late = group.create_task(pay(slow), name="late")
        await rail.reached.wait()
        clock.ms += LEASE_MS + 1
        rail.status_answer = RailAnswer(Verdict.NOT_FOUND)
        assert await other.sweep() == 1
        rail.gate.set()
    assert late.result().status == 502
    assert [instruction.order for instruction in rail.submitted] == ["purchase", "void"]


async def test_a_request_that_lost_its_lease_before_sending_sends_nothing(
    make_desk: MakeDesk, rail: ScriptedRail
) -> None:
    answer = await pay(make_desk(rail_timeout_seconds=LEASE_MS / 1000 + 1))
    assert msgspec.json.decode(answer.body)["error_code"] == "lease_ended"
    assert rail.submitted == []


async def crash_in_the_rail(desk: Desk, rail: ScriptedRail) -> None:
    """Begin a payment and lose the process while the rail works on it."""
    rail.gate.clear()
    async with asyncio.TaskGroup() as group:
        dying = group.create_task(pay(desk), name="dying")
        await rail.reached.wait()
        dying.cancel()
    rail.gate.set()
