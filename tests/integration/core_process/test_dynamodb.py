"""A whole core over a DynamoDB table: everything that is done over SQLite, and a kill in the middle of payments."""

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.integration.core_process.conftest import MakeWorld
from tests.integration.core_process.core_world import CoreWorld, Json, rail_rows, until
from tests.integration.core_process.marketplace import charge, credited_cents, payable_provider, payment

ACCOUNT = "830417726520"
KILLED_PAYMENTS = 20
HOLD_OVER = f"never@{73 * 3_600_000}"
"""A start after the least time that escrows hold money."""
LATER = "never@130000"
"""A start after every lease of the dead process has ended."""


@pytest.fixture
def world(make_world: MakeWorld, ministack_url: str, tmp_path: Path) -> CoreWorld:
    """A core on a table of its own, not started yet."""
    table = f"till-{tmp_path.name}"[:255]
    flags = ("--store", "dynamodb", "--table", table, "--endpoint-url", ministack_url)
    return make_world(*flags, "--release-delay-seconds", "0")


async def told(world: CoreWorld) -> list[Json]:
    """Every event, page by page with the places that the answers give."""
    found: list[Json] = []
    after = ""
    while True:
        page = (await world.get("/v1/events", after=after, limit=7)).json()
        assert "events" in page, (page, after)
        if not page["events"]:
            return found
        found += page["events"]
        after = page["next_after"]


async def balanced(world: CoreWorld) -> dict[str, int]:
    """The balances, once the ledger was verified."""
    report = (await world.get("/v1/ledger/verification")).json()
    assert report["balanced"], report
    return await world.balances()


@pytest.mark.timeout(180)
async def test_money_goes_its_whole_way_over_a_table(world: CoreWorld) -> None:
    world.start(place="never")
    provider = await payable_provider(world, ACCOUNT)
    body = payment(1, 10_000, provider=provider)
    paid = await world.made("/v1/payments", body, key="once")
    again = await world.post("/v1/payments", body, key="once")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (paid, "true")
    authorized = await world.made("/v1/payments", payment(2, 7_000, provider=provider, capture="manual"))
    captured = await world.made(f"/v1/payments/{authorized['id']}/capture", {"amount": charge(5_000)})
    assert captured["captured"]["amount_cents"] == 5_000
    refund = await world.made("/v1/refunds", {"payment_id": paid["id"], "amount": charge(1_000), "reason": "late"})
    assert refund["status"] == "succeeded"
    held = await world.made("/v1/payments", payment(3, 20_000, provider=provider, release="escrow"))
    escrow = await world.made(
        "/v1/escrows", {"provider_id": provider, "payment_id": held["id"], "amount": charge(8_000)}
    )
    assert world.stop() == 0
    world.start(place=HOLD_OVER)
    released = await world.made(f"/v1/escrows/{escrow['id']}/release", {"amount": charge(8_000)})
    assert released["status"] == "released"

    async def available() -> bool:
        return (await world.balances()).get(f"provider_available/{provider}", 0) >= 8_000

    await until(available, "the money is available")
    payout = await world.made("/v1/payouts", {"provider_id": provider, "amount": charge(6_543)})
    await until(lambda: credited_cents(world, ACCOUNT) == [6_543], "the bank has the payout")
    assert (await world.get(f"/v1/payouts/{payout['id']}")).json()["amount"]["amount_cents"] == 6_543
    balances = await balanced(world)
    rail = [row for row in rail_rows(world) if row[4] == "approved"]
    taken = sum(row[3] for row in rail if row[1] in {"purchase", "capture"})
    assert balances["rail_clearing"] == taken - sum(row[3] for row in rail if row[1] == "refund")
    events = await told(world)
    assert len({event["id"] for event in events}) == len(events) > 20
    assert {event["subject"] for event in events} >= {paid["id"], refund["id"], payout["id"]}
    first = (await world.get("/v1/payments", limit=2)).json()
    rest = (await world.get("/v1/payments", limit=2, after=first["next_after"])).json()
    assert [found["id"] for found in first["data"] + rest["data"]] == [paid["id"], authorized["id"], held["id"]]
    assert rest["next_after"] == ""
    assert world.stop() == 0


async def asked_again(world: CoreWorld, number: int) -> str:
    """The payment's id, from the answer under the same key; one that the rail never saw is answered as failed."""
    answer = await world.post("/v1/payments", payment(number, 1_000 + number), key=f"killed-{number}")
    told = answer.json()
    if answer.status_code == httpx.codes.BAD_GATEWAY:
        assert (told["code"], told["resource"]["status"]) == ("rail_never_saw_it", "failed"), told
        return str(told["resource_id"])
    assert answer.status_code in {httpx.codes.CREATED, httpx.codes.ACCEPTED}, (answer.status_code, told)
    return str(told["id"])


async def pay_unless_it_dies(world: CoreWorld, number: int) -> None:
    """One of the payments under way when the core is killed."""
    try:
        await world.post("/v1/payments", payment(number, 1_000 + number), key=f"killed-{number}")
    except httpx.TransportError:
        return


@pytest.mark.timeout(180)
async def test_a_kill_amid_payments_over_a_table_doubles_nothing(world: CoreWorld) -> None:
    world.start("--rail-latency-ms", "30", place="never")
    before = len(world.answers)
    async with asyncio.TaskGroup() as group:
        for number in range(KILLED_PAYMENTS):
            group.create_task(pay_unless_it_dies(world, number), name=f"payment-{number}")
        await until(lambda: len(world.answers) >= before + 5, "some payments were answered")
        world.kill()
    world.start(place=LATER)
    ids = [await asked_again(world, number) for number in range(KILLED_PAYMENTS)]
    assert len(set(ids)) == KILLED_PAYMENTS

    async def settled() -> bool:
        payments = await world.all("/v1/payments")
        return all(found["status"] in {"succeeded", "failed"} for found in payments)

    await until(settled, "every payment ended")
    payments = await world.all("/v1/payments")
    assert sorted(found["id"] for found in payments) == sorted(ids)
    taken = {row[0]: row[3] for row in rail_rows(world) if row[1] == "purchase" and row[4] == "approved"}
    succeeded = {found["id"]: found["amount"]["amount_cents"] for found in payments if found["status"] == "succeeded"}
    assert taken == succeeded
    assert len(set(taken.values())) == len(taken), "an amount that only one payment has was taken twice"
    assert (await balanced(world))["rail_clearing"] == sum(taken.values())
