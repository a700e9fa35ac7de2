"""``deploy`` and ``deployments`` against the daemon's doors: what is sent, what is said, and with which exit code."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daemon.cli import app
from tests.unit.daemon.cli.release_commands import Line, document, run
from tests.unit.daemon.deployments.test_service import Scene, scene
from tests.unit.daemon.http.doors.release_doors import Doors

ASKED = ("deploy", "--version", "2.0.0", "--strategy", "blue-green", "--regions", "us-east-1", "--reason", "receipts")


class Place:
    """A daemon with its desk, and the line to it."""

    def __init__(self, one: Scene, loop: asyncio.Runner) -> None:
        self.one, self.loop = one, loop
        self.line = Line(Doors(one.where.writer, one).app, loop)

    def tick(self) -> None:
        """The daemon goes on for a second."""
        self.loop.run(self.one.where.tick())

    def begun(self) -> str:
        """The id of a deployment that has just begun."""
        result = run("operator", *ASKED, "--no-wait", "--force", "--json")
        assert result.exit_code == 0, result.stderr
        return next(iter(self.one.where.writer.state.runs))


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Waiting commands let the daemon tick."""
    with asyncio.Runner() as loop:
        made = Place(loop.run(scene()), loop)
        made.line.connect(monkeypatch)
        monkeypatch.setattr("time.sleep", lambda _: made.tick())
        yield made


def test_a_deployment_is_followed_to_its_good_end(place: Place) -> None:
    result = run("operator", *ASKED, typed="y\n")
    assert result.exit_code == 0, result.stderr
    assert "succeeded" in result.stdout.splitlines()[-2] + result.stdout.splitlines()[-1]
    assert "us-east-1/traffic_rollout/shift-50" in result.stderr
    ((path, body),) = place.line.writes
    assert (path, body["version"], body["force"]) == ("deployments", "2.0.0", False)


def test_a_deployment_that_ends_badly_is_exit_code_1_with_why(place: Place) -> None:
    place.one.ground.broken = frozenset({"2.0.0"})
    result = run("operator", *ASKED, "--force", "--json")
    assert result.exit_code == 1
    told = document(result)["run"]
    assert isinstance(told, dict)
    assert (told["outcome"], "circuit breaker" in told["detail"]) == ("failed", True)


def test_a_no_to_the_question_sends_nothing(place: Place) -> None:
    result = run("operator", *ASKED, typed="n\n")
    assert (result.exit_code, place.line.sent) == (1, [])
    assert "nothing was changed" in result.stderr


def test_force_asks_nothing_and_says_in_the_journal_that_it_did_not(place: Place) -> None:
    place.begun()
    assert place.line.writes[0][1]["force"] is True
    entries = place.loop.run(place.one.journal.read(0, 9))
    assert entries[0].fields["skipped"] == ["confirmation"]


def test_a_dry_run_asks_nobody_begins_nothing_and_prints_the_plan(place: Place) -> None:
    shown = run("operator", *ASKED, "--dry-run")
    assert shown.exit_code == 0
    assert "shift" in shown.stdout
    assert "nothing was begun" in shown.stdout.splitlines()[-1]
    plan = document(run("operator", *ASKED, "--dry-run", "--json"))["plan"]
    assert isinstance(plan, dict)
    assert {step["region"] for step in plan["steps"]} == {"us-east-1"}
    assert place.one.where.writer.state.sequence == 0


def test_a_plan_file_is_read_and_what_is_given_beside_it_wins(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("version: 2.0.0\nstrategy: canary\nregions: [us-east-1]\nreason: receipts\n")
    assert run("operator", "deploy", "--plan", str(file), "--strategy", "blue-green", "--dry-run").exit_code == 0
    ((_, body),) = place.line.writes
    assert (body["version"], body["strategy"], body["regions"]) == ("2.0.0", "blue-green", ["us-east-1"])


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("version: 2.0.0\nstrategy: big-bang\n", 2, "strategy"),
        ("version: 2.0.0\nregion: us-east-1\n", 2, "region"),
        ("version: [2.0.0\n", 1, "close the bracket"),
        ("", 1, "empty"),
    ],
)
def test_a_plan_file_that_cannot_be_used_is_bad_input_with_its_place(
    place: Place, tmp_path: Path, text: str, line: int, says: str
) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(text)
    result = run("operator", "deploy", "--plan", str(file), "--force")
    assert (result.exit_code, place.line.sent) == (2, [])
    assert f"{file}:{line}" in result.stderr.replace("\n", "")
    assert says in result.stderr


