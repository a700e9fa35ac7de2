"""Events of other accounts and regions are refused by every door, and nobody starts believing everybody unawares."""

from pathlib import Path

import msgspec
import pytest
import structlog

from config.settings import AwsSettings
from daemon.errors import AwsFailed, NotUsable, Untranslatable
from daemon.sources.ingest import CLOUD_EVENT, JSON, ingest
from daemon.sources.sqs import Message, SqsSource
from daemon.sources.trust import Trust, check_account, trusted_regions
from daemon.storage.quarantine import Quarantine
from daemon.translate.cloudevents import translate_cloud_event
from daemon.translate.message import translate
from tests.unit.daemon.sources.fakes import NOW_MS, FakeClock, FakeQueue, FakeSink

EVENTS = Path(__file__).parents[3] / "data" / "events"
OURS = "123456789012"


class Forged:
    """Says of every message that it is forged, or that it cannot be told."""

    def __init__(self, fault: Exception) -> None:
        self.fault = fault

    async def check(self, body: bytes | str) -> None:
        assert body
        raise self.fault


def alarm(**changes: object) -> bytes:
    event = msgspec.json.decode((EVENTS / "cloudwatch_alarm.json").read_bytes())
    return msgspec.json.encode(event | {"account": OURS, "region": "eu-west-1"} | changes)


def wrapped(topic: str) -> bytes:
    notice = (EVENTS / "cloudwatch_alarm_sns.json").read_text()
    envelope = {
        "Type": "Notification",
        "MessageId": "m",
        "TopicArn": topic,
        "Message": notice,
        "Timestamp": "2026-11-24T12:00:00.000Z",
    }
    return msgspec.json.encode(envelope)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (alarm(account="999999999999"), "account '999999999999'"),
        (alarm(region="ap-southeast-2"), "region 'ap-southeast-2'"),
        (alarm(source="evil.cloudwatch"), "source is"),
        (wrapped("arn:aws:sns:eu-west-1:999999999999:till-alarms"), "account '999999999999'"),
        (wrapped("arn:aws:sns:ap-southeast-2:123456789012:till-alarms"), "region 'ap-southeast-2'"),
        (wrapped("till-alarms"), "no topic"),
    ],
)
def test_what_is_not_of_our_account_and_regions_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(Untranslatable, match=why):
        translate(body, OURS, {"eu-west-1", "us-east-1"})


@pytest.mark.parametrize("body", [alarm(), wrapped("arn:aws:sns:eu-west-1:123456789012:till-alarms")])
def test_what_is_ours_is_taken(body: bytes) -> None:
    assert translate(body, OURS, {"eu-west-1"}).facts


def cloud_event(kind: str, **data: object) -> bytes:
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "/x",
        "type": f"com.tillwatch.{kind}",
        "time": "2026-11-24T12:00:00Z",
        "subject": "s",
        "data": data,
    }
    return msgspec.json.encode(event)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (cloud_event("alarm.state_changed", state="ALARM", account_id="999999999999"), "account '999999999999'"),
        (cloud_event("alarm.state_changed", state="ALARM"), "account ''"),
        (cloud_event("heartbeat", sequence=7), "position in the outbox"),
    ],
)
def test_a_cloud_event_may_not_speak_for_another_account_or_a_payment_core(body: bytes, why: str) -> None:
    with pytest.raises(Untranslatable, match=why):
        translate_cloud_event(body, OURS)


def test_a_cloud_event_of_ours_is_taken() -> None:
    assert translate_cloud_event(cloud_event("alarm.state_changed", state="ALARM", account_id=OURS), OURS).facts
    assert translate_cloud_event(cloud_event("heartbeat"), OURS).facts


async def test_a_forged_message_of_a_queue_is_put_aside_and_counted(quarantine: Quarantine, clock: FakeClock) -> None:
    queue, sink = FakeQueue([Message("r", alarm().decode())]), FakeSink()
    trust = Trust(OURS, frozenset(), Forged(Untranslatable("SNS did not sign it.")))
    source = SqsSource(queue, sink, quarantine, clock, name="control", trust=trust, receivers=1)
    await source.receive_once()
    assert (sink.calls, queue.deleted) == ([], ["r"])
    (entry,) = await quarantine.entries()
    assert entry.what == "SNS did not sign it."


async def test_a_message_stays_while_its_signature_cannot_be_checked(quarantine: Quarantine, clock: FakeClock) -> None:
    queue, sink = FakeQueue([Message("r", alarm().decode())]), FakeSink()
    trust = Trust(OURS, frozenset(), Forged(AwsFailed("no route")))
    source = SqsSource(queue, sink, quarantine, clock, name="control", trust=trust, receivers=1)
    with pytest.raises(AwsFailed):
        await source.receive_once()
    assert (sink.calls, queue.deleted) == ([], [])


async def test_the_ingest_door_asks_the_same(quarantine: Quarantine) -> None:
    sink = FakeSink()
    trust = Trust(OURS, frozenset({"eu-west-1"}), Forged(Untranslatable("SNS did not sign it.")))
    result = await ingest(wrapped("arn:aws:sns:eu-west-1:123456789012:t"), JSON, sink, quarantine, NOW_MS, trust)
    assert [refused.what for refused in result.refused] == ["SNS did not sign it."]
    plain = Trust(OURS, frozenset({"eu-west-1"}))
    event = cloud_event("alarm.state_changed", state="ALARM", account_id="999999999999")
    result = await ingest(event, CLOUD_EVENT, sink, quarantine, NOW_MS, plain)
    assert "which is not ours" in result.refused[0].what
    assert sink.calls == []


def test_without_an_account_a_daemon_on_aws_does_not_start() -> None:
    with pytest.raises(NotUsable, match="TILL_AWS__ACCOUNT_ID"):
        check_account(AwsSettings(), {})


@pytest.mark.parametrize(
    ("aws", "environ"),
    [
        (AwsSettings(endpoint_url="http://127.0.0.1:4566"), {}),
        (AwsSettings(), {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}),
    ],
)
def test_without_an_account_a_stand_in_is_told_of_loudly(aws: AwsSettings, environ: dict[str, str]) -> None:
    with structlog.testing.capture_logs() as logs:
        check_account(aws, environ)
    assert [(one["log_level"], one["action"]) for one in logs] == [("error", "account_unknown")]


def test_with_an_account_nothing_is_said() -> None:
    with structlog.testing.capture_logs() as logs:
        check_account(AwsSettings(account_id=OURS), {})
    assert logs == []


def test_the_regions_are_ours_that_of_global_services_and_those_of_the_settings() -> None:
    aws = AwsSettings(account_id=OURS, region="eu-west-1", event_regions=("eu-central-1",))
    assert trusted_regions(aws) == {"eu-west-1", "us-east-1", "eu-central-1"}
    assert trusted_regions(AwsSettings(region="eu-west-1")) == frozenset()
