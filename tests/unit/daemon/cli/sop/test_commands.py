"""``tillwatch sop``: what is listed, walked, taken up again, asked and rehearsed, with its exit codes."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from config.load import load_configuration
from daemon.cli import app
from daemon.cli.sop.contacts import ContactList
from daemon.cli.sop.diagnosing import Diagnosis
from daemon.cli.sop.seen import Done
from daemon.cli.sop.walking import Plan, RunDocument
from tests.unit.daemon.cli.sop.fake_daemon import FakeDaemon, reached

RUNNER = CliRunner()
PACKAGED = load_configuration(None, {})
HEALTHY, BALANCED = '{"status":"healthy","components":[]}', '{"balanced":true}'


class FakeProgram:
    """Answers every command alike; ran: those that were asked for. code: of everything that is not JSON."""

    ran: list[tuple[str, ...]]
    status = "healthy"
    balanced = True

    def __init__(self, *_: object) -> None: ...

    def run(self, command: Sequence[str], seconds: float) -> Done:
        """See Runs."""
        assert seconds > 0
        FakeProgram.ran.append(tuple(command))
        if command[1] == "health":
            return Done(0, msgspec.json.encode({"status": FakeProgram.status}).decode())
        if command[1] == "ledger":
            return Done(
                0 if FakeProgram.balanced else 1, msgspec.json.encode({"balanced": FakeProgram.balanced}).decode()
            )
        return Done(0, "done\n")


@pytest.fixture(autouse=True)
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What was run of the program itself."""
    FakeProgram.ran, FakeProgram.status, FakeProgram.balanced = [], "healthy", True
    monkeypatch.setattr("daemon.cli.sop.walking.Program", FakeProgram)
    monkeypatch.setattr("daemon.cli.sop.diagnosing.Program", FakeProgram)
    monkeypatch.setattr("daemon.cli.sop.files.load_configuration", lambda _: PACKAGED)
    return FakeProgram.ran


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> FakeDaemon:
    return reached(monkeypatch)


def sop(*words: str, typed: str = "") -> Result:
    """One command; typed: what a person answers."""
    return RUNNER.invoke(app, ["sop", *words], input=typed)


def asked(folder: Path, *words: str, typed: str = "") -> Result:
    """One command that asks the daemon, beside this folder."""
    return sop(*words, "--url", "http://127.0.0.1:1", "--data-dir", str(folder), typed=typed)


def document(result: Result) -> RunDocument:
    """The last line of stdout."""
    return msgspec.json.decode(result.stdout.splitlines()[-1], type=RunDocument)


