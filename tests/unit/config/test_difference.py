"""Two configurations told apart, value by value, and by what takes each difference over."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config.load import load_configuration
from config.whole.difference import difference
from daemon.cli.config import config_app

RULE = """
  - id: {name}
    family: sla
    on: payment.attempted
    measure: {{ratio: "outcome == 'failed'", window: {window}}}
    breach: "{breach}"
    severity: high
    runbook: r
"""


def directory(root: Path, name: str, *rules: tuple[str, str, str], **files: str) -> Path:
    """A configuration directory with these rules (id, window, breach) and other files."""
    folder = root / name
    (folder / "rules").mkdir(parents=True)
    text = "rules:" + "".join(RULE.format(name=one, window=window, breach=breach) for one, window, breach in rules)
    (folder / "rules" / "mine.yaml").write_text(text, encoding="utf-8")
    for stem, content in files.items():
        (folder / f"{stem}.yaml").write_text(content, encoding="utf-8")
    return folder


def test_a_configuration_does_not_differ_from_itself(tmp_path: Path) -> None:
    one = load_configuration(directory(tmp_path, "a", ("one", "60s", "> 1%")), {})
    found = difference(one, one)
    assert not found.reloads
    assert found.restart == ()


def test_rules_policy_and_what_needs_a_restart_are_told_apart(tmp_path: Path) -> None:
    before = directory(tmp_path, "a", ("gone", "60s", "> 1%"), ("kept", "60s", "> 1%"), ("moved", "60s", "> 1%"))
    after = directory(
        tmp_path,
        "b",
        ("kept", "60s", "> 1%"),
        ("moved", "2m", "> 2%"),
        ("new", "60s", "> 1%"),
        policy="guard: {cooldown: 60s}\ntraffic: {destination_checks: 3}\n",
        tillwatch="http: {port: 9000}\n",
    )
    found = difference(load_configuration(before, {}), load_configuration(after, {}))
    assert (found.added, found.removed) == (("new",), ("gone",))
    assert [str(change) for change in found.changed["moved"]] == [
        "measure.window: 60.0 -> 120.0",
        "breach: > 1% -> > 2%",
    ]
    assert set(found.changed) == {"moved"}
    assert [str(change) for change in found.policy] == ["policy.guard.cooldown: 300.0 -> 60.0"]
    assert [change.path for change in found.restart] == ["settings.http.port", "policy.traffic.destination_checks"]
    assert found.reloads


def test_a_list_of_mappings_is_compared_item_by_item_and_one_of_words_as_a_whole(tmp_path: Path) -> None:
    freeze = "guard: {{freezes: [{{start: 2026-11-27T00:00:00Z, end: 2026-11-28T00:00:00Z, reason: {reason}}}]}}\n"
    before = directory(tmp_path, "a", ("one", "60s", "> 1%"), policy=freeze.format(reason="sales"))
    after = directory(tmp_path, "b", ("one", "60s", "> 1%"), policy=freeze.format(reason="audit"))
    rules = after / "rules" / "mine.yaml"
    rules.write_text(rules.read_text(encoding="utf-8") + "    per: [region, rail]\n", encoding="utf-8")
    found = difference(load_configuration(before, {}), load_configuration(after, {}))
    assert [str(change) for change in found.policy] == ["policy.guard.freezes.0.reason: sales -> audit"]
    assert [str(change) for change in found.changed["one"]] == ["per: [] -> [region, rail]"]


def test_the_command_says_what_is_kept_and_what_begins_anew(tmp_path: Path) -> None:
    before = directory(tmp_path, "a", ("limit", "60s", "> 1%"), ("window", "60s", "> 1%"), ("gone", "60s", "> 1%"))
    after = directory(tmp_path, "b", ("limit", "60s", "> 3%"), ("window", "2m", "> 1%"), tillwatch="data_dir: other\n")
    arguments = ["diff", "--config", str(after), "--against", str(before)]
    result = CliRunner().invoke(config_app, arguments)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        "- rule gone",
        "~ rule limit: its window goes on",
        "    breach: > 1% -> > 3%",
        "~ rule window: its window begins anew",
        "    measure.window: 60.0 -> 120.0",
        "! settings.data_dir: data -> other (with a restart)",
    ]
    answer = json.loads(CliRunner().invoke(config_app, [*arguments, "--json"]).stdout)
    assert (answer["same"], answer["removed"]) == (False, ["gone"])
    assert {one["rule"]: one["window"] for one in answer["changed"]} == {"limit": "kept", "window": "anew"}


def test_the_command_says_that_nothing_would_change(tmp_path: Path) -> None:
    same = directory(tmp_path, "a", ("one", "60s", "> 1%"))
    result = CliRunner().invoke(config_app, ["diff", "--config", str(same), "--against", str(same)])
    assert result.stdout == "nothing would change\n"


@pytest.mark.parametrize("broken", ["--config", "--against"])
def test_a_directory_that_cannot_be_used_exits_2_with_its_place(tmp_path: Path, broken: str) -> None:
    good = directory(tmp_path, "good", ("one", "60s", "> 1%"))
    bad = directory(tmp_path, "bad", ("one", "60s", "> 1 percent"))
    folders = {"--config": good, "--against": good} | {broken: bad}
    result = CliRunner().invoke(config_app, ["diff", *(word for pair in folders.items() for word in map(str, pair))])
    assert result.exit_code == 2
    assert "mine.yaml:6" in result.stderr
    assert "^" in result.stderr


def test_deployments_are_planned_anew_without_a_restart_and_judged_anew_only_with_one(tmp_path: Path) -> None:
    rule = ("kept", "60s", "> 1%")
    before = directory(tmp_path, "a", rule)
    after = directory(tmp_path, "b", rule, deployment="bake: 1h\nevidence: {faulty: 3%}\n")
    found = difference(load_configuration(before, {}), load_configuration(after, {}))
    assert [str(change) for change in found.deployment] == ["deployment.bake: 1800.0 -> 3600.0"]
    assert [str(change) for change in found.restart] == ["deployment.evidence.faulty: 2% -> 3%"]
    assert found.reloads


CORE = """
mode: {mode}
components:
  core:
    kind: processes
    region: us-east-1
    max: {most}
    unit: {{hour_microdollars: 0, source: a test, concurrency: {concurrency}}}
    hourly_cap_cents: 1
{more}"""


@pytest.mark.parametrize(
    ("mode", "concurrency", "more", "reloads"),
    [
        ("act", 32, "", True),
        ("observe", 8, "", True),
        ("off", 32, "", False),
        ("act", 8, "    queue_age: 30s\n", False),
        ("act", 8, "every: 5s\n", False),
    ],
)
def test_limits_of_capacity_need_no_restart_and_what_is_opened_by_them_does(
    tmp_path: Path, mode: str, concurrency: int, more: str, *, reloads: bool
) -> None:
    rule = ("kept", "60s", "> 1%")
    before = directory(tmp_path, "a", rule, scaling=CORE.format(mode="observe", most=3, concurrency=32, more=""))
    after = directory(tmp_path, "b", rule, scaling=CORE.format(mode=mode, most=4, concurrency=concurrency, more=more))
    found = difference(load_configuration(before, {}), load_configuration(after, {}))
    assert (found.reloads, found.restart == ()) == (reloads, reloads)
    assert "scaling.components.core.max: 3 -> 4" in map(str, found.scaling if reloads else found.restart)
