"""The pages in docs/ say what the code says."""

import re
from pathlib import Path

import pytest

from checks.rules import compile_rules
from config.load import load_configuration
from config.loading.loader import load_yaml
from config.loading.locate import fields_as_written
from config.rules.rule_file import Rule, RuleFile
from daemon.deployments.refusals import Refusal
from daemon.embedded.environments.daemon_key import SCOPES
from daemon.http.access import ACCESS
from daemon.http.metrics import METRICS
from daemon.rollbacks.desk import RollbackRefusal
from daemon.translate import message
from payment_core.acquirer.cards import SANDBOX_CARDS
from payment_core.acquirer.tokens import SANDBOX_TOKENS
from payment_core.http.routes import Route
from payment_core.metrics.counts import Counts
from payment_core.metrics.domain_counts import MigrationSeen
from payment_core.metrics.process_metrics import CoreCollector
from payment_core.migration.running.counts import RunningCounts
from payment_core.migration.running.standing import Found
from payment_core.origin import Origin
from remediation.compensation.model import Fix
from remediation.decisions import OutcomeStatus, Reason
from remediation.deployment.findings import StepFinding
from remediation.deployment.plan import Request, Standing, Strategy
from remediation.deployment.planning import plan
from remediation.deployment.transitions import BEFORE_TRAFFIC, WITH_TRAFFIC, Pressure, move
from remediation.journal.kinds import BODY_TYPE_BY_KIND
from remediation.rollback.model import STEPS, RollbackStep
from remediation.rollback_measure import STAGES
from tests.unit.house.commands_on_pages import unknown_parts
from tests.unit.payment_core.flags.sealed import flags_with_a_past
from tests.unit.payment_core.http.every_table import every_route

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted((ROOT / "docs").glob("*.md"))
DAEMON_ROUTES = {
    "POST /api/v1/escalation/test",
    "POST /ingest/alertmanager",
    "POST /ingest/events",
    "POST /ingest/firehose",
    "POST /ingest/pagerduty",
}


A_LOOK = Found(
    evidence=None,
    open_differences=0,
    lag_ms=0,
    cursor=None,
    waiting=0,
    waiting_ms=0,
    jobs_left=(),
    no_return=None,
)
"""How a migration stands, with nothing unknown, so that every metric of it is shown."""


def page(name: str) -> str:
    """The text of a page."""
    return (ROOT / "docs" / name).read_text("utf-8")


def first_cells(text: str, heading: str) -> list[str]:
    """The first cell of each row of the table after a heading, without backticks."""
    part = text[text.index(f"{heading}\n") + len(heading) :]
    part = part[: part.index("\n## ")] if "\n## " in part else part
    rows = [line for line in part[part.index("\n|---") :].splitlines() if line.startswith("| `")]
    return [re.findall(r"`([^`]+)`", row)[0] for row in rows]


def test_the_journal_page_has_every_kind_of_entry() -> None:
    assert first_cells(page("journal.md"), "## Kinds") == list(BODY_TYPE_BY_KIND)


def test_the_events_page_has_every_event_that_is_understood() -> None:
    rows = first_cells(page("events.md"), "## From AWS, by EventBridge rule to the queue `till-control-events`")
    assert rows == sorted(message._KINDS, key=rows.index)


def test_the_operating_page_explains_every_reason() -> None:
    assert first_cells(page("operating.md"), "## Why was nothing done?") == [reason.value for reason in Reason]


def test_the_glossary_names_every_outcome() -> None:
    outcomes = next(line for line in page("glossary.md").splitlines() if line.startswith("| **outcome**"))
    assert re.findall(r"`(\w+)`", outcomes) == [status.value for status in OutcomeStatus]


def test_the_metrics_page_has_every_metric_of_the_daemon() -> None:
    rows = first_cells(page("metrics.md"), "## The daemon, `/metrics` (role `viewer`)")
    assert rows == [metric.name for metric in METRICS]


def test_the_metrics_page_has_every_metric_of_the_payment_core() -> None:
    counts = Counts()
    counts.domains.flags = flags_with_a_past()
    counts.domains.migration = MigrationSeen(RunningCounts(), lambda: A_LOOK)
    collector = CoreCollector(counts, Origin("blue", "1.0.0", "us-east-1"), 0, 0)
    names = [f"{family.name}_total" if family.type == "counter" else family.name for family in collector.collect()]
    assert sorted(first_cells(page("metrics.md"), "## The payment core, `/metrics`")) == sorted(names)


def test_the_payments_page_has_every_test_token_and_card_and_its_code() -> None:
    text = page("payments.md")
    assert first_cells(text, "## Test payment methods") == [token.token for token in SANDBOX_TOKENS]
    assert first_cells(text, "## Test card numbers") == [card.number for card in SANDBOX_CARDS]
    for token in SANDBOX_TOKENS:
        row = next(line for line in text.splitlines() if line.startswith(f"| `{token.token}` "))
        assert f"| {token.rail} |" in row
        assert token.code in row
    for card in SANDBOX_CARDS:
        assert card.code in next(line for line in text.splitlines() if line.startswith(f"| `{card.number}` "))


