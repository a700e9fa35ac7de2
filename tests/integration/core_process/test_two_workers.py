"""Two processes behind one address are one payment core: one effect for each key, and one view of fraud."""

import asyncio
from collections import Counter

import httpx
import pytest

from tests.integration.core_process.conftest import MakeWorld
from tests.integration.core_process.core_world import CoreWorld, rail_rows, rows, until
from tests.integration.core_process.marketplace import payment

CALLS = 1_000
CONNECTIONS = 40


def producers(world: CoreWorld) -> Counter[str]:
    """How many events each process wrote: its environment has the worker's number."""
    return Counter(producer for (producer,) in rows(world.database, "SELECT producer FROM outbox"))


@pytest.mark.timeout(180)
async def test_a_thousand_calls_with_one_key_over_two_workers_take_one_payment(make_world: MakeWorld) -> None:
    world = make_world("--workers", "2")
    world.start()
    body = payment(1, 4_321)
    gate = asyncio.Semaphore(CONNECTIONS)

    async def ask(wanted: dict[str, object]) -> httpx.Response:
        async with gate:
            return await world.post("/v1/payments", wanted, key="the-key")

    answers = await asyncio.gather(*(ask(body) for _ in range(CALLS)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in done}) == 1
    assert len(done) > CALLS // 2
    others = await asyncio.gather(*(ask(payment(1, 5_000 + number)) for number in range(50)))
    assert {answer.status_code for answer in others} == {422}
    assert [row[3] for row in rail_rows(world)] == [4_321]
    assert (await world.balances())["rail_clearing"] == 4_321


async def fresh_post(world: CoreWorld, body: dict[str, object], key: str) -> httpx.Response:
    """A request on a connection of its own, so that the kernel chooses its worker anew."""
    headers = {**world.client.headers, "Idempotency-Key": key}
    async with httpx.AsyncClient(headers=headers, trust_env=False) as client:
        return await client.post(f"{world.url}/v1/payments", json=body)


@pytest.mark.timeout(180)
async def test_cards_tested_through_both_workers_are_counted_together(make_world: MakeWorld) -> None:
    world = make_world("--workers", "2")
    world.start()
    declined = ("tok_declined_generic", "tok_declined_expired", "tok_declined_do_not_honor", "tok_declined_lost_card")
    context = {"ip": "203.0.113.7", "device_id": "dev_1"}
    for number in range(24):
        body = payment(number, 100, method=declined[number % len(declined)], context=context)
        answer = await fresh_post(world, body, f"card-{number}")
        assert answer.status_code == 402, answer.text
    assert len(producers(world)) == 2, "one of the workers was never asked"

    async def blocked_everywhere() -> bool:
        tried = [
            await fresh_post(world, payment(99, 100, context=context), f"again-{attempt}-{len(world.answers)}")
            for attempt in range(8)
        ]
        world.answers.append(b"")
        return all(answer.status_code == 402 and answer.json()["code"] == "fraud_blocked" for answer in tried)

    await until(blocked_everywhere, "both workers block the address", 20)
    events = await world.events()
    scored = [event for event in events if event["kind"] == "payment.requested" and event["customer_id"] == "cus_99"]
    assert scored
    other = await fresh_post(world, payment(200, 100, context={"ip": "198.51.100.9"}), "somebody-else")
    assert other.status_code == 201
