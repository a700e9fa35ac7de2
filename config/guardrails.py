"""Limits that all automation shares: whose approval what needs, how much money may be at risk, when it stops itself."""

from pydantic import Field

from config.model import Duration, Hold, Model

_CENTS_MAX = 1_000_000_000_00
"""A billion dollars: more is a slip of the pen."""


class ApprovalRule(Model):
    """needed: so many different people, never the one who asked; 0: nobody is asked. expires: after this unanswered.

    A change that was approved has to begin before it expires, too.
    """

    needed: int = Field(default=1, ge=0, le=5)
    expires: Duration = 86_400.0


class Approvals(Model):
    """Who has to agree, by sort of change. Only the roles approver and admin may.

    kill_switch: holding every payment, where ``fraud.kill_switch`` leaves it to people; 0: they do it themselves.
    repeat: an automatic action that did not help, once more. at_risk: what ``money_at_risk`` does not allow.
    region_spill: a part of a full region's traffic to another region.
    flag: a change of a critical flag, but a kill. procedure: a step that wants a second person.
    """

    rollout: ApprovalRule = ApprovalRule(needed=1, expires=86_400.0)
    rollback_complete: ApprovalRule = ApprovalRule(needed=1, expires=1_800.0)
    payment_fixes: ApprovalRule = ApprovalRule(needed=2, expires=86_400.0)
    kill_switch: ApprovalRule = ApprovalRule(needed=1, expires=1_800.0)
    repeat: ApprovalRule = ApprovalRule(needed=1, expires=1_800.0)
    at_risk: ApprovalRule = ApprovalRule(needed=1, expires=3_600.0)
    region_spill: ApprovalRule = ApprovalRule(needed=1, expires=1_800.0)
    flag: ApprovalRule = ApprovalRule(needed=1, expires=1_800.0)
    procedure: ApprovalRule = ApprovalRule(needed=1, expires=1_800.0)


class MoneyAtRisk(Model):
    """How many cents may go through something that is not yet known to be good, until a fault in it would be seen.

    stage_cents: one stage of a rollout. action_cents: one automatic action. hour_cents: all of them in any 3,600 s.
    detect_within: how long a fault may go on before it is seen, where nothing better is known.
    """

    stage_cents: int = Field(default=100_000_000, ge=0, le=_CENTS_MAX)
    action_cents: int = Field(default=25_000_000, ge=0, le=_CENTS_MAX)
    hour_cents: int = Field(default=300_000_000, ge=0, le=_CENTS_MAX)
    detect_within: Duration = 60.0


class Storm(Model):
    """When automation stops itself, because it is part of the trouble or has lost sight of it.

    within: the time in which is counted. actions: different actions on different targets. incidents: different rules
    that opened one. reversals: targets that were changed and changed again, or taken back by a person.
    calm: so long without anything new, and no sooner than this after it began, the storm is over.
    """

    within: Duration = 900.0
    actions: int = Field(default=4, ge=1, le=1000)
    incidents: int = Field(default=12, ge=1, le=1000)
    reversals: int = Field(default=2, ge=1, le=1000)
    calm: Hold = 900.0
