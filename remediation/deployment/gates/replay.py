"""Whether other gates would have been breached: the facts of a step once more, in the order in which they came."""

from collections.abc import Iterable, Sequence

import msgspec

from checks.facts import Fact
from config.delivery.deployment import Evidence
from config.delivery.gates import Gates
from remediation.deployment.findings import GateReading, GateState
from remediation.deployment.gates.observed import Observed, thresholds
from remediation.deployment.gates.sides import sides_of
from remediation.deployment.gates.told import UNATTAINABLE, told
from remediation.deployment.plan import Plan, Step


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """The first moment at which a gate that counts was breached, Unix milliseconds, and what it said then."""

    at_ms: int
    reading: GateReading


def first_breach(
    arrivals: Iterable[tuple[int, Sequence[Fact]]],
    plan: Plan,
    step: Step,
    gates: Gates,
    evidence: Evidence,
    began_at_ms: int,
) -> Breach | None:
    """What these gates would have said first while the step ran; None when nothing, or its region is not in the plan.

    arrivals: facts with the time at which they came, the oldest first; from a minute before the step on, for charges
    whose first half is older. Rules are replayed by `checks.replay`; this is everything that no rule can say.
    """
    sides = sides_of(plan, step)
    if sides is None:
        return None
    observed = Observed(sides, gates, evidence, since_ms=began_at_ms, needed=thresholds(gates, plan))
    for at_ms, facts in arrivals:
        observed.take(facts, at_ms)
        observed.weigh(at_ms)
        for reading in told(observed, gates, evidence, UNATTAINABLE):
            if reading.state is GateState.BREACHED and not reading.shadow:
                return Breach(at_ms=at_ms, reading=reading)
    return None
