"""A disk that is full: what cannot be written is refused as a passing fault, and nothing is written by half."""

import resource

import pytest

from tests.integration.core_process.conftest import MakeWorld
from tests.integration.core_process.core_world import CoreWorld, rail_rows, until
from tests.integration.core_process.marketplace import payment

ROOM_BYTES = 40_000
"""A few payments more."""


def limit(world: CoreWorld, room_bytes: int) -> None:
    """Let no file of the core grow beyond the longest one by more than this; -1 for as far as it likes."""
    longest = max(path.stat().st_size for path in world.folder.glob("payments.db*"))
    bound = resource.RLIM_INFINITY if room_bytes < 0 else longest + room_bytes
    resource.prlimit(world.process.pid, resource.RLIMIT_FSIZE, (bound, resource.RLIM_INFINITY))


@pytest.mark.timeout(180)
async def test_payments_are_refused_while_nothing_can_be_written_and_taken_again_after(make_world: MakeWorld) -> None:
    world = make_world("--rail-timeout-seconds", "0.5", "--recovery-margin-seconds", "0.5")
    world.start(place="never")
    await world.made("/v1/payments", payment(0))
    limit(world, ROOM_BYTES)
    statuses: dict[str, int] = {}
    for number in range(1, 60):
        answer = await world.post("/v1/payments", payment(number, 2_000 + number), key=f"full-{number}")
        statuses[f"full-{number}"] = answer.status_code
    assert set(statuses.values()) <= {201, 202, 503}, statuses
    refused = [key for key, status in statuses.items() if status == 503]
    assert len(refused) > 10, "the disk was never full"
    assert (await world.get("/livez")).status_code == 200
    assert world.running
    limit(world, -1)

    async def takes_payments() -> bool:
        return (await world.post("/v1/payments", payment(70, 9_999), key="after")).status_code == 201

    await until(takes_payments, "payments are taken again")
    for key in statuses:
        number = int(key.removeprefix("full-"))

        async def answered(number: int = number, key: str = key) -> bool:
            answer = await world.post("/v1/payments", payment(number, 2_000 + number), key=key)
            return answer.status_code not in {409, 503}

        await until(answered, f"{key} is answered")
    report = (await world.get("/v1/ledger/verification")).json()
    assert report["balanced"], report
    taken = [row[3] for row in rail_rows(world) if row[4] == "approved"]
    assert len(taken) == len(set(taken)), "a payment was taken twice"
    assert (await world.balances())["rail_clearing"] == sum(taken)