def cells(text: str, heading: str) -> list[list[str]]:
    """All cells of each row of the first table after a heading, without backticks."""
    part = text[text.index(f"{heading}\n") :]
    rows = part[part.index("\n|---") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip().replace("`", "") for cell in row.strip("|").split("|")] for row in rows]


def test_the_deploying_page_has_the_whole_table_of_transitions() -> None:
    wanted = []
    for words, phases in (("before traffic", BEFORE_TRAFFIC), ("with traffic", WITH_TRAFFIC)):
        for finding in StepFinding:
            moves = [
                {str(move(phase, finding)) for phase in phases},
                {str(move(phase, finding, Pressure.LATE)) for phase in phases},
                {str(move(phase, finding, past_return=True)) for phase in phases},
            ]
            wanted.append([words, str(finding), *(", ".join(sorted(one)) for one in moves)])
    assert cells(page("deploying.md"), "## What follows from what is found") == wanted


def test_the_deploying_page_has_every_step_that_is_planned_by_default() -> None:
    text = page("deploying.md").partition("## The six phases")[2].partition("\n## ")[0]
    standing = Standing(region="r", environment="blue", version="1.0.0", spare="green")
    request = Request(
        deployment_id="d", version="2.0.0", strategy=Strategy.BLUE_GREEN, regions=("r",), requested_by="ann"
    )
    steps = plan(request, [standing], load_configuration(None).deployment).steps
    jobs = [step for step in steps if step.kind == "migrate"]
    names = {re.sub(r"-\d+$", "-N", step.id.rpartition("/")[2]) for step in steps if step not in jobs}
    assert names - set(re.findall(r"`([^`]+)`", text)) == set()
    assert {step.phase for step in steps} <= set(re.findall(r"`(\w+)`", text))


def test_the_deploying_page_has_every_refusal() -> None:
    assert {refusal.value for refusal in Refusal} <= set(re.findall(r"`(\w+)`", page("deploying.md")))


def test_the_rollback_page_has_the_steps_of_each_sort_in_their_order() -> None:
    rows = cells(page("rolling-back.md"), "## By hand")
    assert rows == [[str(kind), ", ".join(steps)] for kind, steps in STEPS.items()]


def test_the_rollback_page_explains_every_step_fix_stage_and_refusal() -> None:
    text = page("rolling-back.md")
    assert {str(step) for step in RollbackStep} <= set(first_cells(text, "## By hand"))
    assert set(first_cells(text, "## The payments of a bad release")) == {str(fix) for fix in Fix}
    assert first_cells(text, "## How long it took") == list(STAGES)
    assert {refusal.value for refusal in RollbackRefusal} <= set(re.findall(r"`(\w+)`", text))


def test_the_rollback_page_names_every_rule_that_takes_a_release_back_by_a_trigger_of_the_owner() -> None:
    rules = {rule.id for file in load_configuration(None).rule_files for rule in file.value.rules}
    named = re.findall(
        r"`([a-z0-9-]+)`", page("rolling-back.md").partition("## By itself")[2].partition("All of them")[0]
    )
    assert {name for name in named if "-" in name and not name.startswith("-")} - rules == {"cost-per-100"}


def test_the_routes_page_has_the_daemons_routes_for_deployments_with_their_roles() -> None:
    lines = [line for line in page("routes.md").splitlines() if line.startswith("- `/api/v1/")]
    about = ("deployments", "rollbacks", "rehearsals", "compensations")
    routes = {
        route: role for route, role in ACCESS.items() if route.partition("/api/v1/")[2].partition("/")[0] in about
    }
    assert len(routes) > 10
    for route, role in routes.items():
        path = route.removeprefix("POST ")
        line = next((line for line in lines if f"`{path}`" in line), "")
        assert f"({role})" in line, route


def test_the_operating_page_names_every_scope_that_the_daemon_needs() -> None:
    line = next(line for line in page("operating.md").splitlines() if "ask for an API key (scopes" in line)
    assert set(SCOPES) == {name for name in re.findall(r"`([\w:]+)`", line) if ":" in name}


