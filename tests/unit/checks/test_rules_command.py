"""``tillwatch rules``: exit codes, what is printed, and where values come from."""

import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from daemon.cli.rules.commands import rules_app
from tests.unit.checks.rule_text import rule, rules

RUNNER = CliRunner()


def directory(tmp_path: Path, text: str) -> str:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mine.yaml").write_text(text, encoding="utf-8")
    return str(tmp_path)


def test_the_packaged_rules_pass() -> None:
    result = RUNNER.invoke(rules_app, ["lint", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout.splitlines()[-1])["warnings"] == []


def test_a_mistake_exits_2_with_file_line_and_caret(tmp_path: Path) -> None:
    text = rules(rule("{ratio: \"outcome == 'faild'\", window: 60s}", breach="> 2%"))
    result = RUNNER.invoke(rules_app, ["lint", "--config", directory(tmp_path, text)])
    assert result.exit_code == 2
    assert "mine.yaml:7:34: outcome is never 'faild'" in result.stderr
    assert "fix: write 'failed'" in result.stderr
    assert "^^^^^^^" in result.stderr


def test_a_warning_is_printed_and_exits_0(tmp_path: Path) -> None:
    text = rules(rule("{ratio: \"outcome == 'failed'\", window: 60s}", breach="> 100%"))
    result = RUNNER.invoke(rules_app, ["lint", "--config", directory(tmp_path, text)])
    assert result.exit_code == 0
    assert "cannot breach" in result.stdout


def test_explain_says_what_is_measured_and_how_fast_it_sees_a_fault() -> None:
    result = RUNNER.invoke(rules_app, ["explain", "payment-failure-rate", "--rate", "40"])
    assert result.exit_code == 0
    assert "outcome == 'failed'" in result.stdout
    assert "0.62 s" in result.stdout


def test_an_unknown_rule_exits_2_with_the_likely_one() -> None:
    result = RUNNER.invoke(rules_app, ["explain", "payment-failure-rat"])
    assert result.exit_code == 2
    assert "did you mean payment-failure-rate?" in result.stderr


def answering(monkeypatch: pytest.MonkeyPatch, code: int, body: object, **others: object) -> None:
    """The daemon's answers: body to /api/v1/rules, and by name to the other resources."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "Bearer secret"
        name = request.url.path.rpartition("/")[2]
        return httpx.Response(code, json=body if name == "rules" else others.get(name, {}))

    transport = httpx.MockTransport(answer)
    client = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **_: client(transport=transport))


EXPLAIN = ["explain", "payment-failure-rate", "--url", "http://127.0.0.1:1", "--token", "secret"]
GREEN = {"key": {"environment": "green"}, "state": "breached", "shown": "5.1 %", "value": 0.051, "samples": 120}


def test_a_running_daemon_gives_current_values_and_why(monkeypatch: pytest.MonkeyPatch) -> None:
    decision = {
        "sequence": 7,
        "at_ms": 2_000,
        "fingerprint": "payment-failure-rate[environment=green]",
        "act": False,
        "reason": "cooling_down",
        "detail": "dns:payments.tillwatch.test was acted on 20 s ago, the cool-down is 300 s",
    }
    rules = {"rules": [{"id": "payment-failure-rate", "readings": [{**GREEN, "since_ms": 1_000}]}]}
    earlier = {**decision, "sequence": 3, "reason": "frozen"}
    answering(
        monkeypatch,
        200,
        rules,
        status={"now_ms": 3_000},
        actions={"not_taken": [decision]},
        incidents={"incidents": [{"decisions": [earlier]}]},
    )
    result = RUNNER.invoke(rules_app, EXPLAIN)
    assert result.exit_code == 0
    assert "environment=green: breached, 5.1 %, 120 samples" in result.stdout
    assert "fires since 1970-01-01 00:00:01 UTC: 5.1 %; 2% rather than 0.5%" in result.stdout
    assert "Nothing was done (cooling_down): dns:payments.tillwatch.test was acted on 20 s ago" in result.stdout


def test_a_decision_about_an_earlier_breach_says_nothing_about_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    old = {"sequence": 1, "at_ms": 500, "fingerprint": "payment-failure-rate[environment=green]", "act": True}
    answering(
        monkeypatch,
        200,
        {"rules": [{"id": "payment-failure-rate", "readings": [{**GREEN, "since_ms": 1_000}]}]},
        status={"now_ms": 3_000},
        actions={"not_taken": [{**old, "reason": "breached", "detail": "x"}]},
    )
    assert "Nothing was decided about it yet" in RUNNER.invoke(rules_app, EXPLAIN).stdout


@pytest.mark.parametrize(("status", "exit_code"), [(401, 3), (500, 3), (200, 3)])
def test_a_daemon_that_gives_no_rules_exits_3(monkeypatch: pytest.MonkeyPatch, status: int, exit_code: int) -> None:
    answering(monkeypatch, status, {})
    assert RUNNER.invoke(rules_app, EXPLAIN).exit_code == exit_code


def test_a_daemon_without_the_rule_exits_1(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, 200, {"rules": []})
    assert RUNNER.invoke(rules_app, EXPLAIN).exit_code == 1
