"""CloudWatch alarms, as EventBridge announces them and as an SNS topic carries them."""

import msgspec

from checks.facts import AlarmState, AlarmStateChanged, Fact
from daemon.errors import Untranslatable
from daemon.translate.envelope import Envelope, cut, decode, milliseconds


class _Metric(msgspec.Struct, frozen=True, gc=False):
    name: str = ""
    namespace: str = ""


class _MetricStat(msgspec.Struct, frozen=True, gc=False):
    metric: _Metric = _Metric()


class _MetricQuery(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    metric_stat: _MetricStat | None = None


class _Configuration(msgspec.Struct, frozen=True, gc=False):
    metrics: list[_MetricQuery] = []


class _State(msgspec.Struct, frozen=True, gc=False):
    value: AlarmState
    timestamp: str = ""
    reason: str = ""


class _PreviousState(msgspec.Struct, frozen=True, gc=False):
    value: AlarmState = "INSUFFICIENT_DATA"


class AlarmDetail(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """``detail`` of CloudWatch Alarm State Change (Amazon CloudWatch User Guide, alarm events and EventBridge)."""

    alarm_name: str
    state: _State
    previous_state: _PreviousState = _PreviousState()
    configuration: _Configuration = _Configuration()


class _Trigger(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    metric_name: str | None = None
    namespace: str | None = None


class _AlarmNotice(msgspec.Struct, frozen=True, gc=False):
    alarm_name: str = msgspec.field(name="AlarmName")
    account_id: str = msgspec.field(name="AWSAccountId")
    state: AlarmState = msgspec.field(name="NewStateValue")
    changed_at: str = msgspec.field(name="StateChangeTime")
    arn: str = msgspec.field(name="AlarmArn")
    reason: str = msgspec.field(name="NewStateReason", default="")
    previous_state: AlarmState = msgspec.field(name="OldStateValue", default="INSUFFICIENT_DATA")
    trigger: _Trigger | None = msgspec.field(name="Trigger", default=None)


_NOTICE = msgspec.json.Decoder(_AlarmNotice)
_ARN_PARTS = 6


def alarm_facts(event: Envelope[AlarmDetail]) -> list[Fact]:
    """One fact; its time is the state's own, which orders OK and ALARM when the deliveries overtake each other."""
    detail = event.detail
    stats = [query.metric_stat.metric for query in detail.configuration.metrics if query.metric_stat is not None]
    metric = stats[0] if stats else _Metric()
    changed = detail.state.timestamp
    return [
        AlarmStateChanged(
            id=event.id,
            at_ms=milliseconds(changed, "detail.state.timestamp") if changed else milliseconds(event.time, "time"),
            subject=detail.alarm_name,
            region=event.region,
            state=detail.state.value,
            previous_state=detail.previous_state.value,
            reason=cut(detail.state.reason),
            namespace=metric.namespace,
            metric=metric.name,
            account_id=event.account,
        )
    ]


def alarm_notice_facts(body: bytes) -> list[Fact]:
    """One fact from the body that an alarm action sends to SNS; its id is the alarm and the time of the change."""
    notice = decode(_NOTICE, body)
    parts = notice.arn.split(":", _ARN_PARTS)
    if len(parts) <= _ARN_PARTS:
        raise Untranslatable(f"AlarmArn is not an ARN: {cut(notice.arn)!r}.")
    trigger = notice.trigger
    return [
        AlarmStateChanged(
            id=f"{notice.arn}@{notice.changed_at}",
            at_ms=milliseconds(notice.changed_at, "StateChangeTime"),
            subject=notice.alarm_name,
            region=parts[3],
            state=notice.state,
            previous_state=notice.previous_state,
            reason=cut(notice.reason),
            namespace="" if trigger is None or trigger.namespace is None else trigger.namespace,
            metric="" if trigger is None or trigger.metric_name is None else trigger.metric_name,
            account_id=notice.account_id,
        )
    ]
