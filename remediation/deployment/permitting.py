"""Whether a step may be begun now: the stop, storms, freezes, calendars and locks that hold every action hold it."""

from collections.abc import Callable
from typing import Protocol

from config.policy import Policy
from remediation.deployment.plan import Step
from remediation.guardrails.changes import Change
from remediation.guardrails.locks import holder
from remediation.guardrails.permission import withheld
from remediation.state import State


class Permission(Protocol):
    """Says why a step may not be begun now; empty when it may. Asked with the executor's deciding lock held."""

    def __call__(self, step: Step, state: State, now_ms: int, *, unwinding: bool) -> str:
        """In words that follow ``not begun:``."""


_CHANGES = {
    "deploy": Change.ROLLOUT,
    "resize": Change.ROLLOUT,
    "roll": Change.ROLLOUT,
    "cohort": Change.ROLLOUT,
    "shift": Change.ROLLOUT,
    "retire": Change.ROLLOUT,
    "migrate": Change.MIGRATION,
    "prepare.scaling": Change.SCALE_OUT,
    "prepare.flags": Change.FLAG,
}
"""By kind of step, for those that change something; one that is not in here and has a target is a rollout too."""


def locks_alone(step: Step, state: State, now_ms: int, *, unwinding: bool) -> str:
    """Only whether somebody else is at work on the target."""
    del now_ms, unwinding
    other = holder(state, step.target) if step.target else ""
    return f"{other} is at work on {step.target}" if other else ""


def under(current_policy: Callable[[], Policy]) -> Permission:
    """The permission under the policy of the moment. What takes a release back waits for locks alone."""

    def permitted(step: Step, state: State, now_ms: int, *, unwinding: bool) -> str:
        if unwinding or not step.target:
            return locks_alone(step, state, now_ms, unwinding=unwinding)
        change = _CHANGES.get(step.kind, Change.ROLLOUT)
        held = withheld(change, step.target, state, current_policy(), now_ms)
        if held is not None:
            return held[1]
        return being_scaled(step.region, state) if change is Change.ROLLOUT else ""

    return permitted


def being_scaled(region: str, state: State) -> str:
    """Which capacity of the region is being changed, in words; a release is judged by what does not grow meanwhile."""
    for name, one in state.targets.items():
        if name.startswith(f"scale:{region}/") and one.running in state.actions:
            return f"{one.running} is still scaling {name.removeprefix('scale:')}; the release goes on after that"
    return ""
