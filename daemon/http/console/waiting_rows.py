"""The console's rows of questions to people: what is asked, who agreed so far, how to answer."""

from dataclasses import dataclass

from daemon.http.words.wording import Moment, moment
from remediation.guardrails.approvals import ApprovalStatus, status_of
from remediation.guardrails.state import ApprovalState
from remediation.state import State


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One question that nobody has answered for good. answers: who agreed, of how many."""

    id: str
    what: str
    answers: str
    until: Moment


def waiting_rows(state: State, now_ms: int) -> tuple[WaitingRow, ...]:
    """Newest first; what was agreed to, refused, void or has run out waits for nobody."""
    waiting = [one for one in state.approvals.values() if status_of(one, now_ms) is ApprovalStatus.WAITING]
    return tuple(
        WaitingRow(one.id, one.what, answers_to(one), moment(one.expires_at_ms, now_ms)) for one in reversed(waiting)
    )


def answers_to(asked: ApprovalState) -> str:
    """Who agreed or refused, and how to answer while somebody has to."""
    if asked.refused_by:
        return f"refused by {asked.refused_by}"
    names = ", ".join(one.by for one in asked.given)
    if len(asked.given) >= asked.needed:
        return f"approved by {names}"
    return f"{len(asked.given)} of {asked.needed} approved it: tillwatch approvals approve {asked.id}"
