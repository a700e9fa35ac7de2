"""What people may ask of deployments: plan, begin, pause, resume, abort, and what became of them."""

from collections.abc import Callable, Mapping

import msgspec

from config.delivery.deployment import Deployments
from config.policy import Policy
from daemon.deployments.refusals import Refusal, Refused
from daemon.deployments.standing import Ground
from daemon.deployments.wanted import Possible, Wanted, malformed
from remediation.asking import ask
from remediation.decisions import Reason
from remediation.deployment.findings import StepReport
from remediation.deployment.plan import Plan, Request, Standing
from remediation.deployment.planning import plan
from remediation.deployment.run import DeploymentRun
from remediation.deployment.works.approval import question_about
from remediation.executor import Executor
from remediation.guardrails.approvals import ApprovalChange, rule_of
from remediation.guardrails.changes import Change
from remediation.guardrails.permission import withheld
from remediation.journal.kinds import DeploymentAsked, DeploymentPlanned
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock
from remediation.state import DeploymentState

CONFIRMATION = "confirmation"
APPROVAL_STEP = "check.approval"

_BY_REASON = {
    Reason.STOPPED: Refusal.STOPPED,
    Reason.STORM: Refusal.STORM,
    Reason.FROZEN: Refusal.FROZEN,
    Reason.ACTION_IN_PROGRESS: Refusal.ANOTHER_IS_RUNNING,
}


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment with what it does at this moment.

    waits_for: what the last look at its step said, None before the first. spent_seconds: of the step's time.
    deployment: as rules and rollbacks know it, None before its first step. held: why it stands still, or empty.
    """

    run: DeploymentRun
    waits_for: StepReport | None
    spent_seconds: float
    deployment: DeploymentState | None
    held: str = ""


class DeploymentDesk:
    """The one door to deployments, for the command line, HTTP and the console. actor: the name of a person's token.

    Journal faults are raised, and nothing has changed then. Refusals are values.
    """

    def __init__(
        self,
        *,
        writer: JournalWriter,
        executor: Executor,
        ground: Ground,
        clock: Clock,
        policy: Callable[[], Policy],
        configuration: Callable[[], Deployments],
        reports: Callable[[], Mapping[str, StepReport]],
        possible: Possible,
    ) -> None:
        self._writer = writer
        self._executor = executor
        self._ground = ground
        self._clock = clock
        self._policy = policy
        self._configuration = configuration
        self._reports = reports
        self._wake: Callable[[], None] = _nobody
        self._possible = possible

    def wakes(self, wake: Callable[[], None]) -> None:
        """Call this when there is something to do at once, instead of at the next tick."""
        self._wake = wake

    async def plan(self, wanted: Wanted, actor: str) -> Plan | Refused:
        """What would be done, step by step; nothing is written. The same that ``ask`` begins."""
        refused = self._refused(wanted)
        return refused if refused is not None else await self._planned(wanted, actor)

    async def ask(self, wanted: Wanted, actor: str) -> DeploymentRun | Refused:
        """Plan it and begin; on return the plan is in the journal and whoever has to approve it is asked."""
        made = await self.plan(wanted, actor)
        if isinstance(made, Refused):
            return made
        # The world was read without the lock, which rollbacks need too; what the state says is looked at once more.
        async with self._executor.deciding:
            refused = self._refused(wanted)
            if refused is not None:
                return refused
            if made.request.deployment_id in self._writer.state.runs:
                detail = f"{made.request.deployment_id} began and ended while this one was planned; ask again"
                return Refused(refusal=Refusal.ANOTHER_IS_RUNNING, detail=detail)
            # A question about a plan that was never begun harms nobody; a plan that nobody was asked about fails.
            await ask(self._writer, self._policy().approvals, question_about(made), actor, self._clock.now_ms())
            await self._writer.append(DeploymentPlanned(plan=made, skipped=_skipped(force=wanted.force)), actor)
        self._wake()
        return self._writer.state.runs[made.request.deployment_id]

    async def pause(self, deployment_id: str, actor: str, reason: str = "") -> Refused | None:
        """Begin no further step; what was begun ends. Gates are read on: a bad release is taken back all the same."""
        refused = self.pause_refused(deployment_id)
        if refused is None:
            await self._say(DeploymentAsked(deployment_id=deployment_id, what="pause", reason=reason), actor)
        return refused

    def pause_refused(self, deployment_id: str) -> Refused | None:
        """Why it is not paused; None when nothing stands in the way. Nothing is written."""
        run = self._running(deployment_id)
        if isinstance(run, Refused):
            return run
        if run.paused:
            return Refused(refusal=Refusal.ALREADY_SO, detail=f"{run.paused_by} has paused {run.id}")
        return None

    async def resume(self, deployment_id: str, actor: str, reason: str = "") -> Refused | None:
        """Go on after a pause, or give a step that is held the whole of its time once more."""
        refused = self.resume_refused(deployment_id)
        if refused is None:
            await self._say(DeploymentAsked(deployment_id=deployment_id, what="resume", reason=reason), actor)
        return refused

    def resume_refused(self, deployment_id: str) -> Refused | None:
        """Why it does not go on; see ``pause_refused``."""
        run = self._running(deployment_id)
        if isinstance(run, Refused):
            return run
        known = self._writer.state.deployments.get(run.id)
        if not run.paused and not (known is not None and known.held):
            return Refused(refusal=Refusal.ALREADY_SO, detail=f"{run.id} is neither paused nor held")
        return None

    async def abort(self, deployment_id: str, actor: str, reason: str = "", *, force: bool = False) -> Refused | None:
        """End it: the traffic that it has is given back, and what it prepared is undone. force: nobody was asked."""
        refused = self.abort_refused(deployment_id)
        if refused is None:
            skipped = _skipped(force=force)
            asked = DeploymentAsked(deployment_id=deployment_id, what="abort", reason=reason, skipped=skipped)
            await self._say(asked, actor)
        return refused

    def abort_refused(self, deployment_id: str) -> Refused | None:
        """Why it is not ended; see ``pause_refused``."""
        run = self._running(deployment_id)
        if isinstance(run, Refused):
            return run
        if run.asked_to_abort_by:
            detail = f"{run.asked_to_abort_by} has ended {run.id}"
            return Refused(refusal=Refusal.ALREADY_SO, detail=detail)
        if run.no_return:
            detail = (
                f"{run.no_return} has begun, so {run.plan.request.version} has to be mended: fix forward, flags off"
            )
            return Refused(refusal=Refusal.PAST_RETURN, detail=detail)
        return None

    def list(self) -> list[RunView]:
        """Every deployment that is known, the newest first."""
        return [self._view(run) for run in reversed(self._writer.state.runs.values())]

    def show(self, deployment_id: str) -> RunView | None:
        """One deployment; None when it is not known."""
        run = self._writer.state.runs.get(deployment_id)
        return None if run is None else self._view(run)

    def _view(self, run: DeploymentRun) -> RunView:
        known = self._writer.state.deployments.get(run.id)
        return RunView(
            run=run,
            waits_for=self._reports().get(run.id),
            spent_seconds=run.spent_ms(self._clock.now_ms()) / 1000,
            deployment=known,
            held=known.reason if known is not None and known.held else "",
        )

    def _running(self, deployment_id: str) -> DeploymentRun | Refused:
        if not self._leads:
            return Refused(refusal=Refusal.NOT_LEADING, detail="the lease ran out; ask the daemon that leads")
        run = self._writer.state.runs.get(deployment_id)
        if run is None:
            return Refused(refusal=Refusal.UNKNOWN, detail=f"there is no deployment {deployment_id!r:.100}")
        if run.outcome is not None or run.stopped is not None:
            outcome = run.stopped if run.outcome is None else run.outcome
            return Refused(refusal=Refusal.ENDED, detail=f"{run.id} is over: {outcome}")
        return run

    async def _say(self, asked: DeploymentAsked, actor: str) -> None:
        await self._writer.append(asked, actor)
        self._wake()

    @property
    def _leads(self) -> bool:
        return self._clock.now_ms() < self._writer.lease.until_ms

    def _refused(self, wanted: Wanted) -> Refused | None:
        """The first reason that needs no look at the world."""
        refused = self._malformed(wanted)
        if refused is not None:
            return refused
        if self._policy().guard.observe_only:
            detail = "observe_only is on in policy.yaml, so nothing could be taken back by itself; switch it off first"
            return Refused(refusal=Refusal.OBSERVE_ONLY, detail=detail)
        held = withheld(Change.ROLLOUT, "", self._writer.state, self._policy(), self._clock.now_ms())
        if held is not None:
            return Refused(refusal=_BY_REASON[held[0]], detail=held[1])
        running = next((run.id for run in self._writer.state.runs.values() if run.outcome is None), "")
        if running:
            detail = f"{running} is on its way; wait for its end, or abort it"
            return Refused(refusal=Refusal.ANOTHER_IS_RUNNING, detail=detail)
        return None

    def _malformed(self, wanted: Wanted) -> Refused | None:
        if not self._leads:
            return Refused(refusal=Refusal.NOT_LEADING, detail="the lease ran out; ask the daemon that leads")
        return malformed(wanted, self._regions(wanted), self._possible)

    def _regions(self, wanted: Wanted) -> tuple[str, ...]:
        return wanted.regions if wanted.regions else self._configuration().regions

    async def _planned(self, wanted: Wanted, actor: str) -> Plan | Refused:
        configuration = self._configuration()
        standing: list[Standing] = []
        for region in self._regions(wanted):
            found = await self._ground.standing(region, configuration.environments, wanted.version)
            if isinstance(found, Refused):
                return found
            standing.append(found)
        request = Request(
            deployment_id=f"dep-{wanted.version}-{self._writer.state.sequence + 1}",
            version=wanted.version,
            strategy=wanted.strategy,
            regions=self._regions(wanted),
            requested_by=actor,
            reason=wanted.reason,
            cohort=wanted.cohort,
            force=wanted.force,
            differential=wanted.differential,
        )
        made = plan(request, standing, configuration)
        needed = rule_of(ApprovalChange.ROLLOUT, self._policy().approvals).needed
        if needed and not any(step.kind == APPROVAL_STEP for step in made.steps):
            detail = (
                f"policy.yaml wants {needed} approvals of a rollout, and no check of deployment.yaml waits for them; "
                "add approval to the checks of pre_deployment_validation, or set approvals.rollout.needed to 0"
            )
            return Refused(refusal=Refusal.NOT_POSSIBLE_HERE, detail=detail)
        return made


def _skipped(*, force: bool) -> tuple[str, ...]:
    return (CONFIRMATION,) if force else ()


def _nobody() -> None:
    """Nobody has to be woken: whoever ticks finds out by itself."""
