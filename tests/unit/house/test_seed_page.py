"""docs/seed.md answers the owner's first text with names that exist, and the packaged rules quote the same text."""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

from checks.facts import FACT_TYPE_BY_KIND
from config.delivery.deployment import Deployments
from config.delivery.gates import CODE_GATES
from config.load import DEFAULTS, load_configuration
from config.policy import Policy
from config.rules.actions import ACTION_NAMES
from config.settings import Settings
from daemon.http.access import ACCESS
from daemon.reports.jobs import DAILY_SAVINGS, MONTHLY_SECURITY, WEEKLY_PERFORMANCE
from remediation.deployment.plan import Request, Standing, Strategy
from remediation.deployment.planning import plan
from remediation.rollback.model import RollbackStep
from tests.unit.house.commands_on_pages import unknown_parts
from tests.unit.payment_core.http.every_table import every_route

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "seed.md").read_text("utf-8")
HEADER = "| the owner's line | is | what answers it |"
STATES = ("here", "in part", "not yet", "otherwise")
ABSENT = "## What is not there yet"
LEVELS = {"1": "critical", "2": "high", "3": "medium"}


def rows(text: str) -> list[list[str]]:
    """The cells of every line of the owner's: what is quoted, what it is, what answers it."""
    tables = [part.split("\n\n")[0] for part in text.split(HEADER)[1:]]
    lines = [line for table in tables for line in table.strip().splitlines()[1:]]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def absent(text: str) -> list[str]:
    """Commands and routes that the page says are not there yet."""
    return re.findall(r"`((?:tillwatch |/api/)[^`]*)`", text.partition(ABSENT)[2].partition("\n## ")[0])


def missing(text: str) -> list[str]:
    """What stands in backticks, is not said to be absent, and does not exist."""
    said = absent(text)
    return [name for name in re.findall(r"`([^`\n]+)`", text) if name not in said and not exists(name)]


def exists(name: str) -> bool:
    """Whether there is such a command, target, bench, test, metric, variable, route, file, or word of the program."""
    return next((look for start, look in SHAPES if name.startswith(start)), in_the_tree)(name)


@cache
def named_tests() -> frozenset[str]:
    """Every test function of the tree."""
    sources = (path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return frozenset(name for source in sources for name in re.findall(r"(?m)^\s*(?:async )?def (test_\w+)", source))


@cache
def routes() -> frozenset[str]:
    """What daemon and payment core answer."""
    return frozenset(ACCESS) | {f"{route.method} {route.path}" for route in every_route()}


@cache
def keys(model: type[BaseModel]) -> frozenset[str]:
    """Every key of a configuration model, those within it after a dot."""
    found = set(model.model_fields)
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found |= {f"{name}.{key}" for key in keys(field.annotation)}
    return frozenset(found)


@cache
def words() -> frozenset[str]:
    """Names that code, configuration and journal share: of rules, gates, procedures, steps, actions, facts, reports."""
    configuration = load_configuration(None)
    standing = Standing(region="r", environment="blue", version="1.0.0", spare="green")
    request = Request(
        deployment_id="d", version="2.0.0", strategy=Strategy.BLUE_GREEN, regions=("r",), requested_by="ann"
    )
    health = (ROOT / "docs" / "health.md").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return frozenset(
        {
            *(rule.id for file in configuration.rule_files for rule in file.value.rules),
            *(one.value.name for one in configuration.procedures),
            *CODE_GATES,
            *(comparison.id for comparison in configuration.deployment.gates.comparisons),
            *(path.stem for path in (DEFAULTS / "scenarios").glob("*.yaml")),
            *(path.name for path in DEFAULTS.glob("*.yaml")),
            *(step.id.rpartition("/")[2] for step in plan(request, [standing], configuration.deployment).steps),
            *RollbackStep,
            *ACTION_NAMES,
            *FACT_TYPE_BY_KIND,
            *(DAILY_SAVINGS, WEEKLY_PERFORMANCE, MONTHLY_SECURITY),
            *re.findall(r"(?m)^\| `([a-z-]+)` \|", health),
            *(re.split(r"[>=<\[]", dependency)[0] for dependency in project["dependencies"]),
            *keys(Settings),
            *keys(Policy),
            *keys(Deployments),
        }
    )


def in_the_tree(name: str) -> bool:
    """Whether it is a file, a folder, or a word."""
    return (ROOT / name).exists() or name in words()


SHAPES: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("tillwatch ", lambda name: not unknown_parts(name)),
    ("make ", lambda name: f"\n{name.split()[1]}:" in (ROOT / "Makefile").read_text("utf-8")),
    ("python -m ", lambda name: (ROOT / f"{name.split()[2].replace('.', '/')}.py").is_file()),
    ("test_", lambda name: name in named_tests()),
    ("till_", lambda name: f"| `{name}` |" in (ROOT / "docs" / "metrics.md").read_text("utf-8")),
    ("TILL_", lambda name: name.removeprefix("TILL_").lower().replace("__", ".") in keys(Settings)),
    ("/", lambda name: name in routes()),
    ("GET ", lambda name: name in routes()),
    ("POST ", lambda name: name in routes()),
)
"""How each sort of name begins, and where it is looked for."""


