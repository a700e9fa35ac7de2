"""Availability as the running daemon measured it over weeks, or, where it measured none, over a short run of probes."""

from collections.abc import Sequence

from daemon.probes.daemon_client import SloNow
from daemon.validation.lines import Line, Outcome, line
from daemon.validation.performance import ProbeRun

RULE = "availability-budget"
AVAILABLE_LIMIT = 0.9999
SAMPLES_MIN = 100
"""The rule's own: one failed probe of fewer is a percent."""
LIMIT, SOURCE = ">= 99.99 %", "Key metrics: System Availability: >99.99%"
_DAY_SECONDS = 86_400


def availability_lines(runs: Sequence[ProbeRun], slos: Sequence[SloNow], silent: str = "") -> list[Line]:
    """A line for each environment that says where its figure is from. silent: why no daemon could be asked."""
    measured = {slo.key.get("environment", ""): slo for slo in slos if slo.rule_id == RULE and slo.current is not None}
    why = silent if silent else f"the daemon's {RULE} has no figure for it"
    return [
        _of_daemon(run.environment, measured[run.environment]) if run.environment in measured else _of_run(run, why)
        for run in runs
    ]


def _of_daemon(environment: str, slo: SloNow) -> Line:
    """Within the limit with too few probes to tell is warned; beyond it is failed however few they are."""
    current = 0.0 if slo.current is None else slo.current
    left = "" if slo.budget_left is None else f", {slo.budget_left:.0%} of its budget left"
    days = slo.window_seconds / _DAY_SECONDS
    told = f"{current:.4%} over up to {days:g} d, as the daemon measured it ({RULE}{left})"
    outcome: Outcome = "failed" if current < AVAILABLE_LIMIT else "passed"
    if outcome == "passed" and slo.samples < SAMPLES_MIN:
        outcome, told = "warned", f"{told}; {slo.samples} probes of late, it takes {SAMPLES_MIN} to tell"
    return Line(name=f"availability ({environment})", outcome=outcome, measured=told, limit=LIMIT, source=SOURCE)


def _of_run(run: ProbeRun, why: str) -> Line:
    """A core that answers is available, whatever it says of the payment."""
    count = len(run.facts)
    name = f"availability ({run.environment}, {count} probes)"
    if count == 0:
        return line(name, good=False, measured=f"no probe was made, and {why}", limit=LIMIT, source=SOURCE)
    answered = sum(fact.version != "" for fact in run.facts) / count
    told = f"{answered:.2%} answered in this run alone: {why}"
    return line(name, good=answered >= AVAILABLE_LIMIT, measured=told, limit=LIMIT, source=SOURCE)
