"""The trace that an event came with is found again when a rule breaches by it, and in every decision that follows."""

import json
from pathlib import Path

import httpx
import msgspec
import pytest

from daemon.probes.bearer_client import bearer_client
from daemon.traces.causes import CAUSES_MAX, Causes, arriving
from daemon.translate.cloudevents import translate_cloud_event
from daemon.translate.message import translate
from remediation.tracing import parsed_traceparent, traced, usable_traceparent
from tests.unit.daemon.http.story import finding
from tests.unit.daemon.pipeline_world import deciding, line, payments, rollout
from tests.unit.remediation.worlds import NOW_MS, scene

EVENTS = Path(__file__).parents[3] / "data" / "events"
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OTHER = "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-00"


def cloud_event(**attributes: str) -> bytes:
    """A heartbeat as a CloudEvent."""
    event = {"specversion": "1.0", "id": "1", "source": "test", "type": "com.tillwatch.heartbeat", "data": {}}
    data = {"at_ms": NOW_MS, "subject": "batch", "interval_seconds": 60}
    return json.dumps({**event, "data": data, **attributes}).encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        f"{TRACEPARENT}\n",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-" + "x" * 100,
    ],
)
def test_what_is_no_traceparent_is_passed_over(text: str) -> None:
    assert parsed_traceparent(text) is None
    assert usable_traceparent(text) == ""
    assert translate_cloud_event(cloud_event(traceparent=text)).traceparents() == {}


def test_a_later_version_is_read_by_what_it_has_in_common() -> None:
    later = f"01{TRACEPARENT[2:]}-more"
    assert parsed_traceparent(later) == parsed_traceparent(TRACEPARENT)


def test_a_cloud_event_names_its_trace_by_the_extension_and_otherwise_its_request_does() -> None:
    own = translate_cloud_event(cloud_event(traceparent=TRACEPARENT))
    assert own.traceparents(OTHER) == {"test#1": TRACEPARENT}
    assert translate_cloud_event(cloud_event()).traceparents(OTHER) == {"test#1": OTHER}


def test_an_event_of_the_bus_names_its_trace_in_its_detail() -> None:
    event = json.loads((EVENTS / "tillwatch_deployment.json").read_text())
    assert translate(json.dumps(event)).traceparents() == {}
    event["detail"]["traceparent"] = TRACEPARENT
    assert list(translate(json.dumps(event)).traceparents().values()) == [TRACEPARENT]


async def test_the_decision_that_an_event_tips_links_to_its_trace_and_says_when_it_was_taken_over(
    tmp_path: Path,
) -> None:
    facts = payments(20)
    async with line(tmp_path, await scene()) as one, deciding(one):
        await one.pipeline.accept([rollout()], "queue")
        with arriving({fact.id: TRACEPARENT for fact in facts}):
            await one.pipeline.accept(facts, "queue")
        await one.until("outcome")
        (decided,), (intended,), (ended,) = [await one.told(kind) for kind in ("decision", "intent", "outcome")]
    found = decided["finding"]
    assert isinstance(found, dict)
    assert (found["traceparent"], found["heard_at_ms"]) == (TRACEPARENT, NOW_MS)
    assert decided["trace_id"] == intended["trace_id"] == ended["trace_id"]
    assert isinstance(decided["trace_id"], str)
    assert len(decided["trace_id"]) == 32


def test_causes_are_bounded_and_the_newest_are_kept() -> None:
    causes = Causes()
    with arriving({str(number): TRACEPARENT for number in range(CAUSES_MAX + 1)}):
        causes.note()
    oldest, newest = [
        msgspec.structs.replace(finding(), fact_id=fact_id, traceparent="") for fact_id in ("0", str(CAUSES_MAX))
    ]
    assert [one.traceparent for one in causes.told([oldest, newest])] == ["", TRACEPARENT]


def test_nothing_is_told_of_a_finding_that_time_alone_made() -> None:
    ticked = msgspec.structs.replace(finding(), fact_id="")
    assert Causes().told([ticked], NOW_MS) == [ticked]


async def test_a_call_of_our_own_service_carries_the_trace_within_an_action_and_none_outside() -> None:
    seen: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("traceparent"))
        return httpx.Response(200)

    async with bearer_client("token", 1.0, transport=httpx.MockTransport(answer)) as client:
        await client.get("http://127.0.0.1:1/a")
        with traced("4bf92f3577b34da6a3ce929d0e0e4736", 7):
            await client.get("http://127.0.0.1:1/b")
    outside, within = seen
    assert outside is None
    assert within is not None
    parsed = parsed_traceparent(within)
    assert parsed is not None
    assert parsed[0] == "4bf92f3577b34da6a3ce929d0e0e4736"
