"""What the commands about costs, fraud scores and the vault say of a DynamoDB table, and of flags that do not fit."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daemon.cli import app
from daemon.embedded.processes.ports import free_port
from payment_core.assembly import existing
from tests.forked import run
from tests.integration.core_process.conftest import MakeWorld
from tests.integration.core_process.core_world import CoreWorld, Json
from tests.integration.core_process.marketplace import card, payment

CENT = 1_000_000


@pytest.fixture
def flags(ministack_url: str, tmp_path: Path) -> tuple[str, ...]:
    """Of a table of this test's own, as the core takes them and the commands do."""
    return ("--store", "dynamodb", "--table", f"till-{tmp_path.name}"[:255], "--endpoint-url", ministack_url)


@pytest.fixture
def world(make_world: MakeWorld, flags: tuple[str, ...]) -> CoreWorld:
    """A core that runs on the table."""
    world = make_world(*flags)
    world.start()
    return world


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def ran(*words: str) -> "subprocess.CompletedProcess[str]":
    """A command in a process of its own, ended."""
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return run("daemon", *words, environment=environment)


def answered(*words: str) -> Json:
    """What a command says as JSON."""
    ended = ran(*words, "--json")
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(ended.stdout.splitlines()[-1]))


@pytest.mark.timeout(180)
async def test_a_payment_over_a_table_costs_what_the_table_says_was_used(
    world: CoreWorld, flags: tuple[str, ...]
) -> None:
    taken = [await world.made("/v1/payments", payment(number, 10_000)) for number in range(3)]
    explained = answered("costs", "explain", taken[-1]["id"], *flags)
    parts = {part["name"]: part for part in explained["parts"]}
    price_microcents = 63
    fewest_units = 20
    assert parts["dynamodb"]["microcents"] >= fewest_units * price_microcents
    assert parts["dynamodb"]["microcents"] < CENT
    assert parts["rail"]["microcents"] == 27 * CENT
    assert explained["cost_microcents"] == sum(part["microcents"] for part in explained["parts"])
    (line,) = answered("costs", "report", *flags)["lines"]
    assert (line["payments"], line["amount_cents"]) == (3, 30_000)
    assert line["parts"]["dynamodb"] > 0
    assert ran("costs", "explain", "pay_unknown", *flags).returncode == 1


@pytest.mark.timeout(180)
async def test_a_score_in_a_table_is_explained_and_reached_again(world: CoreWorld, flags: tuple[str, ...]) -> None:
    paid = await world.made("/v1/payments", payment(1, 10_000))
    explained = answered("fraud", "explain", paid["id"], *flags)
    assert (explained["payment"], explained["same"]) == (paid["id"], True)
    assert explained["version"] == explained["replayed_version"] != ""
    unknown = ran("fraud", "explain", "pay_unknown", *flags)
    assert (unknown.returncode, "there is no payment" in unknown.stderr) == (1, True)


@pytest.mark.timeout(180)
async def test_keys_in_a_table_are_shown_and_replaced_while_the_core_takes_payments(
    world: CoreWorld, flags: tuple[str, ...]
) -> None:
    kept = await world.made("/v1/payment_methods", card("4111111111111111", "cus_1"))
    where = (*flags, "--data-dir", str(world.folder))
    status = answered("vault", "status", *where)
    assert (status["key_service"], status["key_state"], status["numbers"]) == ("file", "enabled", 1)
    assert answered("vault", "rotate", *where)["damaged"] == 0
    assert answered("vault", "reencrypt", *where)["moved"] == 1
    after = {key["id"]: key["numbers"] for key in answered("vault", "status", *where)["data_keys"]}
    assert max(after.values()) == 1
    assert len(after) == len(status["data_keys"]) + 1
    paid = await world.made("/v1/payments", payment(1, 500, method=kept["id"]))
    assert paid["status"] == "succeeded"
    (used,) = [name for name, numbers in after.items() if numbers == 1]
    assert answered("vault", "shred", used, *CUSTODIAN, "--yes", *where)["shredded"]
    declined = await world.post("/v1/payments", payment(1, 500, method=kept["id"]))
    assert declined.status_code in {402, 422}


@pytest.mark.timeout(180)
async def test_the_vault_of_a_table_makes_no_master_key_in_a_folder_without_one(
    world: CoreWorld, flags: tuple[str, ...], tmp_path: Path
) -> None:
    assert world.running
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ended = ran("vault", "status", *flags, "--data-dir", str(elsewhere))
    assert (ended.returncode, "restore it from its backup" in ended.stderr) == (2, True)
    assert not list(elsewhere.glob("*.keys"))


CUSTODIAN = ("--role", "key_custodian", "--actor", "ada", "--reason", "end of its period")
COMMANDS = (
    ("costs", "report"),
    ("costs", "explain", "pay_1"),
    ("fraud", "explain", "pay_1"),
    ("vault", "status"),
    ("vault", "rotate"),
    ("vault", "reencrypt"),
    ("vault", "retire", "dek_1", *CUSTODIAN),
    ("vault", "shred", "dek_1", *CUSTODIAN),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_table_that_is_not_there_is_bad_input_and_is_not_made(
    command: tuple[str, ...], ministack_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine the stand-in's first answer takes longer than an operator would wait.
    monkeypatch.setattr(existing, "ANSWER_MS", 60_000)
    flags = ("--store", "dynamodb", "--table", "till-nowhere", "--endpoint-url", ministack_url)
    for _ in range(2):
        result = CliRunner().invoke(app, [*command, *flags])
        assert (result.exit_code, "till-nowhere" in result.output) == (2, True), result.output


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--store", "paper"), "paper"),
        (("--table", "till-live"), "--store dynamodb"),
        (("--endpoint-url", "http://127.0.0.1:1"), "--store dynamodb"),
        (("--store", "dynamodb", "--database", "payments.db"), "--table"),
        (("--store", "dynamodb", "--table", "a b"), "--table"),
        (("--store", "dynamodb", "--endpoint-url", "nowhere"), "--endpoint-url"),
        (("--store", "dynamodb", "--region", "here"), "--region"),
    ],
    ids=" ".join,
)
def test_flags_that_do_not_fit_are_bad_input_and_named(
    command: tuple[str, ...], wrong: tuple[str, ...], said: str
) -> None:
    result = CliRunner().invoke(app, [*command, *wrong])
    assert (result.exit_code, said in result.output) == (2, True), result.output


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_table_that_does_not_answer_is_told_apart_from_one_that_is_none(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(existing, "ANSWER_MS", 0)
    flags = ("--store", "dynamodb", "--endpoint-url", f"http://127.0.0.1:{free_port('127.0.0.1')}")
    result = CliRunner().invoke(app, [*command, *flags])
    assert result.exit_code == 3, result.output
