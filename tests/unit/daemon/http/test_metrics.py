"""Metric names follow the conventions, and their values follow the view."""

import re
from pathlib import Path

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from daemon.http.metrics import METRICS
from daemon.http.tally import JournalTally
from remediation.journal.port import READ_LIMIT
from tests.unit.daemon.http.conftest import Client
from tests.unit.daemon.http.fake_view import NOW_MS, FakeView
from tests.unit.daemon.http.story import finding, outcome

BOUNDED_LABELS = {
    "version": "one",
    "source": "the daemon's own sources",
    "environment": "ENVIRONMENT_LIMIT",
    "outcome": "an enum",
    "rule": "the loaded rules",
    "state": "an enum",
    "reason": "an enum",
    "action": "the installed actions",
    "severity": "three",
    "component": "the daemon's own probes",
    "check": "two ways",
    "kind": "two",
    "stage": "five",
    "by": "a person or a storm",
    "change": "an enum",
    "flag": "the flags of the document",
    "channel": "the channels of the settings",
    "region": "the regions of scaling.yaml",
    "what": "five",
}
"""Every label, and what bounds its values."""
NOT_BASE_UNITS = re.compile(r"_(ms|milliseconds|minutes|hours|percent|kb|mb|kib|mib|cents)(_|$)")


def samples_of(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def scraped(as_role: Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = await as_role("viewer").get("/metrics")
    assert answer.status_code == 200
    return samples_of(answer.text)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_follows_the_conventions(metric: object) -> None:
    found = next(one for one in METRICS if one is metric)
    assert re.fullmatch(r"till_[a-z][a-z0-9_]*", found.name)
    assert found.name.endswith("_total") == (found.kind == "counter")
    assert not NOT_BASE_UNITS.search(found.name)
    assert found.help.endswith(".")
    assert len(found.help) > 10
    assert set(found.labels) <= set(BOUNDED_LABELS)


def test_metric_names_are_unique() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)


async def test_exactly_the_named_metrics_are_exposed(as_role: Client) -> None:
    text = (await as_role("viewer").get("/metrics")).text
    exposed = set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))
    assert exposed == {metric.name for metric in METRICS}


async def test_openmetrics_is_answered_to_who_asks_for_it(as_role: Client) -> None:
    accept = {"accept": "application/openmetrics-text; version=1.0.0"}
    answer = await as_role("viewer").get("/metrics", headers=accept)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


async def test_a_bucket_leads_to_the_newest_trace_in_openmetrics_and_in_no_other_text(
    as_role: Client, view: FakeView
) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    view.append(msgspec.structs.replace(outcome(), trace_id=trace_id), NOW_MS)
    accept = {"accept": "application/openmetrics-text; version=1.0.0"}
    told = (await as_role("viewer").get("/metrics", headers=accept)).text
    (example,) = re.findall(r'(?m)^till_cause_to_call_seconds_bucket\{le="0\.1"\} \S+ # (.*)$', told)
    assert example == f'{{trace_id="{trace_id}"}} 0.084 {(NOW_MS - 94_800) / 1000}'
    assert trace_id not in (await as_role("viewer").get("/metrics")).text


async def test_values_come_from_the_view_and_the_journal(as_role: Client) -> None:
    values = await scraped(as_role)
    assert values["till_facts_consumed_total", (("source", "payment-events"),)] == 18_422
    assert values["till_traffic_weight_ratio", (("environment", "blue"),)] == 1
    assert values["till_decisions_total", (("action", "rollback.traffic"), ("reason", "cooling_down"))] == 1
    assert values["till_actions_total", (("action", "rollback.traffic"), ("outcome", "verified"))] == 1
    assert values["till_cause_to_call_seconds_bucket", (("le", "0.1"),)] == 1
    assert values["till_cause_to_call_seconds_bucket", (("le", "0.05"),)] == 0
    assert values["till_rollback_stage_seconds_count", (("stage", "verified"),)] == 1
    assert values["till_rollback_stage_seconds_sum", (("stage", "evidence"),)] == 0.9
    assert values["till_rollback_exposed_dollars_sum", ()] == 55.25
    assert values["till_incidents_open", (("severity", "1"),)] == 1
    assert values["till_facts_late_total", ()] == 4
    assert values["till_facts_skewed_total", ()] == 1
    assert values["till_rule_keys_evicted_total", ()] == 2
    assert values["till_config_reload_success", ()] == 1
    assert values["till_state_kept_timestamp_seconds", ()] == (NOW_MS - 20_000) / 1000


async def test_what_was_never_read_is_absent_and_not_zero(as_role: Client, view: FakeView) -> None:
    view.split = type(view.split)({"blue": 0}, 0)
    names = {(name, labels) for name, labels in await scraped(as_role)}
    assert not any(name == "till_traffic_weight_ratio" for name, _ in names)
    assert ("till_source_last_fact_timestamp_seconds", (("source", "ingest"),)) not in names


async def test_a_second_scrape_counts_no_entry_and_no_payment_twice(as_role: Client, view: FakeView) -> None:
    first, second = await scraped(as_role), await scraped(as_role)
    assert first == second
    view.append(outcome(), NOW_MS)
    third = await scraped(as_role)
    assert third["till_actions_total", (("action", "rollback.traffic"), ("outcome", "verified"))] == 2


async def test_a_large_page_is_rendered_too(as_role: Client, view: FakeView) -> None:
    template = view.rule_readings[0]
    view.rule_readings = [msgspec.structs.replace(template, rule_id=f"rule-{number}") for number in range(400)]
    assert (await scraped(as_role))["till_rule_keys", (("rule", "rule-399"), ("state", "breached"))] == 1


async def test_a_long_journal_is_counted_in_bounded_reads() -> None:
    view = FakeView()
    for _ in range(READ_LIMIT + 5):
        view.append(finding(), NOW_MS)
    tally = JournalTally()
    await tally.catch_up(view)
    assert tally.sequence == READ_LIMIT + 5
    assert [limit for _, limit in view.journal_reads] == [READ_LIMIT, READ_LIMIT]
    assert tally.findings["payment-failure-rate", "breached"] == READ_LIMIT + 5


def test_every_name_is_kept_where_metrics_are_named() -> None:
    folder = Path(__file__).parents[4] / "daemon" / "http"
    others = [path for path in folder.rglob("*.py") if not path.name.endswith("metrics.py")]
    assert [path.name for path in others if re.search(r"\"till_(?!session)", path.read_text())] == []


async def test_a_component_that_is_unknown_has_no_number(as_role: Client) -> None:
    values = await scraped(as_role)
    healthy = {
        dict(labels)["component"]: value for (name, labels), value in values.items() if name == "till_component_healthy"
    }
    assert healthy == {"database": 1.0, "aws-payment-processor": 0.5}
    assert values["till_cloudwatch_data_total", (("outcome", "dropped"),)] == 0
    assert values["till_cloudwatch_failures_total", (("kind", "throttled"),)] == 0
