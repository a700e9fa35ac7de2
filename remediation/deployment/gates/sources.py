"""Whether enough is heard to tell anything: three sources that fail apart, each dark after its own silence."""

from collections.abc import Mapping

from checks.facts import (
    AlarmStateChanged,
    Fact,
    HealthProbed,
    Heartbeat,
    MetricSampled,
    ObjectChanged,
    PaymentAttempted,
)
from remediation.deployment.findings import GateReading, GateState
from remediation.deployment.gates.sides import Sides

QUORUM = "telemetry-quorum"
PAYMENTS, PROBES, ALARMS = "payments", "probes", "alarms"
SOURCES = (PAYMENTS, PROBES, ALARMS)
PROCESSOR = "aws-payment-processor"


class Heard:
    """The newest event time of each source, Unix milliseconds; 0 before the first.

    payments: what the payment core tells of payments, through its outbox and the queue. probes: the daemon's own looks
    at the environments, the older of the two counts. alarms: CloudWatch metrics and alarms, and the heartbeat that
    comes back the way of every alarm.
    """

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._payments_ms = 0
        self._alarms_ms = 0
        self._probes_ms = {sides.new.environment: 0, sides.old.environment: 0}

    def take(self, fact: Fact) -> None:
        """One fact of any kind."""
        match fact:
            case PaymentAttempted() | ObjectChanged():
                # The core's own word, of any payment in the region: a quiet canary alone is no dark source.
                if fact.region == self._sides.region:
                    self._payments_ms = max(self._payments_ms, fact.at_ms)
            case HealthProbed():
                looked = fact.subject == PROCESSOR and fact.status != "unknown" and fact.region == self._sides.region
                if looked and fact.environment in self._probes_ms:
                    newest_ms = max(self._probes_ms[fact.environment], fact.at_ms)
                    self._probes_ms[fact.environment] = newest_ms
            case AlarmStateChanged() | MetricSampled() | Heartbeat():
                self._alarms_ms = max(self._alarms_ms, fact.at_ms)
            case _:
                pass

    @property
    def newest_ms(self) -> Mapping[str, int]:
        """By source."""
        return {PAYMENTS: self._payments_ms, PROBES: min(self._probes_ms.values()), ALARMS: self._alarms_ms}


def quorum(
    newest_ms: Mapping[str, int], dark_after_seconds: Mapping[str, float], now_ms: int, since_ms: int
) -> GateReading:
    """Passed while every source is heard; no data, with names and times, while one is dark. Never breached.

    since_ms: when listening began; a source that was never heard is as old as that. A source that speaks from the
    future has a wrong clock, and counts as dark as soon as it is as far ahead as it may be behind.
    """
    dark, told = [], []
    for name in SOURCES:
        silent_seconds = abs(now_ms - max(newest_ms.get(name, 0), since_ms)) / 1000
        if silent_seconds > dark_after_seconds[name]:
            dark.append(f"{name} for {silent_seconds:.0f} s")
        told.append(f"{name} {dark_after_seconds[name]:g} s")
    heard = len(SOURCES) - len(dark)
    shown = f"{heard} of {len(SOURCES)} sources heard" + (f", dark: {', '.join(dark)}" if dark else "")
    return GateReading(
        gate=QUORUM,
        state=GateState.NO_DATA if dark else GateState.PASSED,
        shown=shown,
        limit=f"dark after {', '.join(told)}",
        samples=heard,
        samples_needed=len(SOURCES),
        value=heard,
        source=", ".join(SOURCES),
    )
