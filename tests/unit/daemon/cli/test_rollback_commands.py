"""``rollback`` against the daemon's doors: what is asked before, what is sent, what is said, and the exit codes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daemon.aftermath.compensations import SETTLE_MS
from daemon.cli import app
from remediation.journal.guardrail_kinds import ApprovalGiven
from tests.unit.daemon.cli.release_commands import Line, document, run
from tests.unit.daemon.http.doors.release_doors import Doors
from tests.unit.daemon.rollbacks.house import House, opened_house
from tests.unit.remediation.compensation.books import record
from tests.unit.remediation.worlds import ROLLED_BACK

WHY = ("--reason", "payments are slow")


class Place:
    """A house, and the line to its doors."""

    def __init__(self, house: House, loop: asyncio.Runner) -> None:
        self.house, self.loop = house, loop
        self.line = Line(Doors(house.writer, parts=house.parts).app, loop)

    def later(self, seconds: float) -> None:
        """Time passes, and the daemon ticks."""

        async def tick() -> None:
            await self.house.clock.sleep(seconds)
            await self.house.parts.rollbacks.tick()
            await self.house.parts.look_back()

        self.loop.run(tick())

    def approve(self) -> None:
        """Bob says yes to the newest question."""
        question = list(self.house.writer.state.approvals.values())[-1]
        given = ApprovalGiven(approval_id=question.id, digest=question.digest)
        self.loop.run(self.house.writer.append(given, "bob"))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Waiting commands let half a minute pass in the daemon."""
    with asyncio.Runner() as loop:
        opening = opened_house(tmp_path)
        made = Place(loop.run(opening.__aenter__()), loop)
        made.line.connect(monkeypatch)
        monkeypatch.setattr("time.sleep", lambda _: made.later(30))
        yield made
        loop.run(opening.__aexit__(None, None, None))


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("traffic", *WHY), "traffic"),
        (("emergency", *WHY), "emergency"),
        (("--deployment-id", "dep-1"), "traffic"),
    ],
)
def test_traffic_is_given_back_after_a_question_and_the_steps_are_told(
    place: Place, words: tuple[str, ...], kind: str
) -> None:
    result = run("operator", "rollback", *words, typed="y\n")
    assert result.exit_code == 0, result.stderr
    assert place.house.world.weights == ROLLED_BACK
    assert "complete" in result.stdout
    assert "traffic: done: verified" in result.stderr
    ((path, body),) = place.line.writes
    assert (path, body["kind"], body["force"]) == ("rollbacks", kind, False)
    assert (place.house.core.now == "holding") == (kind == "emergency")


@pytest.mark.parametrize(
    "words", [("traffic", *WHY), ("emergency", *WHY), ("complete", *WHY), ("--deployment-id", "dep-1")]
)
def test_a_no_to_the_question_sends_nothing(place: Place, words: tuple[str, ...]) -> None:
    result = run("operator", "rollback", *words, typed="n\n")
    assert (result.exit_code, place.line.sent, place.house.world.writes) == (1, [], [])
    assert "nothing was changed" in result.stderr


def test_force_asks_nothing_and_the_answer_can_be_read_by_a_program(place: Place) -> None:
    told = document(run("operator", "rollback", "traffic", *WHY, "--force", "--json"))
    assert (told["asked_by"], told["complete"]) == ("operator-ann", True)
    assert place.line.writes[0][1]["force"] is True


@pytest.mark.parametrize("misplaced", [("--deployment-id", "dep-0"), ("--force",), ("--reason", "x")])
def test_an_option_before_the_command_is_refused_and_no_other_release_is_meant(
    place: Place, misplaced: tuple[str, ...]
) -> None:
    result = run("operator", "rollback", *misplaced, "traffic", *WHY)
    assert (result.exit_code, place.line.sent) == (2, [])
    assert f"{misplaced[0]} stands before traffic" in result.stderr
    assert "write it after traffic" in result.stderr