def test_everything_that_the_page_names_exists() -> None:
    assert missing(PAGE) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "tillwatch nonsense",
        "tillwatch deploy --nonsense",
        "make nonsense",
        "python -m bench.nonsense",
        "test_that_nobody_wrote",
        "till_nonsense_total",
        "TILL_NONSENSE",
        "/api/v1/nonsense",
        "POST /v1/nonsense",
        "docs/nonsense.md",
        "no-such-rule",
        "check.nonsense",
    ],
)
def test_a_name_that_does_not_exist_is_found(wrong: str) -> None:
    assert missing(f"{PAGE}\n`{wrong}`")[-1:] == [wrong]


def test_what_is_said_to_be_absent_is_not_there() -> None:
    assert [name for name in absent(PAGE) if exists(name)] == []
    assert absent(f"{ABSENT}\n\n| `tillwatch nowhere` | a line |\n\n## Next\n") == ["tillwatch nowhere"]
    assert exists("tillwatch deploy")


def test_every_line_has_an_answer_and_what_is_here_names_what_shows_it() -> None:
    bad = [row for row in rows(PAGE) if len(row) != 3 or row[1] not in STATES or not row[2]]
    assert bad == []
    assert [row for row in rows(PAGE) if row[1] == "here" and not re.search(r"`|\]\(", row[2])] == []


def test_the_page_counts_its_lines() -> None:
    counts = Counter(row[1] for row in rows(PAGE))
    here, part, not_yet, otherwise = (counts[state] for state in STATES)
    assert (
        f"Of the {sum(counts.values())} lines below {here} are here, {part} are here in part, "
        f"{not_yet} are not yet here, and {otherwise} are deliberately otherwise."
    ) in PAGE


def blocks() -> Iterator[tuple[str, str]]:
    """The comment above each packaged rule, and the rule."""
    for path in sorted((DEFAULTS / "rules").glob("*.yaml")):
        for block in re.split(r"\n\s*\n", path.read_text("utf-8")):
            comment, found, rule = block.partition("- id:")
            if found:
                yield " ".join(line.strip().lstrip("# ") for line in comment.splitlines()), rule


def test_every_line_that_a_packaged_rule_quotes_is_on_the_page() -> None:
    quoted = {quote for comment, _ in blocks() for quote in re.findall(r'"([A-Z][^"]+)"', comment)}
    assert len(quoted) > 20
    lines = " ".join(row[0] for row in rows(PAGE))
    assert [quote for quote in sorted(quoted) if quote not in lines] == []


def test_a_packaged_rule_that_names_an_incident_level_has_its_severity() -> None:
    wrong = []
    for comment, rule in blocks():
        (severity,) = re.findall(r"(?m)^\s+severity: (\w+)", rule)
        levels = {LEVELS[level] for level in re.findall(r"ncident level (\d)", comment)}
        wrong += [(rule.split()[0], severity, levels)] if levels - {severity} else []
    assert wrong == []
