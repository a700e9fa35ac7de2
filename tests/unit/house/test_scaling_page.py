"""The page about scaling explains every reason and everybody who asks, and shows the picture that the bench draws."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from bench.results import figure
from bench.scaling import PICTURE
from config.load import load_configuration
from remediation.scaling.backtest.played import Way
from remediation.scaling.model import ScalingReason, Source

PAGE = Path(__file__).resolve().parents[3] / "docs" / "scaling.md"
SVG = "{http://www.w3.org/2000/svg}"


def test_every_reason_has_a_row_in_their_order() -> None:
    part = PAGE.read_text("utf-8").partition("### Why is it what it is")[2].partition("\n### ")[0]
    assert re.findall(r"^\| `(\w+)` \|", part, flags=re.MULTILINE) == [reason.value for reason in ScalingReason]


def test_everybody_who_asks_for_units_is_named() -> None:
    part = PAGE.read_text("utf-8").partition("| asked for by |")[2].partition("\n\n")[0]
    assert {Source.EMERGENCY.value, *re.findall(r"\| `(\w+)` \|$", part, flags=re.MULTILINE)} == set(Source)


def test_the_page_shows_the_picture_with_a_panel_for_each_way_and_the_command_that_draws_it() -> None:
    text = PAGE.read_text("utf-8")
    assert f"]({PICTURE.name})" in text
    assert f"python -m bench.scaling --picture docs/{PICTURE.name}" in text
    root = ET.fromstring(PICTURE.read_text("utf-8"))  # noqa: S314  # our own picture
    said = [one.text or "" for one in root.iter(f"{SVG}text")]
    assert [line.split(":")[0] for line in said if " s throttled" in line] == [way.value for way in Way]


def test_what_was_measured_keeps_what_is_promised() -> None:
    assert figure("scaling", "predictive_worst_throttled_ratio") <= 0.01
    assert figure("scaling", "predictive_worst_dollars_more_ratio") <= 0.05
    assert figure("scaling", "random_lives") >= 1_000
    assert figure("scaling", "lives_over_their_cap") == 0
    assert figure("scaling", "most_changes_in_a_cool_down") <= 2


def test_nothing_is_looked_at_until_somebody_asks_for_it() -> None:
    packaged = load_configuration(None, {}).scaling
    assert packaged.mode == "off"
    assert {one.kind for one in packaged.components.values()} >= {"ecs_service", "lambda_function", "dynamodb_table"}
