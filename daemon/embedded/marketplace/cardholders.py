"""What customers of the old processor do while both run: look at cards, pay with them, add, remove and change them."""

import asyncio
import random
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

import httpx
import msgspec

from config.scenario import OldProcessor
from daemon.embedded.marketplace.resolver import Resolves
from payment_core.outgoing.client import HttpClient
from remediation.errors import WorldRefused, WorldUnreachable
from remediation.ports import Clock

REQUEST_SECONDS = 7.0
LOOK_SECONDS = 1.0
"""How often it is looked whether cards were moved by now."""
ADDED_MAX = 20
"""Cards that were added and are not removed yet."""
PAN = "4242424242424242"
"""A documented test card: approved."""
PAID = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.PAYMENT_REQUIRED})


class OldSide(Protocol):
    """The old processor's own doors, as its merchants use them."""

    async def change_a_card(self, number: int) -> bool:
        """Give a card another expiry; whether it was done."""


@dataclass(slots=True)
class Acts:
    """What was done, and what was not answered as it should be."""

    reads: int = 0
    payments: int = 0
    added: int = 0
    removed: int = 0
    changed_there: int = 0
    failed: int = 0


class _Method(msgspec.Struct, frozen=True):
    id: str
    status: str
    customer_id: str


class _Methods(msgspec.Struct, frozen=True):
    data: list[_Method]


class _Made(msgspec.Struct, frozen=True):
    id: str


_METHODS, _MADE = msgspec.json.Decoder(_Methods), msgspec.json.Decoder(_Made)


class Cardholders:
    """An open loop of acts, once the first cards were moved. run: distinguishes this run's idempotency keys."""

    def __init__(
        self,
        settings: OldProcessor,
        resolver: Resolves,
        old: OldSide,
        clock: Clock,
        *,
        port: int,
        run: str,
        key: str,
    ) -> None:
        self._settings = settings
        self._resolver = resolver
        self._old = old
        self._clock = clock
        self._port = port
        self._run = run
        self._chance = random.Random(1)  # noqa: S311  # a reproducible simulation
        self._http = HttpClient(headers={"Authorization": f"Bearer {key}"}, timeout=REQUEST_SECONDS, trust_env=False)
        self._ending = asyncio.Event()
        self._number = 0
        self._added: list[str] = []
        self.acts = Acts()

    def end(self) -> None:
        """Begin no more acts."""
        self._ending.set()

    async def run(self) -> None:
        """Act until end is called."""
        async with self._http:
            while not self._ending.is_set() and not (methods := await self._moved()):
                await self._wait(LOOK_SECONDS)
            while not self._ending.is_set():
                self._number += 1
                method = self._chance.choice(methods)
                if not await self._act(method):
                    self.acts.failed += 1
                await self._wait(self._chance.expovariate(self._settings.acts_per_second))

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._ending.wait()
        except TimeoutError:
            return

    async def _act(self, method: _Method) -> bool:
        """One act, each kind in its turn; whether it was answered as it should be."""
        match self._number % 6:
            case 1:
                return await self._pay(method)
            case 2 if len(self._added) < ADDED_MAX:
                return await self._add(method)
            case 3:
                self.acts.changed_there += 1
                return await self._old.change_a_card(self._number)
            case 5 if self._added:
                return await self._remove(self._added.pop(0))
            case _:
                self.acts.reads += 1
                return await self._sent("GET", f"/v1/payment_methods/{method.id}", {HTTPStatus.OK}) is not None

    async def _pay(self, method: _Method) -> bool:
        self.acts.payments += 1
        body = {
            "amount": {"amount_cents": self._chance.randrange(500, 9_000), "currency": "USD"},
            "payment_method": method.id,
            "customer_id": method.customer_id,
            "provider_id": f"prv_{self._chance.randrange(200):03d}",
        }
        return await self._sent("POST", "/v1/payments", PAID, body) is not None

    async def _add(self, method: _Method) -> bool:
        self.acts.added += 1
        year = 2031 + self._number % 5
        body = {"customer_id": method.customer_id, "pan": PAN, "exp_month": 12, "exp_year": year}
        made = await self._sent("POST", "/v1/payment_methods", {HTTPStatus.CREATED}, body)
        if made is not None:
            self._added.append(_MADE.decode(made).id)
        return made is not None

    async def _remove(self, method_id: str) -> bool:
        self.acts.removed += 1
        return await self._sent("DELETE", f"/v1/payment_methods/{method_id}", {HTTPStatus.OK}) is not None

    async def _moved(self) -> list[_Method]:
        """Cards that are here by now; none while nobody can tell."""
        body = await self._sent("GET", "/v1/payment_methods?limit=100", {HTTPStatus.OK})
        return [] if body is None else [one for one in _METHODS.decode(body).data if one.status == "active"]

    async def _sent(
        self, method: str, path: str, good: set[HTTPStatus] | frozenset[HTTPStatus], body: object = None
    ) -> bytes | None:
        """The body of an answer with one of these statuses."""
        headers = {} if method == "GET" else {"Idempotency-Key": f"{self._run}-holder-{self._number}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        content = b"" if body is None else msgspec.json.encode(body)
        try:
            address = (await self._resolver.resolve(0)).address
            url = f"http://{address}:{self._port}{path}"
            answer = await self._http.request(method, url, content=content, headers=headers)
        except (httpx.HTTPError, WorldUnreachable, WorldRefused):
            return None
        return answer.content if answer.status_code in good else None
