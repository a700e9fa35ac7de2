"""The page about performance shows the curve that the bench draws, and the curve is drawn whole."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

from bench.engine_curve import COUNTS, OTHER, PICTURE, SAME, drawn

PAGE = Path(__file__).resolve().parents[3] / "docs" / "performance.md"
SVG = "{http://www.w3.org/2000/svg}"


def titles(svg: str) -> list[str]:
    """What is said of each point that is drawn."""
    root = ET.fromstring(svg)  # noqa: S314  # our own picture
    return [one.text or "" for one in root.iter(f"{SVG}title")]


def test_every_point_of_both_curves_is_drawn_and_more_microseconds_are_higher() -> None:
    svg = drawn({OTHER: {10: 3.0, 500: 3.0}, SAME: {10: 3.0, 500: 12.5}})
    assert titles(svg) == ["10 rules: 3 us", "500 rules: 3 us", "10 rules: 3 us", "500 rules: 12.5 us"]
    heights = [float(height) for height in re.findall(r'<circle cx="[\d.]+" cy="([\d.]+)"', svg)]
    assert heights[0] == heights[1] == heights[2] > heights[3]


def test_the_page_shows_the_picture_and_the_command_that_draws_it() -> None:
    text = PAGE.read_text("utf-8")
    assert f"]({PICTURE.name})" in text
    assert f"python -m bench.engine_curve --picture docs/{PICTURE.name}" in text
    numbers = [int(title.split()[0]) for title in titles(PICTURE.read_text("utf-8"))]
    assert numbers == [*COUNTS, *COUNTS]
