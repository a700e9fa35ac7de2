"""docs/fraud.md says what the packaged rules and the models say."""

import re
from pathlib import Path

from checks.scoring.model import Decision
from config.fraud import FRAUD_MEASURES, Fraud, FraudRule
from tests.unit.checks.scoring.fraud_facts import HEAD, default_rules, rule, rules_of

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "fraud.md").read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table after a heading, or after the line that begins with it."""
    part = PAGE[PAGE.index(heading) :]
    table = part[part.index("|---") :].split("\n\n", maxsplit=1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[1:]]


def code(cell: str) -> str:
    return str(re.findall(r"`([^`]+)`", cell)[0])


def test_the_page_has_every_band_with_its_lowest_score() -> None:
    bands = default_rules().fraud.bands
    wanted = {"approve": 0} | bands.model_dump()
    assert {code(row[0]): int(row[1]) for row in rows("## Bands")} == wanted
    assert list(wanted) == [decision.value for decision in Decision]


def test_the_page_has_every_family_with_its_cap() -> None:
    assert {code(row[0]): int(row[1]) for row in rows("## Families")} == default_rules().fraud.families


def test_the_page_has_every_key_of_a_rule_and_every_measure() -> None:
    assert [code(row[0]) for row in rows("## Keys of a fraud rule")] == list(FraudRule.model_fields)
    assert [code(row[0]) for row in rows("| measure | reads |")] == list(FRAUD_MEASURES)


def test_the_example_of_a_list_compiles(tmp_path: Path) -> None:
    example = re.findall(r"```yaml\n(lists:.*?)```", PAGE, re.DOTALL)
    assert len(example) == 1
    rules = rules_of(tmp_path, f"{HEAD}{rule('one')}{example[0]}")
    assert isinstance(rules.fraud, Fraud)
    assert len(rules.lists()) == 1
