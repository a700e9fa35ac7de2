"""Webhooks over a store in memory and a receiver that answers as a test says."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from checks.facts import Heartbeat, PaymentCaptured
from payment_core.store.port import LedgerStore, Transaction
from payment_core.webhooks.delivering import WebhookDelivering
from payment_core.webhooks.fanout import WebhookFanout
from payment_core.webhooks.model import WebhookDelivery, WebhookEndpoint
from payment_core.webhooks.ports import Sent
from tests.unit.payment_core.http.api_world import ORIGIN, World

URL = "https://shop.example/hooks"


class Receiver:
    """Notes what arrives and answers 200, or what ``answers`` says."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, str], bytes]] = []
        self.answer: Callable[[int], Sent] = lambda _number: Sent(200)

    async def send(self, url: str, headers: dict[str, str], body: bytes) -> Sent:
        self.received.append((url, headers, body))
        number = len(self.received)
        await asyncio.sleep(0)
        return self.answer(number)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _, headers, _ in self.received]


class WebhookWorld(World):
    """The jobs beside the application."""

    def __init__(self) -> None:
        super().__init__()
        self.receiver = Receiver()
        self.outcomes: list[str] = []
        self.fanout, self.delivering = self.jobs(self.store)

    def jobs(self, store: LedgerStore) -> tuple[WebhookFanout, WebhookDelivering]:
        """Fresh jobs, as a process that was just started has them."""
        fanout = WebhookFanout(store=store, outbox=self.store)
        delivering = WebhookDelivering(
            store=store,
            seal=self.seal,
            sender=self.receiver,
            origin=ORIGIN,
            clock=self.clock,
            on_outcome=self.outcomes.append,
            share=lambda: 1.0,
        )
        return fanout, delivering

    async def add_endpoint(self, **body: Any) -> dict[str, Any]:  # noqa: ANN401 - a JSON document
        answer = await self.send("POST", "/v1/webhook_endpoints", json={"url": URL} | body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def publish(self, number: int, kind: str = "payment.captured") -> str:
        """One event in the outbox, of a key that nobody else has."""
        fact_id = f"pay_{number}.1.captured"
        fact: PaymentCaptured | Heartbeat = PaymentCaptured(
            id=fact_id, at_ms=self.clock.ms, subject=f"pay_{number}", rail="card", amount_cents=number
        )
        if kind != "payment.captured":
            fact = Heartbeat(id=fact_id, at_ms=self.clock.ms, subject="core")
        endpoint = WebhookEndpoint(
            id=f"dummy_{number}",
            url="",
            description="",
            kinds=(),
            secrets=(),
            status="deleted",
            created_at_ms=self.clock.ms,
            updated_at_ms=self.clock.ms,
        )

        def work(transaction: Transaction) -> None:
            transaction.change(endpoint, fact)

        await self.store.transact(work, "test")
        return fact_id

    async def run(self) -> None:
        """Both jobs until there is nothing left to do now."""
        while await self.fanout.run_once(self.clock.ms) + await self.delivering.run_once(self.clock.ms):
            continue

    def deliveries(self) -> list[WebhookDelivery]:
        """All of them, in order."""
        kept = [
            self.registry.decode(kind, body)
            for (kind, _), body in self.store._bodies.items()
            if kind == "webhook_delivery"
        ]
        return sorted((each for each in kept if isinstance(each, WebhookDelivery)), key=lambda delivery: delivery.id)

    async def endpoint(self, endpoint_id: str) -> httpx.Response:
        return await self.send("GET", f"/v1/webhook_endpoints/{endpoint_id}")
