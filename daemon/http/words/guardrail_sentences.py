"""What the journal says about the limits of automation, as sentences."""

from typing import Literal, assert_never

from daemon.amounts import money
from daemon.http.words.wording import count, moment
from remediation.journal.guardrail_kinds import (
    ApprovalAsked,
    ApprovalGiven,
    ApprovalRefused,
    AutomationResumed,
    AutomationStopped,
    GuardrailBody,
    MoneyRisked,
    StormBegan,
    StormEnded,
    UndoAsked,
)

Parts = tuple[Literal["bad", "good", "act", "unknown", "plain"], str, str, str]
"""Tone, label, text and detail, as in ``daemon.http.words.sentences.Sentence``."""


def guardrail_parts(body: GuardrailBody) -> Parts:
    """The entry in words; who did it stands beside it."""
    match body:
        case AutomationStopped():
            return "bad", "automation", "Automation was stopped.", body.reason
        case AutomationResumed():
            return "good", "automation", "Automation may act again.", body.reason
        case StormBegan():
            return "bad", "storm", "Automation stopped itself.", body.why
        case StormEnded():
            return "good", "storm", "The storm is over, automation may act again.", body.why
        case ApprovalAsked() | ApprovalGiven() | ApprovalRefused():
            return _approval(body)
        case MoneyRisked() | UndoAsked():
            return _money(body) if isinstance(body, MoneyRisked) else _undo(body)
        case _:
            assert_never(body)


def _money(body: MoneyRisked) -> Parts:
    verdict = "let through" if body.allowed else "more than is allowed"
    text = f"{money(body.cents)} at risk in {body.subject}, {verdict}."
    seen = f"limit {money(body.limit_cents)}; {count(body.payments)} payments in {body.window_ms / 1000:g} s"
    return ("plain" if body.allowed else "unknown"), "money", text, seen


def _undo(body: UndoAsked) -> Parts:
    return "act", "undo", f"About to take {body.decision_id} back.", body.reason


def _approval(body: ApprovalAsked | ApprovalGiven | ApprovalRefused) -> Parts:
    if isinstance(body, ApprovalGiven):
        return "good", "approval", f"{body.approval_id} was approved.", body.note
    if isinstance(body, ApprovalRefused):
        return "bad", "approval", f"{body.approval_id} was refused.", body.reason
    until = moment(body.expires_at_ms).text
    detail = f"{body.needed} needed, asked by {body.requested_by}, until {until} UTC"
    return "unknown", "approval", f"Waits for people: {body.what}.", detail
