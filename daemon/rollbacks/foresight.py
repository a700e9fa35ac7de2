"""What a rollback by hand would do now, step by step, as guard and world answer at this moment."""

from collections.abc import Callable

import msgspec

from config.policy import Policy
from daemon.rollbacks.desk import RollbackDesk, RollbackRefused
from daemon.rollbacks.works import LEAVES_NOTHING
from remediation.by_hand import by_hand
from remediation.decide import ROLLBACK_TRAFFIC, decide, reading
from remediation.executor import Executor
from remediation.guardrails.guard import KILL_SWITCH
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.rollback.model import STEPS, RollbackKind, RollbackStep
from remediation.state import DeploymentState

_ACTS = {RollbackStep.TRAFFIC: ROLLBACK_TRAFFIC, RollbackStep.HOLD: KILL_SWITCH}
_WORDS = {
    RollbackStep.FLAGS: "kill what the release switched",
    RollbackStep.DRAIN: "wait until the payments that the release began have come to their end",
    RollbackStep.RECONCILIATION: "check every invariant of the ledger, and the newest payments against the rail",
    RollbackStep.PAYMENTS: "list the payments that are wrong, for people to approve what puts each right",
    RollbackStep.ENVIRONMENT: "stop the release's instances once no traffic can reach them",
    RollbackStep.COMMUNICATION: "write what customers are told; a person sends it",
}


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """would: what the step would do. refusal: why it would not be done as the world is now; empty when it would."""

    step: RollbackStep
    would: str
    refusal: str = ""


class RollbackPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What would be done; nothing was. deployment_id: empty for an emergency without a release.

    asks: whom it waits for before it begins, empty for nobody.
    """

    kind: RollbackKind
    deployment_id: str
    version: str
    steps: tuple[PlannedStep, ...]
    asks: str = ""


class Foresight:
    """Reads the world and writes nothing. policy: as it is at this moment."""

    def __init__(
        self,
        desk: RollbackDesk,
        writer: JournalWriter,
        executor: Executor,
        policy: Callable[[], Policy],
        clock: Clock,
    ) -> None:
        self._desk = desk
        self._writer = writer
        self._executor = executor
        self._policy = policy
        self._clock = clock

    async def plan(self, kind: RollbackKind, actor: str, deployment_id: str = "") -> RollbackPlan | RollbackRefused:
        """Every step of it, or why it would not begin; the same answer that asking for it would get."""
        deployment = self._desk.aim(kind, deployment_id)
        if isinstance(deployment, RollbackRefused):
            return deployment
        steps = [await self._step(step, deployment, actor) for step in STEPS[kind]]
        needs = kind is RollbackKind.COMPLETE and deployment is not None and not self._desk.is_approved(deployment)
        return RollbackPlan(
            kind=kind,
            deployment_id="" if deployment is None else deployment.id,
            version="" if deployment is None else deployment.version,
            steps=tuple(steps),
            asks="another person has to approve it first" if needs else "",
        )

    async def _step(self, step: RollbackStep, deployment: DeploymentState | None, actor: str) -> PlannedStep:
        action = _ACTS.get(step)
        if action is None:
            return PlannedStep(step=step, would=_WORDS[step])
        if step is RollbackStep.TRAFFIC and deployment is None:
            return PlannedStep(step=step, would="nothing: no deployment is known")
        about = deployment if step is RollbackStep.TRAFFIC else None
        now_ms = self._clock.now_ms()
        finding = by_hand(action, about, asked_by=actor, reason="", now_ms=now_ms)
        decision = decide(finding, self._writer.state, self._policy(), now_ms)
        would = decision.detail.removeprefix(f"{reading(finding)}: ")
        preflight = await self._executor.look_ahead(decision)
        if preflight is None:
            nothing = decision.reason in LEAVES_NOTHING
            return PlannedStep(step=step, would=f"nothing: {would}", refusal="" if nothing else would)
        if preflight.already_done:
            return PlannedStep(step=step, would=f"nothing: it is so already ({would})")
        found = ", ".join(f"{name} {value}" for name, value in sorted(preflight.before.items()))
        return PlannedStep(step=step, would=f"{would}; now {found}" if found else would, refusal=preflight.refusal)
