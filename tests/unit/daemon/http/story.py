"""The story of a bad canary, told with plain values: what each test of the HTTP doors looks at."""

from collections.abc import Sequence

import msgspec

from checks.facts import Deployment, HealthProbed
from checks.findings import Finding, State
from checks.readings import Reading
from config.rules.rule_file import AbsentMeasure, QuantileMeasure, RatioMeasure, Rule
from daemon.archive.archive import ArchiveStatus
from daemon.archive.files import Kept
from daemon.cores.ledger_watch import LedgerStatus
from daemon.http.options import HttpOptions, RulesStatus
from daemon.senses.metric_outlet import MetricDatum, MetricOutlet
from daemon.view.shape import SecondOfPayments, SourceStatus, TrafficSplit
from remediation.decisions import Decision, Outcome, OutcomeStatus, Reason
from remediation.journal.aftermath_kinds import RollbackMeasured
from remediation.journal.kinds import Body, DaemonStarted, Intent, Quarantined, ScenarioStep
from remediation.state import ActionState, DecisionSummary, DeploymentState, Incident, IncidentState
from remediation.state import State as Folded
from tests.unit.daemon.http.fake_view import NOW_MS, FakeView, tokens

TARGET = "dns:payments.tillwatch.test"
GREEN = {"region": "us-east-1", "environment": "green"}
BLUE = {"region": "us-east-1", "environment": "blue"}


class NoOutlet:
    """Takes nothing, because nothing is offered."""

    async def publish(self, data: Sequence[MetricDatum]) -> None:
        """See Outlet."""
        raise NotImplementedError


def options(view: FakeView, rules: Sequence[Rule] | None = None) -> HttpOptions:
    """Options over the view's clock, with one token per role and the story's rules."""
    return HttpOptions(
        tokens=tokens(),
        current_rules=lambda: story_rules() if rules is None else rules,
        version="0.1.0",
        clock=view.clock,
        loop_lag_seconds=lambda: 0.002,
        rules_status=lambda: RulesStatus(
            late=4,
            skewed=1,
            evicted=2,
            reload_success=True,
            reload_succeeded_at_ms=NOW_MS - 90_000,
            state_kept_at_ms=NOW_MS - 20_000,
            state_bytes=51_200,
            state_failures=0,
            state_unusable=0,
        ),
        archive=lambda: ArchiveStatus(written=3, dropped=0, fault="", kept=Kept(1, 2_000)),
        traces=lambda: (7, 0),
        probed=lambda: (
            HealthProbed(id="p1", at_ms=NOW_MS, subject="database", status="healthy"),
            HealthProbed(id="p2", at_ms=NOW_MS, subject="aws-payment-processor", environment="blue", status="degraded"),
            HealthProbed(id="p3", at_ms=NOW_MS, subject="compliance", status="unknown"),
        ),
        outlet=lambda: MetricOutlet(NoOutlet(), view.clock),
        ledger=lambda: LedgerStatus(balanced=True, entries=20_412, checked_at_ms=NOW_MS - 41_000),
    )


def rule(rule_id: str, measure: RatioMeasure | QuantileMeasure | AbsentMeasure, **changes: object) -> Rule:
    """A rule of the family sla with this measure."""
    shape: dict[str, object] = {
        "id": rule_id,
        "family": "sla",
        "on": "payment.attempted",
        "per": ("region", "environment"),
        "measure": measure,
        "severity": "critical",
        "do": ("rollback.traffic",),
        "runbook": "payment-failures",
    }
    return Rule.model_validate(shape | changes)


def story_rules() -> tuple[Rule, ...]:
    """The rules of the bad canary's story."""
    ratio = RatioMeasure(ratio="outcome == 'failed'", window="60s", min_samples=50)  # type: ignore[arg-type]  # operators write text
    slow = QuantileMeasure(quantile="latency_ms", q=0.99, window="60s", min_samples=100)  # type: ignore[arg-type]  # operators write text
    silent = AbsentMeasure(absent="30s")  # type: ignore[arg-type]  # operators write text
    return (
        rule("payment-failure-rate", ratio, breach="> 2%", clear="< 1% for 2m", summary="Payments that end as failed"),
        rule("payment-latency", slow, breach="> 3000", severity="high", do=(), summary="99 % are faster than this"),
        rule("payments-absent", silent, do=("page",), summary="No payment was attempted at all"),
        rule("decline-rate", ratio, breach="> 30%", mode="shadow", severity="medium", summary="Declined by issuers"),
    )


