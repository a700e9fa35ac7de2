"""What each step of a rollback by hand does: through guard and executor, or by looking at payments and books."""

from collections.abc import Awaitable, Callable, Mapping

from checks.facts import HealthProbed
from config.policy import Policy
from daemon.aftermath.affected import AffectedPayments, Found
from daemon.aftermath.compensations import Compensations
from daemon.errors import CheckpointFailed
from daemon.rollbacks.notice import Notices
from daemon.rollbacks.rail import RecordsAgainstRail
from daemon.rollbacks.release_flags import ReleaseFlags
from remediation.by_hand import by_hand
from remediation.compensation.model import MOVES_MONEY, Fix
from remediation.decide import ROLLBACK_TRAFFIC, decide
from remediation.decisions import IN_EFFECT, Decision, Outcome, Reason
from remediation.deployment.ports import Environments
from remediation.errors import WorldUnreachable
from remediation.executor import Executor
from remediation.guardrails.guard import KILL_SWITCH
from remediation.guardrails.locks import holder
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock, Traffic
from remediation.rollback.model import RollbackRun, RollbackStep, StepResult, StepStatus
from remediation.rollback.running import StepWork
from remediation.state import RUNNING, DeploymentState

NO_RELEASE = "no deployment is known, so there is nothing to take back"
LEAVES_NOTHING = frozenset({Reason.NO_DEPLOYMENT, Reason.ALREADY_ROLLED_BACK, Reason.IN_EFFECT})
"""Reasons not to act that leave nothing undone; ACTION_IN_PROGRESS is waited for, any other one is a failure."""

Probe = Callable[[str, int], Awaitable[HealthProbed]]
"""One look at a component of this name, at this time."""


