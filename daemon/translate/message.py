"""One message from a queue or the ingest door, whatever its shape, into facts."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import msgspec

from checks.facts import (
    AchReturn,
    AchReturnRate,
    AnyFact,
    CostLine,
    Dispute,
    Fact,
    HealthProbed,
    Heartbeat,
    ObjectChanged,
    PaymentAttempted,
    PaymentCaptured,
    PaymentRequested,
    Payout,
    PayoutRequested,
    Refund,
    kind_of,
)
from checks.packed import PackedEvents
from daemon.errors import Untranslatable
from daemon.translate.alarms import AlarmDetail, alarm_facts, alarm_notice_facts
from daemon.translate.costs import AnomalyDetail, anomaly_facts, budget_notice_facts, is_budget_notice
from daemon.translate.deployments import EcsDeploymentDetail, ReleaseDetail, ecs_deployment_facts, release_facts
from daemon.translate.envelope import Envelope, cut, decode, milliseconds
from daemon.translate.heartbeats import BeatDetail, heartbeat_facts
from daemon.translate.security import (
    GuardDutyDetail,
    HealthDetail,
    SecurityHubDetail,
    guardduty_facts,
    health_facts,
    securityhub_facts,
)
from daemon.translate.sns import OUTLINE, PACKED_HEAD, Outline, topic_owner
from daemon.translate.soundness import all_sound, unsound
from remediation.tracing import usable_traceparent

MAX_BODY_BYTES = 1_048_576
"""The largest message that SQS carries: 1 MiB."""
MAX_EVENTS = 10_000
"""Facts in one message: 1 MiB holds fewer real ones, and each costs memory."""
PACKED_SCHEMA = "tillwatch.events.v1"

ENCRYPTION = "encryption"
"""The one component whose health a payment core tells itself: nobody else sees that a card could not be encrypted."""

_CORE_FACTS = (
    AchReturn,
    AchReturnRate,
    Dispute,
    Heartbeat,
    ObjectChanged,
    PaymentAttempted,
    PaymentCaptured,
    PaymentRequested,
    Payout,
    PayoutRequested,
    Refund,
)
_CORE_TYPES = frozenset(_CORE_FACTS)


@dataclass(frozen=True, slots=True)
class Refused:
    """One event of a packed message that cannot be used, while the others can."""

    body: bytes
    what: str


@dataclass(frozen=True, slots=True)
class Translation:
    """What a message said. ignored: why a sound message has no fact, empty when it has or is about nothing else.

    traceparent: of its sender (W3C Trace Context); empty when it has none, or one that cannot be read.
    """

    facts: tuple[Fact, ...]
    ignored: str = ""
    refused: tuple[Refused, ...] = ()
    traceparent: str = ""

    def traceparents(self, otherwise: str = "") -> dict[str, str]:
        """The sender's trace by fact. otherwise: what the carrier of the message says of it."""
        said = self.traceparent if self.traceparent else usable_traceparent(otherwise)
        return {fact.id: said for fact in self.facts} if said else {}


@dataclass(frozen=True, slots=True)
class _Allowed:
    """Whose events are believed; empty: everybody's."""

    account_id: str
    regions: Collection[str]

    def check(self, account: str, region: str) -> None:
        """Raises Untranslatable for an event of anybody else."""
        if self.account_id and account != self.account_id:
            raise Untranslatable(f"It is from account {cut(account)!r}, which is not ours.")
        if self.regions and region not in self.regions:
            raise Untranslatable(f"It is from region {cut(region)!r}, which is none of ours.")


class _PackedRaw(msgspec.Struct, frozen=True, gc=False):
    events: list[msgspec.Raw]


