"""Mixed traffic of many people at once, who ask again with the same keys when their answer was lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx

from tests.integration.core_process.core_world import CoreWorld, Json, rail_rows, rows
from tests.integration.core_process.marketplace import charge, credited_cents, files_of, payment

WAITING_TYPE = "urn:tillwatch:problem:idempotency-in-progress"
Chain = Callable[["Person"], Awaitable[None]]


class Ended(Exception):
    """The chain goes no further: the core said no."""


class Person:
    """One chain of operations. given: every answer by its key; a repeated request has to get the same."""

    def __init__(self, world: CoreWorld, number: int, provider: str) -> None:
        self.world = world
        self.number = number
        self.provider = provider
        self.given: dict[str, httpx.Response] = {}
        self.changed: list[str] = []

    async def ask(self, what: str, path: str, body: object) -> Json:
        """Ask until it is answered. Raises Ended for a refusal, TransportError when the core died."""
        key = f"{self.number}-{what}"
        answer = await self.world.post(path, body, key=key)
        while _waits(answer):
            answer = await self.world.post(path, body, key=key)
        known = self.given.setdefault(key, answer)
        if (known.status_code, known.content) != (answer.status_code, answer.content):
            self.changed.append(f"{key}: {known.status_code} {known.text} became {answer.status_code} {answer.text}")
        if answer.status_code >= 400:
            raise Ended
        return dict(answer.json())


def _waits(answer: httpx.Response) -> bool:
    return answer.status_code == 503 or (answer.status_code == 409 and answer.json()["type"] == WAITING_TYPE)


async def pay_and_refund(person: Person) -> None:
    """A payment, and two refunds of parts of it."""
    paid = await person.ask("pay", "/v1/payments", person_payment(person))
    for part in (1, 2):
        body = {"payment_id": paid["id"], "amount": charge(100 * part), "reason": "late"}
        await person.ask(f"refund-{part}", "/v1/refunds", body)


async def authorize_and_capture(person: Person) -> None:
    """An authorization that is captured in two parts."""
    paid = await person.ask("pay", "/v1/payments", person_payment(person, capture="manual"))
    path = f"/v1/payments/{paid['id']}/capture"
    await person.ask("capture-1", path, {"amount": charge(500), "final": False})
    await person.ask("capture-2", path, {"amount": charge(300)})


async def authorize_and_cancel(person: Person) -> None:
    """An authorization that is released."""
    paid = await person.ask("pay", "/v1/payments", person_payment(person, capture="manual"))
    await person.ask("cancel", f"/v1/payments/{paid['id']}/cancel", {})


async def hold_in_escrow(person: Person) -> None:
    """A payment whose money waits in an escrow and goes back to the payer."""
    paid = await person.ask("pay", "/v1/payments", person_payment(person, release="escrow"))
    body = {"provider_id": person.provider, "payment_id": paid["id"], "amount": charge(400)}
    escrow = await person.ask("escrow", "/v1/escrows", body)
    await person.ask("give-back", f"/v1/escrows/{escrow['id']}/refund", {"amount": charge(200), "reason": "late"})


async def be_paid(person: Person) -> None:
    """A payout of an amount that no other has."""
    await person.ask("payout", "/v1/payouts", {"provider_id": person.provider, "amount": charge(1000 + person.number)})


CHAINS: tuple[Chain, ...] = (pay_and_refund, authorize_and_capture, authorize_and_cancel, hold_in_escrow, be_paid)


def person_payment(person: Person, **more: str) -> Json:
    """A payment of an amount that no other has."""
    return payment(person.number, 2_000 + person.number, provider=person.provider, **more)


async def live(person: Person) -> None:
    """The person's chain from its beginning, as far as it goes."""
    try:
        await CHAINS[person.number % len(CHAINS)](person)
    except (Ended, httpx.TransportError):
        return


async def everybody(people: list[Person]) -> None:
    """All of them at once."""
    async with asyncio.TaskGroup() as group:
        for person in people:
            group.create_task(live(person), name=f"person-{person.number}")


async def wrong_with_money(world: CoreWorld, account_number: str) -> AsyncIterator[str]:
    """What does not fit between ledger, rail and bank; nothing when every cent is where it should be."""
    report = (await world.get("/v1/ledger/verification")).json()
    if not report["balanced"]:
        yield f"the ledger is not balanced: {report}"
    balances = await world.balances()
    approved = [row for row in rail_rows(world) if row[4] == "approved"]
    taken = sum(row[3] for row in approved if row[1] in {"purchase", "capture"})
    given_back = sum(row[3] for row in approved if row[1] == "refund")
    if balances["rail_clearing"] != taken - given_back:
        yield f"rail_clearing is {balances['rail_clearing']}, the rail took {taken} and gave back {given_back}"
    asked = [row[3] for row in approved if row[1] in {"purchase", "authorize"}]
    if len(asked) != len(set(asked)):
        yield "an amount that only one payment has was asked for twice"
    payouts = sorted(found["amount"]["amount_cents"] for found in await world.all("/v1/payouts"))
    sent = sorted(credited_cents(world, account_number))
    if payouts != sent:
        yield f"payouts of {payouts}, but the bank was told to pay {sent}"
    names = [(file.header.creation_date, file.header.file_id_modifier) for file in files_of(world)]
    if len(names) != len(set(names)):
        yield "two files have one modifier"


def waiting_records(world: CoreWorld) -> list[tuple[str, str]]:
    """Operations that nobody has finished: keys without an answer."""
    return rows(world.database, "SELECT kind, id FROM records WHERE kind IN ('waiting', 'doubt')")
