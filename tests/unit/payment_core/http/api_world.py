"""The application over a store in memory, with keys of every kind, for tests of the HTTP layer."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpx
import msgspec

from payment_core.answers import Answer, Explanation, ok
from payment_core.http.app import Application, build_app
from payment_core.http.routes import QueryParameter, Route
from payment_core.http.tables.events import event_routes
from payment_core.http.tables.keys import key_routes
from payment_core.http.tables.ledger import ledger_routes
from payment_core.http.tables.service import service_routes
from payment_core.http.tables.webhooks import webhook_routes
from payment_core.keys.authenticator import Authenticator
from payment_core.keys.issuing import Keys
from payment_core.keys.model import RECORDS as KEY_RECORDS
from payment_core.keys.model import ApiKey, KeySecret
from payment_core.keys.secrets import hash_of, new_secret
from payment_core.ledger.posting import Hold
from payment_core.ledger.trial_balance import TrialBalances
from payment_core.ledger.verify import LedgerReport
from payment_core.metrics.counts import Counts
from payment_core.operations.call import Call
from payment_core.operations.once import KeyRecord, OnceRefusal
from payment_core.origin import Origin
from payment_core.store.memory import MemoryStore
from payment_core.store.port import Transaction
from payment_core.store.stage import Registry
from payment_core.webhooks.endpoints import Endpoints
from payment_core.webhooks.model import RECORDS as WEBHOOK_RECORDS

NOW_MS = 1_790_000_000_000
ORIGIN = Origin("blue", "1.0.0", "us-east-1")
NUMBERS = itertools.count()
# A JSON document as httpx gives it.
Json = dict[str, Any]


class HandClock:
    """Moves when a test says so."""

    def __init__(self) -> None:
        self.ms = NOW_MS

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ms(self) -> float:
        return self.ms


class FakeSeal:
    """Seals so that a test sees whether it was opened for the right record; no cipher."""

    async def seal(self, purpose: str, record_id: str, plaintext: bytes) -> bytes:
        await asyncio.sleep(0)
        return f"{purpose}|{record_id}|".encode() + plaintext[::-1]

    async def open(self, purpose: str, record_id: str, sealed: bytes) -> bytes:
        await asyncio.sleep(0)
        prefix = f"{purpose}|{record_id}|".encode()
        assert sealed.startswith(prefix), "sealed for something else"
        return sealed.removeprefix(prefix)[::-1]


class FakeVerifier:
    """A ledger that holds."""

    async def verify(self) -> LedgerReport:
        return LedgerReport(balanced=True, entries=0, journals=0, violations=())


async def three() -> int:
    """As many unsent events as there are."""
    return 3


class World:
    """The parts, and a client without credentials. count_unsent: what the store says when it is asked."""

    def __init__(self, more: Iterable[Route] = ()) -> None:
        self.count_unsent: Callable[[], Awaitable[int]] = three
        self.clock = HandClock()
        self.counts = Counts()
        self.stopping = asyncio.Event()
        self.registry = Registry((KeyRecord, Hold, *KEY_RECORDS, *WEBHOOK_RECORDS))
        self.store = MemoryStore(registry=self.registry, producer="blue", clock=self.clock)
        self.admin = new_secret("test")
        self.authenticator = Authenticator(
            keys=self.store, clock=self.clock, admin_hashes=frozenset({hash_of(self.admin)})
        )
        self.seal = FakeSeal()
        self.endpoints = Endpoints(store=self.store, seal=self.seal, origin=ORIGIN, clock=self.clock)
        self.app = self.build(more)
        self.http = self.client(self.app)

    def routes(self) -> tuple[Route, ...]:
        """The route tables of this area."""
        others = (
            *service_routes(
                store=self.store, origin=ORIGIN, counts=self.counts, stopping=self.stopping, unsent=self.unsent
            ),
            *event_routes(self.store),
            *ledger_routes(
                store=self.store,
                books=self.store,
                verifier=FakeVerifier(),
                trial_balances=TrialBalances(self.store, self.clock),
            ),
            *webhook_routes(self.store, self.endpoints),
        )
        keys = Keys(
            store=self.store,
            origin=ORIGIN,
            known_scopes=frozenset(route.scope for route in others) | {"keys:read", "keys:write"},
            on_change=self.authenticator.forget,
            mode="test",
        )
        return (*others, *key_routes(self.store, keys))

    def build(self, more: Iterable[Route]) -> Application:
        return build_app(
            (*self.routes(), *more),
            authenticator=self.authenticator,
            counts=self.counts,
            clock=self.clock,
            version="1.0.0",
            card_hash_key=b"k" * 32,
        )

    @staticmethod
    def client(app: Application) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://core")

    async def unsent(self) -> int:
        return await self.count_unsent()

    async def add_key(self, *scopes: str, **fields: object) -> str:
        """A stored key; returns its secret."""
        secret = new_secret("test")
        number = next(NUMBERS)
        key = ApiKey(
            id=f"key_{number:04}",
            name=f"caller-{number}",
            shown="",
            secret_sha256=hash_of(secret),
            scopes=scopes,
            requests_per_second=1000,
            burst=1000,
            created_at_ms=NOW_MS,
            updated_at_ms=NOW_MS,
        )
        key = msgspec.structs.replace(key, **fields)

        def work(transaction: Transaction) -> None:
            transaction.put(key)
            transaction.put(KeySecret(id=key.secret_sha256, key_id=key.id))

        await self.store.transact(work, "test")
        return secret

    async def send(
        self,
        method: str,
        path: str,
        secret: str | None = None,
        *,
        key: str | None = None,
        **more: Any,  # noqa: ANN401 - passed on to httpx
    ) -> httpx.Response:
        """One request with a key of the API (the admin's unless given) and of idempotency."""
        headers = {"Authorization": f"Bearer {self.admin if secret is None else secret}"}
        if method not in {"GET", "HEAD"}:
            headers["Idempotency-Key"] = f"key-{next(NUMBERS)}" if key is None else key
        headers |= more.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **more)


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The body of the test's own route."""

    amount_cents: int
    note: str = ""


