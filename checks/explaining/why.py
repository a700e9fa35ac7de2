"""Why a rule fires for a key at this moment, or why it does not, in one sentence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import eq, ge, gt, le, lt, ne

from checks import shown
from checks.compiled_rule import CompiledRule
from checks.findings import State
from config.rules.rule_file import AbsentMeasure, AnomalyMeasure, SequentialMeasure, ValueMeasure
from config.rules.slo import BurnRateMeasure

_MEETS: dict[str, Callable[[float, float], bool]] = {">": gt, ">=": ge, "<": lt, "<=": le, "==": eq, "!=": ne}


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """A reading as a daemon gives it; fields as in ``checks.readings.Reading``."""

    state: State
    value: float | None
    shown: str
    samples: int
    since_ms: int
    fires_at_ms: int


@dataclass(frozen=True, slots=True)
class Decided:
    """The newest decision about a rule and key. outcome: of an action, empty when none is known or none will be."""

    act: bool
    reason: str
    detail: str
    outcome: str


def why(compiled: CompiledRule, now: Now, decided: Decided | None, now_ms: int) -> str:
    """Why it fires or not, and what came of it. now_ms: the daemon's time."""
    match now.state:
        case State.BREACHED:
            return f"fires since {_time(now.since_ms)}: {_breaching(compiled, now)}. {_came_of_it(compiled, decided)}"
        case State.PENDING:
            left = max(0.0, (now.fires_at_ms - now_ms) / 1000)
            held = shown.length(compiled.rule.hold_for)
            return f"does not fire yet: {_reads(compiled, now)}, which has to hold for {held}: {left:.0f} s are left"
        case State.NO_DATA:
            return _without_data(compiled, now)
        case State.CLEARED:
            return f"does not fire: {_reads_not(compiled, now)}"


def _breaching(compiled: CompiledRule, now: Now) -> str:
    """What holds the breach: the limit itself, or the wait for the clear limit."""
    if _meets(compiled, now) is not False:
        return _reads(compiled, now)
    ends = f"until it is {compiled.rule.clear}" if compiled.rule.clear else "until that was long enough so"
    kept = compiled.rule.keep_firing_for
    still = f", for at least {shown.length(kept)}" if kept else ""
    return f"{now.shown} is no longer {compiled.breach_text}, and it fires on {ends}{still}"


def _came_of_it(compiled: CompiledRule, decided: Decided | None) -> str:
    if decided is None:
        return "Nothing was decided about it yet" if compiled.rule.do else "It asks for no action"
    if decided.act:
        ended = f", which was {decided.outcome}" if decided.outcome else ", which has not ended"
        return f"It acted{ended}: {decided.detail}"
    return f"Nothing was done ({decided.reason}): {decided.detail}"


def _without_data(compiled: CompiledRule, now: Now) -> str:
    told = "; its silence was told of" if compiled.rule.no_data == "page" and now.since_ms else ""
    if now.samples < compiled.min_samples:
        return f"does not fire: {now.samples} samples, {compiled.min_samples} are needed{told}"
    return f"does not fire: nothing was heard of it for too long, and no data is no breach{told}"


def _reads(compiled: CompiledRule, now: Now) -> str:
    return f"{now.shown} is {compiled.breach_text}" if _has_limit(compiled) else f"{now.shown}; {compiled.breach_text}"


def _reads_not(compiled: CompiledRule, now: Now) -> str:
    if _has_limit(compiled):
        return f"{now.shown} is not {compiled.breach_text}"
    return f"{now.shown}, and the limit is: {compiled.breach_text}"


def _has_limit(compiled: CompiledRule) -> bool:
    """Whether the breach is a comparison with what is shown."""
    return not isinstance(compiled.rule.measure, AbsentMeasure | SequentialMeasure | BurnRateMeasure)


def _meets(compiled: CompiledRule, now: Now) -> bool | None:
    """Whether the value meets the limit; None where the value is not in the limit's unit."""
    other = AbsentMeasure | SequentialMeasure | BurnRateMeasure | ValueMeasure | AnomalyMeasure
    if now.value is None or isinstance(compiled.rule.measure, other):
        return None
    return _MEETS[compiled.breach.operator](now.value, float(compiled.breach.number))


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def fingerprint(rule_id: str, key: Sequence[tuple[str, str]]) -> str:
    """As ``Finding.fingerprint`` has it."""
    return f"{rule_id}[{','.join(f'{name}={value}' for name, value in sorted(key))}]"
