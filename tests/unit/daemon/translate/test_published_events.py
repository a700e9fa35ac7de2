"""Each published sample event becomes the fact that it is about."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from checks.facts import (
    AlarmStateChanged,
    CostLine,
    Deployment,
    Fact,
    PaymentAttempted,
    Refund,
    SecurityFinding,
)
from daemon.errors import Untranslatable
from daemon.translate.message import translate

EVENTS = Path(__file__).parents[3] / "data" / "events"


def sample(name: str) -> bytes:
    return (EVENTS / f"{name}.json").read_bytes()


def facts_of(name: str) -> tuple[Fact, ...]:
    return translate(sample(name)).facts


def at(*moment: int, milliseconds: int = 0) -> int:
    year, month, day, hour, minute, second = moment
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1000 + milliseconds


def test_a_cloudwatch_alarm_has_the_time_of_its_state_not_of_the_delivery() -> None:
    assert facts_of("cloudwatch_alarm") == (
        AlarmStateChanged(
            id="c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
            at_ms=at(2019, 10, 2, 17, 4, 40, milliseconds=989),
            subject="ServerCpuTooHigh",
            region="us-east-1",
            state="ALARM",
            previous_state="OK",
            reason="Threshold Crossed: 1 out of the last 1 datapoints [99.50160229693434 (02/10/19 16:59:00)] was "
            "greater than the threshold (50.0) (minimum 1 datapoint for OK -> ALARM transition).",
            namespace="AWS/EC2",
            metric="CPUUtilization",
            account_id="123456789012",
        ),
    )


def test_a_composite_alarm_has_no_metric() -> None:
    (fact,) = facts_of("cloudwatch_composite_alarm")
    assert isinstance(fact, AlarmStateChanged)
    assert (fact.subject, fact.state, fact.previous_state) == ("ServiceAggregatedAlarm", "ALARM", "OK")
    assert (fact.namespace, fact.metric) == ("", "")


def test_an_alarm_body_from_sns_has_the_region_of_its_arn_and_a_stable_id() -> None:
    (fact,) = facts_of("cloudwatch_alarm_sns")
    assert fact == AlarmStateChanged(
        id="arn:aws:cloudwatch:eu-west-1:123456789012:alarm:payments-5xx@2026-08-23T04:15:30.123+0000",
        at_ms=at(2026, 8, 23, 4, 15, 30, milliseconds=123),
        subject="payments-5xx",
        region="eu-west-1",
        state="ALARM",
        previous_state="OK",
        reason="Threshold Crossed: 1 datapoint [12.0 (23/08/26 04:14:00)] was greater than the threshold (5.0).",
        namespace="AWS/ApplicationELB",
        metric="HTTPCode_Target_5XX_Count",
        account_id="123456789012",
    )


@pytest.mark.parametrize("name", ["cloudwatch_alarm", "cloudwatch_alarm_sns", "packed_events", "guardduty_finding"])
def test_an_sns_envelope_changes_nothing_about_what_it_carries(name: str) -> None:
    wrapped = msgspec.json.encode(
        {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": "arn:aws:sns:us-west-2:123456789012:till",
            "Message": sample(name).decode(),
            "Timestamp": "2012-05-02T00:54:06.655Z",
        }
    )
    assert translate(wrapped).facts == facts_of(name)


def test_a_failed_ecs_deployment_names_its_environment_by_the_service() -> None:
    assert facts_of("ecs_deployment_failed") == (
        Deployment(
            id="ddca6449-b258-46c0-8653-e0e3aEXAMPLE",
            at_ms=at(2020, 5, 23, 12, 31, 14),
            subject="ecs-svc/123",
            region="us-west-2",
            environment="green",
            status="failed",
            phase="blue_green_deployment",
            strategy="ecs",
            reason="ECS deployment circuit breaker: task failed to start.",
        ),
    )


@pytest.mark.parametrize(("name", "status"), [("completed", "succeeded"), ("in_progress", "in_progress")])
def test_other_ecs_deployment_states_are_told_apart(name: str, status: str) -> None:
    (fact,) = facts_of(f"ecs_deployment_{name}")
    assert isinstance(fact, Deployment)
    assert (fact.status, fact.environment) == (status, "")


def test_a_health_issue_is_about_the_region_that_it_hits() -> None:
    assert facts_of("health_issue") == (
        SecurityFinding(
            id="7bf73129-1428-4cd3-a780-95db273d1602",
            at_ms=at(2023, 1, 26, 1, 43, 21),
            subject="arn:aws:health:ap-southeast-2::event/AWS_ELASTICLOADBALANCING_API_ISSUE_90353408594353980",
            region="ap-southeast-2",
            source="aws_health",
            severity="high",
            title="A description of the event will be provided here",
            finding_type="AWS_ELASTICLOADBALANCING_OPERATIONAL_ISSUE",
            resource="ELASTICLOADBALANCING",
            account_id="123456789012",
        ),
    )


def test_an_exposed_key_is_critical_and_a_closed_event_is_resolved() -> None:
    (fact,) = facts_of("health_exposed_key")
    assert isinstance(fact, SecurityFinding)
    assert (fact.severity, fact.resolved, fact.resource) == ("critical", True, "AKIAXXXXXXXXXXXXXXXX")


def test_a_guardduty_finding_is_about_the_finding() -> None:
    assert facts_of("guardduty_finding") == (
        SecurityFinding(
            id="cd2d702e-ab31-411b-9344-793ce56b1bc7",
            at_ms=at(2026, 4, 5, 7, 31, 2),
            subject="16afba5c5c43e07c9e3e5e2e544e95df",
            source="guardduty",
            severity="high",
            title="Canary:EC2/Stateless.IntegTest",
            finding_type="Canary:EC2/Stateless.IntegTest",
            resource="Instance",
            account_id="111122223333",
        ),
    )


@pytest.mark.parametrize(
    ("severity", "level"),
    [
        ("10", "critical"),
        ("9.0", "critical"),
        ("8.9", "high"),
        ("7", "high"),
        ("6.9", "medium"),
        ("4.0", "medium"),
        ("3.9", "low"),
        ("1", "low"),
    ],
)
def test_guardduty_severities_fall_into_the_documented_bands(severity: str, level: str) -> None:
    body = sample("guardduty_finding").replace(b'"severity": 8.5', f'"severity": {severity}'.encode())
    (fact,) = translate(body).facts
    assert isinstance(fact, SecurityFinding)
    assert fact.severity == level


def test_every_finding_of_a_security_hub_event_is_a_fact_of_its_own() -> None:
    first, second = facts_of("securityhub_findings")
    assert isinstance(first, SecurityFinding)
    assert isinstance(second, SecurityFinding)
    assert [first.id, second.id] == [f"8e5622f9-d81c-4d81-612a-9319e7ee2506#{number}" for number in (1, 2)]
    assert (first.severity, first.resolved, first.resource) == ("low", False, "arn:aws:s3:::test-bucket-12345")
    assert (second.severity, second.resolved) == ("critical", True)
    assert first.at_ms == second.at_ms == at(2019, 4, 11, 21, 52, 17)
    assert first.region == "us-west-2"


def test_a_cost_anomaly_is_exact_to_the_microcent() -> None:
    assert facts_of("cost_anomaly") == (
        CostLine(
            id="9d0bc2f5-7f60-4d7c-8fb4-5f2d1a3e7b10",
            at_ms=at(2021, 5, 26, 1, 2, 3),
            subject="Amazon Elastic Container Service",
            source="anomaly",
            amount_microcents=130_110_000_000,
            expected_microcents=30_007_000_000,
            account_id="123456789012",
        ),
    )


def test_a_budget_notification_is_read_from_its_text() -> None:
    assert facts_of("budget_sns") == (
        CostLine(
            id="0da238f6-da6c-5214-96e1-635d27a9b79b",
            at_ms=at(2026, 9, 26, 19, 20, 37, milliseconds=147),
            subject="payments-monthly",
            source="budget",
            amount_microcents=123_456_000_000,
            expected_microcents=125_000_000_000,
            account_id="123456789012",
        ),
    )


def test_a_forecast_of_a_budget_is_its_amount() -> None:
    body = sample("budget_sns").replace(b"ACTUAL", b"FORECASTED")
    (fact,) = translate(body).facts
    assert isinstance(fact, CostLine)
    assert fact.amount_microcents == 123_456_000_000


def test_a_budget_that_counts_usage_is_ignored() -> None:
    translation = translate(sample("budget_sns").replace(b"Budget Type: Cost", b"Budget Type: Usage"))
    assert translation.facts == ()
    assert "usage" in translation.ignored


@pytest.mark.parametrize("amount", ["1.234,56 EUR", "$1,23", "$1.2.3", "12 GB", "$", "$١٢٣"])
def test_an_amount_in_another_form_is_refused_rather_than_guessed(amount: str) -> None:
    body = sample("budget_sns").replace(b"ACTUAL Amount: $1,234.56", f"ACTUAL Amount: {amount}".encode())
    with pytest.raises(Untranslatable, match="ACTUAL Amount is not an amount in dollars"):
        translate(body)


def test_a_release_keeps_the_time_that_its_announcer_gave() -> None:
    assert facts_of("tillwatch_deployment") == (
        Deployment(
            id="6a7e8feb-b491-4cf7-a9f1-bf3703467718",
            at_ms=1795459572345,
            subject="dep-2.0.0-1",
            environment="green",
            version="2.0.0",
            status="in_progress",
            previous_environment="blue",
            previous_version="1.0.0",
            weight_percent=10,
        ),
    )


def test_a_release_sent_as_the_fact_itself_is_the_same_fact() -> None:
    (fact,) = facts_of("tillwatch_deployment")
    event = msgspec.json.decode(sample("tillwatch_deployment"))
    event["detail"] = msgspec.to_builtins(fact)
    event["id"] = "another"
    assert translate(msgspec.json.encode(event)).facts == (fact,)


def test_packed_events_are_the_facts_themselves() -> None:
    first, second = facts_of("packed_events")
    assert isinstance(first, PaymentAttempted)
    assert isinstance(second, Refund)
    assert (first.id, first.sequence, first.amount_cents) == ("evt_1", 1, 1999)
    assert (second.id, second.sequence, second.payment_id) == ("evt_2", 2, "pay_1")