class Works:
    """The steps over the parts of a daemon. region: the one that stands for deployments that name none."""

    def __init__(
        self,
        *,
        writer: JournalWriter,
        executor: Executor,
        policy: Callable[[], Policy],
        affected: AffectedPayments,
        compensations: Compensations,
        environments: Environments,
        traffic: Mapping[str, Traffic],
        probe: Probe,
        rail: RecordsAgainstRail,
        flags: ReleaseFlags,
        notices: Notices,
        region: str,
        clock: Clock,
    ) -> None:
        self._writer = writer
        self._executor = executor
        self._policy = policy
        self._affected = affected
        self._compensations = compensations
        self._environments = environments
        self._traffic = traffic
        self._probe = probe
        self._rail = rail
        self._flags = flags
        self._notices = notices
        self._region = region
        self._clock = clock

    def by_step(self) -> dict[RollbackStep, StepWork]:
        """What does each step."""
        return {
            RollbackStep.HOLD: self.hold,
            RollbackStep.TRAFFIC: self.traffic,
            RollbackStep.FLAGS: self.flags,
            RollbackStep.DRAIN: self.drain,
            RollbackStep.RECONCILIATION: self.reconciliation,
            RollbackStep.PAYMENTS: self.payments,
            RollbackStep.ENVIRONMENT: self.environment,
            RollbackStep.COMMUNICATION: self.communication,
        }

    async def hold(self, run: RollbackRun) -> StepResult:
        """Let the payment core keep payments and send none, until a person ends it."""
        return await self._act(run, KILL_SWITCH, None)

    async def traffic(self, run: RollbackRun) -> StepResult:
        """Give all traffic back to what held it before."""
        deployment = self._deployment(run)
        if deployment is None:
            return StepResult(status=StepStatus.NOTHING, detail=NO_RELEASE)
        running = self._writer.state.runs.get(deployment.id)
        if running is not None and running.no_return:
            detail = f"{running.no_return} has begun: {deployment.version} has to be mended, the old version cannot run"
            return StepResult(status=StepStatus.FAILED, detail=detail)
        result = await self._act(run, ROLLBACK_TRAFFIC, deployment)
        if result.status is StepStatus.NOTHING and _may_hold_traffic(self._deployment(run)):
            detail = f"{deployment.id} may hold traffic, and it was not given back: {result.detail}"
            return StepResult(status=StepStatus.FAILED, detail=detail)
        return result

    async def flags(self, run: RollbackRun) -> StepResult:
        """Kill what the release switched."""
        deployment = self._deployment(run)
        return await self._flags.kill(run, "" if deployment is None else deployment.version)

    async def drain(self, run: RollbackRun) -> StepResult:
        """Wait until the payments that the release began have come to their end where they were begun."""
        deployment = self._deployment(run)
        if deployment is None:
            return StepResult(status=StepStatus.NOTHING, detail=NO_RELEASE)
        found = await self._looked(deployment)
        waiting = sum(one.fix is Fix.WAIT for one in found.payments)
        if waiting:
            return StepResult(status=StepStatus.WAITING, detail=f"{waiting} payments of the release are under way")
        if found.unread:
            detail = f"no payment of the release that was looked at is under way; {found.unread} were not looked at"
            return StepResult(status=StepStatus.DONE, detail=detail)
        return StepResult(status=StepStatus.DONE, detail="no payment of the release is under way")

    async def reconciliation(self, run: RollbackRun) -> StepResult:
        """Let the books be checked now: every invariant of the ledger, and the newest payments against the rail."""
        fact = await self._probe("database", self._clock.now_ms())
        ledger = f"{fact.subject} is {fact.status}: {fact.detail}"
        if fact.status != "healthy":
            return StepResult(status=StepStatus.FAILED, detail=ledger)
        deployment = self._deployment(run)
        rail = await self._rail.look(doubted="" if deployment is None else deployment.environment)
        status = StepStatus.DONE if rail.agrees else StepStatus.FAILED
        return StepResult(status=status, detail=f"{ledger}; {rail.detail}")

    async def payments(self, run: RollbackRun) -> StepResult:
        """List the payments that are wrong; people approve what puts them right."""
        deployment = self._deployment(run)
        if deployment is None:
            return StepResult(status=StepStatus.NOTHING, detail=NO_RELEASE)
        try:
            listed = await self._compensations.list_payments(deployment, run.asked_by)
        except CheckpointFailed as fault:
            raise WorldUnreachable(str(fault)) from fault
        if not listed.payments:
            return StepResult(status=StepStatus.NOTHING, detail="no payment of the release is wrong")
        needed = self._policy().approvals.payment_fixes.needed
        who = _who_approves(needed if any(one.fix in MOVES_MONEY for one in listed.payments) else 0)
        detail = f"{len(listed.payments)} payments are listed with what puts each right; {who} to approve"
        return StepResult(status=StepStatus.DONE, detail=detail)

    async def environment(self, run: RollbackRun) -> StepResult:
        """Stop the release's instances, once its deployment is unwound."""
        deployment = self._deployment(run)
        if deployment is None:
            return StepResult(status=StepStatus.NOTHING, detail=NO_RELEASE)
        unwinding = self._writer.state.runs.get(deployment.id)
        if unwinding is not None and unwinding.outcome is None:
            return StepResult(status=StepStatus.WAITING, detail=f"{deployment.id} is being unwound")
        region = deployment.region or self._region
        seen = await self._environments.look(region, deployment.environment)
        if seen is None or seen.running == 0:
            return StepResult(status=StepStatus.NOTHING, detail=f"{deployment.environment} in {region} runs nothing")
        if seen.version != deployment.version:
            detail = f"{deployment.environment} in {region} runs {seen.version} by now, which is not taken back"
            return StepResult(status=StepStatus.NOTHING, detail=detail)
        async with self._executor.turns.of(f"environment:{region}/{deployment.environment}"):
            return await self._stop(run, deployment, region)

    async def _stop(self, run: RollbackRun, deployment: DeploymentState, region: str) -> StepResult:
        """Ask for no instances, unless clients may still come to them or somebody else changes them."""
        environment, target = deployment.environment, f"environment:{region}/{deployment.environment}"
        busy, split = holder(self._writer.state, target), self._traffic.get(region)
        if busy:
            return StepResult(status=StepStatus.WAITING, detail=f"{busy} is at work on {target}")
        if split is None:
            detail = f"nothing tells where the traffic of {region} goes, so {environment} is not stopped"
            return StepResult(status=StepStatus.FAILED, detail=detail)
        weight = (await split.read()).get(environment, 0)
        if weight > 0:
            return StepResult(status=StepStatus.WAITING, detail=f"{environment} holds {weight} of the traffic's weight")
        since_ms = max(run.asked_at_ms, deployment.changed_at_ms)
        left_ms = since_ms + round(await split.settles_in_seconds() * 1000) - self._clock.now_ms()
        if left_ms > 0:
            detail = f"clients may come to {environment} for another {left_ms / 1000:.0f} s"
            return StepResult(status=StepStatus.WAITING, detail=detail)
        seen = await self._environments.look(region, environment)
        if seen is None or seen.version != deployment.version or self._clock.now_ms() >= self._writer.lease.until_ms:
            return StepResult(status=StepStatus.WAITING, detail=f"{environment} is looked at once more")
        await self._environments.resize(region, environment, 0, f"{run.id}-environment")
        detail = f"{seen.running} instances of {environment} in {region} are being stopped"
        return StepResult(status=StepStatus.WAITING, detail=detail)

    async def communication(self, run: RollbackRun) -> StepResult:
        """Write what customers are told of this rollback; a person sends it, or a letter of the incident."""
        deployment = self._deployment(run)
        if deployment is None:
            return StepResult(status=StepStatus.NOTHING, detail=NO_RELEASE)
        listed = self._writer.state.compensations.get(deployment.id)
        place = await self._notices.write(run, deployment, listed)
        return StepResult(status=StepStatus.DONE, detail=f"{place} says what customers are told; a person sends it")

    async def _looked(self, deployment: DeploymentState) -> Found:
        try:
            return await self._affected.look(deployment)
        except CheckpointFailed as fault:
            raise WorldUnreachable(str(fault)) from fault

    async def _act(self, run: RollbackRun, action: str, deployment: DeploymentState | None) -> StepResult:
        now_ms = self._clock.now_ms()
        finding = by_hand(action, deployment, asked_by=run.asked_by, reason=run.reason, now_ms=now_ms)
        decision = decide(finding, self._writer.state, self._policy(), now_ms)
        if decision.reason is Reason.ACTION_IN_PROGRESS:
            # The rollback that is under way may well be this one, after a restart: its end says so.
            return StepResult(status=StepStatus.WAITING, detail=decision.detail)
        # Others may have acted since: what counts is the decision that was recorded.
        decision, outcome = await self._executor.decide_and_carry_out(decision)
        if outcome is None and decision.reason is Reason.ACTION_IN_PROGRESS:
            return StepResult(status=StepStatus.WAITING, detail=decision.detail)
        return _result(decision, outcome)

    def _deployment(self, run: RollbackRun) -> DeploymentState | None:
        return self._writer.state.deployments.get(run.deployment_id)


def _who_approves(needed: int) -> str:
    match needed:
        case 0:
            return "nobody has"
        case 1:
            return "another person has"
        case _:
            return f"{needed} other people have"


def _may_hold_traffic(deployment: DeploymentState | None) -> bool:
    if deployment is None or deployment.rolled_back or not deployment.weight_percent:
        return False
    return deployment.status in {*RUNNING, "succeeded"}


def _result(decision: Decision, outcome: Outcome | None) -> StepResult:
    if outcome is None:
        status = StepStatus.NOTHING if decision.reason in LEAVES_NOTHING else StepStatus.FAILED
        return StepResult(status=status, detail=decision.detail)
    told = f"{outcome.status}: {outcome.refusal or outcome.detail}"
    return StepResult(status=StepStatus.DONE if outcome.status in IN_EFFECT else StepStatus.FAILED, detail=told)
