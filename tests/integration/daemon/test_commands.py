"""The commands as scripts call them, beside a daemon and a core that are running."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
import pytest
import pytest_asyncio
from typer.testing import CliRunner, Result

from daemon.aws.session import AwsClients
from daemon.cli import app
from daemon.embedded.processes.ports import free_port
from daemon.senses.sightings import FILE, Sightings
from tests.integration.daemon.world import (
    EVENTS_OF_A_PAYMENT,
    TOKEN,
    Account,
    Program,
    Programs,
    ask,
    configure,
    counted,
    make_account,
    pay,
    route_heartbeats,
    tillwatch,
    until,
)

beside_the_system = pytest.mark.asyncio(loop_scope="module")
"""Runs in the loop of the system that all these tests share; each leaves it as it was."""


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
    core: Program


def has_felt_its_heart(path: Path) -> bool:
    return msgspec.json.decode(path.read_bytes(), type=Sightings).beat_back_at_ms > 0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(
    tmp_path_factory: pytest.TempPathFactory, aws_clients: AwsClients, ministack_url: str
) -> AsyncIterator[System]:
    folder = tmp_path_factory.mktemp("system")
    account = await make_account(aws_clients, ministack_url, folder.name, {"blue": 50, "green": 50})
    programs = Programs(folder)
    try:
        yield await started(folder, programs, account, aws_clients)
    finally:
        await programs.end()


async def started(directory: Path, programs: Programs, account: Account, aws_clients: AwsClients) -> System:
    """A daemon that has felt its heart and seen five payments of the core."""
    await route_heartbeats(aws_clients, account)
    core = await programs.core(directory / "payments.db", account, "--environment", "blue")
    folder = configure(directory, account, cores={"blue": core.url})
    daemon = await programs.ready_daemon(folder)
    await pay(core, [f"k{number}" for number in range(5)])
    await until(lambda: counted(directory).consumed >= 5 * EVENTS_OF_A_PAYMENT, "five payments are consumed")
    await until(lambda: counted(directory).lost == 0, "what the core tells by itself is consumed")
    sightings = directory / "data" / FILE
    await until(lambda: sightings.is_file() and has_felt_its_heart(sightings), "a heartbeat came back")
    return System(str(folder), str(directory / "data"), str(directory / "payments.db"), daemon, core)


COMPONENTS = (
    "ach-transfer-manager",
    "api",
    "audit-trail",
    "aws-payment-processor",
    "compliance",
    "cost-optimization",
    "database",
    "encryption",
    "escrow-manager",
    "feature-flags",
    "fraud-detector",
    "monitoring",
)


@beside_the_system
async def test_every_component_is_told_with_what_is_wrong_and_its_exit_code(system: System) -> None:
    every = await tillwatch("health", "--comprehensive", "--config", system.folder, "--json")
    # A core without KMS keeps its master key in a file, its first key may do everything, and the packaged prices
    # were held against no contract: all three are told.
    assert (every.code, every.document["status"]) == (1, "degraded"), every.err
    seen = {one["component"]: one["status"] for one in every.document["components"]}
    told = {"compliance": "degraded", "cost-optimization": "degraded"}
    assert seen == dict.fromkeys(COMPONENTS, "healthy") | told, every.document
    findings = {one["component"]: one["findings"] for one in every.document["components"]}
    assert any("--kms-key" in finding for finding in findings["compliance"])
    assert any("set checked_on" in finding for finding in findings["cost-optimization"])
    one = await tillwatch("health", "--component", "aws-payment-processor", "--config", system.folder)
    assert one.code == 0
    assert "healthy    aws-payment-processor (blue)" in one.out
    assert "\x1b" not in one.out


@beside_the_system
async def test_a_deployment_is_validated_area_by_area(system: System) -> None:
    daemon = ("--url", system.daemon.url, "--token", TOKEN, "--config", system.folder, "--json")
    health = await tillwatch("validate", "health", "--config", system.folder, "--json")
    assert (health.code, health.document["valid"]) == (0, True), health.out
    performance = await tillwatch("validate", "performance", *daemon, "--probes", "5")
    lines = {line["name"]: line["outcome"] for line in performance.document["lines"]}
    assert (performance.code, set(lines.values())) == (0, {"passed", "warned"}), performance.out
    assert lines["success (blue, 5 probes)"] == "passed"
    assert lines["payment-success-ratio (us-east-1, blue)"] == "warned"
    costs = await tillwatch("validate", "costs", *daemon, "--database", system.database)
    assert (costs.code, costs.document["lines"][0]["name"]) == (0, "savings card, $10 to $25"), costs.out
    security = await tillwatch("validate", "security", *daemon)
    failed = [line for line in security.document["lines"] if line["outcome"] == "failed"]
    assert (security.code, failed) == (0, []), failed
    assert {"journal", "door /metrics", "tokens"} <= {line["name"] for line in security.document["lines"]}


@beside_the_system
async def test_automation_is_stopped_and_let_go_on_by_a_person(system: System) -> None:
    daemon = ("--url", system.daemon.url, "--token", TOKEN, "--json")
    stopped = await tillwatch("stop-automation", "--reason", "looking at the rail", *daemon)
    assert (stopped.code, stopped.document["acts"]) == (0, False), stopped.err
    try:
        console = (await ask(system.daemon, "/console")).text
        assert "stopped automation: looking at the rail" in console
    finally:
        resumed = await tillwatch("resume-automation", "--reason", "seen", "--force", *daemon)
    assert (resumed.code, resumed.document["acts"]) == (0, True), resumed.err
    nothing = await tillwatch("actions", "undo", "dec-0", "--reason", "wrong", "--force", *daemon)
    assert (nothing.code, "no action of a decision dec-0" in nothing.err) == (1, True)
    waiting = await tillwatch("approvals", "list", *daemon)
    assert (waiting.code, waiting.document["approvals"]) == (0, [])


@beside_the_system
async def test_a_health_payment_changes_no_rate_no_saving_and_no_balance(system: System) -> None:
    async def seen() -> tuple[object, object, object]:
        readings = (await ask(system.daemon, "/api/v1/rules")).json()["rules"]
        samples = {rule["id"]: [one["samples"] for one in rule["readings"]] for rule in readings if counts(rule["on"])}
        balances = await tillwatch("ledger", "balance", "--database", system.database, "--json")
        costs = await tillwatch("costs", "report", "--database", system.database, "--json")
        return samples, balances.document, costs.document

    before = await seen()
    for _ in range(3):
        answer = await tillwatch("health", "--component", "aws-payment-processor", "--config", system.folder)
        assert (answer.code, "authorized and voided" in answer.out) == (0, True), answer.out
    directory = Path(system.data).parent
    await until(lambda: counted(directory).lost == 0, "the events of the health payments are consumed")
    assert await seen() == before


def counts(kind: str) -> bool:
    """Whether facts of the kind tell of payments."""
    return kind.startswith("payment.")


@beside_the_system
async def test_in_holding_mode_nothing_is_paid_for_health(system: System) -> None:
    assert await control(system, "holding") == 200
    try:
        answer = await tillwatch("health", "--component", "aws-payment-processor", "--config", system.folder, "--json")
        performance = await tillwatch(
            "validate", "performance", "--url", system.daemon.url, "--token", TOKEN, "--config", system.folder, "--json"
        )
    finally:
        assert await control(system, "normal") == 200
    (core,) = answer.document["components"]
    assert (answer.code, core["status"], "holding mode" in core["detail"]) == (1, "degraded", True)
    assert performance.code == 1
    (failed,) = [line for line in performance.document["lines"] if line["outcome"] == "failed"]
    assert "holding mode" in failed["measured"]


async def control(system: System, mode: str) -> int:
    """Set the core's mode; the status of the answer."""
    bearer = {"Authorization": f"Bearer {system.core.key}", "Idempotency-Key": mode}
    async with httpx.AsyncClient(base_url=system.core.url, trust_env=False) as client:
        answer = await client.post("/v1/control", json={"mode": mode}, headers=bearer)
    return answer.status_code


