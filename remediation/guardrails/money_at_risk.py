"""How much money may meet a fault before it is seen, and whether that is allowed; pure, in whole cents."""

from enum import StrEnum

import msgspec

from config.delivery.deployment import FULL_PERCENT
from config.guardrails import MoneyAtRisk
from remediation.aiming.region_state import EVACUATE_REGION
from remediation.decide import ROLLBACK_TRAFFIC
from remediation.journal.guardrail_kinds import MoneyRisked
from remediation.state import HOUR_MS, ActionState, State

_GETS_TRAFFIC = {ROLLBACK_TRAFFIC: "from_environment", EVACUATE_REGION: "region"}
"""Which argument names who gets traffic again when the action is taken back."""


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """The payments that were seen in a time. amount_cents: of all of them together, whatever their outcome."""

    payments: int
    amount_cents: int
    window_ms: int


class RiskKind(StrEnum):
    """What is let through: each has a limit of its own."""

    STAGE = "stage"
    ACTION = "action"


def at_risk_cents(flow: Flow | None, share_percent: int, detect_ms: int) -> int | None:
    """Payments a second x share x mean amount x time until a fault is seen, rounded up; None when nothing was seen.

    A mean times a count is the sum, so no mean is taken. Raises ValueError for a share that is none.
    """
    if not 0 <= share_percent <= FULL_PERCENT:
        raise ValueError(f"a share of {share_percent} %")
    if flow is None or flow.payments <= 0 or flow.window_ms <= 0:
        return None
    return -(-flow.amount_cents * share_percent * max(detect_ms, 0) // (FULL_PERCENT * flow.window_ms))


def share_back_percent(one: ActionState) -> int | None:
    """The share of all traffic that comes back with it, rounded up; None when it gives nobody traffic.

    Where nobody had any traffic before, nobody gets some. Weights are of any size: only their proportion counts.
    """
    argument = _GETS_TRAFFIC.get(one.action)
    if argument is None:
        return None
    weights = {name: int(weight) for name, weight in one.before.items() if weight.isdecimal()}
    total = sum(weights.values())
    return -(-FULL_PERCENT * weights.get(one.arguments.get(argument, ""), 0) // total) if total else 0


def risked_cents(state: State, now_ms: int) -> int:
    """What was let through in the last hour."""
    return sum(one.cents for one in state.risked if one.at_ms > now_ms - HOUR_MS)


def weigh(
    kind: RiskKind,
    subject: str,
    flow: Flow | None,
    share_percent: int,
    *,
    state: State,
    policy: MoneyAtRisk,
    now_ms: int,
    approved: bool = False,
) -> MoneyRisked | None:
    """The figure, its limit, and whether it fits into both the limit of one and of the hour; to be journaled.

    approved: people have allowed this one to be larger.
    None when no payment was seen, so that the figure is not known: that is no leave, and people have to be asked.
    """
    detect_ms = round(policy.detect_within * 1000)
    cents = at_risk_cents(flow, share_percent, detect_ms)
    if cents is None or flow is None:
        return None
    own = policy.stage_cents if kind is RiskKind.STAGE else policy.action_cents
    limit = max(0, min(own, policy.hour_cents - risked_cents(state, now_ms)))
    return MoneyRisked(
        subject=subject,
        cents=cents,
        limit_cents=limit,
        payments=flow.payments,
        amount_cents=flow.amount_cents,
        window_ms=flow.window_ms,
        share_percent=share_percent,
        detect_ms=detect_ms,
        allowed=approved or cents <= limit,
    )
