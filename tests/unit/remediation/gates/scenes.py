"""A rollout from 1.0.0 on blue to 2.0.0 on green, and the payments that either version takes."""

from collections.abc import Mapping

from checks.facts import PaymentAttempted, PaymentCaptured
from checks.findings import State
from checks.readings import Reading
from remediation.deployment.findings import GateReading, GateState
from remediation.deployment.gates.sides import Release, Sides
from remediation.deployment.plan import Plan, Request, Standing, Step, Strategy
from remediation.deployment.ports import StepContext

NOW_MS = 1_790_000_000_000
SIDES = Sides(
    region="us-east-1",
    new=Release(environment="green", version="2.0.0"),
    old=Release(environment="blue", version="1.0.0"),
)


def step(percent: int = 5, phase: str = "traffic_rollout") -> Step:
    arguments = {
        "environment": "green",
        "version": "2.0.0",
        "other": "blue",
        "other_version": "1.0.0",
        "percent": str(percent),
    }
    if phase == "pre_deployment_validation":
        return Step(
            id="us-east-1/check",
            phase="pre_deployment_validation",
            kind="check.gates",
            region="us-east-1",
            within_seconds=60,
            arguments={"environment": "blue", "version": "1.0.0"},
        )
    return Step(
        id=f"us-east-1/traffic_rollout/watch-{percent}",
        phase="traffic_rollout",
        kind="watch",
        region="us-east-1",
        within_seconds=600,
        arguments=arguments,
    )


def plan(*steps: Step, cohort: str = "", differential: bool = False) -> Plan:
    request = Request(
        deployment_id="dep-1",
        version="2.0.0",
        strategy=Strategy.BLUE_GREEN,
        regions=("us-east-1",),
        requested_by="ann",
        cohort=cohort,
        differential=differential,
    )
    standing = Standing(region="us-east-1", environment="blue", version="1.0.0", spare="green")
    return Plan(request=request, standing=(standing,), steps=steps)


def context(one: Step, *, began_at_ms: int = NOW_MS, cohort: str = "", differential: bool = False) -> StepContext:
    steps = tuple(step(percent) for percent in (5, 25, 50))
    return StepContext(plan=plan(*steps, cohort=cohort, differential=differential), step=one, began_at_ms=began_at_ms)


def attempt(
    number: int,
    *,
    new: bool,
    outcome: str = "succeeded",
    at_ms: int = NOW_MS,
    bin_digits: str = "411111",
    score: int = 100,
    latency_ms: float = 200.0,
) -> PaymentAttempted:
    return PaymentAttempted(
        id=f"{'new' if new else 'old'}-{number}",
        at_ms=at_ms,
        subject=f"pay-{number}",
        environment="green" if new else "blue",
        version="2.0.0" if new else "1.0.0",
        rail="card",
        outcome=outcome,  # type: ignore[arg-type]  # the tables below name outcomes as text
        amount_cents=6_400,
        latency_ms=latency_ms,
        bin=bin_digits,
        fraud_score=score,
        scored=True,
        cohort="$50 to $100",
    )


def capture(
    number: int, *, new: bool, at_ms: int = NOW_MS, amount_cents: int = 6_400, **changes: object
) -> PaymentCaptured:
    told: dict[str, object] = {
        "payment_id": f"pay-{number}",
        "customer_id": f"cus-{number}",
        "provider_id": "prv-1",
        "method_fingerprint": f"fp-{number}",
        "request_digest": f"digest-{number}",
        "cost_microcents": 20_000_000,
        "cohort": "$50 to $100",
        **changes,
    }
    return PaymentCaptured(
        id=f"cap-{'new' if new else 'old'}-{number}",
        at_ms=at_ms,
        subject=f"cap-{number}",
        environment="green" if new else "blue",
        version="2.0.0" if new else "1.0.0",
        rail="card",
        amount_cents=amount_cents,
        **told,  # type: ignore[arg-type]  # one field or another, as the test says
    )


def reading(
    rule_id: str,
    state: State,
    key: Mapping[str, str] | None = None,
    *,
    value: float | None = 1.0,
    since_ms: int = 0,
) -> Reading:
    return Reading(
        rule_id=rule_id,
        family="sla",
        key={"region": "us-east-1", "environment": "green"} if key is None else dict(key),
        state=state,
        value=value,
        shown="shown",
        breach="> 2%",
        clear="",
        samples=64,
        min_samples=50,
        window_seconds=60.0,
        severity="critical",
        mode="enforce",
        do=(),
        since_ms=since_ms,
        at_ms=NOW_MS,
    )


def gate(
    name: str, state: GateState = GateState.PASSED, *, shadow: bool = False, red_at_start: bool = False
) -> GateReading:
    return GateReading(
        gate=name,
        state=state,
        shown="0.5 %",
        limit="> 2%",
        samples=700,
        samples_needed=660,
        shadow=shadow,
        red_at_start=red_at_start,
    )
