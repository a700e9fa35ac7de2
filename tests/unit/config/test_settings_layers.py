"""Settings come from variables over the file over the defaults, and each mistake names where it was made."""

import hashlib
from pathlib import Path

import pytest

from config.load import Configuration, load_configuration
from config.loading.problems import ConfigurationError, Problem
from config.settings import Settings
from remediation.journal.entry import DAEMON

RULE = "{id: lost, family: health, on: heartbeat, measure: {absent: 30s}, severity: high, runbook: lost}"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory whose files are valid."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "health.yaml").write_text(f"rules: [{RULE}]\n", encoding="utf-8")
    (tmp_path / "tillwatch.yaml").write_text("http: {port: 9000}\naws: {region: eu-west-1}\n", encoding="utf-8")
    return tmp_path


def load(directory: Path, **variables: str) -> Configuration:
    return load_configuration(directory, variables)


def problems(directory: Path, **variables: str) -> dict[str, Problem]:
    """The problems by the file or variable they name."""
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(directory, variables)
    return {problem.file: problem for problem in caught.value.problems}


def test_a_variable_wins_over_the_file_and_the_file_over_the_default(directory: Path) -> None:
    settings = load(directory, TILL_HTTP__PORT="9001").settings
    assert settings.http.port == 9001
    assert settings.aws.region == "eu-west-1"
    assert settings.http.host == "127.0.0.1"


def test_every_kind_of_value_can_be_a_variable(directory: Path) -> None:
    settings = load(
        directory,
        TILL_AWS__ENDPOINT_URL="http://localhost:4566",
        TILL_AWS__ACCOUNT_ID="000000000000",
        TILL_DATA_DIR="/var/lib/tillwatch",
        TILL_CORES__BLUE__URL="http://127.0.0.2:9000",
        TILL_CORES__BLUE__ADDRESS="127.0.0.2",
        TILL_TOKENS=f'[{{"name": "oncall", "role": "operator", "sha256": "{"a" * 64}"}}]',
    ).settings
    assert settings.aws.endpoint_url == "http://localhost:4566"
    assert settings.aws.account_id == "000000000000"
    assert settings.data_dir == Path("/var/lib/tillwatch")
    assert settings.cores["blue"].address == "127.0.0.2"
    assert settings.tokens[0].role == "operator"


@pytest.mark.parametrize(
    ("name", "secret", "why"),
    [
        (DAEMON, "some token", "the journal calls the daemon itself so"),
        ("oncall", "", "with which everybody would come in"),
    ],
)
def test_no_token_is_the_daemons_own_and_none_is_empty(directory: Path, name: str, secret: str, why: str) -> None:
    digest = hashlib.sha256(secret.encode()).hexdigest()
    told = f'[{{"name": "{name}", "role": "operator", "sha256": "{digest}"}}]'
    assert why in problems(directory, TILL_TOKENS=told)["TILL_TOKENS"].what


def test_the_environment_of_the_process_is_read_only_when_none_is_passed(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TILL_HTTP__PORT", "9002")
    assert load_configuration(directory, {}).settings.http.port == 9000
    assert load_configuration(directory).settings.http.port == 9002
    assert Settings().http.port == 8080


def test_a_bad_variable_is_named_as_the_place(directory: Path) -> None:
    found = problems(directory, TILL_HTTP__PORT="many", TILL_AWS__REGION="Frankfurt", TILL_TOKENS="[")
    assert set(found) == {"TILL_HTTP__PORT", "TILL_AWS__REGION", "TILL_TOKENS"}
    assert "'many', not a whole number" in found["TILL_HTTP__PORT"].what
    assert all(problem.line == 0 and problem.fix for problem in found.values())


def test_a_variable_that_no_setting_has_is_refused_with_the_likely_one(directory: Path) -> None:
    found = problems(directory, TILL_DATADIR="x", TILL_AWS__REGON="x", TILL_AW__REGION="eu-west-1")
    assert "TILL_DATA_DIR" in found["TILL_DATADIR"].fix
    assert "region" in found["TILL_AWS__REGON"].fix
    assert "TILL_AWS__REGION" in found["TILL_AW__REGION"].fix


def test_a_part_set_by_a_variable_whose_other_part_is_missing_is_named(directory: Path) -> None:
    found = problems(directory, TILL_CORES__BLUE__URL="http://127.0.0.2:9000")
    assert "address is missing" in found["TILL_CORES__BLUE__URL"].what


def test_a_file_error_keeps_its_place_beside_a_good_variable(directory: Path) -> None:
    (directory / "tillwatch.yaml").write_text("http: {port: 99999}\n", encoding="utf-8")
    found = problems(directory, TILL_HTTP__HOST="127.0.0.3")
    assert found[str(directory / "tillwatch.yaml")].line == 1


def test_a_variable_does_not_hide_a_section_of_the_wrong_type(directory: Path) -> None:
    (directory / "tillwatch.yaml").write_text("http: 9000\n", encoding="utf-8")
    assert any("not a mapping" in found.what for found in problems(directory, TILL_HTTP__PORT="9001").values())


def test_an_empty_endpoint_is_not_aws(directory: Path) -> None:
    assert problems(directory, TILL_AWS__ENDPOINT_URL="")["TILL_AWS__ENDPOINT_URL"].fix == "unset it to use AWS"


def test_an_endpoint_of_the_file_that_the_sdk_variable_contradicts_is_refused(directory: Path) -> None:
    (directory / "tillwatch.yaml").write_text("aws: {endpoint_url: 'http://127.0.0.1:4566'}\n", encoding="utf-8")
    assert "contradicts" in problems(directory, AWS_ENDPOINT_URL="http://127.0.0.1:4567")["AWS_ENDPOINT_URL"].what
    assert load(directory, AWS_ENDPOINT_URL="http://127.0.0.1:4566/").settings.aws.endpoint_url is not None


def test_an_empty_settings_file_is_refused_as_a_lost_one(directory: Path) -> None:
    (directory / "tillwatch.yaml").write_text("# nothing\n", encoding="utf-8")
    assert "empty" in problems(directory)[str(directory / "tillwatch.yaml")].what
