"""``tillwatch costs`` over a running core: every part of a payment's cost, up to the payout that carried it."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.forked import run
from tests.integration.core_process.conftest import MakeWorld
from tests.integration.core_process.core_world import CoreWorld, Json, until
from tests.integration.core_process.marketplace import (
    acknowledge_files,
    credited_cents,
    payable_provider,
    payment,
)

ACCOUNT = "830417726519"
CENT = 1_000_000


def costs(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the command."""
    return run("daemon", "costs", *words, "--data-dir", str(folder))


def answered(world: CoreWorld, *words: str) -> Json:
    """What it answers as JSON."""
    ended = costs(world.folder, *words, "--json")
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(ended.stdout.splitlines()[-1]))


def parts_of(explained: Json) -> dict[str, int]:
    """Millionths of a cent by component."""
    return {part["name"]: part["microcents"] for part in explained["parts"]}


@pytest.mark.timeout(180)
async def test_three_payments_share_the_payout_and_the_file_that_carried_them(make_world: MakeWorld) -> None:
    world = make_world("--release-delay-seconds", "0")
    world.start(place="never")
    provider = await payable_provider(world, ACCOUNT)
    taken = [await world.made("/v1/payments", payment(number, 10_000, provider=provider)) for number in range(3)]

    async def all_available() -> bool:
        return (await world.balances()).get(f"provider_available/{provider}") == 3 * 9_200

    await until(all_available, "the money is available")
    before = answered(world, "explain", taken[0]["id"])
    assert "payout" not in parts_of(before)
    assert not before["complete"]
    await world.made("/v1/payouts", {"provider_id": provider})
    await until(lambda: credited_cents(world, ACCOUNT), "the bank has the payout")
    await acknowledge_files(world)
    explained = [answered(world, "explain", each["id"]) for each in taken]
    for each in explained:
        parts = parts_of(each)
        third = -(-25 * CENT // 3)
        assert (parts["rail"], parts["payout"], parts["ach_file"]) == (27 * CENT, third, third)
        assert parts["compute"] > 0
        assert each["cost_microcents"] == sum(parts.values())
        assert each["baseline_microcents"] == 345 * CENT
        assert each["saving_basis_points"] == (345 * CENT - each["cost_microcents"]) * 10_000 // (345 * CENT)
        assert {part["sheet"] for part in each["parts"]} == {"2024-01-01"}
        assert all(part["source"] for part in each["parts"])
    (line,) = answered(world, "report")["lines"]
    assert (line["payments"], line["complete"], line["amount_cents"]) == (3, 3, 30_000)
    assert line["cost_microcents"] == sum(each["cost_microcents"] for each in explained)
    told = costs(world.folder, "report").stdout
    assert "stripe-connect" in told
    assert "1 of 3 payments" in costs(world.folder, "explain", taken[0]["id"]).stdout
    assert costs(world.folder, "explain", "pay_unknown").returncode == 1


def test_without_a_store_nothing_is_made_up(tmp_path: Path) -> None:
    ended = costs(tmp_path, "report")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "payments.db" in ended.stderr
