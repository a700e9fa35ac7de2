"""``tillwatch scale replay`` says what each way of scaling would have throttled and cost, and draws it."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner, Result

from daemon.cli import app
from daemon.cli.output import Exit

SVG = "{http://www.w3.org/2000/svg}"
START = 1_795_780_800
COMPONENT = """
  {kind: ecs_service, region: us-east-1, cluster: a, service: b, min: 2, max: 20, signals: [requests],
   unit: {hour_microdollars: 1000000, source: a test, requests_per_second: 10}, hourly_cap_cents: 2000}
"""
WAYS = ["reactive", "scheduled", "predictive"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration with a component that can be played, and a record with one jump."""
    config = tmp_path / "config"
    config.mkdir()
    jobs = COMPONENT.replace("[requests]", "[utilization]").replace(", requests_per_second: 10", "")
    (config / "scaling.yaml").write_text(f"components:\n jobs:{jobs} core:{COMPONENT}", encoding="utf-8")
    lines = [f"{START + second},{30 if second < 600 else 90}" for second in range(0, 1_200, 5)]
    (tmp_path / "load.csv").write_text("\n".join(["at,requests_per_second", *lines]), encoding="utf-8")
    return tmp_path


def replay(folder: Path, *more: str, load: str = "load.csv") -> Result:
    """Run the command on the folder's files."""
    return CliRunner().invoke(app, ["scale", "replay", str(folder / load), "--config", str(folder / "config"), *more])


def test_every_way_has_a_line_and_a_part_of_the_json(folder: Path) -> None:
    said, asked = replay(folder), replay(folder, "--json")
    assert said.exit_code == asked.exit_code == Exit.DONE
    assert said.stdout.startswith("core: 240 rows, 0.3 h from 2026-11-27 12:00 UTC\n")
    assert [line.split()[0] for line in said.stdout.splitlines()[2:]] == WAYS
    assert "no forecast at 100% of the looks: 0.0 of 14.0 days of load are known" in said.stderr
    answer = json.loads(asked.stdout)
    assert list(answer["ways"]) == WAYS
    reactive = answer["ways"]["reactive"]
    assert (reactive["throttled_seconds"], reactive["least_units"], reactive["most_units"]) == (70, 5, 15)
    # Five units for 610 s, fifteen for the rest: whole millionths of a dollar.
    assert reactive["microdollars"] == -(-(5 * 610 + 15 * 585) * 1_000_000 // 3_600)
    assert answer["forecast_missing"] == 1.0


def test_the_picture_has_a_panel_for_each_way_and_a_mark_where_requests_were_turned_away(folder: Path) -> None:
    result = replay(folder, "--picture", str(folder / "out.svg"))
    assert result.exit_code == Exit.DONE
    root = ET.fromstring((folder / "out.svg").read_text(encoding="utf-8"))  # noqa: S314  # our own picture
    texts = [one.text or "" for one in root.iter(f"{SVG}text")]
    assert [text.split(":")[0] for text in texts if " s throttled" in text] == WAYS
    assert len(list(root.iter(f"{SVG}polygon"))) == len(list(root.iter(f"{SVG}polyline"))) == len(WAYS)
    marks = [one.text or "" for one in root.iter(f"{SVG}title")]
    assert marks
    assert all(mark.startswith("2026-11-27 12:1") and mark.endswith("90 requests/s") for mark in marks)


def test_load_that_is_known_late_is_throttled_for_longer(folder: Path) -> None:
    answer = json.loads(replay(folder, "--late", "90", "--json").stdout)
    assert answer["ways"]["reactive"]["throttled_seconds"] == 160


def test_what_is_before_from_is_played_by_nobody(folder: Path) -> None:
    answer = json.loads(replay(folder, "--from", "2026-11-27T12:15:00Z", "--json").stdout)
    assert answer["seconds"] == 295
    assert all(way["throttled_seconds"] == 0 for way in answer["ways"].values())


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--component", "cor"], "scaling.yaml has no component 'cor'\n  fix: name one of those: jobs, core"),
        (["--component", "jobs"], "nothing says how many requests a second a unit of jobs carries"),
        (["--from", "noon"], "--from 'noon' is no point in time"),
        (["--from", "2026-11-27T12:00:00"], "has no UTC offset\n  fix: write 2026-11-27T12:00:00Z"),
        (["--from", "2027-01-01T00:00:00Z"], "no time is left to play after 2027-01-01T00:00:00Z"),
        (["--picture", "nowhere/out.svg"], "the picture cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do_and_exits_2(folder: Path, more: list[str], said: str) -> None:
    result = replay(folder, *more)
    assert result.exit_code == Exit.BAD_INPUT
    assert result.stdout == ""
    assert said in result.stderr
    assert "fix: " in result.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("at,requests_per_second\n5,1\n", "one row says nothing of how long it lasted"),
        ("at,requests_per_second\n10,1\n5,1\n", "bad.csv:3: its time is not later than that of the row before"),
        ("at,requests_per_second\n10,1\n5000,1\n", "bad.csv:3: 83 minutes after the row before nothing is known"),
        ("at,requests_per_second\n10,x\n", "bad.csv:2: 'x' is no number"),
    ],
)
def test_a_row_that_cannot_be_played_is_named_by_its_line(folder: Path, content: str, said: str) -> None:
    (folder / "bad.csv").write_text(content, encoding="utf-8")
    result = replay(folder, load="bad.csv")
    assert result.exit_code == Exit.BAD_INPUT
    assert said in result.stderr


def test_a_configuration_without_a_measured_unit_says_what_to_write(folder: Path) -> None:
    (folder / "config" / "scaling.yaml").write_text("components: {}\n", encoding="utf-8")
    result = replay(folder)
    assert result.exit_code == Exit.BAD_INPUT
    assert "fix: write unit.requests_per_second of the one to play" in result.stderr
