"""``tillwatch config`` says what is wrong on stderr and answers by its exit code."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config.whole.schema import MODELS, json_schema
from daemon.cli.config import config_app


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    (tmp_path / "policy.yaml").write_text("guard: {cooldown: 5 minutes}\ntrafic: {}\n", encoding="utf-8")
    return tmp_path


def test_a_broken_directory_exits_2_with_every_problem_on_stderr(broken: Path) -> None:
    result = CliRunner().invoke(config_app, ["check", "--config", str(broken)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "policy.yaml:1:19: '5 minutes' is not a duration" in result.stderr
    assert "policy.yaml:2:1: the key 'trafic' is unknown" in result.stderr
    assert "\x1b" not in result.stderr


def test_a_broken_directory_is_one_json_document_when_asked(broken: Path) -> None:
    result = CliRunner().invoke(config_app, ["check", "--config", str(broken), "--json"])
    assert result.exit_code == 2
    answer = json.loads(result.stdout)
    assert answer["ok"] is False
    assert [(problem["line"], problem["column"]) for problem in answer["problems"]] == [(1, 19), (2, 1)]


def test_the_defaults_can_be_used() -> None:
    result = CliRunner().invoke(config_app, ["check"])
    assert result.exit_code == 0, result.stderr
    assert " rules, " in result.stdout


@pytest.mark.parametrize("kind", list(MODELS))
def test_the_schema_is_printed_as_json(kind: str) -> None:
    result = CliRunner().invoke(config_app, ["schema", kind])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == json_schema(next(known for known in MODELS if known == kind))
