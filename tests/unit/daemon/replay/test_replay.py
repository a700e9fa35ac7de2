"""``tillwatch rules replay``: what a live engine would say, old beside new, and nothing is sent."""

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from checks.engine import Engine
from checks.facts import Deployment, Fact, PaymentAttempted
from checks.rules import compile_rules
from config.load import load_rule_files
from config.policy import Policy
from daemon.archive.lines import line_of
from daemon.cli.rules.commands import rules_app
from daemon.replay.picture import picture
from daemon.replay.run import Side, replay
from tests.unit.checks.rule_text import rule, rules

RUNNER = CliRunner()
NOW_MS = 1_767_225_600_000
RATIO = "{ratio: \"outcome == 'failed'\", window: 60s, min_samples: 20}"


def failing(breach: str, **changes: Any) -> str:  # noqa: ANN401 - parts of a rule as text.
    return rule(
        RATIO, **{"breach": breach, "clear": "< 1%", "severity": "critical", "do": "[rollback.traffic]", **changes}
    )


def history(bad_seconds: range = range(60, 120), seconds: int = 240) -> list[Fact]:
    """Ten payments a second on green, one in ten failed while it is bad; a rollout that began before."""
    facts: list[Fact] = [
        Deployment(
            id="d",
            at_ms=NOW_MS,
            subject="dep-1",
            environment="green",
            version="2.0.0",
            status="in_progress",
            previous_environment="blue",
            previous_version="1.0.0",
        )
    ]
    for number in range(seconds * 10):
        bad = number // 10 in bad_seconds and number % 10 == 0
        facts.append(
            PaymentAttempted(
                id=f"p{number}",
                at_ms=NOW_MS + 1_000 + number * 100,
                subject="s",
                environment="green",
                rail="card",
                outcome="failed" if bad else "succeeded",
                amount_cents=1,
            )
        )
    return facts


def archive(tmp_path: Path, facts: Iterable[Fact], *more: bytes) -> Path:
    directory = tmp_path / "archive"
    directory.mkdir()
    lines = b"".join(line_of(fact) for fact in facts) + b"".join(more)
    (directory / "facts-20260101T000000Z-000.jsonl").write_bytes(lines)
    return directory


def rule_file(tmp_path: Path, name: str, *items: str) -> str:
    path = tmp_path / name
    path.write_text(rules(*items), encoding="utf-8")
    return str(path)


def replayed(*words: object) -> Any:  # noqa: ANN401 - a JSON document.
    result = RUNNER.invoke(rules_app, ["replay", *map(str, words), "--json"])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def test_a_higher_limit_would_not_have_rolled_back_and_the_old_one_would_have_once(tmp_path: Path) -> None:
    place = archive(tmp_path, history())
    new, old = rule_file(tmp_path, "new.yaml", failing("> 50%")), rule_file(tmp_path, "old.yaml", failing("> 5%"))
    report = replayed(place, "--rules", new, "--against", old)
    assert [(one["fired"], one["incidents"], one["acted"]) for one in report["new"]["rules"]] == [(0, 0, 0)]
    assert [(one["fired"], one["incidents"], one["acted"]) for one in report["old"]["rules"]] == [(1, 1, 1)]
    (action,) = report["old"]["actions"]
    assert (action["action"], action["rule_id"]) == ("rollback.traffic", "one")
    assert "back to 1.0.0 on blue" in action["detail"]


def test_a_rule_in_shadow_fires_and_does_nothing_and_the_report_says_why(tmp_path: Path) -> None:
    place = archive(tmp_path, history())
    shadow = rule_file(tmp_path, "new.yaml", failing("> 5%", more="mode: shadow"))
    result = RUNNER.invoke(rules_app, ["replay", str(place), "--rules", shadow])
    assert result.exit_code == 0
    assert "one did nothing: shadow_mode 1 x" in result.stdout
    (one,) = replayed(place, "--rules", shadow)["new"]["rules"]
    assert (one["fired"], one["incidents"], one["acted"]) == (1, 0, 0)


def test_the_policy_holds_back_what_it_would_have_held_back(tmp_path: Path) -> None:
    place = archive(tmp_path, history())
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "policy.yaml").write_text("guard: {observe_only: true}\n")
    new = rule_file(tmp_path, "new.yaml", failing("> 5%"))
    (one,) = replayed(place, "--rules", new, "--config", tmp_path / "config")["new"]["rules"]
    assert one["acted"] == 0
    assert one["held"]["observe_only"] == 1


