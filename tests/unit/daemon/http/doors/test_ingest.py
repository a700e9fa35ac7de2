"""The ingest door answers once the facts are stored, and says what it could not use."""

import json
from collections.abc import AsyncIterator

import pytest

from daemon.errors import CheckpointFailed
from daemon.http.doors.ingest import BODY_LIMIT_BYTES, REFUSED_LISTED
from tests.unit.daemon.http.conftest import Client, RememberingQuarantine, RememberingSink

FACT = {
    "kind": "payment.attempted",
    "id": "fact-1",
    "at_ms": 1_795_460_400_000,
    "subject": "pay_1",
    "rail": "card",
    "outcome": "succeeded",
    "amount_cents": 1250,
}
PACKED = {"schema": "tillwatch.events.v1", "events": [FACT]}
JSON = {"content-type": "application/json"}


async def test_packed_events_are_stored_and_counted(as_role: Client, sink: RememberingSink) -> None:
    answer = await as_role("operator").post("/ingest/events", json=PACKED)
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 1, "refused": 0, "ignored": 0, "problems": []}
    assert [fact.id for fact in sink.accepted] == ["fact-1"]


async def test_one_bad_event_is_quarantined_and_the_rest_flows(
    as_role: Client, sink: RememberingSink, quarantine: RememberingQuarantine
) -> None:
    answer = await as_role("operator").post("/ingest/events", json=[PACKED, {"schema": "other"}])
    counts = answer.json()
    assert (answer.status_code, counts["accepted"], counts["refused"]) == (202, 1, 1)
    assert counts["problems"][0]["index"] == 1
    assert len(sink.accepted) == 1
    assert len(quarantine.reasons) == 1


@pytest.mark.parametrize("body", [b"{", b"", b"[]", b"[{}]", b"\xff\xfe", b"[" * 5000])
async def test_a_request_without_one_usable_event_is_refused(
    as_role: Client, sink: RememberingSink, body: bytes
) -> None:
    answer = await as_role("operator").post("/ingest/events", content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert sink.accepted == []


async def test_an_answer_names_a_bounded_number_of_bad_events(as_role: Client) -> None:
    events: list[object] = [PACKED, *({"bad": number} for number in range(100))]
    counts = (await as_role("operator").post("/ingest/events", json=events)).json()
    assert counts["refused"] == 100
    assert len(counts["problems"]) == REFUSED_LISTED


async def test_a_body_above_the_limit_is_refused_by_its_declared_length(as_role: Client) -> None:
    body = json.dumps({"padding": "x" * BODY_LIMIT_BYTES}).encode()
    answer = await as_role("operator").post("/ingest/events", content=body, headers=JSON)
    assert answer.status_code == 413


async def test_a_body_above_the_limit_is_refused_while_it_streams(as_role: Client) -> None:
    parts = 0

    async def stream() -> AsyncIterator[bytes]:
        nonlocal parts
        for _ in range(64):
            parts += 1
            yield b"x" * 65_536

    answer = await as_role("operator").post("/ingest/events", content=stream(), headers=JSON)
    assert answer.status_code == 413
    assert parts <= BODY_LIMIT_BYTES // 65_536 + 1


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data", ""])
async def test_another_content_type_is_refused_with_the_known_ones(as_role: Client, content_type: str) -> None:
    answer = await as_role("operator").post("/ingest/events", content=b"{}", headers={"content-type": content_type})
    assert answer.status_code == 415
    assert "application/cloudevents+json" in answer.json()["detail"]


async def test_events_that_could_not_be_stored_are_asked_for_again(as_role: Client, sink: RememberingSink) -> None:
    sink.fault = CheckpointFailed("disk full")
    answer = await as_role("operator").post("/ingest/events", json=PACKED)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert "disk full" not in answer.text
