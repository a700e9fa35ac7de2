"""The door of Alertmanager's webhooks: each alert is one fact, known again, and a bad one holds up no other."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.facts import AlertReported
from daemon.channels.kinds.alertmanager import group_of
from daemon.errors import CheckpointFailed, Untranslatable
from daemon.translate.alertmanager import translate_alert
from tests.contract.channels.test_channel_contract import notice
from tests.unit.daemon.http.conftest import Client, RememberingQuarantine, RememberingSink
from tests.unit.remediation.worlds import NOW_MS

FIRING: dict[str, Any] = {
    "status": "firing",
    "labels": {"alertname": "DiskFull", "severity": "page", "instance": "db-1", "job": "node"},
    "annotations": {"summary": "The disk of db-1 is full"},
    "startsAt": "2026-11-26T10:00:00.123456789Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prometheus/graph",
    "fingerprint": "c1a5f0b2d3e4f506",
}
RESOLVED = FIRING | {"status": "resolved", "endsAt": "2026-11-26T10:05:00Z"}
PATH = "/ingest/alertmanager"


def group(*alerts: object, **more: object) -> dict[str, object]:
    return {
        "version": "4",
        "groupKey": '{}:{alertname="DiskFull"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "tillwatch",
        "groupLabels": {"alertname": "DiskFull"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": list(alerts),
    } | more


async def test_each_alert_is_a_fact_that_is_known_again(as_role: Client, sink: RememberingSink) -> None:
    answer = await as_role("operator").post(PATH, json=group(FIRING, RESOLVED, FIRING))
    assert (answer.status_code, answer.json()["accepted"]) == (202, 3)
    fired, over, again = sink.accepted
    assert isinstance(fired, AlertReported)
    assert isinstance(over, AlertReported)
    assert fired == again
    assert (fired.id, over.id) == (
        "alertmanager:c1a5f0b2d3e4f506:1795687200123:firing",
        "alertmanager:c1a5f0b2d3e4f506:1795687200123:resolved",
    )
    assert (fired.subject, fired.severity) == ("DiskFull instance:db-1 job:node c1a5f0b2d3e4f506", "critical")
    assert over.subject == fired.subject
    assert over.at_ms - fired.at_ms == 299_877


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"labels": {}}, "alertname is missing"),
        ({"startsAt": "soon"}, "startsAt is not an ISO 8601 time"),
        ({"startsAt": "0001-01-01T00:00:00Z"}, "at_ms is not"),
        ({"status": "pending"}, "status"),
        ({"fingerprint": ""}, "fingerprint is empty"),
        ({"status": "resolved"}, "endsAt is missing"),
        ({"status": "resolved", "endsAt": "2026-11-26T09:00:00Z"}, "endsAt is before startsAt"),
        ({"labels": {f"l{number}": "" for number in range(70)} | {"alertname": "x"}}, "the limit is 64"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
async def test_a_bad_alert_is_put_aside_and_the_rest_flows(
    as_role: Client,
    sink: RememberingSink,
    quarantine: RememberingQuarantine,
    bad: dict[str, object],
    why: str,
) -> None:
    answer = await as_role("operator").post(PATH, json=group(FIRING | bad, FIRING))
    counts = answer.json()
    assert (answer.status_code, counts["accepted"], counts["refused"]) == (202, 1, 1)
    assert why in counts["problems"][0]["what"]
    assert (len(sink.accepted), len(quarantine.reasons)) == (1, 1)


@pytest.mark.parametrize("body", [b"{", b"{}", json.dumps(group(version="3")).encode(), b"[" * 5000], ids=str)
async def test_what_is_no_webhook_of_version_4_is_refused(as_role: Client, body: bytes) -> None:
    answer = await as_role("operator").post(PATH, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_it_needs_a_token_of_an_operator(as_role: Client, sink: RememberingSink) -> None:
    assert (await as_role(None).post(PATH, json=group(FIRING))).status_code == 401
    assert (await as_role("viewer").post(PATH, json=group(FIRING))).status_code == 403
    assert not sink.accepted


async def test_what_could_not_be_stored_is_to_be_sent_again(as_role: Client, sink: RememberingSink) -> None:
    sink.fault = CheckpointFailed("full")
    assert (await as_role("operator").post(PATH, json=group(FIRING))).status_code == 503


async def test_alerts_that_were_left_out_are_told(as_role: Client) -> None:
    counts = (await as_role("operator").post(PATH, json=group(FIRING, truncatedAlerts=3))).json()
    assert (counts["accepted"], counts["ignored"]) == (1, 1)


async def test_what_our_own_channel_sends_makes_no_incident_about_an_incident(
    as_role: Client, sink: RememberingSink
) -> None:
    answer = await as_role("operator").post(PATH, json=group_of(notice(), "key", "tillwatch", NOW_MS))
    assert (answer.status_code, answer.json()["ignored"]) == (202, 1)
    assert not sink.accepted


@pytest.mark.parametrize(
    ("label", "severity"),
    [("critical", "critical"), ("P2", "high"), ("warning", "medium"), ("info", "low"), ("?", "medium"), ("", "medium")],
)
def test_a_severity_is_read_from_its_label(label: str, severity: str) -> None:
    (fact,) = translate_alert(json.dumps(FIRING | {"labels": {"alertname": "x", "severity": label}}).encode()).facts
    assert isinstance(fact, AlertReported)
    assert fact.severity == severity


@given(labels=st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=10), text=st.text(max_size=900))
@settings(max_examples=60, deadline=None)
def test_no_label_breaks_the_subject_and_no_card_number_is_kept(labels: dict[str, str], text: str) -> None:
    alert = FIRING | {
        "labels": labels | {"alertname": "Card 4111111111111111"},
        "annotations": {"summary": f"{text} 4111 1111 1111 1111"[-400:]},
    }
    try:
        (fact,) = translate_alert(json.dumps(alert).encode()).facts
    except Untranslatable:
        return
    assert isinstance(fact, AlertReported)
    assert "4111111111111111" not in fact.subject + fact.alert + fact.summary.replace(" ", "")
    assert not set(",=\n") & set(fact.subject)
    assert fact.subject.endswith("c1a5f0b2d3e4f506")
