"""Whether something that no rule decides on may be changed now: a stage of a rollout, a scaling, a flag; pure."""

from config.policy import Policy
from remediation.decisions import Reason
from remediation.guardrails.calendar import closed_for
from remediation.guardrails.changes import REDUCES_HARM, Change
from remediation.guardrails.halts import stopped, stormy
from remediation.guardrails.locks import holder
from remediation.state import State


def withheld(change: Change, target: str, state: State, policy: Policy, now_ms: int) -> tuple[Reason, str] | None:
    """The first reason not to change this now, with its words; None when nothing stands in the way.

    The same stop, storm, calendars and locks that hold automatic actions; observe_only does not, because a
    person asked for the change. target: empty when nothing is changed. Call it with Executor.deciding held, and write
    who holds the target before letting go of it.
    """
    stop, storm = stopped(state), stormy(state)
    if stop:
        return Reason.STOPPED, stop
    if storm and change not in REDUCES_HARM:
        return Reason.STORM, storm
    closed = closed_for(change, policy.closing, now_ms)
    if closed is not None:
        return Reason.FROZEN, closed.detail
    running = holder(state, target) if target else ""
    return (Reason.ACTION_IN_PROGRESS, f"{running} is still acting on {target}") if running else None
