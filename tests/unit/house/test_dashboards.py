"""Dashboards and alerts in deploy/ name metrics and labels that there are, in their units; no data is no number."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from checks.facts import HealthProbed
from config.settings import HealthSettings
from daemon.senses.metric_outlet import health_data
from tests.unit.house.promql import METRIC, documented, metric_of, problems

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "deploy" / "dashboards"
GRAFANA = sorted(path for path in FOLDER.glob("*.json") if path.stem != "cloudwatch")
METRICS = documented()
ALERTS = yaml.safe_load((ROOT / "deploy" / "alerts" / "tillwatch.yaml").read_text("utf-8"))
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
UNITS = {"_timestamp_seconds": {"s"}, "_seconds": {"s"}, "_bytes": {"bytes"}, "_dollars": {"currencyUSD"}}
"""What a panel of such metrics is measured in, when it shows them and not how often they came."""
PER_SECOND = {"reqps", "ops", "cps", "percentunit"}
COLUMNS = 24
_SEARCH = re.compile(r"SEARCH\('\{([^}]+)\} MetricName=\"(\w+)\"', '\w+', \d+\)")


def loaded(path: Path) -> dict[str, Any]:
    """A dashboard."""
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def panels(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that show something."""
    return [panel for panel in document["panels"] if panel["type"] != "row"]


def shape_problems(document: dict[str, Any]) -> Iterator[str]:
    """What Grafana would not take, or draw over each other (dashboard JSON model, schema version 39)."""
    wanted = {"uid", "title", "schemaVersion", "panels", "templating", "annotations", "time", "refresh", "tags"}
    yield from (f"no {name}" for name in sorted(wanted - document.keys()))
    if document.get("schemaVersion") != 39:
        yield "schemaVersion is not 39"
    if not re.fullmatch(r"[a-z0-9-]{1,40}", document.get("uid", "")):
        yield "uid has more than 40 characters, or others than letters, digits and dashes"
    names = [one["id"] for one in document["panels"]]
    if len(names) != len(set(names)):
        yield "two panels have one id"
    taken: set[tuple[int, int]] = set()
    for panel in document["panels"]:
        place = panel["gridPos"]
        columns, rows = (range(place[at], place[at] + place[size]) for at, size in (("x", "w"), ("y", "h")))
        cells = {(x, y) for x in columns for y in rows}
        if taken & cells:
            yield f"{panel['title']} lies over another panel"
        if any(x >= COLUMNS for x, _ in cells):
            yield f"{panel['title']} is wider than the page"
        taken |= cells


def panel_problems(panel: dict[str, Any]) -> Iterator[str]:
    """What a panel would get wrong: its source, its unit, and what it shows when there is nothing."""
    title, defaults = panel["title"], panel["fieldConfig"]["defaults"]
    sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
    if any(one != {"type": "prometheus", "uid": "${datasource}"} for one in sources):
        yield f"{title}: its source is not the one that the reader chose"
    if [target["refId"] for target in panel["targets"]] != [chr(65 + n) for n in range(len(panel["targets"]))]:
        yield f"{title}: targets are not called A, B, ..."
    if defaults.get("noValue") != "no data" or not any(one["type"] == "special" for one in defaults["mappings"]):
        yield f"{title}: no data is not shown as no data"
    if defaults.get("custom", {}).get("spanNulls", False) is not False:
        yield f"{title}: it draws a line over what nobody measured"
    if panel["options"].get("reduceOptions", {"calcs": ["last"]})["calcs"] != ["last"]:
        yield f"{title}: it shows an old value where there is none now"
    for target in panel["targets"]:
        yield from problems(target["expr"], METRICS)
        yield from (f"{title}: {one}" for one in unit_problems(target["expr"], defaults["unit"]))


def unit_problems(expression: str, unit: str) -> Iterator[str]:
    """Whether the panel measures in what the metric is measured in, or in how often it came."""
    bare = expression.replace(" ", "")
    if re.match(r"(sum[^(]*\()*rate\(", bare) is not None:
        if "/" not in bare and unit not in PER_SECOND:
            yield f"{expression} is a number a second, shown in {unit}"
        return
    if re.match(r"histogram_quantile|time\(\)|max|min|till_", bare) is None:
        return
    name = METRIC.findall(expression)[0].removesuffix("_bucket")
    wanted = next((units for suffix, units in UNITS.items() if name.endswith(suffix)), {unit})
    if unit not in wanted:
        yield f"{name} is shown in {unit}"


@pytest.mark.parametrize("path", GRAFANA, ids=lambda path: path.stem)
def test_a_dashboard_has_the_shape_that_grafana_reads(path: Path) -> None:
    document = loaded(path)
    assert list(shape_problems(document)) == []
    assert document["uid"] == f"tillwatch-{path.stem}"


@pytest.mark.parametrize("path", GRAFANA, ids=lambda path: path.stem)
def test_a_panel_names_what_there_is_and_shows_no_data_as_no_data(path: Path) -> None:
    found = [problem for panel in panels(loaded(path)) for problem in panel_problems(panel)]
    for annotation in loaded(path)["annotations"]["list"]:
        found += list(problems(annotation.get("expr", ""), METRICS))
    assert found == []


def test_every_metric_is_on_a_dashboard() -> None:
    shown = {name for path in GRAFANA for name in METRIC.findall(path.read_text("utf-8"))}
    named = {metric.name for name in shown if (metric := metric_of(name, METRICS)) is not None}
    assert set(METRICS) - named == set(), "add a panel, or say in docs/dashboards.md why there is none"


