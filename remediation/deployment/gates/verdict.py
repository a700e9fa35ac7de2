"""What all gates of a stage come to: passed on evidence alone, and never for want of data."""

from collections.abc import Sequence

from remediation.deployment.findings import GateReading, GateState, StepFinding, StepReport
from remediation.deployment.gates.sources import QUORUM

EVIDENCE = "evidence"
NAMED_MAX = 4
"""Gates that a sentence names; the readings have them all."""


def verdict(readings: Sequence[GateReading], *, is_over: bool) -> StepReport:
    """One finding about a stage, from every gate of one moment. is_over: whether its time is used up.

    In this order, with shadow gates told and not counted:

    - a gate is breached: the release is bad. Evidence that was seen stays seen, also while a source is dark.
    - a gate was breached before the stage began, by what the release cannot have done: failed, the answer is no.
    - a source of telemetry is dark: held at once, whatever the other gates say of what they last heard.
    - a gate waits for samples or has no data: waiting, and held once the time is used up.
    - every gate passed, those of evidence and quorum among them: passed.

    Without one of the last two, or without any gate that counts, nothing ever passes.
    """
    counted = [reading for reading in readings if not reading.shadow]
    breached = [one for one in counted if one.state is GateState.BREACHED]
    bad = [one for one in breached if not one.red_at_start]
    told = tuple(readings)
    if bad:
        return StepReport(finding=StepFinding.BREACHED, detail=_named("breached", bad), readings=told)
    if breached:
        detail = _named("red before the stage began", breached)
        return StepReport(finding=StepFinding.FAILED, detail=detail, readings=told)
    if any(one.gate == QUORUM and one.state is not GateState.PASSED for one in counted):
        dark = [one for one in counted if one.gate == QUORUM]
        return StepReport(finding=StepFinding.HELD, detail=_named("blind", dark), readings=told)
    missing = sorted({QUORUM, EVIDENCE} - {one.gate for one in counted})
    unsettled = [one for one in counted if one.state is not GateState.PASSED]
    if not unsettled and not missing:
        detail = f"all {len(counted)} gates passed: {_evidence(counted)}"
        return StepReport(finding=StepFinding.PASSED, detail=detail, readings=told)
    why = _named("undecided", unsettled) if unsettled else f"nothing counts as {' and '.join(missing)}"
    if is_over:
        return StepReport(
            finding=StepFinding.HELD, detail=f"the time is used up without evidence: {why}", readings=told
        )
    return StepReport(finding=StepFinding.WAITING, detail=why, readings=told)


def start_verdict(readings: Sequence[GateReading]) -> StepReport:
    """Whether a deployment may begin: not with a gate that is red already, and not without one that was asked for.

    Nor while a source is dark, because then nothing would be known to be red; it waits for one that may still speak.
    """
    counted = [reading for reading in readings if not reading.shadow]
    red = [one for one in counted if one.state is GateState.BREACHED]
    told = tuple(readings)
    if red:
        advice = "mend it first, or declare the deployment as differential"
        return StepReport(
            finding=StepFinding.FAILED, detail=f"{_named('red at the start', red)}; {advice}", readings=told
        )
    unread = [one for one in counted if one.state is not GateState.PASSED]
    if unread and all(one.gate == QUORUM and one.state is GateState.WAITING for one in unread):
        return StepReport(finding=StepFinding.WAITING, detail=_named("listening", unread), readings=told)
    if unread:
        return StepReport(finding=StepFinding.HELD, detail=_named("cannot be read", unread), readings=told)
    return StepReport(finding=StepFinding.PASSED, detail=f"none of {len(counted)} gates is red", readings=told)


def _named(what: str, readings: Sequence[GateReading]) -> str:
    """``breached: payment-failure-rate 100 % of the evidence on green (limit 2% rather than 0.5%, 64 samples)``."""
    sentences = [_sentence(reading) for reading in readings[:NAMED_MAX]]
    more = f"; and {len(readings) - NAMED_MAX} more" if len(readings) > NAMED_MAX else ""
    return f"{what}: {'; '.join(sentences)}{more}"


def _sentence(reading: GateReading) -> str:
    needed = f" of {reading.samples_needed}" if reading.samples_needed else ""
    limit = f"limit {reading.limit}, " if reading.limit else ""
    return f"{reading.gate} {reading.shown} ({limit}{reading.samples}{needed} samples)"


def _evidence(readings: Sequence[GateReading]) -> str:
    found = next(one for one in readings if one.gate == EVIDENCE)
    return f"{found.samples} of {found.samples_needed} payments needed"
