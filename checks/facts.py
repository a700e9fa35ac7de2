"""The whole vocabulary of what can be observed: one msgspec Struct per kind of fact."""

from typing import Literal, get_args

import msgspec

Rail = Literal["card", "ach"]
PaymentOutcome = Literal["succeeded", "declined", "failed"]
NetworkKind = Literal["", "tor", "vpn", "proxy", "hosting"]
AlarmState = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
DeploymentPhase = Literal[
    "pre_deployment_validation",
    "infrastructure_initialization",
    "data_migration",
    "blue_green_deployment",
    "traffic_rollout",
    "final_validation",
]
DeploymentStatus = Literal["started", "in_progress", "succeeded", "failed", "rolled_back"]
HealthStatus = Literal["healthy", "degraded", "unhealthy", "unknown"]
Severity = Literal["critical", "high", "medium", "low"]


class Fact(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="kind"):
    """Something that was observed, at an event time.

    id: unique per fact; the same id seen again is a duplicate and is counted once. at_ms: event time, Unix epoch in
    milliseconds, as the observed system stamped it. subject: what it is about (payment id, alarm name, component).
    environment: which copy of the payment core, ``blue`` or ``green``; version: its release. Empty when not known.
    sequence: position in the producer's outbox, from 1; 0 when the producer keeps no outbox.
    """

    id: str
    at_ms: int
    subject: str
    region: str = "us-east-1"
    environment: str = ""
    version: str = ""
    sequence: int = 0


class PaymentAttempted(Fact, frozen=True, gc=False, kw_only=True, tag="payment.attempted"):
    """One attempt to take a payment ended; ``failed`` is our fault or the rail's, ``declined`` the issuer's.

    amount_cents: what was asked for, in minor units. latency_ms: request received to outcome known. decline_code: the
    issuer's reason, empty unless declined. error_code: ours, empty unless failed. bin: the card's first six digits,
    empty for a bank account. ip and device_id: the payer's, empty when unknown. fraud_score: 0 to 1000; scored: false
    when there was none. cohort: the band that the amount is in, such as ``$50 to $100``; empty from a release that does
    not tell. exposures: ``flag=variant`` of every experiment that the payer takes part in.
    """

    rail: Rail
    outcome: PaymentOutcome
    amount_cents: int
    currency: str = "USD"
    latency_ms: float = 0.0
    decline_code: str = ""
    error_code: str = ""
    customer_id: str = ""
    provider_id: str = ""
    method_fingerprint: str = ""
    card_brand: str = ""
    bin: str = ""
    ip: str = ""
    device_id: str = ""
    fraud_score: int = 0
    scored: bool = False
    cohort: str = ""
    exposures: tuple[str, ...] = ()


class PaymentRequested(Fact, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag="payment.requested"):
    """A payment is about to be authorized: all that is known before the rail is asked; subject is the payment's id.

    bin: the card's first six digits, empty for a bank account. Countries are ISO 3166-1 alpha-2, empty when unknown.
    email_hash: keyed hash of the address, never the address. Times: Unix epoch milliseconds, 0 when unknown or never.
    latitude, longitude: 1/1,000,000 of a degree; both 0: unknown. provider_device_id: the payee's device.
    chargeback_count: of the customer in 180 days. refund_count: in 30 days. unauthorized_return_count: NACHA R05, R07,
    R10, R11, R29 and R51, ever. paid_count: paid and undisputed payments. first_paid_at_ms: the oldest of them.
    scored: false when the fraud detector could not say anything: it is reviewed. customer_type: such as ``business``.
    """

    rail: Rail
    amount_cents: int
    currency: str = "USD"
    customer_id: str = ""
    customer_type: str = ""
    provider_id: str = ""
    method_fingerprint: str = ""
    bin: str = ""
    card_country: str = ""
    billing_country: str = ""
    ip: str = ""
    ip_country: str = ""
    ip_kind: NetworkKind = ""
    device_id: str = ""
    headless: bool = False
    email_domain: str = ""
    email_hash: str = ""
    account_created_at_ms: int = 0
    latitude_microdegrees: int = 0
    longitude_microdegrees: int = 0
    provider_device_id: str = ""
    bank_account_changed_at_ms: int = 0
    password_reset_at_ms: int = 0
    chargeback_count: int = 0
    refund_count: int = 0
    unauthorized_return_count: int = 0
    paid_count: int = 0
    first_paid_at_ms: int = 0
    scored: bool = True


