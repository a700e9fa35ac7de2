"""Gates that a rule says: its readings for the version that takes over, or for whatever it is red about beforehand."""

from collections.abc import Collection, Mapping, Sequence

from checks.findings import State
from checks.readings import Reading
from config.delivery.gates import RuleGate
from remediation.deployment.findings import GateReading, GateState
from remediation.deployment.gates.sides import Sides

_WORST_FIRST = (State.BREACHED, State.PENDING, State.NO_DATA, State.CLEARED)


def rule_gates(
    gates: Sequence[RuleGate],
    readings: Mapping[str, Sequence[Reading]],
    sides: Sides,
    started_at_ms: int,
    *,
    shadow: Collection[str] = (),
) -> list[GateReading]:
    """One reading for each gate, in their order. readings: by rule, of the rules that exist, however few.

    A rule counts for the new version where nothing in its key speaks of another region, environment or version. One
    whose key names neither of the last two was red at the start when it is breached since before the deployment
    started: the release cannot have done it, and it is no ground to go on. shadow: gates that are told and do not
    count, with those that a differential deployment bears.
    """
    return [_gate(gate, readings.get(gate.rule), sides, started_at_ms, shadow) for gate in gates]


def red_before(
    gates: Sequence[RuleGate],
    readings: Mapping[str, Sequence[Reading]],
    sides: Sides,
    *,
    shadow: Collection[str] = (),
    differential: bool = False,
) -> list[GateReading]:
    """One reading for each gate before anything is deployed: of the old version, and of what is about no version.

    A gate that is breached then is red at the start, and refuses; with ``differential`` it is told and does not count.
    A rule without data does not: it may be about a version that is not there yet.
    """
    found = []
    for gate in gates:
        known = readings.get(gate.rule)
        if known is None:
            found.append(_missing(gate, shadow))
            continue
        reading = _worst([one for one in known if _is_about(one, sides, sides.old.environment, sides.old.version)])
        red = reading is not None and reading.state is State.BREACHED
        found.append(
            _told(
                gate,
                reading,
                GateState.BREACHED if red else GateState.PASSED,
                shadow=gate.rule in shadow or (red and differential),
                red=red,
            )
        )
    return found


def _gate(
    gate: RuleGate,
    known: Sequence[Reading] | None,
    sides: Sides,
    started_at_ms: int,
    shadow: Collection[str],
) -> GateReading:
    if known is None:
        return _missing(gate, shadow)
    reading = _worst([one for one in known if _is_about(one, sides, sides.new.environment, sides.new.version)])
    state = _state(gate, reading)
    red = (
        reading is not None
        and state is GateState.BREACHED
        and not _names_release(reading)
        and 0 < reading.since_ms < started_at_ms
    )
    return _told(gate, reading, state, shadow=gate.rule in shadow, red=red)


def _state(gate: RuleGate, reading: Reading | None) -> GateState:
    quiet = GateState.PASSED if gate.without_data == "passes" else GateState.WAITING
    if reading is None:
        return quiet
    match reading.state:
        case State.BREACHED:
            return GateState.BREACHED
        case State.PENDING:
            return GateState.WAITING
        case State.CLEARED:
            return GateState.PASSED
        case State.NO_DATA:
            # What was in breach and fell silent is not known to be over, whatever silence means otherwise.
            return GateState.NO_DATA if reading.since_ms else quiet


def _missing(gate: RuleGate, shadow: Collection[str]) -> GateReading:
    return GateReading(
        gate=gate.rule,
        state=GateState.NO_DATA,
        shown="there is no rule of this name",
        limit="",
        samples=0,
        source="rules",
        shadow=gate.rule in shadow,
    )


def _told(gate: RuleGate, reading: Reading | None, state: GateState, *, shadow: bool, red: bool) -> GateReading:
    if reading is None:
        return GateReading(
            gate=gate.rule, state=state, shown="no reading", limit="", samples=0, source="rules", shadow=shadow
        )
    place = ", ".join(value for _, value in sorted(reading.key.items()) if value)
    return GateReading(
        gate=gate.rule,
        state=state,
        shown=f"{reading.shown} on {place}" if place else reading.shown,
        limit=reading.breach,
        samples=reading.samples,
        samples_needed=reading.min_samples,
        value=reading.value,
        source="rules",
        shadow=shadow,
        red_at_start=red,
    )


def _is_about(reading: Reading, sides: Sides, environment: str, version: str) -> bool:
    key = reading.key
    return (
        key.get("region", sides.region) == sides.region
        and key.get("environment", environment) in {environment, ""}
        and key.get("version", version) in {version, ""}
    )


def _names_release(reading: Reading) -> bool:
    return bool(reading.key.get("environment") or reading.key.get("version"))


def _worst(readings: Sequence[Reading]) -> Reading | None:
    """The one that matters: breached before pending before without data, then the one with most of its limit."""
    if not readings:
        return None
    return min(
        readings,
        key=lambda one: (_WORST_FIRST.index(one.state), -(one.value if one.value is not None else 0.0), one.rule_id),
    )
