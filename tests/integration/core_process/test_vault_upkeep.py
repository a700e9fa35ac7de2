"""Keys are replaced while the core takes payments by the cards they protect; a killed run goes on where it stopped."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests import forked
from tests.integration.core_process.conftest import MakeWorld
from tests.integration.core_process.core_world import CoreWorld, Json, rows, until
from tests.integration.core_process.kms_world import Kms
from tests.integration.core_process.marketplace import card, payment

CARDS = 110
"""Three batches of a move."""


def luhn_complete(digits: str) -> str:
    """The digits with their check digit."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    total = sum(value - 9 if value > 9 else value for value in doubled)
    return f"{digits}{-total % 10}"


async def keep_cards(world: CoreWorld, count: int) -> list[tuple[int, str]]:
    """Numbers of customers with the token of each one's card."""
    wanted = [
        world.made("/v1/payment_methods", card(luhn_complete(f"4929{number:011d}"), f"cus_{number}"))
        for number in range(count)
    ]
    return [(number, str(made["id"])) for number, made in enumerate(await asyncio.gather(*wanted))]


async def pay_with_all(world: CoreWorld, tokens: list[tuple[int, str]]) -> None:
    """One payment by each of the cards."""
    wanted = [world.made("/v1/payments", payment(number, method=token)) for number, token in tokens]
    assert {paid["status"] for paid in await asyncio.gather(*wanted)} == {"succeeded"}


def command(world: CoreWorld, *words: str) -> list[str]:
    """A vault command over the core's folder."""
    return ["daemon", "vault", *words, "--data-dir", str(world.folder)]


async def run(world: CoreWorld, *words: str, code: int = 0) -> Json:
    """What a command answers as JSON, while this test's other requests go on."""
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    ended = await forked.run_beside(*command(world, *words, "--json"), environment={**os.environ, **credentials})
    assert ended.returncode == code, ended.stderr
    return dict(json.loads(ended.stdout.splitlines()[-1])) if ended.stdout else {"said": ended.stderr}


async def test_both_rotations_run_beside_the_core_and_every_card_still_pays(make_world: MakeWorld) -> None:
    world = make_world()
    world.start()
    tokens = await keep_cards(world, CARDS)
    (old,) = [key for key in (await run(world, "status"))["data_keys"] if key["purpose"] == "records"]
    assert old["numbers"] == CARDS
    rotated, _ = await asyncio.gather(run(world, "rotate"), pay_with_all(world, tokens[:40]))
    assert (rotated["moved"], rotated["damaged"]) == (2, 0)
    moved, _ = await asyncio.gather(run(world, "reencrypt"), pay_with_all(world, tokens[40:80]))
    assert (moved["moved"], moved["damaged"]) == (CARDS, 0)
    by_id = {key["id"]: key["numbers"] for key in (await run(world, "status"))["data_keys"]}
    assert by_id.pop(old["id"]) == 0
    assert sorted(by_id.values()) == [0, CARDS]
    await pay_with_all(world, tokens[80:])
    world.kill()
    world.start()
    await pay_with_all(world, tokens)


async def test_a_killed_move_goes_on_with_exact_counts(make_world: MakeWorld) -> None:
    world = make_world()
    world.start()
    tokens = await keep_cards(world, CARDS)
    dying = forked.Forked(command(world, "reencrypt"))

    def has_begun() -> bool:
        return rows(world.database, "SELECT id FROM records WHERE kind = 'vault_move'") != []

    await until(has_begun, "the first batch is stored")
    dying.close()
    await run(world, "reencrypt")
    status = await run(world, "status")
    numbers = sorted(key["numbers"] for key in status["data_keys"])
    assert sum(numbers) == status["numbers"] == CARDS
    assert all(key["moving"] is None for key in status["data_keys"])
    await pay_with_all(world, tokens)


@pytest.fixture
def kms(tmp_path: Path) -> Iterator[Kms]:
    """A key of this test's own."""
    kms = Kms(tmp_path / "kms.json")
    yield kms
    kms.kill()


