"""Every command that README and docs show is run, with paths, ports and times of this test in place of theirs."""

import asyncio
import re
import shlex
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daemon.cli import app
from daemon.cli.sop.seen import Done
from daemon.embedded.exports.generating import write_export
from daemon.embedded.exports.plan import ExportPlan
from daemon.embedded.processes.ports import free_port
from daemon.embedded.stack import Wishes
from payment_core.clock import SystemClock
from payment_core.registry import core_registry
from payment_core.store.sqlite.store import SqliteStore
from tests.conftest import Require
from tests.integration import procedure_looks
from tests.integration.embedded.up_process import FORKED
from tests.integration.newcomer import ROOT, START_SECONDS, Place, shown, shown_part, stop, until

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


AROUND = "tillwatch up --scenario healthy"
"""The shown run beside which the other commands are tried."""
COMMANDS = sorted({command for page in PAGES for command in shown(page.read_text("utf-8"))})


def starting(*words: str) -> list[str]:
    """The shown commands that begin so."""
    return [command for command in COMMANDS if command.split()[1:][: len(words)] == list(words)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A folder with data in it, beside a running system."""
    made = Place(tmp_path_factory.mktemp("newcomer"))
    made.prepare_tuning()
    _, *words = made.typed(AROUND, port=str(made.port), scenario=made.with_few_payments("healthy"))
    running = made.start([*FORKED, *words])
    until(running, "monitoring is healthy")
    yield made
    assert stop(running, signal.SIGINT) == 0


@pytest.mark.parametrize(
    "command",
    [
        *starting("health"),
        *starting("validate"),
        *starting("audit", "tail"),
        *starting("ledger"),
        *starting("rules"),
        *(command for command in starting("costs") if not re.search("--service|simulate", command)),
    ],
)
def test_a_command_beside_a_running_system_answers(command: str, place: Place) -> None:
    done = place.run(place.typed(command))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("command", [command for command in starting("costs") if "--service" in command])
def test_a_service_of_a_bill_that_is_not_kept_is_answered_with_where_to_look(command: str, place: Place) -> None:
    done = place.run(place.typed(command))
    assert (done.returncode, done.stdout) == (1, "")
    assert "tillwatch costs report lists what there is" in done.stderr


@pytest.mark.parametrize("command", starting("costs", "simulate"))
def test_what_leaving_the_processor_saves_is_told_from_its_export(command: str, tmp_path: Path) -> None:
    place = Place(tmp_path)
    words = place.typed(command)
    write_export(tmp_path / words[3], ExportPlan(customers=20, accounts=4, charges=100))
    done = place.run(words)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "savings.svg").is_file()


@pytest.mark.parametrize("command", starting("config"))
def test_a_command_about_the_configuration_answers(command: str, place: Place) -> None:
    assert place.run(place.typed(command)).returncode == 0


def some_payment(place: Place) -> str:
    """The id of a payment of the running system; the first ones take their time."""
    with closing(sqlite3.connect(place.folder / "data" / "payments.db")) as connection:
        for _ in range(START_SECONDS):
            row = connection.execute(
                "SELECT id FROM records WHERE kind = 'payment' AND owner <> 'health' LIMIT 1"
            ).fetchone()
            if row is not None:
                return str(row[0])
            place.run(place.typed("tillwatch ledger verify"))
    pytest.fail("no payment was made")


@pytest.mark.parametrize("command", starting("fraud"))
def test_a_command_about_fraud_answers_about_a_payment_that_is_there(command: str, place: Place) -> None:
    payment = some_payment(place)
    changes = {"config": "data/config"} if "--config" in command else {}
    done = place.run(place.typed(re.sub(r"pay_\w+", payment, command), **changes))
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("command", starting("audit", "verify"))
def test_the_journal_verifies_as_shown(command: str, place: Place) -> None:
    head = place.run(place.typed("tillwatch audit verify")).stdout.strip().rpartition(" ")[2]
    changes = {"expect_head": head} if "--expect-head" in command else {}
    done = place.run(place.typed(command.replace("1234:<hash>", head), **changes))
    assert done.returncode == 0, done.stderr


def deploying(command: str, place: Place) -> list[str]:
    """A command to the running daemon as typed, with the plan file that the page shows, and no question asked."""
    (shown_plan,) = re.findall(
        r"```yaml\n(version:.*?)```", (ROOT / "docs" / "deploying.md").read_text("utf-8"), re.DOTALL
    )
    # No cohort can be routed on one machine.
    (place.folder / "release.yaml").write_text(re.sub(r"(?m)^cohort:.*$", "", shown_plan), encoding="utf-8")
    asks = re.search(
        r"deploy --(?!.*--dry-run)|abort|undo|resume-automation|rollback (emergency|traffic|complete|--)"
        r"|flags (set|ramp|kill|revive|revert)|scale set(?!.*--dry-run)",
        command,
    )
    return place.typed(f"{command} --url http://127.0.0.1:{place.port}" + (" --force" if asks else ""))


@pytest.mark.parametrize("command", [command for command in starting("deploy") if "--dry-run" in command])
def test_a_plan_is_printed_and_nothing_is_begun(command: str, place: Place) -> None:
    done = place.run(deploying(command, place))
    assert done.returncode == 0, done.stderr
    assert "watch-5" in done.stdout
    listed = place.run(deploying("tillwatch deployments list", place)).stdout
    assert "in_progress" not in listed


LOOKING = [
    command
    for name in (
        ("incidents",),
        ("deployments",),
        ("actions", "list"),
        ("approvals", "list"),
        ("rollback", "payments"),
        *(("flags", look) for look in ("list", "get", "history", "report")),
        *(("scale", look) for look in ("status", "plan", "set")),
        *((kept, "list") for kept in ("silence", "maintenance", "communications")),
        ("status-page", "show"),
    )
    for command in starting(*name)
    if not re.search(r"pause|resume|abort|scale set(?!.*--dry-run)", command)
]


@pytest.mark.parametrize("command", LOOKING)
def test_a_look_is_answered_also_where_there_is_nothing_to_see(command: str, place: Place) -> None:
    done = place.run(deploying(command, place))
    is_unknown = re.search("here is no (deployment|incident)|has no experiment", done.stderr) is not None
    assert done.returncode == (1 if is_unknown else 0), done.stderr
    assert is_unknown is (re.search("dep-|inc-|flags report .", command) is not None)


STATUS = starting("status")


@pytest.mark.parametrize("command", STATUS)
def test_the_four_questions_are_answered_by_one_command(command: str, place: Place) -> None:
    done = place.run(place.typed(command))
    # Whether all is well depends on what has been measured by now.
    assert (done.returncode in {0, 1}, done.stderr, done.stdout.count("?\n")) == (True, "", 4)


BUILDING = starting("status-page", "build")
TRYING = [command for command in starting("escalation", "test") if re.search("--person|--channel", command)]
"""What asks the daemon to try a channel."""


PROCEDURES = starting("sop")
LOOKING_AT_PROCEDURES = [command for command in PROCEDURES if procedure_looks.LOOKED_AT.search(command)]
DRILLS = starting("sop", "drill")


@pytest.mark.parametrize("command", LOOKING_AT_PROCEDURES)
def test_procedures_are_looked_at_as_shown(command: str, place: Place) -> None:
    done = place.run(place.typed(command))
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("command", [one for one in PROCEDURES if one not in {*LOOKING_AT_PROCEDURES, *DRILLS}])
def test_a_procedure_is_walked_as_shown_and_refused_to_a_stranger(command: str, place: Place) -> None:
    done = place.run([*place.typed(f"{command} --url http://127.0.0.1:{place.port}"), "--token", "nobody"])
    assert (done.returncode, "answered 401" in done.stderr) == (3, True), done.stderr


@pytest.mark.parametrize("command", DRILLS)
def test_a_drill_is_taken_as_shown(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.cli.sop.rehearsing.rehearse", procedure_looks.kept_promise)
    nobody = ["--data-dir", str(tmp_path), "--url", f"http://127.0.0.1:{free_port('127.0.0.1')}"]
    result = CliRunner().invoke(app, [*shlex.split(command)[1:], *nobody])
    assert result.exit_code == 0, result.output
    reports = sorted(tmp_path.glob("reports/continuity-*.md"))
    assert reports
    assert all(path.read_text("utf-8").startswith("# Continuity drill") for path in reports)


def test_every_look_of_every_procedure_is_answered_beside_a_running_system(place: Place) -> None:
    def run(command: str) -> Done:
        done = place.run(place.typed(command))
        return Done(done.returncode, done.stdout, done.stderr)

    looks = procedure_looks.looks(set(COMMANDS))
    assert len(looks) > 20
    assert procedure_looks.unanswered(looks, run) == []


@pytest.mark.parametrize("command", [command for command in starting("escalation") if command not in TRYING])
def test_who_is_told_is_shown_without_a_daemon(command: str, tmp_path: Path) -> None:
    place = Place(tmp_path)
    done = place.run(place.typed(command))
    assert (done.returncode, "on-call-engineer" in done.stdout) == (0, True), done.stderr


CHANGING = [
    command
    for name in (
        *("deploy", "deployments", "rollback", "approvals", "actions", "stop-automation", "resume-automation"),
        *("flags", "silence", "maintenance", "communications"),
    )
    for command in starting(name)
    if command not in LOOKING and "--dry-run" not in command
] + [*(command for command in starting("scale", "set") if command not in LOOKING), *TRYING]


@pytest.mark.parametrize("command", BUILDING)
def test_the_status_page_is_built_from_the_journal_as_shown(command: str, place: Place) -> None:
    done = place.run(place.typed(command))
    assert done.returncode == 0, done.stderr
    assert (place.folder / "status" / "index.html").is_file()


@pytest.mark.parametrize("command", CHANGING)
def test_a_command_that_changes_something_is_asked_as_shown_and_refused_to_a_stranger(
    command: str, place: Place
) -> None:
    done = place.run([*deploying(command, place), "--token", "nobody"])
    assert done.returncode == 3
    assert "answered 401" in done.stderr


def test_the_runs_that_are_started_are_shown() -> None:
    assert {AROUND, ALONE} <= set(COMMANDS)


ALONE = "tillwatch up --data-dir data --port 8080"
"""The shown run that is started and stopped. The others differ by their scenario, whose steps are played elsewhere."""


@pytest.mark.parametrize("command", [command for command in starting("up") if command not in {AROUND, ALONE}])
def test_a_run_with_another_scenario_is_accepted_as_shown(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[Wishes] = []

    async def not_run(wishes: Wishes) -> None:
        wanted.append(wishes)

    monkeypatch.setattr("daemon.cli.up._run", not_run)
    words = shlex.split(command)[1:]
    result = CliRunner().invoke(app, [*words, "--data-dir", str(tmp_path / "data")])
    assert result.exit_code == 1, result.output
    assert f"--scenario {wanted[0].scenario.name}" in command


def test_a_run_starts_as_shown_and_ends_in_order(tmp_path: Path) -> None:
    place = Place(tmp_path)
    done = place.run(place.typed(ALONE, **{"for": "1s", "port": str(place.port)}))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", starting("run"))
def test_the_daemon_alone_starts_from_the_shown_folder(command: str, tmp_path: Path) -> None:
    place = Place(tmp_path)
    (tmp_path / "data" / "config").mkdir(parents=True)
    (tmp_path / "data" / "config" / "tillwatch.yaml").write_text(
        f"aws: {{endpoint_url: 'http://127.0.0.1:{free_port('127.0.0.1')}'}}\nhttp: {{port: {place.port}}}\n"
    )
    running = place.start(place.typed(command))
    until(running, '"listening"')
    assert stop(running) == 0


NOWHERE = {"flags-broker": "mqtts", "flags-url": "http", "old-processor-url": "http"}
"""What a page shows of somebody's own surroundings: here nobody answers, and payments are taken all the same."""


def test_core_serve_is_shown() -> None:
    assert starting("core", "serve")


@pytest.mark.parametrize("command", starting("core"))
def test_a_payment_is_taken_by_the_shown_requests(command: str, tmp_path: Path, require: Require) -> None:
    require("curl", shutil.which("curl") is not None)
    place = Place(tmp_path)
    place.keep_keys_for_the_bank()
    place.keep_files_for_flags()
    place.keep_files_for_migration()
    port = str(free_port("127.0.0.1"))
    here = {option: f"{scheme}://127.0.0.1:1/" for option, scheme in NOWHERE.items() if f"--{option}" in command}
    running = place.start(place.typed(command, port=port, **here))
    try:
        until(running, '"listening"')
        entering = shown_part("api.md", r"(?m)^(export TILL_KEY=\"[^\"]+\")")
        paying = shown_part("payments.md", r"(?s)(curl -s \S+/v1/payments .*?\}')\n")
        reading = shown_part("api.md", r"(?m)^(curl -s \S+/v1/ledger .*)$")
        script = f"{entering}\n{paying}\necho\n{reading}"
        answer = place.in_shell(script.replace(":8081", f":{port}"))
    finally:
        code = stop(running)
    payment, _, books = answer.stdout.partition("\n")
    assert '"status":"succeeded"' in payment
    assert '"account":"rail_clearing"' in books
    assert code == 0


def test_a_token_is_hashed_as_shown(tmp_path: Path) -> None:
    line = re.search(r"(?m)^printf .*sha256sum$", (ROOT / "docs" / "operating.md").read_text("utf-8"))
    assert line is not None
    done = Place(tmp_path).in_shell(f"TOKEN=abc; {line.group()}")
    assert done.stdout.startswith("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")


@pytest.mark.parametrize("command", starting("scale", "replay"))
def test_recorded_load_is_played_and_drawn_as_shown(command: str, tmp_path: Path) -> None:
    rows = [f"2026-11-{day}:{minute}:00Z,90" for day in ("19T23", "20T00") for minute in range(10, 60)]
    (tmp_path / "LOAD.csv").write_text("\n".join(["at,requests_per_second", *rows]), encoding="utf-8")
    place = Place(tmp_path)
    done = place.run(place.typed(command))
    assert done.returncode == 0, done.stderr
    assert re.search("(?m)^predictive .* 0 s ", done.stdout)
    assert (tmp_path / "capacity.svg").read_text("utf-8").startswith("<svg")


MIGRATING = starting("migrate")
MIGRATING_ORDER = ("plan", "--dry-run", "run", "status", "verify", "report", "--quarantined", "pause", "cancel", "undo")


def in_order(command: str) -> int:
    """What comes when, as whoever migrates types it."""
    words = command.split()
    special = [word for word in ("--dry-run", "--quarantined") if word in words]
    return MIGRATING_ORDER.index(special[0] if special else words[2])


def test_an_export_is_moved_proved_and_taken_back_as_shown(tmp_path: Path) -> None:
    place = Place(tmp_path)
    write_export(tmp_path / "export", ExportPlan(customers=4, accounts=2, charges=3))
    asyncio.run(empty_store(tmp_path / "data" / "payments.db"))
    said = ""
    for command in sorted(MIGRATING, key=in_order):
        done = place.run(place.typed(command))
        assert (done.returncode, done.stderr) == (0, ""), command
        assert done.stdout
        said = done.stdout
    assert "taken back" in said
    assert (tmp_path / "report" / "signature.json").is_file()


async def empty_store(path: Path) -> None:
    """What a core leaves that was started once."""
    store = SqliteStore(path=path, registry=core_registry(), producer="test", clock=SystemClock())
    await store.open()
    await store.close()


def test_no_shown_command_is_left_out() -> None:
    names = ("health", "validate", "audit", "ledger", "rules", "config", "up", "run", "core", "costs", "fraud")
    plans = [command for command in starting("deploy") if "--dry-run" in command]
    tried = [*(command for name in names for command in starting(name)), *plans, *LOOKING, *CHANGING]
    tried += (
        MIGRATING
        + STATUS
        + BUILDING
        + PROCEDURES
        + starting("scale", "replay")
        + [command for command in starting("escalation") if command not in TRYING]
    )
    assert sorted(tried) == COMMANDS
