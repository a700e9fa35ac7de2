"""Gates that no rule can say, each with value, limit and samples, from what was observed since the step began."""

from collections.abc import Sequence

from msgspec.structs import replace

from config.delivery.deployment import Evidence
from config.delivery.gates import CostGate, DriftGate, Gates
from config.rules.slo import ratio
from remediation.deployment.findings import GateReading, GateState
from remediation.deployment.gates.comparison import share_of
from remediation.deployment.gates.observed import Observed, Strata
from remediation.deployment.gates.verdict import EVIDENCE

DOUBLE_CHARGE, COSTS, DRIFT = "double-charge", "cost-per-100", "fraud-score-drift"
PAYMENTS = "payments"
UNATTAINABLE = 0
"""Payments needed where no number of them is enough."""
DRIFT_SHARE = 10
"""Of the comparisons' false alarms, one part in so many is the drift's."""


def told(observed: Observed, gates: Gates, evidence: Evidence, needed: int) -> list[GateReading]:
    """Every gate but rules and quorum, in a stable order. needed: payments of the new version, or UNATTAINABLE."""
    false_alarm = ratio(gates.false_alarm) / DRIFT_SHARE
    found = [
        _evidence(observed, evidence, needed, borrows=gates.borrow > 0),
        _doubles(observed),
        *(_comparison(strata, observed.payments, is_compared=observed.sides.is_compared) for strata in observed.strata),
        _costs(observed, gates.cost),
        _drift(observed, gates.drift, false_alarm),
    ]
    return [replace(one, shadow=True) if one.gate in gates.shadow else one for one in found]


def _evidence(observed: Observed, evidence: Evidence, needed: int, *, borrows: bool) -> GateReading:
    # Test payments are weighed by a chart of their own, so each kind has to be enough by itself.
    tests = observed.test_payments if borrows else 0
    seen = max(observed.new_payments, tests)
    enough = needed != UNATTAINABLE and seen >= needed
    limit = f"to see {evidence.faulty} failed with a power of {evidence.power}"
    borrowed = f" and {tests} test payments" if borrows else ""
    shown = f"{observed.new_payments} payments{borrowed}"
    return GateReading(
        gate=EVIDENCE,
        state=GateState.PASSED if enough else GateState.WAITING,
        shown=shown if needed != UNATTAINABLE else f"{shown}, and no number is enough",
        limit=limit,
        samples=seen,
        samples_needed=needed,
        value=seen,
        source=PAYMENTS,
    )


def _doubles(observed: Observed) -> GateReading:
    doubles = observed.charges.doubles
    shown = "no capture is a second one"
    if doubles:
        first = doubles[0]
        what = "one idempotency key" if first.why == "key" else "one payer, card, provider and amount"
        shown = f"{first.first} and {first.second} were both captured for {what}"
    return GateReading(
        gate=DOUBLE_CHARGE,
        state=GateState.BREACHED if doubles else GateState.PASSED,
        shown=shown,
        limit=">= 1",
        samples=observed.charges.examined,
        value=len(doubles),
        source=PAYMENTS,
    )


def _comparison(strata: Strata, payments: Sequence[int], *, is_compared: bool) -> GateReading:
    comparison = strata.comparison
    limit = f"{comparison.bad}, new against old, at {strata.needed:,.0f} to 1"
    worst = strata.worst() if is_compared else None
    if worst is None or not (strata.seen.new and strata.seen.old):
        # Where neither version's payments name the field there is nothing to tell apart by it, now or later.
        unnamed = bool(comparison.by) and not (strata.seen.new or strata.seen.old) and all(payments)
        shown = "no payments of both versions yet" if is_compared else "no old version to compare with"
        return GateReading(
            gate=comparison.id,
            state=GateState.WAITING if is_compared and not unnamed else GateState.PASSED,
            shown=f"none of {sum(payments)} payments names a {comparison.by}" if is_compared and unnamed else shown,
            limit=limit,
            samples=strata.seen.new,
            source=PAYMENTS,
            shadow=not is_compared,
        )
    value, contrast = worst
    seen = contrast.seen
    evidence = 1.0 if strata.found is not None else share_of(contrast.evidence, strata.needed)
    place = f" at {comparison.by} {value}" if comparison.by else ""
    new, old = _ratio(seen.new_bad, seen.new), _ratio(seen.old_bad, seen.old)
    return GateReading(
        gate=comparison.id,
        state=GateState.PASSED if strata.found is None else GateState.BREACHED,
        shown=f"{new} against {old}{place}, {evidence * 100:.0f} % of the evidence",
        limit=limit,
        samples=strata.seen.new,
        value=evidence,
        source=PAYMENTS,
    )


def _costs(observed: Observed, gate: CostGate) -> GateReading:
    limit = f"> {gate.variance} above the old version"
    compared = observed.costs.compared() if observed.sides.is_compared else None
    if compared is None:
        return GateReading(
            gate=COSTS,
            state=GateState.WAITING if observed.sides.is_compared else GateState.PASSED,
            shown="no priced payments of both versions to compare",
            limit=limit,
            samples=0,
            samples_needed=gate.samples,
            source=PAYMENTS,
            shadow=not observed.sides.is_compared,
        )
    above = compared.variance > ratio(gate.variance)
    state = GateState.BREACHED if above else GateState.PASSED
    return GateReading(
        gate=COSTS,
        state=state if compared.samples >= gate.samples else GateState.WAITING,
        shown=f"{compared.new:.2f} against {compared.old:.2f} cents per $100, {compared.variance * 100:+.1f} %",
        limit=limit,
        samples=compared.samples,
        samples_needed=gate.samples,
        value=compared.variance,
        source=PAYMENTS,
    )


def _drift(observed: Observed, gate: DriftGate, false_alarm: float) -> GateReading:
    limit = f"> {gate.distance}"
    drift = observed.scores.drift(gate.samples, false_alarm) if observed.sides.is_compared else None
    if drift is None:
        return GateReading(
            gate=DRIFT,
            state=GateState.WAITING if observed.sides.is_compared else GateState.PASSED,
            shown="too few scores of both versions to compare",
            limit=limit,
            samples=observed.scores.seen,
            samples_needed=gate.samples,
            source=PAYMENTS,
            shadow=not observed.sides.is_compared,
        )
    far = drift.distance > max(ratio(gate.distance), drift.chance)
    return GateReading(
        gate=DRIFT,
        state=GateState.BREACHED if far else GateState.PASSED,
        shown=f"{drift.distance * 100:.1f} % apart at {drift.at_score}, chance reaches {drift.chance * 100:.1f} %",
        limit=limit,
        samples=drift.new,
        samples_needed=gate.samples,
        value=drift.distance,
        source=PAYMENTS,
    )


def _ratio(bad: int, seen: int) -> str:
    return f"{bad / seen * 100:.2g} % of {seen}" if seen else "none"