def test_a_plan_file_that_is_not_there_and_no_version_are_bad_input(place: Place, tmp_path: Path) -> None:
    assert run("operator", "deploy", "--plan", str(tmp_path / "none.yaml"), "--force").exit_code == 2
    missing = run("operator", "deploy", "--force")
    assert (missing.exit_code, place.line.sent) == (2, [])
    assert "--version 2.0.0" in missing.stderr


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [("--version", "two", "three numbers"), ("--regions", "mars-1", "known: us-east-1"), ("--strategy", "x", "x")],
)
def test_what_the_daemon_cannot_read_is_bad_input(place: Place, option: str, value: str, says: str) -> None:
    result = run("operator", *ASKED, option, value, "--force")
    assert (result.exit_code, says in result.stderr) == (2, True)
    assert place.one.where.writer.state.runs == {}


def test_a_no_of_the_daemon_is_1_and_a_daemon_that_is_not_there_or_knows_nobody_is_3(place: Place) -> None:
    assert run("viewer", *ASKED, "--force").exit_code == 1
    stranger = CliRunner().invoke(app, [*ASKED, "--force", "--token", "wrong"])
    assert (stranger.exit_code, "--token or TILLWATCH_TOKEN" in stranger.stderr) == (3, True)
    name = place.begun()
    second = run("operator", *ASKED, "--force")
    assert (second.exit_code, name in second.stderr) == (1, True)


@pytest.mark.parametrize("command", [ASKED, ("deployments", "list"), ("deployments", "show", "dep-1")])
def test_without_a_daemon_the_exit_code_is_3(command: tuple[str, ...]) -> None:
    forced = (*command, "--force") if command[0] == "deploy" else command
    gone = CliRunner().invoke(app, [*forced, "--url", "http://127.0.0.1:9"])
    assert (gone.exit_code, "is the daemon running there?" in gone.stderr) == (3, True)


def test_a_deployment_is_shown_paused_resumed_and_aborted(place: Place) -> None:
    name = place.begun()
    shown = run("viewer", "deployments", "show", name)
    assert (shown.exit_code, "rollback.traffic" in shown.stdout) == (0, True)
    paused = run("operator", "deployments", "pause", name, "--reason", "lunch")
    assert (paused.exit_code, "paused" in paused.stdout) == (0, True)
    assert run("operator", "deployments", "pause", name, "--reason", "lunch").exit_code == 1
    assert run("operator", "deployments", "resume", name, "--reason", "back").exit_code == 0
    assert run("operator", "deployments", "abort", name, "--reason", "wrong", typed="n\n").exit_code == 1
    assert not place.one.where.run.asked_to_abort_by
    aborted = run("operator", "deployments", "abort", name, "--reason", "wrong", "--force", "--json")
    assert aborted.exit_code == 0
    entries = place.loop.run(place.one.journal.read(0, 1000))
    asked = [entry.fields for entry in entries if entry.kind == "deployment.asked"][-1]
    assert (asked["what"], asked["skipped"]) == ("abort", ["confirmation"])
    assert place.one.where.run.abort_reason == "wrong"
    followed = run("viewer", "deployments", "show", name, "--follow")
    assert (followed.exit_code, "aborted" in followed.stdout) == (1, True)


@pytest.mark.parametrize("name", ["../livez", "dep 1", "", "dep-1?x=1", "d" * 101, "dép"])
@pytest.mark.parametrize("what", ["show", "pause", "resume", "abort"])
def test_a_name_that_is_none_is_bad_input_and_nothing_is_sent(place: Place, name: str, what: str) -> None:
    more = {"show": (), "abort": ("--reason", "x", "--force")}.get(what, ("--reason", "x"))
    result = run("operator", "deployments", what, name, *more)
    assert (result.exit_code, place.line.sent) == (2, [])


def test_a_deployment_that_is_not_known_is_a_no(place: Place) -> None:
    result = run("operator", "deployments", "show", "dep-9")
    assert (result.exit_code, "There is no deployment" in result.stderr) == (1, True)
    assert place.line.sent[0][0] == "GET"


def test_the_list_tells_of_what_is_known(place: Place) -> None:
    assert run("viewer", "deployments", "list").stdout == "no deployment is known\n"
    name = place.begun()
    place.tick()
    assert name in run("viewer", "deployments", "list").stdout
    listed = document(run("viewer", "deployments", "list", "--json"))["deployments"]
    assert isinstance(listed, list)
    assert [one["id"] for one in listed] == [name]