@beside_the_system
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

    explain = ("rules", "explain", "payment-success-ratio", "--url", system.daemon.url)
    explained = invoke(*explain, "--config", system.folder, "--token", TOKEN)
    assert explained.exit_code == 0, explained.stderr
    assert "environment=blue" in explained.stdout
    assert "5 samples" in explained.stdout
    assert "does not fire: 5 samples, 400 are needed" in explained.stdout
    assert invoke(*explain, "--token", "x").exit_code == 3
    assert invoke("config", "check", "--config", system.folder).exit_code == 0


async def test_a_core_that_is_gone_is_unhealthy_with_exit_2(tmp_path: Path, account: Account) -> None:
    folder = configure(tmp_path, account, cores={"blue": f"http://127.0.0.1:{free_port('127.0.0.1')}"})
    answer = await tillwatch("health", "--config", str(folder), "--json")
    assert (answer.code, answer.document["status"]) == (2, "unhealthy"), answer.err
    queues = await tillwatch("health", "--component", "monitoring", "--config", str(folder))
    assert (queues.code, "is a daemon running?" in queues.out) == (2, True), queues.out


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("health", "--component", "aws-payment-procesor"), "known: aws-payment-processor"),
        (("health", "--comprehensive", "--component", "database"), "exclude each other"),
        (("config", "check", "--config", "/nowhere"), "/nowhere"),
        (("config", "schema", "nothing"), "nothing"),
    ],
)
def test_what_cannot_be_used_ends_with_2_and_is_named_on_stderr(arguments: tuple[str, ...], word: str) -> None:
    answer = invoke(*arguments)
    assert answer.exit_code == 2, answer
    assert word in answer.stderr
    assert answer.stdout == ""