def reading(
    rule_id: str, state: State, key: dict[str, str], shown: str, value: float | None, **changes: object
) -> Reading:
    """A reading with a 60 s window."""
    shape: dict[str, object] = {
        "rule_id": rule_id,
        "family": "sla",
        "key": key,
        "state": state,
        "value": value,
        "shown": shown,
        "breach": "> 2%",
        "clear": "",
        "samples": 1204,
        "min_samples": 50,
        "window_seconds": 60.0,
        "severity": "critical",
        "mode": "enforce",
        "do": ("rollback.traffic",),
        "since_ms": NOW_MS - 95_000,
        "at_ms": NOW_MS,
    }
    return Reading(**(shape | changes))  # type: ignore[arg-type]  # the keys are Reading's own fields


def finding(state: State = State.BREACHED, value: float | None = 0.058, at_ms: int = NOW_MS - 95_000) -> Finding:
    """The failure rate of green."""
    return Finding(
        rule_id="payment-failure-rate",
        family="sla",
        state=state,
        key=GREEN,
        value=value,
        breach="> 2%",
        samples=52,
        window_seconds=60.0,
        at_ms=at_ms,
        fact_id="fact-1",
        severity="critical",
        mode="enforce",
        do=("rollback.traffic",),
        runbook="payment-failures",
    )


def decision(reason: Reason = Reason.BREACHED, detail: str = "", at_ms: int = NOW_MS - 94_990) -> Decision:
    """What was decided about it."""
    return Decision(
        id=f"d-{reason.value}-{at_ms}",
        finding=finding(),
        action="rollback.traffic",
        target=TARGET,
        reason=reason,
        act=reason is Reason.BREACHED,
        key="k-1",
        at_ms=at_ms,
        detail=detail,
        arguments={"blue": "100", "green": "0"},
    )


def outcome(status: OutcomeStatus = OutcomeStatus.VERIFIED) -> Outcome:
    """How it ended."""
    return Outcome(
        decision_id="d-1",
        action="rollback.traffic",
        target=TARGET,
        key="k-1",
        status=status,
        at_ms=NOW_MS - 94_800,
        called_at_ms=NOW_MS - 94_916,
        cause_to_call_ms=84.0,
        verified_ms=36.0,
    )


def summary(reason: Reason, detail: str, at_ms: int, sequence: int = 9) -> DecisionSummary:
    """A decision as the fold keeps it."""
    return DecisionSummary(
        decision_id=f"d-{sequence}",
        sequence=sequence,
        at_ms=at_ms,
        fingerprint=finding().fingerprint,
        rule_id="payment-failure-rate",
        subject=finding().subject,
        action="rollback.traffic",
        target=TARGET,
        reason=reason,
        act=reason is Reason.BREACHED,
        detail=detail,
        outcome=OutcomeStatus.VERIFIED if reason is Reason.BREACHED else None,
    )


def deployment_fact(status: str, weight: int, at_ms: int) -> Deployment:
    """A step of the release of 2.0.0."""
    return Deployment(
        id=f"deploy-{at_ms}",
        at_ms=at_ms,
        subject="dep-42",
        environment="green",
        version="2.0.0",
        status=status,  # type: ignore[arg-type]  # the caller names one of the literal's values
        previous_environment="blue",
        previous_version="1.0.0",
        weight_percent=weight,
    )


def bad_canary() -> FakeView:
    """95 s ago green was seen to fail 5.8 % of its payments and was rolled back."""
    view = FakeView()
    at = NOW_MS
    cooling = "dns:payments.tillwatch.test was acted on 12 s ago; the cool-down is 300 s."
    bodies: list[tuple[Body, int]] = [
        (DaemonStarted(version="0.1.0", holder="till-1"), at - 280_000),
        (ScenarioStep(scenario="bad-canary", step="deploy", detail="20 % of traffic to green"), at - 181_000),
        (deployment_fact("in_progress", 20, at - 180_000), at - 180_000),
        (finding(), at - 95_000),
        (decision(detail="5.8 % of 52 payments failed on green in 60 s, the limit is 2 %."), at - 94_990),
        (
            Intent(
                decision_id="d-1",
                action="rollback.traffic",
                target=TARGET,
                key="k-1",
                arguments={"blue": "100", "green": "0"},
                before={"blue": "80", "green": "20"},
                cause_at_ms=at - 95_000,
            ),
            at - 94_980,
        ),
        (outcome(), at - 94_800),
        (decision(Reason.COOLING_DOWN, cooling, at - 83_000), at - 83_000),
        (
            Quarantined(source="payment-events", message_id="m-77", why="Input data was truncated.", size_bytes=1311),
            at - 40_000,
        ),
        (
            RollbackMeasured(
                deployment_id="dep-1",
                decision_id="d-1",
                onset_at_ms=at - 95_900,
                evidence_at_ms=at - 95_000,
                decided_at_ms=at - 94_990,
                commanded_at_ms=at - 94_916,
                verified_at_ms=at - 94_880,
                last_payment_at_ms=at - 94_100,
                exposed_payments=4,
                exposed_cents=5525,
                failed_payments=2,
                failed_cents=3500,
            ),
            at - 64_000,
        ),
        (finding(State.CLEARED, 0.004, at - 20_000), at - 20_000),
    ]
    for body, at_ms in bodies:
        view.append(body, at_ms)
    view.folded = _story_state(view.folded.sequence, cooling)
    view.rule_readings = story_readings()
    view.split = TrafficSplit({"blue": 100, "green": 0}, at - 1000)
    view.payments = story_series()
    view.source_rows = [
        SourceStatus("payment-events", at - 240, stale=False, consumed=18_422, duplicates=31, quarantined=1),
        SourceStatus("control-events", at - 21_000, stale=False, consumed=14, duplicates=0, quarantined=0),
        SourceStatus("ingest", 0, stale=False, consumed=0, duplicates=0, quarantined=0),
    ]
    return view