class _SnsEnvelope(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """What SNS delivers to a queue without raw delivery (Amazon SNS Developer Guide, message formats)."""

    message_id: str
    topic_arn: str
    message: str
    timestamp: str


class _TracedDetail(msgspec.Struct, frozen=True, gc=False):
    traceparent: str = ""


class _Traced(msgspec.Struct, frozen=True, gc=False):
    detail: _TracedDetail = _TracedDetail()


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one detail-type is read; source must be the event's, so that nobody else can speak for it."""

    source: str
    decoder: msgspec.json.Decoder[Any]  # each is paired with its function below
    facts: Callable[[Any], list[Fact]]  # each takes what its decoder gives


_PACKED = msgspec.json.Decoder(PackedEvents)
_PACKED_RAW = msgspec.json.Decoder(_PackedRaw)
_FACT = msgspec.json.Decoder(AnyFact)
_SNS = msgspec.json.Decoder(_SnsEnvelope)
_TRACED = msgspec.json.Decoder(_Traced)
_HEALTH = _Kind("aws.health", msgspec.json.Decoder(Envelope[HealthDetail]), health_facts)
_KINDS: dict[str, _Kind] = {
    "CloudWatch Alarm State Change": _Kind("aws.cloudwatch", msgspec.json.Decoder(Envelope[AlarmDetail]), alarm_facts),
    "ECS Deployment State Change": _Kind(
        "aws.ecs", msgspec.json.Decoder(Envelope[EcsDeploymentDetail]), ecs_deployment_facts
    ),
    "AWS Health Event": _HEALTH,
    "AWS Health Abuse Event": _HEALTH,
    "GuardDuty Finding": _Kind("aws.guardduty", msgspec.json.Decoder(Envelope[GuardDutyDetail]), guardduty_facts),
    "Security Hub Findings - Imported": _Kind(
        "aws.securityhub", msgspec.json.Decoder(Envelope[SecurityHubDetail]), securityhub_facts
    ),
    "Anomaly Detected": _Kind("aws.ce", msgspec.json.Decoder(Envelope[AnomalyDetail]), anomaly_facts),
    "Tillwatch Deployment State Change": _Kind(
        "tillwatch.deploy", msgspec.json.Decoder(Envelope[ReleaseDetail]), release_facts
    ),
    "Tillwatch Heartbeat": _Kind("tillwatch.monitoring", msgspec.json.Decoder(Envelope[BeatDetail]), heartbeat_facts),
}


def translate(body: bytes | str, account_id: str = "", regions: Collection[str] = ()) -> Translation:
    """Facts of one message: packed events, an EventBridge event, or an SNS notification of either or of a budget.

    account_id: events of any other AWS account are refused; empty accepts all. regions: the same. Raises
    Untranslatable, and nothing else, when the message cannot be used.
    """
    raw = _bytes_of(body)
    if raw.startswith(PACKED_HEAD):
        return _checked(_packed(raw))
    return _checked(_translated(raw, _Allowed(account_id, regions), wrapped=False))


def _bytes_of(body: bytes | str) -> bytes:
    try:
        raw = body.encode() if isinstance(body, str) else bytes(body)
    except UnicodeError:
        raise Untranslatable("It is not text that UTF-8 can hold.") from None
    if len(raw) > MAX_BODY_BYTES:
        raise Untranslatable(f"It has {len(raw)} bytes; the limit is {MAX_BODY_BYTES}.")
    return raw


def _translated(raw: bytes, allowed: _Allowed, *, wrapped: bool) -> Translation:
    outline = decode(OUTLINE, raw)
    if outline.schema:
        return _packed(raw)
    if outline.is_event:
        return _event(raw, outline, allowed)
    if outline.alarm_name:
        return _owned(alarm_notice_facts(raw), allowed)
    if outline.is_sns and not wrapped:
        return _sns(raw, outline.type, allowed)
    raise Untranslatable("It is neither packed events, nor an EventBridge event, nor an SNS notification.")


def _event(raw: bytes, outline: Outline, allowed: _Allowed) -> Translation:
    kind = _KINDS.get(outline.detail_type)
    if kind is None:
        return Translation((), ignored=f"no translation for detail-type {cut(outline.detail_type)!r}")
    if outline.source != kind.source:
        raise Untranslatable(f"source is {cut(outline.source)!r}; {outline.detail_type} comes from {kind.source}.")
    event = decode(kind.decoder, raw)
    allowed.check(event.account, event.region)
    return Translation(tuple(kind.facts(event)), traceparent=_traceparent(raw))


def _traceparent(raw: bytes) -> str:
    """What an event of our own, or of a deployment's tool, says in its detail; AWS's events have none."""
    return usable_traceparent(decode(_TRACED, raw).detail.traceparent) if b'"traceparent"' in raw else ""


def _owned(facts: list[Fact], allowed: _Allowed) -> Translation:
    for fact in facts:
        allowed.check(getattr(fact, "account_id", ""), fact.region)
    return Translation(tuple(facts))


def _sns(raw: bytes, kind: str, allowed: _Allowed) -> Translation:
    if kind != "Notification":
        return Translation((), ignored=f"SNS {cut(kind)}")
    envelope = decode(_SNS, raw)
    text = envelope.message
    region, account = topic_owner(envelope.topic_arn)
    allowed.check(account, region)
    if not is_budget_notice(text):
        return _translated(_bytes_of(text), allowed, wrapped=True)
    at_ms = milliseconds(envelope.timestamp, "Timestamp")
    facts = budget_notice_facts(text, envelope.message_id, at_ms, region)
    return _owned(facts, allowed) if facts else Translation((), ignored="a budget that counts usage, not money")


def _packed(raw: bytes) -> Translation:
    try:
        facts: list[AnyFact] = _PACKED.decode(raw).events
    except RecursionError:
        raise Untranslatable("It is nested too deeply.") from None
    except msgspec.ValidationError as fault:
        return _salvaged(raw, fault)
    except (msgspec.MsgspecError, UnicodeError) as fault:
        raise Untranslatable(f"{fault}.") from None
    return _own(Translation(tuple(facts)))


def _salvaged(raw: bytes, fault: msgspec.ValidationError) -> Translation:
    """The events of a packed message one by one, so that a bad one does not take the others with it."""
    if decode(OUTLINE, raw).schema != PACKED_SCHEMA:
        raise Untranslatable(f"{fault}.")
    facts: list[Fact] = []
    refused: list[Refused] = []
    for event in decode(_PACKED_RAW, raw).events:
        try:
            facts.append(decode(_FACT, bytes(event)))
        except Untranslatable as bad:
            refused.append(Refused(bytes(event), bad.detail))
    return _own(Translation(tuple(facts), refused=tuple(refused)))


def _foreign(fact: Fact) -> str:
    """Why a packed message may not carry the fact, or nothing: only a payment core writes them."""
    if isinstance(fact, _CORE_FACTS):
        return ""
    if isinstance(fact, HealthProbed) and fact.subject == ENCRYPTION:
        return ""
    if isinstance(fact, CostLine) and fact.source == "measured":
        return ""
    return f"A packed message may not carry {kind_of(type(fact))}; it comes as an event of its own source."


def _own(translation: Translation) -> Translation:
    if not any(_foreign(fact) for fact in translation.facts if type(fact) not in _CORE_TYPES):
        return translation
    own = tuple(fact for fact in translation.facts if not _foreign(fact))
    foreign = tuple(Refused(msgspec.json.encode(fact), _foreign(fact)) for fact in translation.facts if _foreign(fact))
    return Translation(own, translation.ignored, translation.refused + foreign)


def _checked(translation: Translation) -> Translation:
    facts = translation.facts
    if len(facts) + len(translation.refused) > MAX_EVENTS:
        raise Untranslatable(f"It holds {len(facts)} events; the limit is {MAX_EVENTS}.")
    if all_sound(facts):
        return translation
    reasons = [unsound(fact) for fact in facts]
    sound = tuple(fact for fact, reason in zip(facts, reasons, strict=True) if not reason)
    bad = tuple(
        Refused(msgspec.json.encode(fact), f"{reason}.") for fact, reason in zip(facts, reasons, strict=True) if reason
    )
    return Translation(sound, translation.ignored, translation.refused + bad, translation.traceparent)
