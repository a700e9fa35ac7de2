"""``flags report`` says what each variant did, what can be told of the difference, and how often that is wrong."""

import httpx
import msgspec
import pytest
from typer.testing import CliRunner, Result

from daemon.cli import app
from daemon.cli.flags.report import report_lines
from daemon.http.doors.flag_report import FlagReportList
from remediation.flags.experiments.report import report_of
from remediation.flags.experiments.run import Run
from remediation.flags.experiments.splits import Split
from tests.unit.remediation.flags.exposed import EVERY_MS, START_MS, Behaviour, capture, drawn

RUNNER = CliRunner()
HALVES = Split(shares={"on": 0.5, "off": 0.5}, control="off")


def _run(payments: int, *, failed: float = 0.01, on: float = 0.5) -> Run:
    run = Run.begun("new-form", HALVES, START_MS)
    behaviours = {"on": Behaviour(failed=failed), "off": Behaviour(failed=0.01)}
    for variant, attempt in drawn({"on": on, "off": 1 - on}, behaviours, payments):
        run.take(attempt, variant, attempt.at_ms)
        run.capture(capture(attempt, 41_500_000), variant)
    run.weigh(START_MS + payments * EVERY_MS + 60_000)
    return run


def _asked(monkeypatch: pytest.MonkeyPatch, answer: httpx.Response, *arguments: str) -> Result:
    asked: list[str] = []

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return answer

    client = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **_: client(transport=httpx.MockTransport(answered)))
    result = RUNNER.invoke(app, ["flags", "report", *arguments, "--url", "http://127.0.0.1:1"])
    flag = arguments[0] if arguments and not arguments[0].startswith("-") else ""
    assert asked in ([], [f"/api/v1/flags/report?flag={flag}" if flag else "/api/v1/flags/report"])
    return result


def test_an_open_experiment_says_how_many_payments_are_still_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    told = FlagReportList(reports=[report_of(_run(400))])
    shown = _asked(monkeypatch, httpx.Response(200, content=msgspec.json.encode(told)), "new-form")
    assert shown.exit_code == 0
    assert "new-form: undecided" in shown.stdout
    assert "no difference can be told yet: 400 of about" in shown.stdout
    assert "off*" in shown.stdout
    assert "41.50" in shown.stdout
    assert "in 5 % of experiments at the most" in shown.stdout


def test_as_json_it_is_what_the_daemon_said(monkeypatch: pytest.MonkeyPatch) -> None:
    told = FlagReportList(reports=[report_of(_run(50))])
    shown = _asked(monkeypatch, httpx.Response(200, content=msgspec.json.encode(told)), "--json")
    assert msgspec.json.decode(shown.stdout, type=FlagReportList) == told


def test_a_worse_variant_is_named_with_by_how_much() -> None:
    lines = report_lines(report_of(_run(3_000, failed=0.1)))
    assert lines[0] == "new-form: worse"
    assert "so on is worse" in lines[1]
    assert not any("WARNING" in line for line in lines)


def test_a_split_that_is_not_as_asked_is_a_warning() -> None:
    lines = report_lines(report_of(_run(3_000, on=0.35)))
    assert lines[0] == "new-form: mismatch"
    assert any(line.startswith("  WARNING customers do not come as they are drawn") for line in lines)


def test_before_the_first_payment_nothing_is_compared_and_an_ended_one_says_why() -> None:
    run = Run.begun("new-form", HALVES, START_MS)
    run.end(START_MS + 1)
    lines = report_lines(report_of(run, "everybody gets off"))
    assert lines[0] == "new-form: no data, has ended"
    assert "  not compared now: everybody gets off" in lines
    assert not any("difference" in line for line in lines)


def test_without_experiments_it_says_how_to_begin_one(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = httpx.Response(200, content=msgspec.json.encode(FlagReportList(reports=[])))
    shown = _asked(monkeypatch, empty)
    assert shown.exit_code == 0
    assert "ramp one" in shown.stdout


@pytest.mark.parametrize(("name", "exit_code"), [("old-form", 1), ("../../livez", 2)])
def test_a_flag_that_has_no_experiment_or_cannot_be_one(
    monkeypatch: pytest.MonkeyPatch, name: str, exit_code: int
) -> None:
    refused = httpx.Response(404, content=b'{"title": "Not Found", "detail": "old-form has no experiment"}')
    assert _asked(monkeypatch, refused, name).exit_code == exit_code
