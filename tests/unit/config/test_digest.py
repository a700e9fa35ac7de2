"""The digest says whether two configurations mean the same."""

from pathlib import Path

from config.load import load_configuration


def test_the_same_meaning_has_the_same_digest(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("# a comment\nguard:\n  cooldown: 5m\n")
    assert load_configuration(tmp_path, {}).digest == load_configuration(None, {}).digest


def test_every_part_counts(tmp_path: Path) -> None:
    digests = {load_configuration(None, {}).digest, load_configuration(None, {"TILL_AWS__REGION": "eu-west-1"}).digest}
    (tmp_path / "policy.yaml").write_text("guard:\n  cooldown: 10m\n")
    digests.add(load_configuration(tmp_path, {}).digest)
    (tmp_path / "rules").mkdir()
    rule = "{id: feed-lost, family: health, on: heartbeat, measure: {absent: 30s}, severity: high, runbook: feed}"
    (tmp_path / "rules" / "one.yaml").write_text(f"rules:\n  - {rule}\n")
    digests.add(load_configuration(tmp_path, {}).digest)
    assert len(digests) == 4
