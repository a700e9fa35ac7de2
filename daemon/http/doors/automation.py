"""The doors through which people hold automation: stop and resume it, answer approvals, take actions back."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from daemon.automation import Automation, words_of
from daemon.http.doors import door
from remediation.decisions import Outcome
from remediation.guardrails.approvals import ApprovalRefusal, ApprovalStatus, status_of
from remediation.guardrails.halts import halted
from remediation.guardrails.money_at_risk import risked_cents
from remediation.guardrails.state import ApprovalState, StopState, StormState
from remediation.undo import UndoRefusal


class Reasoned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why somebody does it; the journal keeps it. skipped: confirmations that their client passed over."""

    reason: str
    skipped: tuple[str, ...] = ()


class UndoWish(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """dry_run: only say what would be done."""

    dry_run: bool = False


class ApprovalAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's answer. digest: of what they looked at, as the list of approvals shows it; needed to approve."""

    answer: Literal["approve", "refuse"]
    digest: str = ""
    note: str = ""


class ApprovalDocument(ApprovalState, frozen=True, kw_only=True):
    """A question to people, and where it stands now."""

    status: ApprovalStatus


class ApprovalList(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    approvals: list[ApprovalDocument]


class AutomationDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Whether anything acts by itself. acts: false while it is stopped, in a storm, or only observes.

    changed: whether the request made a difference; false also for one that only asked.
    """

    acts: bool
    observe_only: bool
    stopped: StopState | None
    storm: StormState | None
    risked_cents_in_the_last_hour: int
    changed: bool = False


class UndoDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What became of taking an action back. outcome: None with a dry run, where nothing was done."""

    decision_id: str
    detail: str
    outcome: Outcome | None


class AutomationDoor:
    """The handlers; the caller's name is the actor in the journal."""

    def __init__(self, automation: Automation | None, now_ms: Callable[[], int]) -> None:
        self._held = automation
        self._now_ms = now_ms

    @property
    def _automation(self) -> Automation:
        return door.held(self._held, "No automation is held from here.")

    async def show(self, _: Request) -> Response:
        """Whether automation acts, and what holds it."""
        return door.answer(self._document(changed=False))

    async def stop(self, request: Request) -> Response:
        """200 with what holds now."""
        reason = door.reason_of((await door.body_as(request, Reasoned)).reason)
        return door.answer(self._document(changed=await self._automation.stop(door.caller(request).name, reason)))

    async def resume(self, request: Request) -> Response:
        """200 with what holds now."""
        body = await door.body_as(request, Reasoned)
        changed = await self._automation.resume(door.caller(request).name, door.reason_of(body.reason), body.skipped)
        return door.answer(self._document(changed=changed))

    async def approvals(self, _: Request) -> Response:
        """Newest first, those that are over too."""
        told = [self._approval(one) for one in reversed(self._automation.state.approvals.values())]
        return door.answer(ApprovalList(approvals=told))

    async def answer(self, request: Request) -> Response:
        """200 with the question as it stands now; 403, 404 or 409 when the answer does not count."""
        told, caller = await door.body_as(request, ApprovalAnswer), door.caller(request)
        approval_id = request.path_params["approval_id"]
        if len(told.note) > door.REASON_LENGTH_MAX:
            detail = f"A note has at most {door.REASON_LENGTH_MAX} characters."
            raise door.Refused(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        if told.answer == "approve":
            refusal = await self._automation.approve(approval_id, caller.name, caller.role, told.digest, told.note)
        else:
            refusal = await self._automation.refuse(approval_id, caller.name, caller.role, told.note)
        if refusal is not None:
            raise door.Refused(_STATUS_BY_REFUSAL.get(refusal, HTTPStatus.CONFLICT), words_of(refusal))
        return door.answer(self._approval(self._automation.state.approvals[approval_id]))

    async def undo(self, request: Request) -> Response:
        """200 with the outcome; 404 or 409 when the action cannot be taken back."""
        decision_id = request.path_params["decision_id"]
        body, actor = await door.body_as(request, UndoWish), door.caller(request).name
        if body.dry_run:
            return await self._look_at_undo(decision_id)
        undone = await self._automation.undo(decision_id, actor, door.reason_of(body.reason), body.skipped)
        if undone.outcome is None:
            unknown = undone.refusal is UndoRefusal.UNKNOWN
            status = HTTPStatus.NOT_FOUND if unknown else HTTPStatus.CONFLICT
            raise door.Refused(status, f"Not taken back: {undone.detail}.")
        return door.answer(UndoDocument(decision_id=decision_id, detail=undone.detail, outcome=undone.outcome))

    async def _look_at_undo(self, decision_id: str) -> Response:
        look = await self._automation.look_at_undo(decision_id)
        if look.refusal or look.asks:
            raise door.Refused(HTTPStatus.CONFLICT, f"It would not be taken back: {look.refusal or look.asks}.")
        restored = ", ".join(f"{name} {value}" for name, value in sorted(look.restores.items()))
        return door.answer(UndoDocument(decision_id=decision_id, detail=f"would restore {restored}", outcome=None))

    def _document(self, *, changed: bool) -> AutomationDocument:
        state, policy = self._automation.state, self._automation.policy
        return AutomationDocument(
            acts=not policy.guard.observe_only and not halted(state),
            observe_only=policy.guard.observe_only,
            stopped=state.stopped,
            storm=state.storm if state.storm is not None and state.storm.lasts else None,
            risked_cents_in_the_last_hour=risked_cents(state, self._now_ms()),
            changed=changed,
        )

    def _approval(self, one: ApprovalState) -> ApprovalDocument:
        fields = {name: getattr(one, name) for name in one.__struct_fields__}
        return ApprovalDocument(**fields, status=status_of(one, self._now_ms()))


_STATUS_BY_REFUSAL = {
    ApprovalRefusal.UNKNOWN: HTTPStatus.NOT_FOUND,
    ApprovalRefusal.ROLE: HTTPStatus.FORBIDDEN,
    ApprovalRefusal.REQUESTER: HTTPStatus.FORBIDDEN,
}