def test_a_rollback_that_is_partial_is_exit_code_1_and_names_what_is_not_done(place: Place) -> None:
    place.house.world.healthy = False
    result = run("operator", "rollback", "traffic", *WHY, "--force")
    assert (result.exit_code, "partial, not done: traffic" in result.stdout) == (1, True)
    assert "503" in result.stderr


def test_a_complete_rollback_needs_another_person_and_is_then_followed_to_its_end(place: Place) -> None:
    refused = run("operator", "rollback", "complete", *WHY, "--force")
    assert (refused.exit_code, "another person has to approve" in refused.stderr) == (1, True)
    place.approve()
    result = run("operator", "rollback", "complete", *WHY, "--force")
    assert result.exit_code == 0, result.stdout + result.stderr
    told = [line.partition(":")[0] for line in result.stderr.splitlines()]
    assert told[:2] == ["traffic", "flags"]
    assert told[-1] == "communication"
    assert place.house.place.running["green"] == 0


def test_which_release_has_to_be_said_and_a_name_that_nobody_has_is_a_no(place: Place) -> None:
    none = run("operator", "rollback")
    assert (none.exit_code, "emergency, traffic, complete" in none.stderr) == (2, True)
    for kind in ("traffic", "emergency", "complete"):
        without = run("operator", "rollback", kind)
        assert (without.exit_code, "--reason" in without.stderr) == (2, True)
    stranger = run("operator", "rollback", "--deployment-id", "dep-9", "--force")
    assert (stranger.exit_code, "dep-9" in stranger.stderr) == (1, True)
    assert place.house.world.writes == []


def test_who_may_not_and_who_is_not_known_take_nothing_back(place: Place) -> None:
    assert run("viewer", "rollback", "traffic", *WHY, "--force").exit_code == 1
    assert run("viewer", "rollback", "rehearse").exit_code == 1
    stranger = CliRunner().invoke(app, ["rollback", "traffic", *WHY, "--force", "--token", "wrong"])
    assert (stranger.exit_code, "--token or TILLWATCH_TOKEN" in stranger.stderr) == (3, True)
    assert place.house.world.writes == []


@pytest.mark.parametrize(
    "words", [("traffic", *WHY, "--force"), ("--deployment-id", "dep-1", "--force"), ("rehearse",), ("payments",)]
)
def test_without_a_daemon_the_exit_code_is_3(words: tuple[str, ...]) -> None:
    gone = CliRunner().invoke(app, ["rollback", *words, "--url", "http://127.0.0.1:9"])
    assert (gone.exit_code, "is the daemon running there?" in gone.stderr) == (3, True)


def test_a_rehearsal_says_how_long_the_way_back_takes_or_why_it_failed(place: Place) -> None:
    split = run("operator", "rollback", "rehearse")
    assert (split.exit_code, "is split" in split.stderr) == (1, True)
    place.house.world.weights = {"blue": 100, "green": 0}
    good = run("operator", "rollback", "rehearse")
    assert (good.exit_code, "the way back was tried" in good.stdout) == (0, True)
    assert document(run("operator", "rollback", "rehearse", "--json"))["drill"] is True


def test_wrong_payments_are_listed_until_all_are_put_right(place: Place) -> None:
    none = run("viewer", "rollback", "payments")
    assert (none.exit_code, none.stdout) == (0, "no release was rolled back\n")
    assert run("operator", "rollback", "traffic", *WHY, "--force").exit_code == 0
    place.later(SETTLE_MS / 1000)
    left = run("viewer", "rollback", "payments")
    assert left.exit_code == 1
    assert "pay_1  refund $12.50" in left.stdout
    assert len(document(run("viewer", "rollback", "payments", "--json"))["compensations"]) == 1  # type: ignore[arg-type]  # a list
    place.house.books.records["pay_1"] = record("pay_1", status="canceled")
    looked = run("operator", "rollback", "payments", "--deployment-id", "dep-1")
    assert (looked.exit_code, "0 payments" in looked.stdout) == (0, True)
    assert run("operator", "rollback", "payments", "--deployment-id", "../livez").exit_code == 2
