"""EventBridge and CloudEvents by HTTP become facts; what is bad is named by its index."""

from pathlib import Path

import msgspec
import pytest

from checks.facts import HealthProbed, PaymentAttempted
from daemon.errors import Untranslatable
from daemon.sources.ingest import CLOUD_EVENT, CLOUD_EVENTS, JSON, MAX_BATCH, ingest
from daemon.sources.trust import Trust
from daemon.storage.quarantine import Quarantine
from tests.unit.daemon.sources.fakes import NOW_MS, FakeSink

EVENTS = Path(__file__).parents[3] / "data" / "events"
PROBED = {
    "specversion": "1.0",
    "id": "7",
    "source": "/monitors/eu",
    "type": "com.tillwatch.health.probed",
    "time": "2026-11-23T18:46:12.345Z",
    "subject": "api",
    "datacontenttype": "application/json",
    "data": {"status": "healthy", "latency_ms": 12.5},
}


async def test_a_cloud_event_gives_what_its_data_does_not(quarantine: Quarantine) -> None:
    sink = FakeSink()
    result = await ingest(msgspec.json.encode(PROBED), f"{CLOUD_EVENT}; charset=utf-8", sink, quarantine, NOW_MS)
    assert (result.accepted, result.refused) == (1, ())
    (((fact,), name),) = sink.calls
    assert name == "ingest"
    assert fact == HealthProbed(
        id="/monitors/eu#7", at_ms=1795459572345, subject="api", status="healthy", latency_ms=12.5
    )


async def test_a_whole_fact_as_data_keeps_its_own_id_and_time(quarantine: Quarantine) -> None:
    fact = PaymentAttempted(
        id="evt_1", at_ms=5, subject="pay_1", rail="card", outcome="failed", amount_cents=1, sequence=9
    )
    event = {"specversion": "1.0", "id": "x", "source": "core", "type": "com.tillwatch.payment.attempted"}
    sink = FakeSink()
    body = msgspec.json.encode([{**event, "data": fact}])
    assert (await ingest(body, CLOUD_EVENTS, sink, quarantine, NOW_MS)).accepted == 1
    assert sink.calls == [([fact], "ingest")]


async def test_a_batch_takes_the_good_and_names_the_bad(quarantine: Quarantine) -> None:
    events = [
        PROBED,
        {**PROBED, "specversion": "0.3"},
        {**PROBED, "data": {"status": "splendid"}},
        {**PROBED, "type": "com.example.other"},
        {**PROBED, "id": "8"},
        {"hello": 1},
    ]
    sink = FakeSink()
    result = await ingest(msgspec.json.encode(events), CLOUD_EVENTS, sink, quarantine, NOW_MS)
    assert result.accepted == 2
    assert sink.ids == ["/monitors/eu#7", "/monitors/eu#8"]
    assert [refused.index for refused in result.refused] == [1, 2, 5]
    assert "specversion" in result.refused[0].what
    assert "$.status" in result.refused[1].what
    assert [ignored.index for ignored in result.ignored] == [3]
    assert len(await quarantine.entries()) == 3


@pytest.mark.parametrize("kind", [JSON, "", "Application/JSON; charset=utf-8"])
async def test_eventbridge_events_come_single_or_in_a_batch(kind: str, quarantine: Quarantine) -> None:
    alarm = (EVENTS / "cloudwatch_alarm.json").read_bytes()
    finding = (EVENTS / "guardduty_finding.json").read_bytes()
    single, batch = FakeSink(), FakeSink()
    assert (await ingest(alarm, kind, single, quarantine, NOW_MS)).accepted == 1
    assert (await ingest(b" [" + alarm + b"," + finding + b"]", kind, batch, quarantine, NOW_MS)).accepted == 2
    assert len(single.calls) == len(batch.calls) == 1


async def test_an_event_of_another_account_is_refused(quarantine: Quarantine) -> None:
    alarm = (EVENTS / "cloudwatch_alarm.json").read_bytes()
    result = await ingest(alarm, JSON, FakeSink(), quarantine, NOW_MS, Trust("999999999999"))
    assert (result.accepted, len(result.refused)) == (0, 1)


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b"[{", JSON, "truncated"),
        (b"{}", CLOUD_EVENTS, "Expected `array`"),
        (b"{}", "text/plain", "Content type 'text/plain'"),
        (b" " * 1_048_577, JSON, "the limit is 1048576"),
        (b"[" + b",".join([b"{}"] * (MAX_BATCH + 1)) + b"]", JSON, f"It holds {MAX_BATCH + 1} events"),
    ],
)
async def test_a_body_that_cannot_be_read_at_all_is_refused_whole(
    body: bytes, kind: str, reason: str, quarantine: Quarantine
) -> None:
    sink = FakeSink()
    with pytest.raises(Untranslatable, match=reason):
        await ingest(body, kind, sink, quarantine, NOW_MS)
    assert sink.calls == []


async def test_nothing_is_said_to_be_accepted_when_the_sink_failed(quarantine: Quarantine) -> None:
    with pytest.raises(OSError, match="disk full"):
        await ingest(msgspec.json.encode(PROBED), CLOUD_EVENT, FakeSink(OSError("disk full")), quarantine, NOW_MS)
