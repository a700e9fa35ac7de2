"""How numbers, times, keys and reasons are said to a person."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from config.rules.rule_file import AbsentMeasure, QuantileMeasure, Rule
from config.rules.slo import BurnRateMeasure
from remediation.decide import EVIDENCE, TIME_LIMIT
from remediation.decisions import OutcomeStatus, Reason
from remediation.response import Response
from remediation.scaling.model import ScalingReason
from remediation.state import Incident, IncidentState

NO_DATA = "no data"

REASON_WORDS: dict[Reason, str] = {
    Reason.CLEARED: "the rule is clear again",
    Reason.NO_DATA: "there is no data, and no action starts on missing data",
    Reason.NO_ACTION_CONFIGURED: "the rule asks for no action that could help here",
    Reason.SHADOW_MODE: "the rule runs in shadow mode: it is watched, it does not act",
    Reason.STALE_EVIDENCE: "the evidence is too old to act on",
    Reason.OBSERVE_ONLY: "automatic actions are switched off (observe-only)",
    Reason.STOPPED: "a person stopped automation",
    Reason.STORM: "automation stopped itself, because too much happened at once",
    Reason.NOT_ALLOWED: "the policy leaves this action to a person",
    Reason.FROZEN: "a change freeze is in force",
    Reason.NO_DEPLOYMENT: "no deployment is in progress that could be rolled back",
    Reason.NOT_THE_CANARY: "the fault is not in the version that is being rolled out",
    Reason.NO_SUBJECT: "the finding names nobody that a fraud list can hold",
    Reason.LAST_REGION: "no other region is well and large enough to take the traffic",
    Reason.UNCONFIRMED: "only one of two independent sources says that the region is lost",
    Reason.ALREADY_ROLLED_BACK: "this deployment was rolled back already",
    Reason.PAST_RETURN: "a migration has begun that the old version cannot live with, so the new one has to be mended",
    Reason.IN_EFFECT: "what was done is still in force",
    Reason.ACTION_IN_PROGRESS: "an action on the same target is still in progress",
    Reason.COOLING_DOWN: "the target was acted on a short while ago and is cooling down",
    Reason.RECURRING: "the same action was taken before and did not last, so a person decides",
    Reason.TOO_WIDE: "too many automatic entries are in force already",
    Reason.BUDGET_SPENT: "the hourly budget of automatic actions is spent",
    Reason.BREACHED: "the rule is breached",
}

REASON_OF_CAPACITY: dict[ScalingReason, str] = {
    ScalingReason.ON_DEMAND: "AWS sizes it",
    ScalingReason.NO_DATA: "what its load is cannot be told, and nothing is taken away on that",
    ScalingReason.IN_PROGRESS: "what was ordered last is not there yet",
    ScalingReason.ENOUGH: "it has what its load asks for",
    ScalingReason.COOLING_DOWN: "it was changed a short while ago",
    ScalingReason.ROLLOUT: "a version is being brought out on it",
    ScalingReason.IN_FLIGHT: "requests under way need what it has",
    ScalingReason.COST_CAP: "more would break its cap of cost",
    ScalingReason.SAVINGS: "more would break the promised savings",
    ScalingReason.AT_MAX: "it has all that it may have",
    ScalingReason.OVER_CAP: "it has more than is allowed",
    ScalingReason.WANTED: "this is what is asked for",
    ScalingReason.QUIET: "its load was low for long enough",
}

OUTCOME_WORDS: dict[OutcomeStatus, str] = {
    OutcomeStatus.VERIFIED: "done and verified",
    OutcomeStatus.ALREADY_DONE: "nothing to do, the world was so already",
    OutcomeStatus.REFUSED: "refused before anything was changed",
    OutcomeStatus.FAILED: "failed",
    OutcomeStatus.UNVERIFIED: "sent, but not seen to take effect",
}

_UNITS = (
    (1000, 1, 0, "ms"),
    (10_000, 1000, 1, "s"),
    (120_000, 1000, 0, "s"),
    (7_200_000, 60_000, 0, "min"),
    (172_800_000, 3_600_000, 1, "h"),
)
"""Below so many milliseconds, the unit in milliseconds, digits after the point, its sign."""

_LONG_NAME = re.compile(r"[A-Za-z0-9_]{29,}", re.ASCII)
_BEGIN, _END = 11, 6
"""Characters of a long name that are left, by which two are told apart."""

_SECOND_MS, _MINUTES_FROM_MS = 1000, 120_000

_NEAR_AN_END = 0.01
"""Shares this close to 0 or 1 get a second digit."""

ACTION_WORDS = {
    "rollback.traffic": "roll back traffic",
    "block.fingerprint": "block a card or device",
    "require.review": "have payments reviewed",
    "raise.threshold": "judge payments more strictly",
    "kill.switch": "hold every payment",
    "flags.kill": "kill a flag",
    "flags.ramp": "take a ramp of a flag further",
    "flags.revert": "take a change of a flag back",
    "scale.out": "give a component more capacity",
    "scale.in": "take capacity away that nobody needs",
    "scale.set": "set the capacity of a component",
    "spill.region": "move a part of a full region's traffic",
    "undo": "take an action back",
    "page": "page",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time for people. iso: UTC with milliseconds, for machines. text: UTC, with the day unless it is today."""

    iso: str
    text: str


