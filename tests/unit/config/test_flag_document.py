"""``flags.json`` and who names its flags: refused with the place, before a daemon starts with it."""

import json
from pathlib import Path

import pytest

from config.load import load_configuration
from config.loading.flag_document import DOCUMENT_BYTES_MAX
from config.loading.problems import ConfigurationError
from config.whole.difference import difference

FLAG = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on"}
RULE = """
rules:
  - id: one
    family: sla
    on: payment.attempted
    measure: {ratio: "outcome == 'failed'", window: 60s}
    breach: "> 1%"
    severity: high
    do: [flags.kill]
    flag: instant-payuots
    runbook: r
"""


def directory(root: Path, name: str = "a", **files: str) -> Path:
    """A configuration directory; a file's name is written with two underscores for its dot."""
    folder = root / name
    (folder / "rules").mkdir(parents=True)
    for file, content in files.items():
        (folder / file.replace("__", ".").replace("rules_", "rules/")).write_text(content, encoding="utf-8")
    (folder / "rules" / "mine.yaml").touch()
    if not (folder / "rules" / "mine.yaml").read_text():
        (folder / "rules" / "mine.yaml").write_text(RULE.replace("instant-payuots", "instant-payouts"))
    return folder


def problem_of(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(folder, {})
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ('{"flags": {', "flags.json:1:12: this is no JSON"),
        ("[]", "there are no flags in it"),
        ('{"flags": []}', "there are no flags in it"),
        ('{"flags": {"a": 1, "a": 2}}', "the key 'a' stands twice in one object"),
        ("[" * 100_000, "this cannot be read as JSON"),
        ('{"flags": {"\\ud800": {}}}', "this cannot be read as JSON"),
        (json.dumps({"flags": {}, "metadata": {"x": "y" * DOCUMENT_BYTES_MAX}}), "are the most"),
    ],
)
def test_a_document_that_is_none_is_refused_with_its_place(tmp_path: Path, content: str, part: str) -> None:
    told = problem_of(directory(tmp_path, flags__json=content))
    assert part in told
    assert "fix: " in told


def test_a_rule_about_a_flag_that_there_is_not_is_refused_with_the_one_that_is_meant(tmp_path: Path) -> None:
    told = problem_of(directory(tmp_path, rules_mine__yaml=RULE))
    assert "mine.yaml:10:11: flags.json has no flag 'instant-payuots'" in told
    assert "did you mean instant-payouts?" in told


@pytest.mark.parametrize("content", ["emergency: [nope]", "flags: {nope: {critical: true}}"])
def test_flags_yaml_about_a_flag_that_there_is_not_is_refused(tmp_path: Path, content: str) -> None:
    assert "flags.json has no flag 'nope'" in problem_of(directory(tmp_path, flags__yaml=content))


def test_a_releases_own_flag_may_come_with_a_later_document(tmp_path: Path) -> None:
    folder = directory(tmp_path, flags__yaml="flags: {release-2.0.0: {critical: true}}")
    assert load_configuration(folder, {}).flags.of("release-2.0.0").critical


def test_a_changed_document_is_told_flag_by_flag_and_needs_no_restart(tmp_path: Path) -> None:
    flags = {"instant-payouts": FLAG}
    before = directory(tmp_path, "a", flags__json=json.dumps({"flags": flags}))
    off = {"instant-payouts": {**FLAG, "defaultVariant": "off"}}
    after = directory(tmp_path, "b", flags__json=json.dumps({"flags": off}), flags__yaml="emergency: [instant-payouts]")
    found = difference(load_configuration(before, {}), load_configuration(after, {}))
    assert found.reloads
    assert [str(change) for change in found.flags] == [
        "flags.emergency: [] -> [instant-payouts]",
        "flags.json.flags.instant-payouts.defaultVariant: on -> off",
    ]
    assert found.restart == ()


def test_facts_in_lines_are_not_taken_for_flags(tmp_path: Path) -> None:
    folder = directory(tmp_path)
    (folder / "facts.jsonl").write_text("")
    load_configuration(folder, {})
    (folder / "flag.json").write_text("{}")
    assert "rename it to flags.json" in problem_of(folder)