class PayoutRequested(Fact, frozen=True, gc=False, kw_only=True, omit_defaults=True, tag="payout.requested"):
    """A provider asks for money: all that is known before it is approved; subject is the payout's id.

    method_fingerprint: the bank account's. instant: paid at once, so that it cannot be called back. scored: as in
    PaymentRequested, as is the rest. balance_share_percent: this payout of the provider's available balance.
    """

    rail: Rail
    amount_cents: int
    currency: str = "USD"
    provider_id: str = ""
    method_fingerprint: str = ""
    ip: str = ""
    ip_country: str = ""
    ip_kind: NetworkKind = ""
    device_id: str = ""
    headless: bool = False
    email_domain: str = ""
    email_hash: str = ""
    account_created_at_ms: int = 0
    bank_account_changed_at_ms: int = 0
    password_reset_at_ms: int = 0
    latitude_microdegrees: int = 0
    longitude_microdegrees: int = 0
    instant: bool = False
    balance_share_percent: int = 0
    chargeback_count: int = 0
    unauthorized_return_count: int = 0
    scored: bool = True


class PaymentCaptured(Fact, frozen=True, gc=False, kw_only=True, tag="payment.captured"):
    """Authorized money was captured. amount_cents: this capture alone. fee_cents: the platform's part of it.

    cost_microcents: what taking it cost us, in millionths of a cent, by the price file; baseline_microcents: what the
    replaced processor would have charged; both 0 when no prices were known. baseline: the name of that price.
    cohort: the band that the whole payment's amount is in, such as ``$50 to $100``. method_fingerprint: of the card or
    account. request_digest: equal for payments that were asked for with one idempotency key. Empty when not told.
    """

    rail: Rail
    amount_cents: int
    fee_cents: int = 0
    cost_microcents: int = 0
    baseline_microcents: int = 0
    baseline: str = ""
    cohort: str = ""
    payment_id: str = ""
    currency: str = "USD"
    customer_id: str = ""
    provider_id: str = ""
    method_fingerprint: str = ""
    request_digest: str = ""


class Refund(Fact, frozen=True, gc=False, kw_only=True, tag="refund"):
    """Money went back to the payer. amount_cents: this refund alone."""

    rail: Rail
    status: Literal["pending", "succeeded", "failed", "canceled"]
    amount_cents: int
    currency: str = "USD"
    payment_id: str = ""
    reason: str = ""


class Payout(Fact, frozen=True, gc=False, kw_only=True, tag="payout"):
    """Money goes to a provider. return_code: the NACHA R-code, empty unless returned."""

    rail: Rail
    status: Literal["requested", "submitted", "settled", "returned", "failed", "canceled"]
    amount_cents: int
    currency: str = "USD"
    provider_id: str = ""
    return_code: str = ""


class Dispute(Fact, frozen=True, gc=False, kw_only=True, tag="dispute"):
    """A payer took a payment back through the issuer or bank; subject is the dispute's id.

    return_code: the NACHA R-code of an ACH debit that was returned as unauthorized, empty for a card.
    """

    rail: Rail
    status: Literal["needs_response", "under_review", "won", "lost", "accepted", "expired"]
    amount_cents: int
    currency: str = "USD"
    payment_id: str = ""
    provider_id: str = ""
    reason: str = ""
    return_code: str = ""


class AchReturn(Fact, frozen=True, gc=False, kw_only=True, tag="ach.returned"):
    """An ACH entry came back, or a bank told of a change; subject is the entry's id.

    family: which of Nacha's return-rate limits it counts against. originated_at_ms: when the entry was submitted.
    """

    direction: Literal["credit", "debit"]
    code: str
    family: Literal["unauthorized", "administrative", "other", "notification_of_change"]
    amount_cents: int = 0
    provider_id: str = ""
    originated_at_ms: int = 0


class AchReturnRate(Fact, frozen=True, gc=False, kw_only=True, tag="ach.return_rate"):
    """Returned debits against debits originated in the 60 days before; subject is the family.

    ratio: 0 to 1. Nacha's limits: unauthorized 0.005, administrative 0.03, overall 0.15.
    """

    family: Literal["unauthorized", "administrative", "overall"]
    ratio: float
    returned: int
    originated: int


class ObjectChanged(Fact, frozen=True, gc=False, kw_only=True, tag="object.changed"):
    """An object of the payment core changed in a way that has no fact of its own; subject is its id.

    object: its kind, such as ``escrow``. previous_status: empty before it existed. owner: provider, payment or account.
    """

    object: str
    status: str
    previous_status: str = ""
    owner: str = ""
    amount_cents: int = 0
    currency: str = "USD"


class AlarmStateChanged(Fact, frozen=True, gc=False, kw_only=True, tag="alarm.state_changed"):
    """A CloudWatch alarm changed state; subject is the alarm's name."""

    state: AlarmState
    previous_state: AlarmState = "INSUFFICIENT_DATA"
    reason: str = ""
    namespace: str = ""
    metric: str = ""
    account_id: str = ""