def moment(at_ms: int, now_ms: int = 0) -> Moment:
    """An instant as seen at now; with its day when now is left out."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    today = datetime.fromtimestamp(now_ms / 1000, UTC).date() == at.date()
    iso = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Moment(iso, at.strftime("%H:%M:%S" if today else "%b %d %H:%M:%S"))


def duration(milliseconds: float) -> str:
    """A duration in the unit that keeps it short: ``84 ms``, ``2.4 s``, ``12 min``, ``3.5 h``."""
    for below_ms, unit_ms, digits, unit in _UNITS:
        if milliseconds < below_ms:
            return f"{milliseconds / unit_ms:.{digits}f} {unit}"
    return f"{milliseconds / 86_400_000:.0f} d"


def shortened(text: str) -> str:
    """With its middle left out of every name that nobody reads: a fingerprint fills two lines of a telephone."""
    return _LONG_NAME.sub(lambda found: f"{found[0][:_BEGIN]}…{found[0][-_END:]}", text)


def age(milliseconds: float) -> str:
    """For how long something has been so, in whole seconds: a tenth more tells nobody anything, ten times a second."""
    if milliseconds < _SECOND_MS:
        return "under 1 s"
    return f"{milliseconds // _SECOND_MS:.0f} s" if milliseconds < _MINUTES_FROM_MS else duration(milliseconds)


def window(seconds: float) -> str:
    """A rule's window; empty for a measure without one."""
    return duration(seconds * 1000) if seconds > 0 else ""


def percent(share: float | None) -> str:
    """A share of 1 as a percentage that never rounds a loss away: 0.9996 is ``99.96 %``, not ``100 %``."""
    if share is None:
        return NO_DATA
    if share in {0.0, 1.0}:
        return f"{100 * share:.0f} %"
    near_an_end = min(share, 1 - share) < _NEAR_AN_END
    text = f"{100 * share:.{2 if near_an_end else 1}f}"
    return {"0.00": "<0.01 %", "100.00": ">99.99 %"}.get(text, f"{text} %")


def count(number: int) -> str:
    """A count with thin groups of three: ``12 345``."""
    return f"{number:,}".replace(",", "\u202f")


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: ``1 incident``, ``2 incidents``. plural: where it is not the noun with an s."""
    if number == 1:
        return f"{number} {noun}"
    return f"{number} {plural}" if plural else f"{number} {noun}s"


def key_text(key: Mapping[str, str]) -> str:
    """A rule's key in the order of its fields' names: ``green · us-east-1``; a rule without one is about all."""
    return " · ".join(key[name] for name in sorted(key)) if key else "all"


def key_pairs(key: Mapping[str, str]) -> str:
    """A rule's key with the names of its fields, in the rule's order: ``rail: card, cohort: $50 to $100``."""
    return ", ".join(f"{name}: {value}" for name, value in key.items())


def subject_text(subject: str) -> str:
    """A finding's subject the way key_text says a key: ``environment=green,region=eu`` is ``green · eu``."""
    parts = [part.partition("=") for part in subject.split(",")]
    return " · ".join(value if equals else name for name, equals, value in parts)


def measured(value: float | None, breach: str, rule: Rule | None) -> str:
    """A finding's value in its measure's unit, as far as its limit tells it when the rule is not loaded."""
    if value is None:
        return NO_DATA
    if "%" in breach:
        # What `sequential` measures is evidence: "100 %" alone would read as if every payment had failed.
        return f"{percent(value)} of the evidence" if EVIDENCE in breach else percent(value)
    if rule is not None and isinstance(rule.measure, BurnRateMeasure):
        return f"{value:.3g} times the budget"
    if rule is not None and isinstance(rule.measure, AbsentMeasure):
        return duration(value * 1000)
    of_time = rule is not None and isinstance(rule.measure, QuantileMeasure) and rule.measure.quantile.endswith("_ms")
    if of_time or TIME_LIMIT.fullmatch(breach):
        return duration(value)
    return f"{value:,.6g}"


def against(limit: str) -> str:
    """What a value is held against, to stand behind it; of evidence, what it is evidence for."""
    if EVIDENCE in limit:
        return f" for {limit}"
    return f", limit {limit}" if limit else ""


def what_was_done(incident: Incident) -> str:
    """The last thing that was done about an incident, or why nothing was."""
    acted = [decision for decision in incident.decisions if decision.act]
    if acted:
        last = acted[-1]
        outcome = "in progress" if last.outcome is None else OUTCOME_WORDS[last.outcome]
        return f"{action_words(last.action)}: {outcome}"
    if incident.decisions:
        return f"no action: {REASON_WORDS[incident.decisions[-1].reason]}"
    return "no action yet"


def words(name: str) -> str:
    """An identifier as words: ``traffic_rollout`` is ``traffic rollout``."""
    return name.replace("_", " ")


def response_words(response: Response, incident: Incident, now_ms: int) -> str:
    """What an incident asks of people: ``answer within 12 min: …``, ``5 min overdue: …``; empty once it is over."""
    if incident.state is IncidentState.RESOLVED:
        return ""
    if incident.state is IncidentState.ACKNOWLEDGED:
        return f"taken on by {incident.acknowledged_by}: {response.action}"
    left_ms = response.respond_by_ms - now_ms
    when = f"{duration(-left_ms)} overdue" if response.overdue else f"answer within {duration(max(0, left_ms))}"
    return f"{when}: {response.action}"


def action_words(action: str) -> str:
    """An action's name as a verb."""
    return ACTION_WORDS.get(action, words(action))
