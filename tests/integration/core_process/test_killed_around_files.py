"""A core dies anywhere between a payout's request and the bank's acknowledgement; the bank is told once to pay."""

import asyncio
import os
import shutil
from pathlib import Path

import httpx
import pytest

from tests.integration.core_process.conftest import MakeWorld
from tests.integration.core_process.core_world import CoreWorld, outbound, until
from tests.integration.core_process.marketplace import (
    acknowledge_files,
    charge,
    credited_cents,
    payable_provider,
    payment,
)

ACCOUNT = "830417726519"
FLAGS = ("--release-delay-seconds", "0")
LATER = "never@130000"
"""A start after every lease of the dead process has ended."""
PLACES = (
    "deliver:before",
    "deliver:after",
    *(f"commit:sweep:ach-files:{number}:after" for number in (1, 3, 4, 6, 7, 9)),
    "commit:sweep:payouts:2:after",
    "commit:key:admin:1:after",
)
EVERY_PLACE = (
    *PLACES,
    *(f"commit:sweep:ach-files:{number}:{when}" for number in range(1, 13) for when in ("before", "after")),
)


@pytest.fixture(scope="module")
def ready_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A core that was stopped when a provider had a verified account and $184 to be paid out."""
    folder = tmp_path_factory.mktemp("ready")
    asyncio.run(_make_ready(folder))
    return folder


async def _make_ready(folder: Path) -> None:
    world = CoreWorld(folder, *FLAGS)
    try:
        world.start(place="never")
        provider = await payable_provider(world, ACCOUNT)
        await world.made("/v1/payments", payment(1, 20_000, provider=provider))
        await until(lambda: _is_available(world, provider), "money is available")
        await acknowledge_files(world)
        assert world.stop() == 0
    finally:
        await world.close()


async def _is_available(world: CoreWorld, provider: str) -> bool:
    return (await world.balances()).get(f"provider_available/{provider}", 0) > 0


async def _is_acknowledged(world: CoreWorld) -> bool:
    return [payout["status"] for payout in await world.all("/v1/payouts")] == ["acked"]


async def ask_for_the_payout(world: CoreWorld) -> None:
    """Ask once; the answer may be lost."""
    (provider,) = await world.all("/v1/providers")
    body = {"provider_id": provider["id"], "amount": charge(12_345)}
    try:
        await world.post("/v1/payouts", body, key="the-payout")
    except httpx.TransportError:
        return


@pytest.mark.parametrize("place", PLACES if os.environ.get("EVERY_PLACE") != "1" else EVERY_PLACE)
async def test_a_death_between_request_and_acknowledgement_pays_once(
    make_world: MakeWorld, ready_folder: Path, tmp_path: Path, place: str
) -> None:
    shutil.copytree(ready_folder, tmp_path / "core")
    world = make_world(*FLAGS)
    world.start(place=place)
    await ask_for_the_payout(world)
    await until(lambda: not world.running, f"the core died at {place}")
    world.kill()
    world.start(place=LATER)
    await ask_for_the_payout(world)
    await until(lambda: credited_cents(world, ACCOUNT), "the bank has the payout")
    await acknowledge_files(world)
    await until(lambda: _is_acknowledged(world), "the payout has followed its file")
    (payout,) = await world.all("/v1/payouts")
    (_, file) = [file for file in await world.all("/v1/ach/files") if file["status"] != "abandoned"]
    assert payout["amount"]["amount_cents"] == 12_345
    assert credited_cents(world, ACCOUNT) == [12_345]
    assert file["credit"]["amount_cents"] == 12_345
    assert len([*outbound(world)]) == 2
    assert [*(world.folder / "payments.ach" / "partial").glob("*")] == [], "account numbers are left lying about"
    assert (await world.get("/v1/ledger/verification")).json()["balanced"]