def test_what_fires_is_what_a_live_engine_says_also_from_lines_out_of_order(tmp_path: Path) -> None:
    facts = history()
    path = Path(rule_file(tmp_path, "new.yaml", failing("> 5%", clear="< 1% for 5s")))
    compiled = compile_rules(load_rule_files([path]))
    engine = Engine(compiled)
    live = []
    for second in range(245):
        now_ms = NOW_MS + second * 1_000
        live += engine.observe([fact for fact in facts if now_ms - 1_000 < fact.at_ms <= now_ms], now_ms)
        live += engine.tick(now_ms)
    began, ended = live[0].at_ms, next(one.at_ms for one in live if one.state == "cleared")
    chance = random.Random(3)  # noqa: S311  # reproducible
    shuffled = sorted(facts, key=lambda fact: fact.at_ms + chance.randrange(7_000))
    (side,) = replay(shuffled, [Side(compiled, Policy())], 1_000).sides
    assert [(one.began_ms, one.ended_ms) for one in side.firings] == [(began, ended)]
    assert side.late == 0


def test_lines_that_are_no_facts_are_named_and_the_rest_is_replayed(tmp_path: Path) -> None:
    place = archive(tmp_path, history(), b"no fact\n", line_of(history()[-1]), b'{"kind":"heartb')
    new = rule_file(tmp_path, "new.yaml", failing("> 5%"))
    result = RUNNER.invoke(rules_app, ["replay", str(place), "--rules", new])
    assert result.exit_code == 0
    assert ":2402: the line is no fact" in result.stderr
    assert "2,402 facts" in result.stdout


def test_rules_are_a_file_a_directory_of_them_or_a_directory_with_rules_in_it(tmp_path: Path) -> None:
    place = archive(tmp_path, history())
    (tmp_path / "config" / "rules").mkdir(parents=True)
    path = rule_file(tmp_path / "config" / "rules", "new.yaml", failing("> 5%"))
    for named in (path, tmp_path / "config" / "rules", tmp_path / "config"):
        assert [one["id"] for one in replayed(place, "--rules", named)["new"]["rules"]] == ["one"]


def test_an_archive_as_parquet_says_the_same(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    facts = history()
    lines = [line_of(fact).decode() for fact in facts]
    (tmp_path / "lake").mkdir()
    parquet.write_table(arrow.table({"fact": lines}), tmp_path / "lake" / "facts.parquet")
    new = rule_file(tmp_path, "new.yaml", failing("> 5%"))
    same = replayed(archive(tmp_path, facts), "--rules", new)["new"]
    assert replayed(tmp_path / "lake", "--rules", new)["new"] == same


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("archive", "--rules", "archive"), "the directory holds no rule file"),
        (("nowhere",), "neither a directory nor a file"),
        (("archive", "--rules", "missing.yaml"), "name an existing file"),
        (("archive", "--config", "nowhere"), "nowhere"),
        (("archive", "--picture", "no/such/place.svg"), "the picture cannot be written"),
    ],
)
def test_bad_input_exits_2_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], part: str
) -> None:
    archive(tmp_path, history(seconds=3))
    monkeypatch.chdir(tmp_path)
    result = RUNNER.invoke(rules_app, ["replay", *words])
    assert result.exit_code == 2
    assert part in result.stderr


def test_the_picture_is_a_whole_svg_with_a_bar_for_what_fired_and_a_mark_for_what_was_done(tmp_path: Path) -> None:
    path = Path(rule_file(tmp_path, "new.yaml", failing("> 5%")))
    done = replay(history(), [Side(compile_rules(load_rule_files([path])), Policy())], 1_000)
    drawn = picture(done, ["<new> & old"])
    root = ET.fromstring(drawn)  # noqa: S314  # our own
    titles = [one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == 2
    assert any("one green: 2026-01-01" in title for title in titles)
    assert any("rollback.traffic" in title for title in titles)
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")


def test_nothing_fired_is_said_and_drawn(tmp_path: Path) -> None:
    place = archive(tmp_path, history(range(0)))
    target = tmp_path / "t.svg"
    result = RUNNER.invoke(rules_app, ["replay", str(place), "--picture", str(target)])
    assert result.exit_code == 0
    assert "rules fired" in result.stdout
    assert "Nothing fired." in target.read_text()
