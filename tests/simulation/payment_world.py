"""A payment core over any store, with a rail that keeps its own books and a process that dies at any await."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from checks.facts import Fact, PaymentRequested
from checks.scoring.model import Decision
from payment_core.acquirer.port import Instruction, RailAnswer, RailDispute, Verdict
from payment_core.clock import Clock
from payment_core.fraud.list_model import RECORDS as FRAUD_LIST_RECORDS
from payment_core.fraud.scorer import FraudDecision
from payment_core.ledger.posting import Balances, Hold
from payment_core.operations.call import Call
from payment_core.operations.once import KeyRecord, request_hash
from payment_core.origin import Origin
from payment_core.payments.control import ControlDesk
from payment_core.payments.desk import Desk
from payment_core.payments.dispute_desk import DisputeDesk
from payment_core.payments.jobs.disputes import DisputeDeadlines, DisputeNotices
from payment_core.payments.jobs.doubts import Doubts
from payment_core.payments.jobs.expiry import Expiry
from payment_core.payments.jobs.recovery import Recovery
from payment_core.payments.jobs.release import Release
from payment_core.payments.jobs.sending import Sending
from payment_core.payments.model import RECORDS
from payment_core.payments.rail.ach_debits import NoDebits
from payment_core.payments.rail.carrying import Carrier, FaultProfile
from payment_core.payments.rail.scoring import KeyedEmailHash, RequestScores
from payment_core.payments.rail.settling import Settler
from payment_core.payments.terms import RETRY_EXPIRY_MS, Terms
from payment_core.store.memory import MemoryStore
from payment_core.store.port import LedgerStore, Work
from payment_core.store.records import Query, Record
from payment_core.store.stage import Registry
from tests.simulation.invariants import AnyStore
from tests.simulation.no_costs import NoCosts

T = TypeVar("T")
R = TypeVar("R", bound=Record)

ORIGIN = Origin("blue", "1.0.0", "us-east-1")
TERMS = Terms(lease_ms=10_000, release_delay_ms=60_000, ach_release_delay_ms=90_000)
REGISTRY = Registry((*RECORDS, *FRAUD_LIST_RECORDS, KeyRecord, Hold))
START_MS = 1_795_690_800_000


class HandClock:
    """A clock that moves by hand."""

    def __init__(self) -> None:
        self.ms = START_MS

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ms(self) -> float:
        return self.ms


class ProcessDied(BaseException):
    """The process is gone; nothing of it runs any more."""


class Fuse:
    """Burns down by one before and after every await of a process; it dies when nothing is left. 0 never burns.

    passed: how many times it could have died. outside_left: the same, counting only what is asked of others.
    """

    def __init__(self) -> None:
        self.left = 0
        self.passed = 0
        self.outside_left = 0

    async def outside(self, awaited: Awaitable[T]) -> T:
        """Await what is asked of a rail, a bank or a key service."""
        answer = await self.around(awaited)
        if self.outside_left > 0:
            self.outside_left -= 1
            if self.outside_left == 0:
                raise ProcessDied
        return answer

    async def around(self, awaited: Awaitable[T]) -> T:
        """Await, unless the process dies before or after it."""
        try:
            self._burn()
        except ProcessDied:
            if asyncio.iscoroutine(awaited):
                awaited.close()
            raise
        answer = await awaited
        self._burn()
        return answer

    def _burn(self) -> None:
        self.passed += 1
        if self.left > 0:
            self.left -= 1
            if self.left == 0:
                raise ProcessDied


class DyingStore:
    """A store as a process that may die sees it."""

    def __init__(self, store: LedgerStore, fuse: Fuse) -> None:
        self._store = store
        self._fuse = fuse

    async def transact(self, work: Work[T], actor: str) -> T:
        return await self._fuse.around(self._store.transact(work, actor))

    async def read(self, record_type: type[R], record_id: str) -> R | None:
        return await self._fuse.around(self._store.read(record_type, record_id))

    async def query(self, query: Query[R]) -> list[R]:
        return await self._fuse.around(self._store.query(query))

    async def account(self, account_id: str, currency: str = "USD") -> Balances:
        return await self._fuse.around(self._store.account(account_id, currency))


class BookkeepingRail:
    """A rail that is idempotent by reference and knows what it took and gave.

    next_answers: what it says to instructions that it has not seen, in order; approved when there is none. ``lost``:
    it never sees the instruction, ``late``: it sees it after its answer was given up, ``mute``: it carries it out and
    does not answer. arrived_late: references of those that were late. wrong: what no rail should be asked.
    """

    def __init__(self) -> None:
        self.next_answers: list[str] = []
        self.known: dict[str, tuple[Instruction, RailAnswer]] = {}
        self.undecided: set[str] = set()
        self.on_the_way: list[Instruction] = []
        self.arrived_late: set[str] = set()
        self.submitted: list[Instruction] = []
        self.asked: list[str] = []
        self.notices: list[RailDispute] = []
        self.answered: dict[str, str] = {}
        self.disputes_taken_cents = 0
        self.wrong: list[str] = []

    async def submit(self, instruction: Instruction) -> RailAnswer:
        await asyncio.sleep(0)
        self.submitted.append(instruction)
        known = self.known.get(instruction.reference)
        if known is not None:
            if msgspec.structs.replace(known[0], cvc=None) != msgspec.structs.replace(instruction, cvc=None):
                self.wrong.append(f"{instruction.reference} means something else than before")
            return known[1]
        answer = self.next_answers.pop(0) if self.next_answers else "approved"
        if answer == "lost":
            return RailAnswer(Verdict.UNKNOWN)
        if answer == "late":
            self.on_the_way.append(instruction)
            self.arrived_late.add(instruction.reference)
            return RailAnswer(Verdict.UNKNOWN)
        return self.carry_out(instruction, answer)

    def carry_out(self, instruction: Instruction, answer: str) -> RailAnswer:
        """Do what is asked, unless that was done."""
        if instruction.reference in self.known:
            return self.known[instruction.reference][1]
        verdict = {"declined": Verdict.DECLINED, "failed": Verdict.FAILED}.get(answer, Verdict.APPROVED)
        if verdict is Verdict.APPROVED and self.exceeds(instruction):
            verdict = Verdict.DECLINED
        decided = RailAnswer(verdict, "" if verdict is Verdict.APPROVED else "rail_says_no")
        self.known[instruction.reference] = (instruction, decided)
        return RailAnswer(Verdict.UNKNOWN) if answer == "mute" else decided

    async def status(self, reference: str) -> RailAnswer:
        await asyncio.sleep(0)
        self.asked.append(reference)
        if reference in self.undecided:
            return RailAnswer(Verdict.UNKNOWN)
        known = self.known.get(reference)
        return RailAnswer(Verdict.NOT_FOUND) if known is None else known[1]

    async def disputes(self, after: int, limit: int) -> list[RailDispute]:
        await asyncio.sleep(0)
        return self.notices[after : after + limit]

    async def answer_dispute(self, reference: str, evidence: str) -> None:
        await asyncio.sleep(0)
        if self.answered.setdefault(reference, evidence) != evidence:
            self.wrong.append(f"{reference} was answered twice, differently")

    def approved(self, original: str) -> list[Instruction]:
        """What was carried out for a payment."""
        return [
            instruction
            for instruction, answer in self.known.values()
            if answer.verdict is Verdict.APPROVED and original in {instruction.original, instruction.reference}
        ]

    def balance_cents(self) -> int:
        """What the rail took from payers and owes us, less what it gave back."""
        total = -self.disputes_taken_cents
        for instruction, answer in self.known.values():
            if answer.verdict is not Verdict.APPROVED:
                continue
            if instruction.order in {"purchase", "capture"}:
                total += instruction.amount_cents
            elif instruction.order == "refund" or (
                instruction.order == "void" and self._order_of(instruction.original) == "purchase"
            ):
                total -= instruction.amount_cents
        return total

    def _order_of(self, reference: str) -> str:
        known = self.known.get(reference)
        return "" if known is None else known[0].order

    def exceeds(self, instruction: Instruction) -> bool:
        """No rail does more than it has; being asked to is wrong, unless something arrived that was given up on."""
        original = instruction.original if instruction.original != "" else instruction.reference
        done = [*self.approved(original), instruction]
        taken = sum(each.amount_cents for each in done if each.order in {"purchase", "capture"})
        authorized = sum(each.amount_cents for each in done if each.order in {"purchase", "authorize"})
        given = sum(each.amount_cents for each in done if each.order == "refund")
        too_much = (instruction.order == "capture" and taken > authorized) or given > taken
        if too_much and not self.arrived_late.intersection(each.reference for each in done):
            self.wrong.append(f"{instruction.reference} is a {instruction.order} of more than there is")
        return too_much


class ChosenScorer:
    """Decides as it is told."""

    def __init__(self) -> None:
        self.decision = Decision.APPROVE
        self.scored: list[PaymentRequested] = []
        self.observed: list[Fact] = []

    def score(self, fact: PaymentRequested, now_ms: int) -> FraudDecision:  # noqa: ARG002 - the port's name
        self.scored.append(fact)
        return FraudDecision(decision=self.decision, reasons=() if self.decision is Decision.APPROVE else ("chosen",))

    def observe(self, fact: Fact, now_ms: int) -> None:  # noqa: ARG002 - the port's name
        self.observed.append(fact)


class Process:
    """One process of the payment core: its desks and jobs. fuse: when it dies."""

    def __init__(
        self, store: LedgerStore, rail: BookkeepingRail, clock: Clock, scorer: ChosenScorer, **carrier: object
    ) -> None:
        self.fuse = Fuse()
        seen = DyingStore(store, self.fuse)
        dying_rail = DyingRail(rail, self.fuse)
        self.settler = Settler(terms=TERMS, costs=NoCosts())
        self.carrier = Carrier(
            acquirer=dying_rail,
            clock=clock,
            fault=carrier.get("fault", FaultProfile()),  # type: ignore[arg-type]  # a FaultProfile
            rail_timeout_seconds=carrier.get("rail_timeout_seconds", 2.0),  # type: ignore[arg-type]  # seconds
        )
        self.attempts: list[tuple[str, str]] = []
        self.desk = Desk(
            store=seen,
            carrier=self.carrier,
            settler=self.settler,
            scores=RequestScores(scorer=scorer, origin=ORIGIN, emails=KeyedEmailHash(b"key")),
            scorer=scorer,
            origin=ORIGIN,
            clock=clock,
            terms=TERMS,
            on_attempt=lambda outcome, rail_name: self.attempts.append((outcome, rail_name)),
        )
        self.control = ControlDesk(seen, ORIGIN)
        self.disputes = DisputeDesk(seen, TERMS)
        self.jobs = (
            Recovery(seen, self.desk),
            Sending(seen, self.desk, NoDebits(), TERMS.lease_ms),
            Expiry(seen, self.desk, TERMS.lease_ms),
            Doubts(seen, self.carrier),
            DisputeNotices(seen, self.disputes, dying_rail),
            DisputeDeadlines(seen, dying_rail),
            Release(seen),
        )

    async def run_jobs(self, now_ms: int) -> int:
        """Every job once."""
        return sum([await job.run_once(now_ms) for job in self.jobs])


class DyingRail:
    """The rail as a process that may die sees it."""

    def __init__(self, rail: BookkeepingRail, fuse: Fuse) -> None:
        self._rail = rail
        self._fuse = fuse

    async def submit(self, instruction: Instruction) -> RailAnswer:
        return await self._fuse.around(self._rail.submit(instruction))

    async def status(self, reference: str) -> RailAnswer:
        return await self._fuse.around(self._rail.status(reference))

    async def disputes(self, after: int, limit: int) -> list[RailDispute]:
        return await self._fuse.around(self._rail.disputes(after, limit))

    async def answer_dispute(self, reference: str, evidence: str) -> None:
        await self._fuse.around(self._rail.answer_dispute(reference, evidence))


def call_of(key: str, body: msgspec.Struct | None = None, **path: str) -> Call:
    """A request with this key."""
    return Call(
        actor="key:test",
        instance="/v1/test",
        key=key,
        request_hash=request_hash("/v1/test" + "".join(path.values()), body),
        path=path,
    )


class World:
    """A store, a rail, a clock and the process that serves now."""

    def __init__(self, store: AnyStore, clock: HandClock) -> None:
        self.store = store
        self.clock = clock
        self.rail = BookkeepingRail()
        self.scorer = ChosenScorer()
        self.process = self.new_process()

    def new_process(self, **carrier: object) -> Process:
        """Another process on the same store and rail."""
        self.process = Process(self.store, self.rail, self.clock, self.scorer, **carrier)
        return self.process

    async def live(self, operation: Callable[[Process], Awaitable[T]], *, dies_at: int = 0) -> T | None:
        """Let the process do something; None when it died of it, and then another process serves."""
        self.process.fuse.left = dies_at
        try:
            return await operation(self.process)
        except ProcessDied:
            self.new_process()
            return None
        finally:
            self.process.fuse.left = 0

    async def settle_everything(self) -> None:
        """Let time pass until nothing is in flight or in doubt any more."""
        self.rail.next_answers = []
        self.rail.undecided = set()
        for pause_ms in (*[2 * TERMS.lease_ms] * 4, RETRY_EXPIRY_MS, *[2 * TERMS.lease_ms] * 4):
            self.clock.ms += pause_ms
            await self.process.run_jobs(self.clock.ms)


def memory_world() -> World:
    """A payment core that nothing happened to yet, in memory."""
    clock = HandClock()
    return World(MemoryStore(registry=REGISTRY, producer="blue", clock=clock), clock)