def test_the_histogram_of_causes_leads_to_its_traces() -> None:
    targets = [target for panel in panels(loaded(FOLDER / "decisions.json")) for target in panel["targets"]]
    asked = [target for target in targets if "till_cause_to_call_seconds_bucket" in target["expr"]]
    assert asked
    assert all(target["exemplar"] for target in asked)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_an_alert_names_what_there_is_how_grave_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    found = [] if rule["expr"] == "vector(1)" else list(problems(rule["expr"], METRICS))
    assert found == []
    assert rule["labels"]["severity"] in {"critical", "high", "none"}
    assert rule["annotations"]["summary"].endswith(".")
    page, _, heading = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"(?m)^#+ (.+)$", (ROOT / page).read_text("utf-8"))
    assert heading in {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}


def test_what_the_watcher_cannot_say_when_it_is_gone_is_said_without_it() -> None:
    expressions = [rule["expr"] for rule in RULES]
    assert "vector(1)" in expressions
    for name in ("till_build_info", "till_core_info", "till_ledger_balanced"):
        assert any(f"absent({name})" in one for one in expressions)


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("till_nothing", "there is no metric till_nothing"),
        ('till_ready{region="a"}', "till_ready has no label region"),
        ("sum by (rail) (till_ready)", "no metric in it has the label rail"),
        ("sum(till_ready) or vector(0)", "shows no data as a number"),
        ("rate(till_ready[1m])", "till_ready is no counter"),
        ("sum(till_ready", "brackets do not match"),
        ("till_cause_to_call_seconds", "there is no metric"),
        ("till_ready_bucket", "there is no metric"),
    ],
)
def test_each_check_of_an_expression_has_teeth(expression: str, part: str) -> None:
    assert any(part in problem for problem in problems(expression, METRICS))


@pytest.mark.parametrize(
    ("expression", "unit"),
    [
        ("time() - till_source_last_fact_timestamp_seconds", "short"),
        ("max(till_event_loop_lag_seconds)", "bytes"),
        ("histogram_quantile(0.9, sum by (le) (rate(till_core_commit_seconds_bucket[1m])))", "short"),
        ("sum(rate(till_facts_consumed_total[1m]))", "s"),
    ],
)
def test_a_wrong_unit_is_found(expression: str, unit: str) -> None:
    assert list(unit_problems(expression, unit)) != []


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"fieldConfig": {"defaults": {"noValue": "0", "mappings": [], "unit": "s"}}}, "no data is not shown"),
        ({"options": {"reduceOptions": {"calcs": ["lastNotNull"]}}}, "an old value"),
        ({"datasource": {"type": "prometheus", "uid": "mine"}}, "not the one that the reader chose"),
    ],
)
def test_each_check_of_a_panel_has_teeth(change: dict[str, Any], part: str) -> None:
    panel = panels(loaded(FOLDER / "overview.json"))[0] | change
    assert any(part in problem for problem in panel_problems(panel))


def cloudwatch_metrics(document: dict[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Namespace, metric and dimensions of everything that the dashboard asks for."""
    for widget in document["widgets"]:
        for metric in widget["properties"].get("metrics", []):
            if isinstance(metric[0], dict):
                found = _SEARCH.fullmatch(metric[0]["expression"])
                assert found is not None, metric
                namespace, *dimensions = found[1].split(",")
                yield namespace, found[2], tuple(dimensions)
            else:
                names = [part for part in metric if isinstance(part, str)]
                yield names[0], names[1], tuple(names[2::2])


def published() -> set[tuple[str, str, tuple[str, ...]]]:
    """What the daemon publishes, by which dimensions its facts have."""
    facts = [
        HealthProbed(id="1", at_ms=1, subject="a", status="healthy", environment=environment, check=check)
        for environment in ("", "blue")
        for check in ("", "readiness")
    ]
    namespace = HealthSettings().namespace
    return {(namespace, one.name, tuple(name for name, _ in one.dimensions)) for one in health_data(facts)}


def template() -> dict[str, Any]:
    """The CloudFormation template, its functions as plain values."""
    text = re.sub(r"!(?:Sub|Ref)\b ?", "", (ROOT / "deploy" / "dashboards.yaml").read_text("utf-8"))
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def test_the_dashboard_in_cloudwatch_asks_for_what_the_daemon_publishes_and_for_our_queues() -> None:
    queues = set(re.findall(r"QueueName: (till-\S+)", (ROOT / "deploy" / "events.yaml").read_text("utf-8")))
    document = loaded(FOLDER / "cloudwatch.json")
    asked = set(cloudwatch_metrics(document))
    ours = {one for one in asked if one[0] != "AWS/SQS"}
    assert ours == published()
    assert {part for _, _, names in asked - ours for part in names} == {"QueueName"}
    assert set(re.findall(r'"(till-[a-z-]+)"', json.dumps(document))) <= queues


def test_the_template_makes_the_dashboard_that_lies_beside_it() -> None:
    made = template()["Resources"]
    body = json.loads(made["Dashboard"]["Properties"]["DashboardBody"].replace("${AWS::Region}", "us-east-1"))
    assert body == loaded(FOLDER / "cloudwatch.json")


def test_the_alarm_fires_when_there_is_no_data() -> None:
    alarm = template()["Resources"]["NobodyWatches"]["Properties"]
    dimensions = tuple(one["Name"] for one in alarm["Dimensions"])
    assert (alarm["Namespace"], alarm["MetricName"], dimensions) in published()
    assert alarm["TreatMissingData"] == "breaching"