class AlertReported(Fact, frozen=True, gc=False, kw_only=True, tag="alert.reported"):
    """Other monitoring says, at at_ms, that an alert began or ended; subject is its name, labels and fingerprint."""

    status: Literal["firing", "resolved"]
    severity: Severity
    alert: str
    summary: str = ""


class MetricSampled(Fact, frozen=True, gc=False, kw_only=True, tag="metric.sampled"):
    """One datapoint of a CloudWatch metric; subject is the metric's name, at_ms the beginning of its period.

    value: in the metric's own unit. statistic: as CloudWatch spells it, such as ``Sum`` or ``p99``.
    dimensions: ``Name=value`` pairs, sorted, with commas between them; empty when the metric has none.
    """

    namespace: str
    metric: str
    statistic: str
    value: float
    period_seconds: int
    dimensions: str = ""
    account_id: str = ""


class Deployment(Fact, frozen=True, gc=False, kw_only=True, tag="deployment"):
    """A deployment moved; subject is its id.

    environment: where the new version runs. previous_environment: where the version it replaces still runs;
    empty when there is nothing to go back to. held: it stays where it is, and somebody is needed; reason says why.
    """

    status: DeploymentStatus
    phase: DeploymentPhase = "traffic_rollout"
    strategy: str = "blue-green"
    previous_environment: str = ""
    previous_version: str = ""
    weight_percent: int = 0
    reason: str = ""
    held: bool = False


class CostLine(Fact, frozen=True, gc=False, kw_only=True, tag="cost.line"):
    """Money spent or about to be; subject is the service or budget.

    amount_microcents: millionths of a cent, as one AWS call costs less. expected_microcents: budget or forecast, or 0.
    """

    source: Literal["cost_explorer", "budget", "anomaly", "export", "measured"]
    amount_microcents: int
    expected_microcents: int = 0
    currency: str = "USD"
    account_id: str = ""


class HealthProbed(Fact, frozen=True, gc=False, kw_only=True, tag="health.probed"):
    """A component was probed; subject is the component's name. latency_ms: the probe's own round trip.

    check: what of it was looked at, where it is looked at in several ways (``readiness``, ``payment``); empty for all.
    """

    status: HealthStatus
    check: str = ""
    latency_ms: float = 0.0
    detail: str = ""


class Reconciled(Fact, frozen=True, gc=False, kw_only=True, tag="payments.reconciled"):
    """The newest payments of one release were held against what the rail says of them; subject is the environment.

    examined: payments that the rail was asked about. unknown: the rail or the record does not know yet how they ended,
    though they should. mismatched: one says that money moved and the other that it did not. example: the first of them.
    """

    examined: int
    unknown: int = 0
    mismatched: int = 0
    example: str = ""


class TokensOpened(Fact, frozen=True, gc=False, kw_only=True, tag="tokens.opened"):
    """A release opened the keys of stored cards and accounts; subject is the data key that they are sealed under.

    reader: the environment that opened them; environment and version are empty, as nobody knows who sealed them.
    opened: keys that opened. failed: those that did not, and will not. example: the first token of those.
    """

    reader: str
    opened: int
    failed: int = 0
    example: str = ""


class SecurityFinding(Fact, frozen=True, gc=False, kw_only=True, tag="security.finding"):
    """GuardDuty, Security Hub or AWS Health reported something; subject is the finding's id."""

    source: Literal["guardduty", "securityhub", "aws_health", "other"]
    severity: Severity
    title: str
    finding_type: str = ""
    resource: str = ""
    account_id: str = ""
    resolved: bool = False


class Heartbeat(Fact, frozen=True, gc=False, kw_only=True, tag="heartbeat"):
    """A source says that it is alive; subject is the source. interval_seconds: when the next one is due."""

    interval_seconds: float = 5.0


AnyFact = (
    PaymentAttempted
    | PaymentRequested
    | PayoutRequested
    | PaymentCaptured
    | Refund
    | Payout
    | Dispute
    | AchReturn
    | AchReturnRate
    | ObjectChanged
    | AlarmStateChanged
    | AlertReported
    | MetricSampled
    | Deployment
    | CostLine
    | HealthProbed
    | Reconciled
    | TokensOpened
    | SecurityFinding
    | Heartbeat
)

FACT_TYPES: tuple[type[Fact], ...] = get_args(AnyFact)


def kind_of(fact_type: type[Fact]) -> str:
    """The kind a fact type is tagged with, for example ``payment.attempted``."""
    return str(fact_type.__struct_config__.tag)


FACT_TYPE_BY_KIND: dict[str, type[Fact]] = {kind_of(fact_type): fact_type for fact_type in FACT_TYPES}