class Echo(msgspec.Struct, frozen=True):
    """What the test's own routes answer."""

    actor: str
    key: str
    path: dict[str, str]
    query: dict[str, Any]
    note: str = ""


async def echo(call: Call, body: Order | bytes | None) -> Answer:
    """Answer what arrived."""
    note = body.note if isinstance(body, Order) else repr(body)
    return ok(Echo(call.actor, call.key, dict(call.path), dict(call.query), note), 200 if call.key == "" else 201)


async def still_running(_call: Call, _body: Order) -> OnceRefusal:
    """Refuse as a key that is running does."""
    return OnceRefusal.IDEMPOTENCY_IN_PROGRESS


def explain_nothing(refusal: object) -> Explanation:
    """Fail: the test's routes refuse nothing of their own."""
    raise AssertionError(refusal)


def own_routes() -> tuple[Route, ...]:
    """Routes that show what the layer does."""
    return (
        Route(
            method="POST",
            path="/v1/orders",
            scope="orders:write",
            summary="Order",
            handler=echo,
            body=Order,
            answer=Echo,
            status=201,
        ),
        Route(
            method="GET",
            path="/v1/orders/{order_id}",
            scope="orders:read",
            summary="One order",
            handler=echo,
            answer=Echo,
            query=(QueryParameter("limit", "how many", "integer", 5, least=1, most=10), QueryParameter("after", "id")),
        ),
        Route(
            method="POST",
            path="/v1/orders/{order_id}/ship",
            scope="orders:write",
            summary="Ship",
            handler=echo,
            answer=Echo,
            status=201,
        ),
        Route(
            method="POST",
            path="/v1/cards",
            scope="orders:write",
            summary="A card",
            handler=echo,
            body=Order,
            answer=Echo,
            status=201,
            cards_allowed=True,
        ),
        Route(
            method="POST",
            path="/v1/files",
            scope="orders:write",
            summary="A file",
            handler=echo,
            answer=Echo,
            status=201,
            raw_body="text/plain",
            body_bytes_max=200_000,
        ),
        Route(
            method="POST",
            path="/v1/running",
            scope="orders:write",
            summary="Running",
            handler=still_running,
            body=Order,
            answer=Echo,
            explain=explain_nothing,
        ),
    )
