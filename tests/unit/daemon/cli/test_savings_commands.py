"""``tillwatch costs simulate`` tells what an export cost, draws it, and says of a bad one what is wrong."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from daemon.cli import app
from daemon.cli.output import Exit
from daemon.embedded.exports.generating import write_export
from daemon.embedded.exports.plan import ExportPlan


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small export with dirt."""
    folder = tmp_path_factory.mktemp("export")
    write_export(folder, ExportPlan(customers=20, accounts=4, charges=200, dirt_percent=5))
    return folder


def simulate(*words: str) -> Result:
    return CliRunner().invoke(app, ["costs", "simulate", *words])


def test_an_export_is_answered_for_people_and_machines_alike(export: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "savings.svg"
    said, asked = simulate(str(export), "--picture", str(drawn)), simulate(str(export), "--json")
    assert (said.exit_code, asked.exit_code) == (Exit.DONE, Exit.DONE)
    answer = json.loads(asked.stdout)
    assert answer["target_basis_points"] == 9_800
    assert answer["unread"] > 0
    usd = next(one for one in answer["charged"] if one["currency"] == "usd")
    assert usd["total"] == sum(usd["fees"].values())
    assert "## What the processor charged" in said.stdout
    assert f"| usd | {usd['payments']} |" in said.stdout
    assert drawn.read_text("utf-8").startswith("<svg")


def test_no_cohort_at_the_aim_is_the_answer_no(export: Path) -> None:
    asked = simulate(str(export), "--fixed-cents", "100000000", "--json")
    assert asked.exit_code == Exit.NO
    assert all(not cohort["reaches"] for cohort in json.loads(asked.stdout)["cohorts"])


def test_what_is_asked_is_assumed_and_said(export: Path) -> None:
    words = ("--netting", "500", "--entries-per-file", "2500", "--returns", "50")
    text = simulate(str(export), *words).stdout
    assert "payouts of 500" in text
    assert "2,500 (as asked)" in text
    assert "0.50 % (as asked)" in text


def test_an_export_that_cannot_be_used_is_told(tmp_path: Path, export: Path) -> None:
    nowhere = simulate(str(tmp_path / "nowhere"))
    assert (nowhere.exit_code, "manifest.json" in nowhere.stderr) == (Exit.BAD_INPUT, True)
    for name in ("manifest.json", "payouts-0000.csv", "charges-0000.jsonl"):
        (tmp_path / name).write_bytes((export / name).read_bytes())
    (tmp_path / "payouts-0000.csv").write_bytes(b"id,amount\n")
    cut = simulate(str(tmp_path))
    assert (cut.exit_code, "payouts-0000.csv" in cut.stderr) == (Exit.BAD_INPUT, True)


def test_a_core_that_measured_nothing_and_a_picture_without_a_folder_are_told(export: Path, tmp_path: Path) -> None:
    core = simulate(str(export), "--data-dir", str(tmp_path))
    assert (core.exit_code, "--data-dir" in core.stderr) == (Exit.BAD_INPUT, True)
    picture = simulate(str(export), "--picture", str(tmp_path / "no" / "where.svg"))
    assert (picture.exit_code, "where.svg" in picture.stderr) == (Exit.BAD_INPUT, True)
