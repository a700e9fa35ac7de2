"""Each warning of ``tillwatch rules lint``: a rule that earns it, and the rule beside it that does not."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from checks.facts import Fact, PaymentAttempted
from checks.lint import lint
from checks.linting.surroundings import Surroundings
from checks.rules import compile_rules
from config.load import DEFAULTS
from daemon import duties
from daemon.archive.lines import line_of
from daemon.cli.rules.commands import rules_app
from daemon.cli.rules.lint import INTERVALS
from tests.unit.checks.conftest import Load
from tests.unit.checks.rule_text import rule, rules

Parts = dict[str, Any]  # Arguments of rule().
RUNNER = CliRunner()
NOW_MS = 1_767_225_600_000
RATIO = "{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 100}"


def ratio(condition: str) -> str:
    return f'{{ratio: "{condition}", window: 60s, min_samples: 100}}'


def warnings(load: Load, *items: str, around: Surroundings | None = None) -> list[str]:
    loaded = load(rules(*items))
    around = Surroundings() if around is None else around
    return [f"{one.line}: {one.what}" for one in lint([loaded], compile_rules([loaded]), around)]


@pytest.mark.parametrize(
    ("item", "part"),
    [
        (rule(RATIO, breach="> 2%", where="rail == 'card' and rail == 'ach'"), "5: warning: no payment.attempted can"),
        (rule(RATIO, breach="> 2%", where="rail == 'card' or rail != 'card'"), "5: warning: every payment.attempted"),
        (rule(RATIO, breach="> 2%", where="outcome == 'declined'"), "7: warning: no fact that meets where"),
        (rule(RATIO, breach="> 2%", where="outcome == 'failed'"), "7: warning: every fact that meets where"),
        (rule(ratio("amount_cents / 0 > 1"), breach="> 2%"), "7: warning: amount_cents / 0 always divides by zero"),
        (rule("{value: 1 + 1, stale_after: 5m}", breach="> 2"), "7: warning: this reads no field"),
        (rule("{value: amount_cents % 0, stale_after: 5m}", breach="> 2"), "7: warning: amount_cents % 0 always"),
    ],
)
def test_a_condition_that_tells_nothing_apart_is_named_at_its_line(load: Load, item: str, part: str) -> None:
    (warning,) = warnings(load, item)
    assert part in warning


@pytest.mark.parametrize(
    "item",
    [
        rule(RATIO, breach="> 2%", where="rail == 'card' and amount_cents > 100 and amount_cents <= 100000"),
        rule(RATIO, breach="> 2%", where="outcome != 'declined'"),
        rule('{count: "true", window: 60s}', breach="> 200"),
        rule("{value: amount_cents / (amount_cents - 1), stale_after: 5m}", breach="> 2"),
    ],
)
def test_a_condition_that_may_be_meant_is_left_alone(load: Load, item: str) -> None:
    assert warnings(load, item) == []


LOWER = rule(RATIO, identity="low", breach="> 2%", severity="critical", do="[page, rollback.traffic]")


@pytest.mark.parametrize(
    "other",
    [
        rule(RATIO, identity="high", breach="> 5%", severity="critical", do="[page]"),
        rule(RATIO, identity="high", breach=">= 3%", severity="medium", more="mode: shadow"),
    ],
)
def test_a_rule_that_a_nearer_limit_makes_needless_is_named(load: Load, other: str) -> None:
    (warning,) = warnings(load, LOWER, other)
    assert "so low says all this rule says" in warning


@pytest.mark.parametrize(
    ("first", "other"),
    [
        (
            LOWER.replace("critical", "medium").replace("[page, rollback.traffic]", "[]"),
            {"severity": "high", "do": "[page]"},
        ),
        (LOWER + "    mode: shadow\n", {"severity": "low"}),
        (LOWER + "    for: 5m\n", {"severity": "low"}),
        (LOWER.replace("min_samples: 100", "min_samples: 200"), {"severity": "low"}),
        (LOWER.replace("60s", "5m"), {"severity": "low"}),
        (LOWER.replace("'failed'", "'declined'"), {"severity": "low"}),
    ],
)
def test_a_rule_that_says_more_or_sooner_is_left_alone(load: Load, first: str, other: Parts) -> None:
    assert warnings(load, first, rule(RATIO, identity="high", breach="> 5%", **other)) == []


@pytest.mark.parametrize(
    ("item", "around", "part"),
    [
        (rule(RATIO, breach="> 2%"), Surroundings(facts_per_second=1), "a window of 60 s holds 60, 100 are needed"),
        (rule(RATIO, breach="> 2%"), Surroundings(facts_per_second=2), ""),
        (rule(RATIO, breach="> 2%"), Surroundings(runbooks=frozenset({"rr"})), "there is no runbook 'r'"),
        (rule(RATIO, breach="> 2%"), Surroundings(runbooks=frozenset({"r"})), ""),
        (
            rule("{absent: 2m}", on="health.probed", where="subject == 'api'", per="[]"),
            Surroundings(intervals=INTERVALS),
            "come every 300 s",
        ),
        (
            rule("{absent: 2m}", on="health.probed", where="subject == 'database' and check == ''", per="[]"),
            Surroundings(intervals=INTERVALS),
            "",
        ),
        (
            rule("{value: ratio, stale_after: 1h}", on="ach.return_rate", per="[region]", breach="> 2%"),
            Surroundings(intervals=INTERVALS),
            "come every 3600 s",
        ),
    ],
)
def test_what_does_not_fit_its_surroundings_is_named(load: Load, item: str, around: Surroundings, part: str) -> None:
    found = warnings(load, item, around=around)
    assert len(found) == bool(part)
    assert part in "".join(found)


def test_the_intervals_are_those_of_the_duties() -> None:
    assert INTERVALS["health.probed", ""] == duties.HEALTH_SECONDS
    assert INTERVALS["health.probed", "aws-payment-processor"] == duties.CORES_SECONDS
    assert INTERVALS["health.probed", "database"] == duties.LEDGER_SECONDS


def payment(number: int, outcome: str) -> Fact:
    return PaymentAttempted(
        id=str(number),
        at_ms=NOW_MS + number * 1_000,
        subject="s",
        environment="green",
        rail="card",
        outcome=outcome,  # type: ignore[arg-type]  # the tests write plain words
        amount_cents=1,
    )


def on_archive(tmp_path: Path, *items: str) -> list[str]:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mine.yaml").write_text(rules(*items), encoding="utf-8")
    facts = [payment(number, "failed" if number % 10 == 0 else "succeeded") for number in range(120)]
    (tmp_path / "facts.jsonl").write_bytes(b"".join(map(line_of, facts)))
    words = ["lint", "--config", str(tmp_path), "--archive", str(tmp_path / "facts.jsonl"), "--json"]
    result = RUNNER.invoke(rules_app, words)
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout.splitlines()[-1])["warnings"]
    return [one["what"] for one in found if "runbook" not in one["what"]]


SMALL = "{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 50}"


@pytest.mark.parametrize(
    ("item", "part"),
    [
        (rule(SMALL, breach="> 5%"), ""),
        (rule(SMALL, breach="> 50%"), "one never fires on the archive, in 120 facts"),
        (rule(RATIO, breach="> 5%"), "of the archive's 120 facts no key ever had the 100 that are needed"),
        (rule(SMALL, breach="> 5%", where="rail == 'ach'"), "none of the archive's 120 payment.attempted meets this"),
        (rule("{value: ratio, stale_after: 3h}", on="ach.return_rate", breach="> 2%"), "holds no ach.return_rate"),
    ],
)
def test_a_rule_is_tried_on_an_archive(tmp_path: Path, item: str, part: str) -> None:
    found = on_archive(tmp_path, item)
    assert len(found) == bool(part)
    assert part in "".join(found)


def test_an_archive_that_is_none_exits_2(tmp_path: Path) -> None:
    result = RUNNER.invoke(rules_app, ["lint", "--archive", str(tmp_path / "nowhere")])
    assert result.exit_code == 2
    assert "neither a directory nor a file" in result.stderr


def test_an_operators_runbook_is_known_beside_the_packaged_ones(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    own = rule(RATIO, breach="> 2%").replace("runbook: r", "runbook: our-own")
    (tmp_path / "rules" / "mine.yaml").write_text(rules(own), encoding="utf-8")
    words = ["lint", "--config", str(tmp_path)]
    assert "there is no runbook 'our-own'" in RUNNER.invoke(rules_app, words).stdout
    (tmp_path / "runbooks.md").write_text("# Ours\n\n## our-own\n\nCall Ada.\n", encoding="utf-8")
    assert "0 warnings" in RUNNER.invoke(rules_app, words).stdout


def test_every_runbook_says_something() -> None:
    parts = (DEFAULTS / "runbooks.md").read_text("utf-8").split("\n## ")[1:]
    assert parts
    assert [part.splitlines()[0] for part in parts if len(part.split()) < 20] == []
