"""Drives the whole payment core: acts at random, deaths at any await, repeated keys, a bank that answers, an end."""

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from checks.scoring.model import Decision
from payment_core.answers import Answer
from payment_core.operations.call import Call
from payment_core.operations.once import KEPT_MS, request_hash
from payment_core.providers.model import BankAccount, Provider
from tests.simulation.core.acts import DECISIONS, MOODS, WEIGHTS, Acts, Request
from tests.simulation.core.checking import Checking
from tests.simulation.core.ending import days_pass, end_violations, let_everything_end
from tests.simulation.core.invariants import full_violations
from tests.simulation.core.opening import (
    REST_DAYS,
    VERIFYING_DAYS,
    accounts_of,
    beginnings,
    defaults,
    first_payments,
    verifications,
)
from tests.simulation.core.picking import Picks
from tests.simulation.core.world import OPTIONS, CoreProcess, CoreWorld
from tests.simulation.payment_invariants import everything
from tests.simulation.payment_world import ProcessDied

PEOPLE = ("key:alice", "key:bob", "key:carol")
PAUSES_MS = (0, 1000, 13_000, 60_000, 3_600_000, 6 * 3_600_000, 86_400_000, 86_400_000, 3 * 86_400_000, 8 * 86_400_000)
PAUSE_WEIGHTS = (8, 8, 10, 4, 4, 6, 6, 4, 2, 1)
ACTS = {"job": 30, "bank": 8, "repeat": 4, "ask_again": 4, "two_at_once": 3, "too_late": 3, "request": 48}
"""How often each kind of act is done."""
REPLAYED = frozenset({200, 201, 202, 402, 502})
"""Answers that were stored with their key; a problem with the request itself is not."""
NOT_STORED = ("/ack", "/content", "/v1/ach/returns")
FULL_EVERY = 10
FULL_EVERY_SHARDED = 75
"""Reading a table in shards from its beginning takes seconds."""


class BrokenInvariants(AssertionError):
    """The sentences, with the seed and the acts that led to them."""


class Sent(msgspec.Struct, frozen=True):
    """A request as it was sent, when, and the answer's body when there was one."""

    request: Request
    call: Call
    at_ms: int
    body: bytes = b""


def _death(dies_at: int, outside: int) -> str:
    return f" dies at {dies_at}" if dies_at else f" dies after {outside} outside" if outside else ""


async def _handle(sent: Sent, process: CoreProcess) -> object:
    return await process.handlers[sent.request.route](sent.call, sent.request.body)


async def _run_job(name: str, now_ms: int, process: CoreProcess) -> int:
    return await process.jobs[name].run_once(now_ms)


