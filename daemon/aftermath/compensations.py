"""Lists what a rolled-back release left wrong, asks people, and does what they approved."""

from collections.abc import Awaitable, Callable

import structlog

from config.guardrails import Approvals
from daemon.aftermath.affected import AffectedPayments, Found
from daemon.amounts import money
from daemon.errors import CheckpointFailed
from remediation.asking import ask
from remediation.compensation.applying import Compensating
from remediation.compensation.model import MOVES_MONEY, AffectedPayment, Fix
from remediation.compensation.proposing import digest_of
from remediation.compensation.state import COMPENSATIONS_MAX, LISTED_MAX, CompensationState
from remediation.decisions import Question
from remediation.errors import NotJournaled, WorldRefused, WorldUnreachable
from remediation.guardrails.approvals import ApprovalChange, is_approved
from remediation.journal.aftermath_kinds import CompensationListed
from remediation.journal.entry import DAEMON
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.state import DeploymentState, State

log = structlog.get_logger()

SETTLE_MS = 30_000
"""After a rollback: by then the payment core has asked the rail about whatever was left unanswered."""
KEPT_MS = 86_400_000
"""The log of facts holds a day: what was rolled back before it cannot be looked at any more."""
AGAIN_MS = 60_000
"""How often a list with payments that still wait, or that was full, is made again."""


class Compensations:
    """Over the journal's state; every call may be repeated. approvals: the rules of this moment."""

    def __init__(
        self,
        affected: AffectedPayments,
        compensating: Compensating,
        writer: JournalWriter,
        clock: Clock,
        approvals: Callable[[], Approvals],
    ) -> None:
        self._affected = affected
        self._compensating = compensating
        self._writer = writer
        self._clock = clock
        self._approvals = approvals
        self._looked_ms: dict[str, int] = {}

    async def tick(self) -> None:
        """List what is due, and do what was approved. What cannot be done now is tried at the next tick."""
        for deployment in self._due():
            await self._tried(self.list_payments(deployment, DAEMON), deployment.id)
        for listed in self._approved():
            await self._tried(self._put_right(listed), listed.deployment_id)

    async def _tried(self, work: Awaitable[object], deployment_id: str) -> None:
        """One release whose payments cannot be looked at keeps no other from being put right."""
        try:
            await work
        except (
            CheckpointFailed,
            WorldUnreachable,
            WorldRefused,
            NotJournaled,
        ) as fault:
            log.warning(
                "payments of a release not looked at",
                action="compensation_waits",
                deployment=deployment_id,
                fault=str(fault),
            )

    async def list_payments(self, deployment: DeploymentState, requested_by: str) -> CompensationState:
        """Look, write the list down when it is another one than before, and ask for approval of what moves money.

        While a fix is under way the list stays as it is. Raises CheckpointFailed, WorldUnreachable or WorldRefused.
        """
        before = self._state.compensations.get(deployment.id)
        if before is not None and _under_way(before):
            return before
        self._looked_ms[deployment.id] = self._clock.now_ms()
        listed = _listed(deployment.id, await self._affected.look(deployment), before)
        if before is None or before.digest != listed.digest:
            await self._writer.append(listed, actor=requested_by)
        await self._ask(deployment, listed, requested_by)
        return self._state.compensations[deployment.id]

    async def _ask(self, deployment: DeploymentState, listed: CompensationListed, requested_by: str) -> None:
        if not any(one.fix in MOVES_MONEY for one in listed.payments):
            return
        question = _question(deployment.id, listed.digest, in_words(listed.payments, deployment))
        await ask(self._writer, self._approvals(), question, requested_by, self._clock.now_ms())

    def _due(self) -> list[DeploymentState]:
        """Releases that were rolled back and are not listed, or whose list still waits and has nothing under way."""
        now_ms = self._clock.now_ms()
        due = []
        rolled_back = [one for one in self._state.deployments.values() if one.rolled_back]
        # No more than are kept: a list that is made room for would be made again at once, and the next one after it.
        for deployment in sorted(rolled_back, key=lambda one: one.changed_at_ms)[-COMPENSATIONS_MAX:]:
            if not SETTLE_MS <= now_ms - deployment.changed_at_ms < KEPT_MS:
                continue
            listed = self._state.compensations.get(deployment.id)
            if listed is None:
                due.append(deployment)
                continue
            looked_ms = self._looked_ms.get(deployment.id, listed.listed_at_ms)
            if (_waits(listed) or _has_more(listed)) and now_ms >= looked_ms + AGAIN_MS:
                due.append(deployment)
        return due

    def _approved(self) -> list[CompensationState]:
        """The lists with something to do: what was begun, and what people have approved."""
        known = self._state.compensations.values()
        return [one for one in known if _open(one) and (_under_way(one) or self._is_approved(one))]

    def _is_approved(self, listed: CompensationState) -> bool:
        question = _question(listed.deployment_id, listed.digest)
        return is_approved(self._state, self._approvals(), question, self._clock.now_ms())

    async def _put_right(self, listed: CompensationState) -> None:
        deployment = self._state.deployments.get(listed.deployment_id)
        if deployment is None:
            return
        again = self._affected.again(deployment, listed)
        await again.begin(one for one in listed.payments if one.payment_id not in listed.fixes)
        await self._compensating.apply(listed, again.look, lambda: self._is_approved(listed))

    @property
    def _state(self) -> State:
        return self._writer.state


def in_words(payments: tuple[AffectedPayment, ...], deployment: DeploymentState) -> str:
    """What is asked, for whoever approves: how many of which fix, and how much money each moves."""
    parts = []
    for fix in Fix:
        chosen = [one for one in payments if one.fix is fix and fix in MOVES_MONEY]
        if chosen:
            parts.append(f"{fix} {len(chosen)} ({money(sum(one.amount_cents for one in chosen))})")
    return f"payments that {deployment.version} on {deployment.environment} left wrong: {', '.join(parts)}"


def _listed(deployment_id: str, found: Found, before: CompensationState | None) -> CompensationListed:
    kept = found.payments
    if len(kept) > LISTED_MAX:
        # What needs nothing any more makes room: a payment that was sent again still counts as failed itself.
        done = set() if before is None else {name for name, fix in before.fixes.items() if fix.done}
        needless = {one.payment_id for one in kept if one.fix is Fix.NONE} | done
        kept = tuple(sorted(kept, key=lambda one: one.payment_id in needless)[:LISTED_MAX])
    return CompensationListed(
        deployment_id=deployment_id,
        digest=digest_of(kept),
        payments=kept,
        beyond=len(found.payments) - len(kept) + found.unread,
        from_the_beginning=found.from_the_beginning,
    )


def _waits(listed: CompensationState) -> bool:
    return any(one.fix is Fix.WAIT for one in listed.payments) and not _under_way(listed)


def _has_more(listed: CompensationState) -> bool:
    """Whether the list was full and everything in it has ended, so that it is the next one's turn."""
    return len(listed.payments) >= LISTED_MAX and listed.beyond > 0 and not _open(listed)


def _under_way(listed: CompensationState) -> bool:
    """Whether a fix was begun and has no end: it is finished before anything else, approved or not any more."""
    return any(not fix.ended for fix in listed.fixes.values())


def _open(listed: CompensationState) -> bool:
    ended = {name for name, fix in listed.fixes.items() if fix.ended}
    return any(one.fix in MOVES_MONEY and one.payment_id not in ended for one in listed.payments)


def _question(deployment_id: str, digest: str, what: str = "") -> Question:
    change = ApprovalChange.PAYMENT_FIXES
    return Question(change=change, subject=deployment_id, digest=digest, what=what)
