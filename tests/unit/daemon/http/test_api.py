"""The read API tells what the view knows, bounded, and describes itself."""

from typing import TypeVar

import msgspec
import pytest

from checks.findings import State
from config.rules.rule_file import RatioMeasure
from daemon.http import resources
from daemon.http.access import ACCESS
from daemon.http.openapi import OPERATIONS
from daemon.http.sessions.needed import needed_for
from remediation.decisions import Reason
from tests.unit.daemon.http.conftest import Client
from tests.unit.daemon.http.fake_view import FakeView
from tests.unit.daemon.http.story import BLUE, reading, rule

Document = TypeVar("Document")


async def fetch(client: Client, path: str, document: type[Document]) -> Document:
    answer = await client("viewer").get(path)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=document)


async def test_status_tells_traffic_sources_and_automation(as_role: Client, view: FakeView) -> None:
    view.observing = True
    status = await fetch(as_role, "/api/v1/status", resources.StatusDocument)
    assert status.traffic.weights == {"blue": 100, "green": 0}
    assert status.observe_only
    assert status.incidents_open == 1
    assert [source.name for source in status.sources] == ["payment-events", "control-events", "ingest"]


async def test_incidents_are_narrowed_by_state(as_role: Client) -> None:
    assert len((await fetch(as_role, "/api/v1/incidents?state=open", resources.IncidentList)).incidents) == 1
    assert (await fetch(as_role, "/api/v1/incidents?state=resolved", resources.IncidentList)).incidents == []


async def test_deployments_tell_that_one_was_rolled_back(as_role: Client) -> None:
    deployments = (await fetch(as_role, "/api/v1/deployments", resources.DeploymentList)).deployments
    assert [(one.id, one.rolled_back) for one in deployments] == [("dep-42", True)]


async def test_actions_tell_what_was_done_and_what_was_not(as_role: Client) -> None:
    actions = await fetch(as_role, "/api/v1/actions", resources.ActionList)
    assert [one.cause_to_call_ms for one in actions.actions] == [84.0]
    assert [one.reason for one in actions.not_taken] == [Reason.COOLING_DOWN]


async def test_the_journal_is_read_page_by_page_without_gap_or_overlap(as_role: Client, view: FakeView) -> None:
    sequences: list[int] = []
    after = 0
    while True:
        page = await fetch(as_role, f"/api/v1/journal?after={after}&limit=4", resources.JournalPage)
        if not page.entries:
            break
        sequences.extend(entry.sequence for entry in page.entries)
        after = page.next_after
        assert page.head == len(view.entries)
    assert sequences == list(range(1, len(view.entries) + 1))


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "limit=-1", "limit=1e3", "after=-1", "after=\u0663"]
)
async def test_a_parameter_out_of_bounds_is_refused_with_its_bounds(as_role: Client, query: str) -> None:
    answer = await as_role("viewer").get(f"/api/v1/journal?{query}")
    assert answer.status_code == 400
    assert "must be a whole number from" in answer.json()["detail"]


async def test_an_unknown_state_is_refused_with_the_known_ones(as_role: Client) -> None:
    answer = await as_role("viewer").get("/api/v1/incidents?state=shut")
    assert answer.json()["detail"] == "state must be one of open, acknowledged, resolved."


async def test_every_rule_is_listed_also_one_that_no_fact_has_reached(as_role: Client) -> None:
    rules = (await fetch(as_role, "/api/v1/rules", resources.RuleList)).rules
    assert [rule.id for rule in rules] == ["payment-failure-rate", "payment-latency", "payments-absent", "decline-rate"]
    assert rules[-1].readings == []
    assert rules[0].window_seconds == 60.0
    assert rules[1].measure == "p99 of latency_ms"


async def test_slos_are_the_other_side_of_failure_ratios_and_no_data_is_neither_met_nor_missed(
    as_role: Client, view: FakeView
) -> None:
    view.rule_readings = [
        msgspec.structs.replace(view.rule_readings[1], state=State.NO_DATA, value=None),
        *view.rule_readings,
    ]
    slos = (await fetch(as_role, "/api/v1/slos", resources.SloList)).slos
    assert [(slo.target, slo.current, slo.met) for slo in slos] == [
        (0.98, None, None),
        (0.98, pytest.approx(0.942), False),
        (0.98, pytest.approx(0.997), True),
    ]


def test_a_ratio_of_good_facts_is_an_objective_as_it_stands() -> None:
    measure = RatioMeasure(ratio="outcome != 'failed'", window="60s")  # type: ignore[arg-type]  # operators write text
    good = rule("payment-success-ratio", measure, breach="< 99.5%")
    answer = reading("payment-success-ratio", State.CLEARED, BLUE, "99.7 %", 0.997, breach="< 99.5%")
    slo = resources.slo_list([good], [answer]).slos[0]
    assert (slo.target, slo.current, slo.met) == (0.995, 0.997, True)


async def test_the_description_covers_every_route_of_the_api_and_resolves(as_role: Client) -> None:
    document = (await as_role("viewer").get("/api/v1/openapi.json")).json()
    described = set(document["paths"])
    assert described == {path for path in ACCESS if path.startswith(("/api/", "/ingest/"))} - {"/api/v1/openapi.json"}
    text = msgspec.json.encode(document).decode()
    for name in document["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in text
    for operation in OPERATIONS:
        needed = needed_for(operation.method.upper(), operation.path, ACCESS)
        assert document["paths"][operation.path][operation.method]["x-role"] == needed


async def test_costs_that_nobody_keeps_are_unavailable_and_not_zero(as_role: Client) -> None:
    answer = await as_role("viewer").get("/api/v1/costs")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