async def test_a_key_service_that_refuses_is_told_by_the_exit_code(make_world: MakeWorld, kms: Kms) -> None:
    world = make_world(*kms.flags)
    world.start()
    tokens = await keep_cards(world, 3)
    kms.act("RotateKeyOnDemand")
    assert (await run(world, "rotate", *kms.flags))["moved"] == 2
    kms.act("DisableKey")
    assert (await run(world, "status", *kms.flags, code=1))["key_state"] == "disabled"
    await run(world, "reencrypt", *kms.flags, code=3)
    kms.act("EnableKey")
    assert (await run(world, "reencrypt", *kms.flags))["moved"] == 3
    await pay_with_all(world, tokens)


def test_a_folder_without_a_database_is_bad_input(tmp_path: Path) -> None:
    ended = forked.run("daemon", "vault", "status", "--data-dir", str(tmp_path))
    assert (ended.returncode, "payments.db" in ended.stderr) == (2, True)
    assert not list(tmp_path.iterdir())


ACCESSES = "SELECT body FROM records WHERE kind = 'vault_access'"
CUSTODIAN = ("--role", "key_custodian", "--actor", "ada", "--reason", "end of its period")
TWO_HOURS_AGO = f"never@-{2 * 3_600_000}"
"""A start whose data keys seal no more."""


async def records_keys(world: CoreWorld) -> dict[str, int]:
    """How many numbers each data key of numbers protects."""
    keys = (await run(world, "status"))["data_keys"]
    return {key["id"]: key["numbers"] for key in keys if key["purpose"] == "records"}


def accesses(world: CoreWorld) -> set[tuple[str, str, str, str]]:
    """Who destroyed which kind of thing, in which role, and how it ended, as it is on record."""
    kept = [msgspec.msgpack.decode(body) for (body,) in rows(world.database, ACCESSES)]
    return {
        (access["action"], access["actor"], access["role"], access["outcome"])
        for access in kept
        if access["action"].endswith("data_key")
    }


def is_intact(world: CoreWorld) -> bool:
    """Whether the audit trail holds."""
    return forked.run("daemon", "audit", "verify", "--core", "--data-dir", str(world.folder)).returncode == 0


@pytest.mark.timeout(180)
async def test_a_data_key_is_retired_by_command_once_it_protects_nothing_and_every_card_still_pays(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    world.start(place=TWO_HOURS_AGO)
    tokens = await keep_cards(world, 5)
    assert world.stop() == 0
    world.start()
    (old,) = await records_keys(world)
    kept = await run(world, "retire", old, *CUSTODIAN, code=1)
    assert (kept["retired"], "re-encrypt" in kept["kept"][0]["why"]) == ([], True)
    await run(world, "reencrypt")
    (new,) = set(await records_keys(world)) - {old}
    done = await run(world, "retire", old, new, "dek_unknown", *CUSTODIAN, code=1)
    assert done["retired"] == [old]
    assert [key["id"] for key in done["kept"]] == [new, "dek_unknown"]
    assert await records_keys(world) == {new: 5}
    await pay_with_all(world, tokens)
    assert accesses(world) == {("retire_data_key", "operator:ada", "key_custodian", "granted")}
    assert is_intact(world)


@pytest.mark.timeout(180)
async def test_a_data_key_is_shredded_only_by_a_custodian_who_says_yes_and_then_no_process_reads_its_numbers(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    world.start()
    tokens = await keep_cards(world, 3)
    (key,) = await records_keys(world)
    asked = await run(world, "shred", key, *CUSTODIAN, code=1)
    assert asked == {"data_key": key, "numbers": 3, "shredded": False}
    refused = await run(world, "shred", key, "--role", "card_rail", *CUSTODIAN[2:], "--yes", code=1)
    assert "may not" in refused["said"]
    await pay_with_all(world, tokens)
    assert (await run(world, "shred", key, *CUSTODIAN, "--yes"))["shredded"]
    number, token = tokens[0]
    declined = await world.post("/v1/payments", payment(number + 100, method=token))
    assert declined.status_code in {402, 422}
    (kept, *_) = await keep_cards(world, 1)
    await pay_with_all(world, [kept])
    assert accesses(world) == {
        ("shred_data_key", "operator:ada", "card_rail", "purpose_not_allowed"),
        ("shred_data_key", "operator:ada", "key_custodian", "granted"),
    }
    await run(world, "shred", key, *CUSTODIAN, "--yes", code=2)
