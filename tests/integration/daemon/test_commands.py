"""The commands as scripts call them, beside a daemon and a core that are running."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from daemon.cli import app
from tests.integration.conftest import free_port
from tests.integration.daemon.world import (
    EVENTS_OF_A_PAYMENT,
    TOKEN,
    Account,
    Program,
    Programs,
    configure,
    counted,
    pay,
    tillwatch,
    until,
)


def invoke(*arguments: str) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, list(arguments))


@dataclass(frozen=True, slots=True)
class System:
    """A daemon, a core, and where their files are."""

    folder: str
    data: str
    database: str
    daemon: Program


@pytest.fixture
async def system(tmp_path: Path, programs: Programs, account: Account) -> System:
    core = await programs.core(tmp_path / "payments.db", account, "--environment", "blue")
    folder = configure(tmp_path, account, cores={"blue": core.url})
    daemon = await programs.ready_daemon(folder)
    await pay(core, [f"k{number}" for number in range(5)])
    await until(lambda: counted(tmp_path).consumed >= 5 * EVENTS_OF_A_PAYMENT, "five payments are consumed")
    await until(lambda: counted(tmp_path).lost == 0, "what the core tells by itself is consumed")
    return System(str(folder), str(tmp_path / "data"), str(tmp_path / "payments.db"), daemon)


async def test_a_healthy_system_is_told_component_by_component_with_exit_0(system: System) -> None:
    every = await tillwatch("health", "--comprehensive", "--config", system.folder, "--json")
    assert (every.code, every.document["status"]) == (0, "healthy"), every.err
    seen = {one["component"]: one["status"] for one in every.document["components"]}
    assert seen == {"aws-payment-processor": "healthy", "monitoring": "healthy", "database": "healthy"}
    one = await tillwatch("health", "--component", "aws-payment-processor", "--config", system.folder)
    assert one.code == 0
    assert "healthy    aws-payment-processor (blue)" in one.out
    assert "\x1b" not in one.out


async def test_books_and_rules_are_read_while_the_system_runs(system: System) -> None:
    audited = invoke("audit", "verify", "--data-dir", system.data, "--json")
    assert (audited.exit_code, json.loads(audited.stdout)["first_bad"]) == (0, None), audited.stderr
    newest = invoke("audit", "tail", "--data-dir", system.data, "-n", "100")
    assert newest.exit_code == 0
    assert "daemon.started" in newest.stdout
    ledger = await tillwatch("ledger", "verify", "--database", system.database, "--json")
    assert (ledger.code, ledger.document["balanced"], ledger.document["journals"]) == (0, True, 5), ledger.err
    balance = await tillwatch("ledger", "balance", "--database", system.database)
    assert balance.code == 0, balance.err
    assert "\x1b" not in balance.out + newest.stdout
    core = await tillwatch("audit", "verify", "--core", "--data-dir", str(Path(system.database).parent), "--json")
    assert (core.code, core.document["intact"]) == (0, True), core.err

    explain = ("rules", "explain", "payment-failure-rate", "--url", system.daemon.url)
    explained = invoke(*explain, "--config", system.folder, "--token", TOKEN)
    assert explained.exit_code == 0, explained.stderr
    assert "environment=blue" in explained.stdout
    assert "5 samples" in explained.stdout
    assert invoke(*explain, "--token", "x").exit_code == 3
    assert invoke("config", "check", "--config", system.folder).exit_code == 0


async def test_a_core_that_is_gone_is_unhealthy_with_exit_2(tmp_path: Path, account: Account) -> None:
    folder = configure(tmp_path, account, cores={"blue": f"http://127.0.0.1:{free_port()}"})
    answer = await tillwatch("health", "--config", str(folder), "--json")
    assert (answer.code, answer.document["status"]) == (2, "unhealthy"), answer.err
    queues = await tillwatch("health", "--component", "monitoring", "--config", str(folder))
    assert queues.code == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("health", "--component", "aws-payment-procesor"), "known: aws-payment-processor"),
        (("health", "--comprehensive", "--component", "database"), "exclude each other"),
        (("health", "--config", "/nowhere"), "/nowhere"),
        (("run", "--config", "/nowhere"), "/nowhere"),
        (("ledger", "verify", "--data-dir", "/nowhere"), "/nowhere"),
        (("audit", "verify", "--data-dir", "/nowhere"), "/nowhere"),
        (("rules", "lint", "--config", "/nowhere"), "/nowhere"),
        (("config", "check", "--config", "/nowhere"), "/nowhere"),
        (("config", "schema", "nothing"), "nothing"),
        (("fly",), "fly"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_is_named_on_stderr(arguments: tuple[str, ...], word: str) -> None:
    answer = invoke(*arguments)
    assert answer.exit_code == 2, answer
    assert word in answer.stderr
    assert answer.stdout == ""
