"""The one door to rollbacks by hand, for the command line, HTTP and the console."""

import asyncio
from collections.abc import Callable
from enum import StrEnum

import msgspec
import structlog

from config.policy import Policy
from remediation.asking import ask
from remediation.decisions import Question
from remediation.errors import NotJournaled
from remediation.guardrails.approvals import ApprovalChange, digest_of, is_approved
from remediation.journal.aftermath_kinds import RollbackAsked
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.rollback.model import RollbackKind, RollbackRun
from remediation.rollback.running import Rollbacks
from remediation.state import RUNNING, DeploymentState

log = structlog.get_logger()

CONFIRMATION = "confirmation"


class RollbackRefusal(StrEnum):
    """Why no rollback is begun, in order of precedence."""

    NOT_LEADING = "not_leading"
    UNKNOWN = "unknown"
    NOTHING_TO_TAKE_BACK = "nothing_to_take_back"
    ALREADY_ROLLED_BACK = "already_rolled_back"
    PAST_RETURN = "past_return"
    UNDER_WAY = "under_way"
    NEEDS_APPROVAL = "needs_approval"


class RollbackRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A no. detail: one sentence with what to do."""

    refusal: RollbackRefusal
    detail: str


class RollbackDesk:
    """actor: the name of a person's token. Journal faults are raised, and nothing has changed then."""

    def __init__(self, writer: JournalWriter, rollbacks: Rollbacks, policy: Callable[[], Policy], clock: Clock) -> None:
        self._writer = writer
        self._rollbacks = rollbacks
        self._policy = policy
        self._clock = clock
        self._asking = asyncio.Lock()

    async def ask(
        self, kind: RollbackKind, actor: str, *, reason: str, deployment_id: str = "", force: bool = False
    ) -> RollbackRun | RollbackRefused:
        """Begin, and go as far as it goes without waiting. deployment_id: empty for the newest release.

        An emergency holds payments first, also when there is no release to take back, and waits for no other rollback.
        """
        async with self._asking:
            begun = await self._begin(kind, actor, reason, deployment_id, force=force)
        if isinstance(begun, RollbackRefused):
            return begun
        try:
            return await self._rollbacks.advance(begun)
        except NotJournaled as fault:
            # It is in the journal, so it was not refused: the next tick goes on with it.
            log.error("rollback waits for the journal", action="journal_fault", rollback_id=begun, fault=str(fault))
            return self._writer.state.manual_rollbacks[begun]

    async def _begin(
        self, kind: RollbackKind, actor: str, reason: str, deployment_id: str, *, force: bool
    ) -> str | RollbackRefused:
        """The id of the rollback that is in the journal now, or why there is none."""
        deployment = self.aim(kind, deployment_id)
        if isinstance(deployment, RollbackRefused):
            return deployment
        if kind is RollbackKind.COMPLETE and deployment is not None:
            refused = await self._unapproved(deployment, actor)
            if refused is not None:
                return refused
        rollback_id = f"rb-{self._writer.state.sequence + 1}"
        await self._writer.append(
            RollbackAsked(
                rollback_id=rollback_id,
                kind=kind,
                deployment_id="" if deployment is None else deployment.id,
                reason=reason,
                skipped=(CONFIRMATION,) if force else (),
            ),
            actor,
        )
        return rollback_id

    def list(self) -> list[RollbackRun]:
        """Every rollback that is known, the newest first."""
        return list(reversed(self._writer.state.manual_rollbacks.values()))

    def show(self, rollback_id: str) -> RollbackRun | None:
        """One rollback; None when it is not known."""
        return self._writer.state.manual_rollbacks.get(rollback_id)

    def aim(self, kind: RollbackKind, deployment_id: str = "") -> DeploymentState | RollbackRefused | None:
        """Which deployment would be taken back, or why none; None for an emergency without one. Nothing is written."""
        deployment = self._aim(deployment_id)
        refused = self._refused(kind, deployment, deployment_id)
        return deployment if refused is None else refused

    def is_approved(self, deployment: DeploymentState) -> bool:
        """Whether a complete rollback of it has the approval that it needs, or needs none."""
        approvals = self._policy().approvals
        return is_approved(self._writer.state, approvals, _question(deployment), self._clock.now_ms())

    def _aim(self, deployment_id: str) -> DeploymentState | None:
        """The deployment of this id; else the newest that is on its way, else the newest that was taken for good."""
        known = self._writer.state.deployments
        if deployment_id:
            return known.get(deployment_id)
        ours = [one for one in known.values() if one.previous_environment not in {"", one.environment}]
        running = [one for one in ours if one.status in RUNNING]
        return max(running or ours, key=lambda one: one.sequence, default=None)

    def _refused(
        self, kind: RollbackKind, deployment: DeploymentState | None, deployment_id: str
    ) -> RollbackRefused | None:
        if self._clock.now_ms() >= self._writer.lease.until_ms:
            return _no(RollbackRefusal.NOT_LEADING, "the lease ran out; ask the daemon that leads")
        if deployment is None and deployment_id:
            return _no(RollbackRefusal.UNKNOWN, f"there is no deployment {deployment_id!r:.100}")
        impossible = None if kind is RollbackKind.EMERGENCY else self._impossible(kind, deployment)
        if impossible is not None:
            return impossible
        runs = self._writer.state.manual_rollbacks.values()
        hindered = frozenset(RollbackKind) if kind is not RollbackKind.EMERGENCY else {kind}
        under_way = next((one.id for one in runs if not one.ended_at_ms and one.kind in hindered), "")
        return _no(RollbackRefusal.UNDER_WAY, f"{under_way} is under way; wait for its end") if under_way else None

    def _impossible(self, kind: RollbackKind, deployment: DeploymentState | None) -> RollbackRefused | None:
        if deployment is None or deployment.status not in {*RUNNING, "succeeded", "rolled_back"}:
            ended = "no deployment is known" if deployment is None else f"{deployment.id} is {deployment.status}"
            return _no(RollbackRefusal.NOTHING_TO_TAKE_BACK, ended)
        if deployment.rolled_back and kind is RollbackKind.TRAFFIC:
            detail = f"{deployment.id} is rolled back; `complete` drains and reconciles what it left"
            return _no(RollbackRefusal.ALREADY_ROLLED_BACK, detail)
        run = self._writer.state.runs.get(deployment.id)
        if run is not None and run.no_return:
            detail = f"{run.no_return} has begun, so {deployment.version} has to be mended: fix forward, flags off"
            return _no(RollbackRefusal.PAST_RETURN, detail)
        return None

    async def _unapproved(self, deployment: DeploymentState, actor: str) -> RollbackRefused | None:
        """Ask for the approval that a complete rollback needs; None when it was given, or nobody has to be asked."""
        if self.is_approved(deployment):
            return None
        question, approvals = _question(deployment), self._policy().approvals
        name = await ask(self._writer, approvals, question, actor, self._clock.now_ms())
        detail = f"another person has to approve {name} first; then ask again. `rollback traffic` needs no approval"
        return _no(RollbackRefusal.NEEDS_APPROVAL, detail)


def _question(deployment: DeploymentState) -> Question:
    return Question(
        change=ApprovalChange.ROLLBACK_COMPLETE,
        subject=deployment.id,
        digest=digest_of(RollbackKind.COMPLETE, deployment.id, deployment.version),
        what=f"complete rollback of {deployment.version} on {deployment.environment} ({deployment.id})",
    )


def _no(refusal: RollbackRefusal, detail: str) -> RollbackRefused:
    return RollbackRefused(refusal=refusal, detail=detail)
