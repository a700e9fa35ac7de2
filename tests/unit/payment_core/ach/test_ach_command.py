"""``tillwatch ach``: the JSON, the exit codes, the bytes, and that no account number is printed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from daemon.cli.core.ach import ach_app
from tests.unit.payment_core.ach.samples import SAMPLES, path

RUNNER = CliRunner()


def run(*words: str) -> tuple[int, str, str]:
    result = RUNNER.invoke(ach_app, list(words))
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A file whose file control says one cent too much."""
    file = tmp_path / "broken.ach"
    file.write_bytes(path("ppd").read_bytes().replace(b"000000373456      ", b"000000373457      "))
    return file


def test_validate_prints_the_whole_answer_as_one_object() -> None:
    code, out, _ = run("validate", str(path("returns")), "--json")
    assert code == 0
    assert json.loads(out) == {
        "valid": True,
        "errors": [],
        "file": {
            "batches": 2,
            "entries": 3,
            "entry_addenda_count": 6,
            "entry_hash": 36312864,
            "debit_cents": 810_000,
            "credit_cents": 999,
            "returns": 3,
            "notifications_of_change": 0,
        },
    }


def test_validate_says_no_with_code_line_field_and_message(broken: Path) -> None:
    code, out, _ = run("validate", str(broken), "--json")
    assert code == 1
    answer = json.loads(out)
    assert answer["valid"] is False
    assert answer["errors"] == [
        {
            "code": "credit_total_mismatch",
            "line": 8,
            "field": "credit_cents",
            "message": "says 373457, the entries give 373456",
        }
    ]
    code, out, _ = run("validate", str(broken))
    assert code == 1
    assert "NOT valid (strict); 1 batch, 3 entries" in out
    assert "line 8, credit_cents: says 373457, the entries give 373456 [credit_total_mismatch]" in out


def test_validate_in_lenient_notes_on_stderr_what_it_tolerated(tmp_path: Path) -> None:
    file = tmp_path / "short.ach"
    file.write_bytes(b"\n".join(line.rstrip() for line in path("ppd").read_bytes().splitlines()))
    assert run("validate", str(file), "--json")[0] == 1
    code, out, err = run("validate", str(file), "--profile", "lenient", "--json")
    assert code == 0
    assert json.loads(out)["errors"] == []
    assert "tolerated: line 1, record: " in err


@pytest.mark.parametrize("command", ["validate", "format", "show"])
@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_what_cannot_be_read_exits_2(command: str, as_json: list[str], tmp_path: Path) -> None:
    for missing in (tmp_path / "nothing.ach", tmp_path):
        code, out, err = run(command, str(missing), *as_json)
        assert code == 2
        assert out == ""
        assert err.startswith(str(missing))


def test_a_profile_that_does_not_exist_exits_2() -> None:
    assert run("validate", str(path("ppd")), "--profile", "generous")[0] == 2


@pytest.mark.parametrize("name", SAMPLES)
def test_format_gives_a_normalized_file_back_byte_for_byte(name: str) -> None:
    result = RUNNER.invoke(ach_app, ["format", str(path(name))])
    assert result.exit_code == 0
    assert result.stdout_bytes == path(name).read_bytes()


def test_format_normalizes_what_banks_send(tmp_path: Path) -> None:
    file = tmp_path / "sent.ach"
    lines = path("ppd").read_bytes().splitlines()
    file.write_bytes(b"\r\n".join(line.rstrip() for line in lines[:8]))
    result = RUNNER.invoke(ach_app, ["format", str(file)])
    assert result.exit_code == 0
    assert result.stdout_bytes == path("ppd").read_bytes()
    code, out, _ = run("format", str(file), "--json")
    assert code == 0
    assert json.loads(out)["normalized"].encode() == path("ppd").read_bytes()


def test_format_of_an_invalid_file_writes_nothing_but_errors(broken: Path) -> None:
    code, out, err = run("format", str(broken))
    assert (code, out) == (1, "")
    assert "[credit_total_mismatch]" in err
    code, out, _ = run("format", str(broken), "--json")
    assert code == 1
    assert json.loads(out)["normalized"] is None


def test_show_masks_account_numbers(broken: Path) -> None:
    for file in (path("ppd"), path("cor"), path("balanced"), path("ctx"), path("contested"), broken):
        accounts = {line[12:29].strip() for line in file.read_text("ascii").splitlines() if line[0] == "6"}
        for as_json in ([], ["--json"]):
            _, out, err = run("show", str(file), *as_json)
            assert not [account for account in accounts if account in out + err]
            assert all(f"****{account[-4:]}" in out for account in accounts)
    assert "00987654321" not in run("show", str(path("cor")))[1]


def test_show_is_for_a_person() -> None:
    _, out, _ = run("show", str(path("returns")))
    assert "R01 Insufficient funds: retry; original trace 121042880000001" in out
    assert "$7,800.00" in out
    _, out, _ = run("show", str(path("ctx")))
    assert "12 addenda with payment information" in out


def test_show_of_an_invalid_file_exits_1_and_shows_what_there_is(broken: Path) -> None:
    code, out, err = run("show", str(broken))
    assert code == 1
    assert "JANE DOE" in out
    assert "[credit_total_mismatch]" in err
    code, out, _ = run("show", str(broken), "--json")
    assert code == 1
    assert json.loads(out)["file"]["batches"][0]["entries"][0]["account_number"] == "****0001"