def named_routes(text: str) -> set[str]:
    """Routes that a page names with their method, such as ``GET /v1/payments``, without what follows a path.

    What stands for an id may have any name.
    """
    found = re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/(?:v1/)?[\w/{}.]+)[^`]*`", text)
    return {_unnamed(f"{method} {path}") for method, path in found}


def served_routes() -> set[str]:
    """What the payment core answers."""
    return {_unnamed(f"{route.method} {route.path}") for route in every_route()}


def _unnamed(route: str) -> str:
    return re.sub(r"\{\w+\}", "{}", route)


def row_of(route: Route) -> str:
    """A route as the page about them has it."""
    scope = f"`{route.scope}`" if route.scope else "open"
    return f"| `{route.method} {route.path}` | {scope} | {route.summary} |"


def test_the_routes_page_has_every_route_with_its_scope() -> None:
    shown = [line for line in page("routes.md").splitlines() if line.startswith("| `")]
    rows = sorted((row_of(route) for route in every_route()), key=lambda row: row.split("`")[1].split(" ")[::-1])
    assert len(rows) > 50
    assert shown == rows, "docs/routes.md has to hold these rows:\n" + "\n".join(rows)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_names_no_route_that_does_not_exist(path: Path) -> None:
    strangers = named_routes(path.read_text("utf-8")) - served_routes() - DAEMON_ROUTES
    assert not strangers, f"{path.name} names routes that nothing serves: {sorted(strangers)}"


def test_a_route_that_does_not_exist_is_found() -> None:
    assert named_routes("| `POST /v1/nonsense` | and `GET /v1/payments?after=ID` |") == {
        "POST /v1/nonsense",
        "GET /v1/payments",
    }


def test_every_example_of_a_rule_compiles(tmp_path: Path) -> None:
    examples = re.findall(r"```yaml\n(rules:\n.*?)```", page("rules.md"), re.DOTALL)
    assert len(examples) > 1
    for number, example in enumerate(examples):
        path = tmp_path / f"{number}.yaml"
        path.write_text(example, encoding="utf-8")
        assert compile_rules([load_yaml(path, RuleFile)])


def test_the_rules_page_has_every_key_of_a_rule() -> None:
    assert first_cells(page("rules.md"), "## Keys of a rule") == list(fields_as_written(Rule))


def test_the_rules_page_has_every_packaged_rule_with_its_limit_and_its_mode() -> None:
    text = page("rules.md")
    rules = [rule for file in load_configuration(None).rule_files for rule in file.value.rules]
    assert first_cells(text, "## The packaged rules") == [rule.id for rule in rules]
    for rule in rules:
        row = next(line for line in text.splitlines() if line.startswith(f"| `{rule.id}` "))
        assert row.endswith(f"| {rule.mode} |")
        assert f"| `{rule.on}` |" in row
        assert f"`{rule.breach}`" in row or not rule.breach
        assert all(f"`{action}`" in row for action in rule.do)


def commands(text: str) -> list[str]:
    """The tillwatch commands in the code blocks of a page, without comments."""
    blocks = [block for language, block in re.findall(r"(?ms)^```(\w*)\n(.*?)^```$", text) if not language]
    lines = [line.split(" #")[0] for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("tillwatch ")]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_on_a_page_exists(path: Path) -> None:
    found = {command: unknown_parts(command) for command in commands(path.read_text("utf-8"))}
    assert {command: unknown for command, unknown in found.items() if unknown} == {}


def test_an_unknown_command_or_option_would_be_found() -> None:
    assert unknown_parts("tillwatch nonsense --json") == ["nonsense"]
    assert unknown_parts("tillwatch up --nonsense 3 --json") == ["--nonsense"]
    assert unknown_parts("tillwatch core serve --port 1 --nonsense 3") == ["--nonsense"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_what_a_page_names_exists(path: Path) -> None:
    named = re.findall(
        r"`((?:config|checks|payment_core|remediation|daemon|deploy|docs|tests|bench)/[\w./-]+)`",
        path.read_text("utf-8"),
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_link_leads_somewhere() -> None:
    pages = [*PAGES, *sorted(ROOT.glob("*.md"))]
    links = [
        (path, link)
        for path in pages
        for link in re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8"))
        if "://" not in link
    ]
    assert links
    assert [f"{path.name}: {link}" for path, link in links if not (path.parent / link).exists()] == []


def places(text: str) -> set[str]:
    """What may stand after ``#`` in a link to a page: its headings, as the forge spells them."""
    headings = (heading.strip().lower() for heading in re.findall(r"(?m)^#+ (.*)$", text))
    return {re.sub(r"[^\w -]", "", heading).replace(" ", "-") for heading in headings}


def dead_places(path: Path, text: str) -> list[str]:
    """Links of a page to a heading that is not there."""
    links = re.findall(r"\]\(([^)#:]*)#([^)]+)\)", text)
    targets = [(f"{name}#{place}", place, path.parent / name if name else path) for name, place in links]
    return [link for link, place, target in targets if place not in places(target.read_text("utf-8"))]


@pytest.mark.parametrize("path", [*PAGES, *sorted(ROOT.glob("*.md"))], ids=lambda path: path.name)
def test_every_heading_that_a_page_links_to_is_there(path: Path) -> None:
    assert dead_places(path, path.read_text("utf-8")) == []


def test_a_link_to_a_heading_that_is_not_there_is_found() -> None:
    text = "[a](operating.md#traces), [b](operating.md#no-such-heading), [c](#neither)"
    assert dead_places(ROOT / "docs" / "seed.md", text) == ["operating.md#no-such-heading", "#neither"]
