"""``flags`` against the daemon's doors: what is asked before, what is sent, what is said, and the exit codes."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.flags.followers import LIVE_MS, SILENT_MS
from remediation.flags.model import FlagChange
from tests.unit.daemon.cli.release_commands import Line, document, run
from tests.unit.daemon.flags.flag_house import FlagHouse, flag_house, report
from tests.unit.daemon.http.doors.flag_doors import FlagDoors

WHY = ("--reason", "payouts arrive twice")


class Place:
    """A house of flags, and the line to its doors."""

    def __init__(self, house: FlagHouse, loop: asyncio.Runner) -> None:
        self.house, self.loop = house, loop
        self.line = Line(FlagDoors(house, house).app, loop)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with asyncio.Runner() as loop:
        made = Place(loop.run(flag_house()), loop)
        made.line.connect(monkeypatch)
        yield made


@pytest.mark.parametrize(
    ("words", "path", "body"),
    [
        (("kill", "payouts"), "flags/payouts/kill", {}),
        (("set", "payouts", "off"), "flags/payouts/set", {"variant": "off", "targeting": None}),
        (("ramp", "payouts", "off", "--steps", "5, 100"), "flags/payouts/ramp", {"variant": "off", "steps": [5, 100]}),
        (("ramp", "payouts", "off"), "flags/payouts/ramp", {"variant": "off", "steps": []}),
    ],
)
def test_a_change_is_asked_for_and_sent_with_its_reason(
    place: Place, words: tuple[str, ...], path: str, body: dict[str, object]
) -> None:
    refused = run("operator", "flags", *words, *WHY, typed="n\n")
    assert (refused.exit_code, place.line.writes) == (1, [])
    done = run("operator", "flags", *words, *WHY, typed="y\n")
    assert done.exit_code == 0, done.stderr
    assert place.line.writes == [(path, {**body, "reason": WHY[1], "dry_run": False, "force": False})]
    assert f"from version {place.house.version} on" in done.stdout


def test_force_asks_nothing_and_json_is_the_answer_alone(place: Place) -> None:
    told = document(run("operator", "flags", "kill", "payouts", *WHY, "--force", "--json"))
    assert (told["flag"], told["changed"], told["version"]) == ("payouts", True, place.house.version)
    assert place.line.writes[0][1]["force"] is True
    again = run("operator", "flags", "kill", "payouts", *WHY, "--force")
    assert (again.exit_code, "already" in again.stdout) == (0, True)


def test_a_dry_run_asks_nobody_and_does_nothing(place: Place) -> None:
    found = run("operator", "flags", "kill", "payouts", *WHY, "--dry-run")
    assert (found.exit_code, found.stdout) == (
        0,
        "payouts would be killed: off for everybody, its safe default; nothing was done\n",
    )
    assert place.house.parts.changes.book.killed == ()


@pytest.mark.usefixtures("place")
def test_reverting_and_reviving_go_the_way_back() -> None:
    run("operator", "flags", "set", "payouts", "off", *WHY, "--force")
    assert run("operator", "flags", "revert", "payouts", *WHY, "--force").exit_code == 0
    run("operator", "flags", "kill", "payouts", *WHY, "--force")
    assert run("operator", "flags", "revive", "payouts", *WHY, "--force").exit_code == 0
    assert "as the document says" in run("viewer", "flags", "list").stdout
    history = run("viewer", "flags", "history", "payouts").stdout.splitlines()
    assert [line.split("  ")[3].partition(" (")[0] for line in history] == [
        "revived",
        "killed",
        "taken back: as the document says",
        "set: off for everybody",
    ]


def test_a_rule_of_ones_own_is_read_from_a_file(place: Place, tmp_path: Path) -> None:
    rule = {"if": [{"==": [{"var": "country"}, "US"]}, "on", None]}
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(rule))
    found = run("operator", "flags", "set", "payouts", "off", "--targeting", str(path), *WHY, "--force")
    assert found.exit_code == 0, found.stderr
    assert json.dumps(rule) in run("viewer", "flags", "get", "payouts").stdout
    assert run("operator", "flags", "set", "payouts", "--document", *WHY, "--force").exit_code == 0
    path.write_text("{")
    broken = run("operator", "flags", "set", "payouts", "off", "--targeting", str(path), *WHY, "--force")
    assert (broken.exit_code, "fix:" in broken.stderr) == (2, True)
    assert place.house.parts.changes.book.of("payouts").setting is None


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("kill", "nope", *WHY, "--force"), 1),
        (("revive", "payouts", *WHY, "--force"), 1),
        (("set", "processor", "off", *WHY, "--force"), 1),
        (("set", "payouts", *WHY, "--force"), 2),
        (("set", "payouts", "off", "--document", *WHY, "--force"), 2),
        (("set", "payouts", "maybe", *WHY, "--force"), 2),
        (("ramp", "payouts", "off", "--steps", "five", *WHY, "--force"), 2),
        (("kill", "../payouts", *WHY, "--force"), 2),
        (("kill", "payouts"), 2),
        (("get", "nope"), 1),
        (("history", "nope"), 1),
    ],
)
def test_a_no_and_bad_input_are_told_apart_by_their_codes(place: Place, words: tuple[str, ...], code: int) -> None:
    found = run("operator", "flags", *words)
    assert found.exit_code == code, found.stderr
    assert found.stderr
    assert place.house.parts.changes.book.flags == {}


def test_the_list_says_what_each_flag_serves_and_who_lags(place: Place) -> None:
    empty = run("viewer", "flags", "list")
    assert (empty.exit_code, "no process reports which flags it serves" in empty.stdout) == (0, True)
    place.loop.run(place.house.done(FlagChange.KILL))
    place.house.reports("core-1")
    place.house.reports("core-2", version=0)
    place.house.reports("core-3", version=900)
    lines = run("viewer", "flags", "list").stdout.splitlines()
    assert lines[0].split()[:2] == ["payouts", "KILLED"]
    assert "off for everybody" in lines[0]
    assert lines[1].split()[:2] == ["processor", "document"]
    assert lines[2] == f"version {place.house.version}: 1 of 3 processes serve it"
    assert lines[3] == "lags: core-2 serves 0"
    assert lines[4].startswith("strays: core-3 serves 900 of another journal")
    assert lines[5].strip().startswith("fix: ")
    assert document(run("viewer", "flags", "list", "--json"))["lagging"] == ["core-2"]


def test_waiting_ends_when_every_process_reports_it_and_with_3_when_one_does_not(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.house.reports("core-1", version=1)
    monkeypatch.setattr("time.sleep", lambda _: place.house.reports("core-1"))
    found = run("operator", "flags", "kill", "payouts", *WHY, "--force", "--wait", "5")
    assert (found.exit_code, "all 1 processes" in found.stderr) == (0, True)
    monkeypatch.setattr("time.sleep", lambda _: None)
    late = run("operator", "flags", "revive", "payouts", *WHY, "--force", "--wait", "0.001")
    assert (late.exit_code, "behind: core-1" in late.stderr) == (3, True)
    assert place.house.parts.changes.book.killed == ()


def test_waiting_never_takes_a_process_of_another_journal_for_one_that_followed(place: Place) -> None:
    place.house.reports("core-1", version=900)
    found = run("operator", "flags", "kill", "payouts", *WHY, "--force", "--wait", "0.001")
    assert (found.exit_code, "of another journal: core-1" in found.stderr) == (3, True)


def test_a_killed_flag_says_what_everybody_gets_who_did_it_what_its_ramp_does_and_the_way_back(place: Place) -> None:
    place.loop.run(place.house.done(FlagChange.RAMP, variant="off", steps=(5, 100)))
    place.loop.run(place.house.done(FlagChange.KILL))
    told = run("viewer", "flags", "get", "payouts").stdout
    assert "serves     off for everybody, its safe default" in told
    assert "killed by  ada" in told
    assert "stands still while the flag is killed" in told
    assert "tillwatch flags revive payouts" in told


def test_waiting_names_who_fell_silent_lately_and_does_not_wait_for_who_stopped_before(place: Place) -> None:
    house, followers = place.house, place.house.parts.followers
    followers.heard(report("stopped", house.version), house.now_ms - SILENT_MS - 1)
    followers.heard(report("mute", house.version), house.now_ms - LIVE_MS - 1)
    house.reports("core-1", version=house.version + 1)
    missing = run("operator", "flags", "kill", "payouts", *WHY, "--force", "--wait", "0.001")
    assert (missing.exit_code, "silent: mute;" in missing.stderr, "stopped" in missing.stderr) == (3, True, False)
    followers.heard(report("mute", house.version), house.now_ms - SILENT_MS - 1)
    found = run("operator", "flags", "kill", "payouts", *WHY, "--force", "--wait", "0.001")
    assert (found.exit_code, "all 1 processes" in found.stderr) == (0, True)
