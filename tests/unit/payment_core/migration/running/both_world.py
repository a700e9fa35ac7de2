"""Both processors in one process: the core's parts over a store in memory, the simulated old one behind its own API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from daemon.embedded.exports.generating import write_export
from daemon.embedded.exports.plan import ExportPlan
from daemon.embedded.old_processor.book import Book
from daemon.embedded.old_processor.seeding import seeded
from daemon.embedded.old_processor.service import OldProcessorApi
from payment_core.answers import Answer
from payment_core.assembly.both_running import BothRunning, Surroundings, compose
from payment_core.assembly.vaulting import Vaulting, open_vaulting
from payment_core.fraud.screening import Screened, ScreeningAnswer
from payment_core.jobs import Job
from payment_core.methods.desk import MethodDesk
from payment_core.methods.model import PaymentMethod
from payment_core.methods.requests import CardRequest
from payment_core.migration.names import JobName
from payment_core.migration.running.model import OldWrite, ShadowEvidence
from payment_core.migration.running.old_http import OldHttp
from payment_core.operations.call import Call
from payment_core.operations.once import request_hash
from payment_core.options import CoreOptions
from payment_core.origin import Origin
from payment_core.registry import core_registry
from payment_core.store.memory import MemoryStore
from payment_core.store.records import Listing, Record
from tests.unit.payment_core.flags.chosen import ChosenFlags

NOW_MS = 1_790_000_000_000
ORIGIN = Origin("blue", "1.0.0", "us-east-1")
KEY = "sk_test_old"
SECRET = "whsec_of_the_old_one"
EXPORT = "old"
PAN = "4242424242424242"


class Clock:
    """Moves when a test says so."""

    def __init__(self) -> None:
        self.at_ms = NOW_MS

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic_ms(self) -> float:
        return self.at_ms


class Names:
    """Nobody is on a list."""

    def screen(self, name: str) -> Screened:
        del name
        return Screened(ScreeningAnswer.NO_MATCH, 0)


class BothWorld:
    """One core beside the old processor. lost: answers to writes that never arrive, though they took effect."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.flags = ChosenFlags(migration_cut_over="old")
        self.store = MemoryStore(registry=core_registry(), producer="blue", clock=self.clock)
        self.options = CoreOptions(database=folder / "payments.db", migration_exports=folder / "exports")
        self.lost = 0
        self.requests: list[tuple[str, str, str]] = []
        self._calls = 0
        self._folder = folder

    async def open(self, stack: AsyncExitStack) -> None:
        """Write an export, begin the old processor with it, and put the core's parts together."""
        plan = ExportPlan(customers=4, accounts=1, charges=6, made_at=NOW_MS // 1000 - 60, livemode=False)
        directory = self._folder / "exports" / EXPORT
        write_export(directory, plan)
        self.book = Book(await seeded(directory, None))
        self.api = OldProcessorApi(self.book, KEY, lambda: self.clock.at_ms // 1000, lambda: None)
        self.vaulting: Vaulting = await open_vaulting(stack, self.options, self.store, ORIGIN, self.clock)
        self.old = await stack.enter_async_context(
            OldHttp("https://old.example", KEY, _Losing(self, httpx.ASGITransport(app=self.api.app())))
        )
        self.start()

    def start(self) -> None:
        """The core's parts as a process that was just started has them."""
        over = Surroundings(
            store=self.store,
            vaulting=self.vaulting,
            names=Names(),
            flags=self.flags,
            origin=ORIGIN,
            clock=self.clock,
        )
        self.both: BothRunning = compose(self.options, over, self.old, (SECRET,))
        self.methods = MethodDesk(
            store=self.both.store,
            vault=self.vaulting.vault,
            fingerprints=self.vaulting.fingerprints,
            health=self.vaulting.health,
            origin=ORIGIN,
            clock=self.clock,
        )

    def call(self, key: str = "", **path: str) -> Call:
        """A call with a key of its own unless one is given."""
        self._calls += 1
        name = key if key else f"k{self._calls}"
        hashed = request_hash(f"{sorted(path.items())}", None)
        query: dict[str, int | str] = {"limit": 100, "after": "", "state": ""}
        return Call(actor="key:ops", instance="/v1/here", key=name, request_hash=hashed, path=path, query=query)

    async def add_card(self, customer_id: str = "cus_here", pan: str = PAN) -> str:
        """A card that is kept here; its token."""
        body = CardRequest(customer_id=customer_id, pan=pan, exp_month=5, exp_year=2031, billing_country="US")
        answer = await self.methods.create(self.call(), body)
        assert isinstance(answer, Answer)
        assert answer.status == 201, answer.body
        return str(msgspec.json.decode(answer.body)["id"])

    async def remove_card(self, token: str) -> None:
        """Destroy it here."""
        answer = await self.methods.delete(self.call(payment_method_id=token), None)
        assert isinstance(answer, Answer)

    async def run(self, name: str, times: int = 1) -> int:
        """A background job of the core, some times; what it did."""
        jobs: dict[str, Job] = {duty.name: duty.job for duty in (*self.both.duties, *self.both.first_duties)}
        return sum([await jobs[name].run_once(self.clock.at_ms) for _ in range(times)])

    async def tell(self) -> None:
        """Let everything that waits be told, also what has to follow something else."""
        for _ in range(6):
            await self.run("old-processor-writes")
            self.clock.at_ms += 1_000

    async def compare(self) -> None:
        """Compare all that both sides have, looking at differences a second time."""
        assert self.both.shadow is not None
        await self.run("shadow-walk")
        async with asyncio.TaskGroup() as group:
            working = group.create_task(self.both.shadow.run())
            await self.both.shadow.settled()
            working.cancel()
        self.clock.at_ms += 2_500
        await self.run("migration-standing", 2)

    async def move(self, *jobs: JobName) -> None:
        """Ask for the jobs and let them run to their end."""
        assert self.both.driver is not None
        for job in jobs or tuple(JobName):
            await self.ask("POST", f"/v1/migration/jobs/{job}/start", {"export": EXPORT, "records_per_second": 0})
        while await self.both.driver.run_next() is not None:
            pass

    async def ask(self, method: str, path: str, body: object = None, **path_parameters: str) -> Any:  # noqa: ANN401
        """What a door answers, decoded; a refusal as its word."""
        for route in self.both.routes:
            parameters = _matched(route.path, path)
            if route.method != method or parameters is None:
                continue
            sent = body if body is None or route.body is None else msgspec.convert(body, route.body)
            answer = await route.handler(self.call(**parameters, **path_parameters), sent)
            return msgspec.json.decode(answer.body) if isinstance(answer, Answer) else str(answer)
        raise LookupError(path)

    async def waiting(self) -> list[OldWrite]:
        """Writes that the old processor was not told."""
        return await self.store.query(Listing(OldWrite, owner="waiting"))

    async def evidence(self) -> ShadowEvidence:
        """What comparisons have shown."""
        found = await self.store.read(ShadowEvidence, "evidence")
        return ShadowEvidence(id="evidence") if found is None else found

    async def all(self, record_type: type[Record]) -> list[Any]:
        """Every stored record of a type."""
        return list(await self.store.query(Listing(record_type, limit=1_000)))

    async def moved_card(self) -> PaymentMethod:
        """One that the jobs have moved."""
        methods: list[PaymentMethod] = await self.all(PaymentMethod)
        return next(one for one in methods if one.deleted_at_ms == 0)

    def there(self, kind: str) -> list[dict[str, Any]]:
        """Objects of the old processor that are not gone."""
        found = [one for one in self.book.objects.values() if one["object"] == kind and not one.get("deleted")]
        return [one for one in found if kind != "payment_method" or one["customer"] is not None]


class _Losing(httpx.AsyncBaseTransport):
    """Notes every request, and loses answers as the world says."""

    def __init__(self, world: BothWorld, inner: httpx.AsyncBaseTransport) -> None:
        self._world = world
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        key = request.headers.get("idempotency-key", "")
        self._world.requests.append((request.method, request.url.path, key))
        response = await self._inner.handle_async_request(request)
        if key and self._world.lost > 0:
            self._world.lost -= 1
            raise httpx.ReadTimeout("lost", request=request)
        return response


def _matched(template: str, path: str) -> dict[str, str] | None:
    """The parameters of the address, or None when it is another one."""
    parts, given = template.split("/"), path.split("/")
    if len(parts) != len(given):
        return None
    pairs = list(zip(parts, given, strict=True))
    if any(part != value for part, value in pairs if not part.startswith("{")):
        return None
    return {part.strip("{}"): value for part, value in pairs if part.startswith("{")}


@asynccontextmanager
async def both_world(folder: Path) -> AsyncIterator[BothWorld]:
    """An open world."""
    async with AsyncExitStack() as stack:
        world = BothWorld(folder)
        await world.open(stack)
        yield world
