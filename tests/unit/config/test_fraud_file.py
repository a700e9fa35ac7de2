"""fraud.yaml of the directory is read instead of the packaged one, with its place for later checks."""

from pathlib import Path

import pytest

from config.load import DEFAULTS, load_configuration
from config.loading.problems import ConfigurationError

FRAUD = """\
families: {velocity: 600}
rules:
  - {id: tor, family: velocity, on: payment.requested, where: "ip_kind == 'tor'", points: 9, reason: tor, summary: Tor}
"""


def test_without_a_file_the_packaged_rules_are_loaded(tmp_path: Path) -> None:
    loaded = load_configuration(tmp_path, {}).fraud
    assert Path(loaded.document.file) == DEFAULTS / "fraud.yaml"
    assert len(loaded.value.rules) > 40


def test_the_directorys_file_replaces_the_packaged_one(tmp_path: Path) -> None:
    (tmp_path / "fraud.yaml").write_text(FRAUD, encoding="utf-8")
    configuration = load_configuration(tmp_path, {})
    assert [rule.id for rule in configuration.fraud.value.rules] == ["tor"]
    assert configuration.fraud.document.places["rules", 0, "where"].line == 3
    assert configuration.digest != load_configuration(None, {}).digest


@pytest.mark.parametrize("name", ["fruad.yaml", "fraud.yml", "frauds.yaml"])
def test_a_misnamed_file_is_refused_with_the_right_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FRAUD, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"rename it to fraud\.yaml"):
        load_configuration(tmp_path, {})


@pytest.mark.parametrize(
    ("families", "what"),
    [("{Bad Name: 5}", "Bad Name"), ("{velocity: 0}", "velocity is 0"), ("[velocity]", "families is a list")],
)
def test_a_family_that_cannot_be_is_refused(tmp_path: Path, families: str, what: str) -> None:
    (tmp_path / "fraud.yaml").write_text(FRAUD.replace("{velocity: 600}", families), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(tmp_path, {})
    found = [problem for problem in caught.value.problems if what in problem.what]
    assert found
    assert found[0].line == 1
