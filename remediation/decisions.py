"""What to do about a finding, or why nothing is done, as values."""

from enum import StrEnum

import msgspec

from checks.findings import Finding


class Reason(StrEnum):
    """Why a decision is what it is; in order of precedence, the first that holds wins."""

    CLEARED = "cleared"
    NO_DATA = "no_data"
    NO_ACTION_CONFIGURED = "no_action_configured"
    SHADOW_MODE = "shadow_mode"
    ALREADY_ROLLED_BACK = "already_rolled_back"
    IN_EFFECT = "in_effect"
    STALE_EVIDENCE = "stale_evidence"
    OBSERVE_ONLY = "observe_only"
    STOPPED = "stopped"
    STORM = "storm"
    NOT_ALLOWED = "not_allowed"
    FROZEN = "frozen"
    NO_DEPLOYMENT = "no_deployment"
    NOT_THE_CANARY = "not_the_canary"
    NO_SUBJECT = "no_subject"
    LAST_REGION = "last_region"
    UNCONFIRMED = "unconfirmed"
    PAST_RETURN = "past_return"
    ACTION_IN_PROGRESS = "action_in_progress"
    COOLING_DOWN = "cooling_down"
    RECURRING = "recurring"
    TOO_WIDE = "too_wide"
    BUDGET_SPENT = "budget_spent"
    BREACHED = "breached"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What people are asked when a decision waits for them; see `guardrails.approvals`. what: for a person."""

    change: str
    subject: str
    digest: str
    what: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """An action to carry out, or the reason that none is.

    id: stable for the finding and the action, so deciding twice on the same evidence gives the same id.
    act: true only when reason is BREACHED. key: the idempotency key every effect of it carries.
    target: what is acted on, such as ``dns:payments.tillwatch.test`` or ``fraud:block:card:fp_1``; empty when nothing
    can be named.
    detail: one sentence for the person at 03:00, with the numbers.
    asks: what people could allow, when that is what it waits for. set_aside: what other rules wanted of the target at
    the same moment, as ``action of rule``. trace_id: see `remediation.tracing`; empty in entries of older versions.
    """

    id: str
    finding: Finding
    action: str
    target: str
    reason: Reason
    act: bool
    key: str
    at_ms: int
    detail: str
    arguments: dict[str, str] = {}
    asks: Question | None = None
    set_aside: tuple[str, ...] = ()
    trace_id: str = ""


class OutcomeStatus(StrEnum):
    """What really happened to an action, seen by looking at the world again."""

    VERIFIED = "verified"
    ALREADY_DONE = "already_done"
    REFUSED = "refused"
    FAILED = "failed"
    UNVERIFIED = "unverified"


IN_EFFECT = frozenset({OutcomeStatus.VERIFIED, OutcomeStatus.ALREADY_DONE})
"""The world was seen to be as the action wanted it."""
INTERRUPTED = "interrupted before its intent was written: nothing was sent; what still breaches is decided anew"
"""The refusal of a decision that a crash overtook; the world refused nothing."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one decision that acted.

    called_at_ms: when the first mitigating call was sent, 0 when none was. cause_to_call_ms: from the event time
    of the fact that breached the rule to that call. verified_ms: from the call to the verifying look.
    refusal: why preflight said no, empty otherwise. trace_id: of the decision.
    """

    decision_id: str
    action: str
    target: str
    key: str
    status: OutcomeStatus
    at_ms: int
    called_at_ms: int = 0
    cause_to_call_ms: float | None = None
    verified_ms: float | None = None
    refusal: str = ""
    detail: str = ""
    trace_id: str = ""