def healthy() -> FakeView:
    """The story after its end: nothing is wrong."""
    view = bad_canary()
    view.folded = msgspec.structs.replace(view.folded, incidents={})
    view.rule_readings = view.rule_readings[1:]
    return view


def story_readings() -> list[Reading]:
    """What the rules say at the story's end."""
    no_data: dict[str, object] = {"samples": 11, "since_ms": NOW_MS - 20_000}
    slow: dict[str, object] = {"breach": "> 3000", "severity": "high", "min_samples": 100}
    return [
        reading("payment-failure-rate", State.BREACHED, GREEN, "5.8 %", 0.058, samples=52),
        reading("payment-failure-rate", State.CLEARED, BLUE, "0.3 %", 0.003),
        reading("payment-latency", State.CLEARED, BLUE, "412", 412.0, **slow),
        reading("payment-latency", State.NO_DATA, GREEN, "", None, **(slow | no_data)),
        reading("payments-absent", State.CLEARED, BLUE, "0.2 s", 0.2, breach="", window_seconds=30.0, min_samples=0),
    ]


def story_series() -> list[SecondOfPayments]:
    """290 s: blue sound throughout, green failing between 180 s and 95 s ago."""
    rows: list[SecondOfPayments] = []
    for age in range(290, 0, -1):
        second = NOW_MS // 1000 - age
        rows.append(SecondOfPayments(second, "blue", 16 + age % 5, age % 3, 1 if age % 23 == 0 else 0))
        if 95 <= age <= 180:
            rows.append(SecondOfPayments(second, "green", 3 + age % 3, age % 2, 1 if age % 4 == 0 else 0))
    return rows


def _story_state(sequence: int, cooling: str) -> Folded:
    at = NOW_MS
    acted = summary(Reason.BREACHED, "5.8 % of 52 payments failed.", at - 94_990, 5)
    held_back = summary(Reason.COOLING_DOWN, cooling, at - 83_000, 8)
    return Folded(
        sequence=sequence,
        incidents={
            "inc-4": Incident(
                id="inc-4",
                fingerprint=finding().fingerprint,
                rule_id="payment-failure-rate",
                subject=finding().subject,
                severity=1,
                runbook="payment-failures",
                state=IncidentState.OPEN,
                opened_at_ms=at - 95_000,
                findings=(finding(),),
                decisions=(acted,),
            )
        },
        deployments={
            "dep-42": DeploymentState(
                id="dep-42",
                sequence=3,
                version="2.0.0",
                environment="green",
                previous_environment="blue",
                previous_version="1.0.0",
                strategy="blue-green",
                phase="traffic_rollout",
                status="rolled_back",
                weight_percent=0,
                rolled_back=True,
                started_at_ms=at - 180_000,
                changed_at_ms=at - 94_800,
            )
        },
        actions={
            "d-1": ActionState(
                decision_id="d-1",
                sequence=5,
                action="rollback.traffic",
                target=TARGET,
                key="k-1",
                arguments={"blue": "100", "green": "0"},
                cause_at_ms=at - 95_000,
                decided_at_ms=at - 94_990,
                intent_sequence=6,
                intended_at_ms=at - 94_980,
                called_at_ms=at - 94_916,
                status=OutcomeStatus.VERIFIED,
                ended_at_ms=at - 94_800,
                cause_to_call_ms=84.0,
                verified_ms=36.0,
            )
        },
        decisions=(acted, held_back),
    )