def test_procedures_are_listed_with_what_they_answer_and_shown_by_either_name() -> None:
    listed = sop("list")
    assert listed.exit_code == 0
    assert "latency: Answers take too long (within 30 min)" in listed.stdout
    assert sop("show", "slow-payments").stdout == sop("show", "latency").stdout
    assert "sop diagnose latency" in sop("show", "latency").stdout
    assert len(msgspec.json.decode(sop("list", "--family", "routine", "--json").stdout)["procedures"]) > 3
    assert msgspec.json.decode(sop("show", "latency", "--json").stdout)["name"] == "latency"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("show", "latenc"), 2, "did you mean latency?"),
        (("list", "--family", "incidnet"), 2, "name one of emergency, incident"),
        (("run", "emergency-shutdown"), 2, "give --set reason="),
        (("run", "emergency-shutdown", "--set", "reason=--force"), 2, "no dash first"),
        (("run", "emergency-shutdown", "--set", "reasn=x"), 2, "known: reason"),
        (("run", "emergency-shutdown", "--set", "reason"), 2, "write --set"),
        (("run", "incident-response", "--set", "reason=x", "--set", "incident=latest"), 2, "write inc-"),
        (("run", "latency", "--incident", "seven"), 2, "incidents list"),
        (("resume", "../../x"), 2, "copy it from sop status"),
        (("status", "x"), 2, "copy it from sop status"),
        (("diagnose", "latency", "--from", "nowhere"), 2, "known: where"),
        (("drill", "--scenario", "healthy"), 2, "loses nothing"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_fix(words: tuple[str, ...], code: int, said: str) -> None:
    result = sop(*words)
    assert (result.exit_code, said in " ".join(result.stderr.split())) == (code, True), result.stderr


def test_a_dry_run_says_each_step_and_does_and_records_nothing(
    daemon: FakeDaemon, ran: list[tuple[str, ...]], tmp_path: Path
) -> None:
    result = asked(tmp_path, "run", "emergency-shutdown", "--set", "reason=a trial", "--dry-run", "--json")
    plan = msgspec.json.decode(result.stdout, type=Plan)
    held = next(one for one in plan.steps if one.step == "hold-payments")
    assert (held.nature, held.command[4]) == ("harms", "a trial")
    assert (ran, daemon.entries, list(tmp_path.iterdir())) == ([], [], [])


def test_a_run_is_walked_to_its_end_with_answers_given_before(
    daemon: FakeDaemon, ran: list[tuple[str, ...]], tmp_path: Path
) -> None:
    result = asked(tmp_path, "run", "daily-cost-check", "--answer", "read=no", "--json")
    assert result.exit_code == 0, result.stderr
    found = document(result)
    assert (found.end, found.journaled, found.run.outcome, found.run.begun_by) == ("done", True, "done", "ann")
    assert ("tillwatch", "costs", "report") in ran
    assert daemon.runs[found.run.id].is_over


def test_nobody_at_the_terminal_stops_it_where_it_asks_and_it_is_gone_on_with(
    daemon: FakeDaemon, ran: list[tuple[str, ...]], tmp_path: Path
) -> None:
    first = asked(tmp_path, "run", "emergency-shutdown", "--set", "reason=x", "--yes", "--json")
    found = document(first)
    assert (first.exit_code, found.end, found.step) == (1, "waits", "stop-automation")
    assert all(words[1:3] == ("incidents", "list") for words in ran), "what harms is asked also with --yes"
    assert f"sop resume {found.run.id}" in first.stderr
    FakeProgram.status = "degraded"
    typed = "skip\nmaybe\nyes\nno\n"
    second = asked(tmp_path, "resume", found.run.id, "--json", typed=typed)
    again = document(second)
    assert (second.exit_code, again.end, again.step) == (1, "waits", "hold-instant-payouts")
    assert [one.about for one in again.run.answers] == ["stop-automation", "hold-payments", "hold-instant-payouts"]
    assert "write one of yes, no, skip" in second.stderr
    ended = asked(tmp_path, "resume", found.run.id, "--abandon", "a trial")
    assert (ended.exit_code, "given up: a trial" in ended.stdout) == (0, True)
    assert asked(tmp_path, "resume", found.run.id).exit_code == 1
    assert daemon.runs[found.run.id].outcome == "abandoned"


@pytest.mark.parametrize("value", ["--url=https://elsewhere.example", "--help", "inc-1\x1b[2K", "prod", ""])
def test_nobody_goes_on_with_a_run_that_somebody_began_with_an_option_or_an_escape_in_place_of_a_value(
    daemon: FakeDaemon, ran: list[tuple[str, ...]], tmp_path: Path, value: str
) -> None:
    given = ("--set", "incident=inc-1", "--set", "reason=x")
    run_id = document(asked(tmp_path, "run", "incident-response", *given, "--json")).run.id
    daemon.runs[run_id] = replace(daemon.runs[run_id], parameters={"incident": value, "reason": "x"})
    ran.clear()
    result = asked(tmp_path, "resume", run_id, "--answer", "take-on=yes")
    assert (result.exit_code, "which is no incident" in result.stderr, "\x1b" in result.stderr) == (1, True, False)
    assert asked(tmp_path, "undo", run_id, "--answer", "take-on.undo=yes").exit_code == 1
    assert ran == [], "commands run with the token of whoever goes on"
    assert asked(tmp_path, "resume", run_id, "--abandon", "unfit incident").exit_code == 0


def test_a_failed_step_leads_to_its_question_and_its_answers_are_recorded(daemon: FakeDaemon, tmp_path: Path) -> None:
    FakeProgram.balanced = False
    result = asked(tmp_path, "run", "double-charge", "--json")
    found = document(result)
    assert (result.exit_code, found.step) == (1, "books")
    assert f"sop diagnose double-charge --from which --run {found.run.id}" in " ".join(result.stderr.split())
    diagnosed = asked(tmp_path, "diagnose", "double-charge", "--run", found.run.id, "--json")
    said = msgspec.json.decode(diagnosed.stdout, type=Diagnosis)
    assert ([one.answer for one in said.way], said.procedure_next) == (["no"], "ledger-imbalance")
    assert [one.about for one in daemon.runs[found.run.id].answers] == ["?which"]


@pytest.mark.parametrize(
    ("status", "answers", "leads"),
    [
        ("unhealthy", (), "sop run core-outage"),
        ("healthy", ("--answer", "counted=yes"), "sop run broker-loss"),
        ("healthy", ("--answer", "counted=no"), "the step front"),
    ],
)
def test_a_diagnosis_looks_by_itself_and_asks_what_only_a_person_sees(
    tmp_path: Path, status: str, answers: tuple[str, ...], leads: str
) -> None:
    FakeProgram.status = status
    result = asked(tmp_path, "diagnose", "no-payments", *answers)
    assert (result.exit_code, leads in result.stdout) == (0, True), result.stdout


def test_a_question_that_nobody_answers_is_no_answer(tmp_path: Path) -> None:
    result = asked(tmp_path, "diagnose", "no-payments")
    assert (result.exit_code, "nobody answered" in result.stderr) == (1, True)


def test_without_a_daemon_a_run_is_walked_written_down_and_sent_by_status(daemon: FakeDaemon, tmp_path: Path) -> None:
    daemon.away = True
    result = asked(tmp_path, "run", "daily-cost-check", "--answer", "read=yes", "--json")
    found = document(result)
    assert (result.exit_code, found.end, found.journaled, found.run.late) == (0, "done", False, True)
    assert "written down here" in result.stderr
    local = asked(tmp_path, "status", "--all")
    assert (local.exit_code, found.run.id in local.stdout) == (0, True)
    daemon.away = False
    sent = asked(tmp_path, "status", "--all")
    assert f"{found.run.id}  daily-cost-check, begun by ann" in sent.stdout
    assert daemon.runs[found.run.id].outcome == "done"
    shown = asked(tmp_path, "status", found.run.id)
    assert "a part of it was written down while no daemon answered" in shown.stdout
    assert asked(tmp_path, "status", "run-20261127t034500z-ffffff").exit_code == 1


def test_a_no_of_the_daemon_ends_the_command_before_anything_is_done(
    daemon: FakeDaemon, ran: list[tuple[str, ...]], tmp_path: Path
) -> None:
    daemon.declines["procedure.begun"] = (409, "different: the daemon has another latency")
    result = asked(tmp_path, "run", "latency")
    assert (result.exit_code, "the daemon has another latency" in result.stderr, ran) == (1, True, [])
    daemon.declines["procedure.begun"] = (403, "This needs the role operator")
    assert asked(tmp_path, "run", "latency").exit_code == 1
    daemon.declines["procedure.begun"] = (401, "Send a bearer token")
    assert asked(tmp_path, "run", "latency").exit_code == 3


def test_what_was_done_is_taken_back_and_nothing_else(
    daemon: FakeDaemon, ran: list[tuple[str, ...]], tmp_path: Path
) -> None:
    FakeProgram.status = "degraded"
    answers = [f"{name}=yes" for name in ("stop-automation", "stop-automation.seen", "hold-payments")]
    words = [word for answer in answers for word in ("--answer", answer)]
    run_id = document(asked(tmp_path, "run", "emergency-shutdown", "--set", "reason=x", "--json", *words)).run.id
    ran.clear()
    result = asked(tmp_path, "undo", run_id, "--answer", "stop-automation.undo=yes")
    assert (result.exit_code, ran) == (0, [("tillwatch", "resume-automation", "--reason", "x", "--force")])
    assert daemon.runs[run_id].results["stop-automation"].state == "undone"
    assert asked(tmp_path, "undo", run_id).exit_code == 1


def test_contacts_are_in_the_order_in_which_they_are_called_with_who_is_on_duty() -> None:
    result = sop("contacts", "--at", "2026-11-27T03:00:00-05:00", "--json")
    found = msgspec.json.decode(result.stdout, type=ContactList).contacts
    assert [one.person for one in found][:1] == ["on-call-engineer"]
    assert (found[0].on_duty, found[0].ways[0].address) == (["on-call"], "+1-555-ONCALL")
    by_name = {one.person: one.called for one in found}
    assert (by_name["engineering-manager"]["matrix"], by_name["executive-team"]["matrix"]) == (900.0, 3600.0)
    assert "security@company.com" in sop("contacts").stdout
