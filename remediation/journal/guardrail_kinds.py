"""What the journal says about the limits of automation: approvals, storms, the stop, money at risk, undoing."""

import msgspec


class AutomationStopped(msgspec.Struct, frozen=True, kw_only=True):
    """A person stopped everything that acts by itself; the entry's actor is that person."""

    reason: str


class AutomationResumed(msgspec.Struct, frozen=True, kw_only=True):
    """A person lets automation act again, after a stop or a storm. skipped: confirmations that were passed over."""

    reason: str
    skipped: tuple[str, ...] = ()


class StormBegan(msgspec.Struct, frozen=True, kw_only=True):
    """Automation stopped itself. Counted within the policy's time: see ``config.guardrails.Storm``."""

    why: str
    actions: int
    incidents: int
    reversals: int


class StormEnded(msgspec.Struct, frozen=True, kw_only=True):
    """Automation goes on, because it was calm for long enough."""

    why: str


class ApprovalAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Something waits for people. change: which rule of the policy's approvals. subject: what it is about.

    digest: SHA-256 of what is to be approved; another digest about the same subject makes this one void. what: for the
    person who decides. needed: so many different people.
    """

    change: str
    subject: str
    digest: str
    what: str
    requested_by: str
    needed: int
    expires_at_ms: int


class ApprovalGiven(msgspec.Struct, frozen=True, kw_only=True):
    """A person agrees; the entry's actor is that person. digest: of what they saw."""

    approval_id: str
    digest: str
    note: str = ""


class ApprovalRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A person does not agree, which ends it."""

    approval_id: str
    reason: str


class MoneyRisked(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not yet known to be good was let through, or held because it would risk too much.

    cents: what may meet a fault until it is seen, from payments of amount_cents in all within window_ms, of which
    share_percent go there, over detect_ms. limit_cents: what it was held against. allowed: whether it fits.
    """

    subject: str
    cents: int
    limit_cents: int
    payments: int
    amount_cents: int
    window_ms: int
    share_percent: int
    detect_ms: int
    allowed: bool


class UndoAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A person takes an automatic action back; the entry's actor is that person.

    undo_id: stands in the intent and the outcome of taking it back. decision_id: of the action that is taken back.
    skipped: confirmations that were passed over.
    """

    undo_id: str
    decision_id: str
    reason: str
    key: str
    skipped: tuple[str, ...] = ()


LimitBody = (
    AutomationStopped
    | AutomationResumed
    | StormBegan
    | StormEnded
    | ApprovalAsked
    | ApprovalGiven
    | ApprovalRefused
    | MoneyRisked
)
"""What moves a limit of automation; an undo moves an action."""
GuardrailBody = LimitBody | UndoAsked

GUARDRAIL_TYPE_BY_KIND: dict[str, type[GuardrailBody]] = {
    "automation.stopped": AutomationStopped,
    "automation.resumed": AutomationResumed,
    "storm.began": StormBegan,
    "storm.ended": StormEnded,
    "approval.asked": ApprovalAsked,
    "approval.given": ApprovalGiven,
    "approval.refused": ApprovalRefused,
    "money.risked": MoneyRisked,
    "undo.asked": UndoAsked,
}