class Driver:
    """One episode. operations: acts so far; deaths: how many of them a process died of; places: where it died.

    incremental: whether the store keeps one order, so that what is new can be read alone.
    """

    def __init__(self, world: CoreWorld, chance: random.Random, *, incremental: bool = True) -> None:
        self.world = world
        self.chance = chance
        self.picks = Picks(world, chance)
        self.acts = Acts(self.picks, chance)
        self.incremental = incremental
        self.operations = 0
        self.deaths = 0
        self.places: set[tuple[str, int]] = set()
        self.outcomes: Counter[str] = Counter()
        self.trace: list[str] = []
        self._awaits: Counter[str] = Counter()
        self._keys = 0
        self._answered: list[Sent] = []
        self._unanswered: list[Sent] = []
        self.checking = Checking(world, self.picks.numbers, incremental=incremental)

    async def begin(self) -> None:
        """Open the marketplace; nothing dies meanwhile."""
        store, world = self.world.store, self.world
        for request in beginnings(self.picks):
            await self._ask(request)
        providers = await everything(store, Provider)
        for request in accounts_of(self.picks, providers):
            await self._ask(request)
        for request in verifications(await everything(store, BankAccount)):
            await self._ask(request)
        await days_pass(world, VERIFYING_DAYS)
        for request in defaults(await everything(store, BankAccount)):
            await self._ask(request)
        for request in first_payments(providers, self.chance):
            await self._ask(request)
        await days_pass(world, REST_DAYS)
        self._refuse(await full_violations(world))

    async def step(self, name: str = "") -> None:
        """One act, and a look at everything that must hold after it. name: of the act; any when it is empty."""
        await self._act(name if name != "" else self._any_act())
        self.operations += 1
        found = await self.checking.new_violations()
        if found or self.operations % (FULL_EVERY if self.incremental else FULL_EVERY_SHARDED) == 0:
            found += await full_violations(self.world)
        found += self.world.rail.wrong + self.world.bank.wrong
        self._refuse(found)

    async def end(self) -> None:
        """Let time pass until nothing is due any more; then the rail's and the bank's books are ours."""
        self.trace.append("the end")
        await let_everything_end(self.world)
        found = await self.checking.new_violations()
        found += await full_violations(self.world)
        found += await end_violations(self.world, self.picks.numbers)
        self._refuse(found + self.world.rail.wrong + self.world.bank.wrong)

    async def _ask(self, request: Request) -> None:
        self._keys += 1
        call = self._call(request)
        answer = await self.world.process.handlers[request.route](call, request.body)
        if not (isinstance(answer, Answer) and answer.status in REPLAYED):
            self._refuse([f"the beginning: {request.route} answered {answer!r}"])

    def _any_act(self) -> str:
        (name,) = self.chance.choices(list(ACTS), list(ACTS.values()))
        return name

    async def _act(self, name: str) -> None:
        match name:
            case "job":
                await self._job()
            case "bank":
                await self._bank()
            case "repeat" if self._remembered(self._answered):
                await self._repeat()
            case "ask_again" if self._remembered(self._unanswered):
                await self._ask_again()
            case "too_late":
                await self._too_late()
            case "two_at_once":
                await self._two_at_once()
            case _:
                request = await self._request(name if name in WEIGHTS else "")
                while request is None:
                    request = await self._request()
                await self._send(self._sent(request))

    async def _request(self, name: str = "") -> Request | None:
        self._keys += 1
        self.acts.key = f"k{self._keys}"
        self.world.engine.decision = self.chance.choice(DECISIONS)
        self.world.engine.is_out = self.chance.random() < 0.05
        self.world.rail.next_answers = [self.chance.choice(MOODS)]
        if name == "":
            (name,) = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
        build: Callable[[], Awaitable[Request | None]] = getattr(self.acts, name)
        return await build()

    def _sent(self, request: Request) -> Sent:
        return Sent(request, self._call(request), self.world.clock.ms)

    def _call(self, request: Request) -> Call:
        target = request.route + "".join(request.path.values())
        if isinstance(request.body, bytes):
            digest = hashlib.sha256(request.body).digest()
        else:
            digest = request_hash(target, request.body)
        return Call(
            actor=self.chance.choice(PEOPLE),
            instance=request.route.partition(" ")[2],
            key=f"k{self._keys}",
            request_hash=digest,
            path=request.path,
        )

    async def _send(self, sent: Sent) -> None:
        """A request, of which the process may die; then its sender has no answer."""
        self.world.clock.ms += 1
        name = sent.request.route
        answer = await self._live(name, partial(_handle, sent))
        if isinstance(answer, Answer):
            self.outcomes[f"{name} {answer.status}"] += 1
            if answer.status in REPLAYED and not name.endswith(NOT_STORED):
                self._answered.append(msgspec.structs.replace(sent, body=answer.body))
        elif answer is None:
            self._unanswered.append(sent)
        else:
            self.outcomes[f"{name} {answer}"] += 1

    async def _live(self, name: str, operation: Callable[[CoreProcess], Awaitable[object]], outside: int = 0) -> object:
        """Let the process that serves do something; None when it died, and then another one serves."""
        process = self.world.process
        dies_at = 0
        if outside == 0 and self.chance.random() < 0.08:
            outside = self.chance.choice((1, 1, 2, 3))
        elif outside == 0 and self.chance.random() < 0.2:
            dies_at = self.chance.randint(1, max(2, self._awaits[name]))
        self.trace.append(f"{self.world.clock.ms} {name}" + _death(dies_at, outside))
        process.fuse.left, process.fuse.outside_left, process.fuse.passed = dies_at, outside, 0
        try:
            answer = await operation(process)
        except ProcessDied:
            self.deaths += 1
            self.places.add((name, process.fuse.passed))
            self.world.new_process()
            return None
        finally:
            self._awaits[name] = max(self._awaits[name], process.fuse.passed)
            process.fuse.left = process.fuse.outside_left = 0
        return answer

    async def _job(self) -> None:
        """Time passes, and one job runs, or all of them."""
        await self._pass(self.chance.choices(PAUSES_MS, PAUSE_WEIGHTS)[0])
        self.world.rail.next_answers = [self.chance.choice(MOODS)]
        names = list(self.world.process.jobs)
        chosen = [self.chance.choice(names)] if self.chance.random() < 0.5 else names
        for name in chosen:
            died = self.world.process
            await self._live(f"job {name}", partial(_run_job, name, self.world.clock.ms))
            if died is not self.world.process and self.chance.random() < 0.5:
                return

    async def _pass(self, pause_ms: int) -> None:
        if self.world.rail.on_the_way and self.chance.random() < 0.5:
            await self.world.rail.late_ones_arrive()
        self.world.clock.ms += pause_ms

    async def _bank(self) -> None:
        """The bank answers a file, sends entries back, or corrects one; into its box or over HTTP."""
        bank, chance = self.picks.bank, self.chance
        unanswered = [name for name in bank.files if name not in bank.accepted]
        if unanswered and chance.random() < 0.7:
            name = chance.choice(unanswered)
            self.trace.append(f"the bank answers {name}")
            self.world.delivery.inbox[f"{name}.ack.json"] = bank.answer(name, accepts=chance.random() < 0.85)
            return
        if chance.random() < 0.75:
            body = bank.send_back(chance)
        else:
            body = bank.correct(chance, self.picks.new_account_number(), "021000021")
        if body is None:
            return
        self._keys += 1
        name = f"back_{self._keys}.ach"
        self.trace.append(f"the bank sends {name}")
        bank.sent_back[name] = body
        if chance.random() < 0.5:
            self.world.delivery.inbox[name] = body
        else:
            request = Request("POST /v1/ach/returns", body)
            await self._send(self._sent(request))

    async def _repeat(self) -> None:
        """I9: a key that was answered answers the same, and has no second effect."""
        sent = self.chance.choice(self._remembered(self._answered)[-40:])
        world = self.world
        before = (world.observed.changed, world.observed.posted, len(world.rail.submitted))
        name = sent.request.route
        answer = await self._live(name, partial(_handle, sent))
        after = (world.observed.changed, world.observed.posted, len(world.rail.submitted))
        if before != after:
            self._refuse([f"I9: {name} with {sent.call.key} again had an effect: {before} {after}"])
        if answer is not None and not (isinstance(answer, Answer) and answer.body == sent.body):
            self._refuse([f"I9: {name} with {sent.call.key} again answered {answer!r}, not {sent.body!r}"])

    async def _ask_again(self) -> None:
        """A sender without an answer asks again with the same key."""
        sent = self.chance.choice(self._remembered(self._unanswered))
        self._unanswered.remove(sent)
        await self._send(sent)

    def _remembered(self, senders: list[Sent]) -> list[Sent]:
        """Those whose key is not forgotten yet; with another one they ask for something new."""
        return [sent for sent in senders if self.world.clock.ms < sent.at_ms + KEPT_MS]

    async def _two_at_once(self) -> None:
        """Two processes at the same time: with two requests, or with the same one twice."""
        first = await self._request()
        if first is None:
            return
        mine = self._sent(first)
        second = None if self.chance.random() < 0.4 else await self._request()
        other = mine if second is None else self._sent(second)
        self.trace.append(f"{self.world.clock.ms} {first.route} and {other.request.route} at once")
        one, two = self.world.process, CoreProcess(self.world)
        answers = await asyncio.gather(
            one.handlers[first.route](mine.call, first.body),
            two.handlers[other.request.route](other.call, other.request.body),
        )
        for answer, sent in zip(answers, (mine, other), strict=True):
            if isinstance(answer, Answer):
                self.outcomes[f"{sent.request.route} {answer.status}"] += 1

    async def _too_late(self) -> None:
        """The rail sees an instruction only after it was asked about; now and then its sender died and asks again."""
        request = await self._request(self.chance.choice(("create_payment", "create_payment", "capture", "refund")))
        if request is None:
            return
        world, sent = self.world, self._sent(request)
        world.engine.decision, world.engine.is_out = Decision.APPROVE, False
        world.rail.next_answers = ["late"]
        handler = partial(_handle, sent)
        await self._live(request.route, handler, outside=self.chance.choice((1, 9)))
        if self.chance.random() < 0.5:
            await self._live(request.route, handler, outside=99)
        for pause_ms, name in ((OPTIONS.lease_ms + 1, "recovery"), (1000, "doubts"), (1000, "recovery")):
            world.clock.ms += pause_ms
            await self._live(f"job {name}", partial(_run_job, name, world.clock.ms), outside=99)
        await world.rail.late_ones_arrive()

    def _refuse(self, found: list[str]) -> None:
        if found:
            raise BrokenInvariants("\n".join([*found, "after:", *self.trace[-40:]]))
