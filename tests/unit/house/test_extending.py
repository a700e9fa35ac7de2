"""A measure that the page about rules or the random histories lack is found, as the page about extending says."""

from pathlib import Path

from config.rules.rule_file import MEASURES
from tests.unit.checks import histories

RULES_PAGE = Path(__file__).resolve().parents[3] / "docs" / "rules.md"


def test_the_rules_page_has_every_measure() -> None:
    page = RULES_PAGE.read_text("utf-8").partition("\n## Measures\n")[2].partition("\n## ")[0]
    assert [name for name in MEASURES if f"| `{{{name}: " not in page] == []


def test_the_random_histories_hold_every_measure() -> None:
    assert [name for name in MEASURES if f"{{{name}: " not in histories.RULES] == []
