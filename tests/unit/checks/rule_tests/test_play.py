"""``tillwatch rules test``: what is expected is held against what rules say, and what differs is shown."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config.load import load_configuration
from config.loading.loader import load_yaml
from config.rules.rule_tests import RuleTestFile
from daemon.cli.rules.commands import rules_app
from daemon.cli.rules.tests import PACKAGED
from tests.unit.checks.rule_text import rule, rules

RUNNER = CliRunner()
FAILING = rule("{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 10}", breach="> 10%", more="for: 20s")
SILENT = rule("{value: latency_ms, stale_after: 10s}", identity="two", breach="> 1000", more="no_data: page")
INPUT = """
      - facts: payment.attempted
        every: 1s
        for: 60s
        with: {rail: card, amount_cents: 1, environment: green, outcome: failed}
"""


def played(tmp_path: Path, expect: str, *, given: str = INPUT) -> tuple[int, str]:
    (tmp_path / "mine.yaml").write_text(rules(FAILING, SILENT), encoding="utf-8")
    test = f"rule_files: [mine.yaml]\ntests:\n  - name: one\n    input:{given}    expect:\n      - {expect}\n"
    (tmp_path / "test.yaml").write_text(test, encoding="utf-8")
    result = RUNNER.invoke(rules_app, ["test", str(tmp_path / "test.yaml")])
    return result.exit_code, result.stdout + result.stderr


@pytest.mark.parametrize(
    "expect",
    [
        "{at: 5s, rule: one, findings: [{key: {environment: green}, state: no_data}]}",
        "{at: 20s, rule: one, findings: [{key: {environment: green}, state: pending}]}",
        "{at: 20s, rule: one}",
        "{at: 40s, rule: one, findings: [{state: breached}]}",
        "{at: 20s}",
        "{at: 80s, rule: two, findings: [{key: {environment: green}, state: no_data}]}",
    ],
)
def test_what_is_so_passes(tmp_path: Path, expect: str) -> None:
    assert played(tmp_path, expect)[0] == 0


@pytest.mark.parametrize(
    ("expect", "parts"),
    [
        ("{at: 40s, rule: one}", ("nothing fires", "environment=green: breached, 100 %, 41 samples", "test.yaml:10:9")),
        ("{at: 40s}", ("one at 40 s", "nothing fires")),
        ("{at: 80s, rule: two}", ("nothing fires", "environment=green: no_data")),
        ("{at: 20s, rule: one, findings: [{state: breached}]}", ("expected  all: breached", "green: pending")),
        ("{at: 20s, rule: one, findings: [{key: {environment: blue}}]}", ("no such key", "environment=green")),
        ("{at: 5s, rule: one, findings: [{state: cleared}]}", ("6 samples of 10 needed",)),
    ],
)
def test_what_is_not_so_exits_1_and_says_what_was_expected_and_what_came(
    tmp_path: Path, expect: str, parts: tuple[str, ...]
) -> None:
    code, said = played(tmp_path, expect)
    assert code == 1
    for part in parts:
        assert part in said


@pytest.mark.parametrize(
    ("expect", "given", "part"),
    [
        ("{at: 5s, rule: ones}", INPUT, "did you mean one?"),
        ("{at: 5s, rule: one, findings: [{key: {region: x}}]}", INPUT, "one has no key 'region'"),
        ("{at: 5s, findings: [{state: cleared}]}", INPUT, "of no rule"),
        ("{at: 20d}", INPUT, "ticks, at most"),
        ("{at: 5s}", INPUT.replace("every: 1s", "every: 1ms").replace("60s", "1h"), "facts, at most"),
        ("{at: 5s}", INPUT.replace("        for: 60s\n", ""), "add for: 60s"),
        ("{at: 5s}", INPUT + "        shares: [{share: 40%, with: {outcome: failed}}]\n", "add up to 100%"),
        ("{at: 5s}", INPUT.replace("rail:", "rial:"), "write rail"),
    ],
)
def test_what_cannot_be_played_exits_2_with_place_and_fix(tmp_path: Path, expect: str, given: str, part: str) -> None:
    code, said = played(tmp_path, expect, given=given)
    assert code == 2
    assert part in said
    assert "test.yaml:" in said


def test_json_has_every_test_with_its_failures(tmp_path: Path) -> None:
    played(tmp_path, "{at: 40s, rule: one}")
    result = RUNNER.invoke(rules_app, ["test", "--json", str(tmp_path / "test.yaml")])
    document = json.loads(result.stdout.splitlines()[-1])
    assert (result.exit_code, document["ok"]) == (1, False)
    assert document["tests"][0]["failures"][0]["rule"] == "one"


def test_the_packaged_rules_pass_their_tests() -> None:
    result = RUNNER.invoke(rules_app, ["test"])
    assert result.exit_code == 0, result.stdout


def test_every_packaged_rule_is_expected_to_breach_in_some_test() -> None:
    expected = {
        one.rule
        for path in PACKAGED.glob("*.yaml")
        for test in load_yaml(path, RuleTestFile).value.tests
        for one in test.expect
        for finding in one.findings
        if finding.state in {"breached", "no_data"}
    }
    rule_ids = {rule.id for file in load_configuration(None, {}).rule_files for rule in file.value.rules}
    assert rule_ids - expected == set(), "add tests of these rules to config/defaults/rule_tests/"
