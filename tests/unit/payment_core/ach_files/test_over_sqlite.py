"""Files over the store that a single machine keeps: the same life as in memory."""

from pathlib import Path
from typing import cast

import msgspec
import pytest

from payment_core.payouts.requests import PayoutRequest
from payment_core.store.memory import MemoryStore
from payment_core.store.sqlite.store import SqliteStore
from payment_core.store.stage import Registry
from tests.unit.payment_core.payouts.payout_world import EVERY_RECORD, TUESDAY_MORNING, PayoutWorld, eastern_ms

PROVIDERS = 14


@pytest.mark.parametrize(("accepted", "status", "paid"), [(True, "settled", 126_091), (False, "failed", 0)])
async def test_payouts_settle_or_fail_over_sqlite_as_they_do_in_memory(
    tmp_path: Path, accepted: bool, status: str, paid: int
) -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    store = SqliteStore(
        path=tmp_path / "payments.db", registry=Registry(EVERY_RECORD), producer="blue", clock=world.clock
    )
    await store.open()
    world.memory = cast("MemoryStore", store)
    world.restart()
    for number in range(PROVIDERS):
        await world.provider(f"p{number}", available_cents=9_000 + number)
        await world.system.desk.create(world.call(f"k{number}"), PayoutRequest(provider_id=f"pro_p{number}"))
    await world.run("payouts", "ach-collecting", "ach-files")
    (file,) = await world.files()
    answer = {"file": file.name, "accepted": accepted, "reason": "no"}
    world.bank.inbox["a.ack.json"] = msgspec.json.encode(answer)
    await world.run("ach-inbox", "ach-files")
    world.clock.ms = eastern_ms("2026-11-25 08:30")
    await world.run("ach-files")
    assert {payout.status for payout in await world.payouts()} == {status}
    assert (await world.balances("pro_p0"))[1:] == (0, paid)
    await store.close()
