"""Walks the plans of running deployments: intent on disk, then the effect, then what it found, then the next step."""

import asyncio

import structlog

from remediation.deployment.closing import clear_own_findings, closing_fact, left_behind, outcome_of
from remediation.deployment.findings import StepFinding, StepReport
from remediation.deployment.looking import Looking
from remediation.deployment.permitting import Permission, locks_alone
from remediation.deployment.plan import MOVING, Step, Strategy
from remediation.deployment.planning import UNDOES
from remediation.deployment.run import DeploymentRun, RunOutcome
from remediation.deployment.telling import Herald, fact_of, finding_of, is_told, key_of, weight_of
from remediation.deployment.transitions import Move, Pressure, move, move_of_unwinding
from remediation.deployment.vigil import Vigil
from remediation.errors import NotJournaled, WorldUnreachable
from remediation.journal.kinds import DeploymentEnded, StepBegun, StepEnded
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock

log = structlog.get_logger()

MOVES_PER_TICK = 500
"""Of one deployment; a plan for three regions has about 120 steps."""
UNREACHABLE_SECONDS = 15.0
"""So long a step may be out of sight before somebody is paged, who then hears of it within 30 s."""

NOT_TAKEN_BACK = "payments are still on the new version; take it back by hand, and it goes on when that is seen"


class Runner:
    """Drives every run that the journal has and that has not ended; one tick at a time, also when several call it.

    Raises StaleEpoch when another leader took over. Other faults of the journal end the tick, and nothing is done
    that is not on disk; the next tick reads the state anew. deciding: held by whoever looks whether a target is free.
    permitted: why a step may not be begun now.
    """

    def __init__(
        self,
        writer: JournalWriter,
        looking: Looking,
        vigil: Vigil,
        herald: Herald,
        deciding: asyncio.Lock,
        clock: Clock,
        permitted: Permission = locks_alone,
    ) -> None:
        self._writer = writer
        self._deciding = deciding
        self._permitted = permitted
        self._looking = looking
        self._vigil = vigil
        self._herald = herald
        self._clock = clock
        self._one_tick = asyncio.Lock()
        self._out_of_sight_ms: dict[str, int] = {}
        self.reports: dict[str, StepReport] = {}
        """By deployment, what the last look at its step said: what it waits for."""

    async def tick(self) -> None:
        """Move every deployment as far as it goes without waiting."""
        async with self._one_tick:
            running = [run.id for run in self._writer.state.runs.values() if run.outcome is None]
            self.reports = {name: report for name, report in self.reports.items() if name in running}
            driven = await asyncio.gather(*(self._drive(name) for name in running), return_exceptions=True)
        for fault in driven:
            if fault is not None:
                raise fault

    async def _drive(self, name: str) -> None:
        try:
            for _ in range(MOVES_PER_TICK):
                if self._clock.now_ms() >= self._writer.lease.until_ms or not await self._advance(name):
                    return
        except (NotJournaled, WorldUnreachable) as fault:
            log.error("deployment waits for the journal", action="journal_fault", deployment=name, fault=str(fault))

    async def _advance(self, name: str) -> bool:
        """One move; whether another may follow at once."""
        run = self._writer.state.runs.get(name)
        if run is None or run.outcome is not None:
            return False
        step = run.step
        if step is None:
            await self._end(run)
            return False
        return await (self._walk(run, step) if run.stopped is None else self._unwind(run, step))

    async def _walk(self, run: DeploymentRun, step: Step) -> bool:
        """One look at a step of the plan, which is begun if it was not."""
        if self._pressure(run) in {Pressure.TAKEN_BACK, Pressure.ABORTED}:
            return await self._follow(run, step, StepReport(finding=StepFinding.WAITING, detail=_why_ended(run)))
        bad = await self._vigil.bad(run, step)
        if bad is not None:
            return await self._follow(run, step, bad)
        if run.paused and not run.began_at_ms:
            self.reports[run.id] = StepReport(finding=StepFinding.WAITING, detail=f"paused by {run.paused_by}")
            return False
        if not run.began_at_ms:
            await self._tell(run, step, "started" if _takes_traffic(run, step) else "in_progress")
            if not await self._begin(run, step):
                return False
            run = self._writer.state.runs[run.id]
        report = await self._looking.look(run, step)
        return await self._follow(run, step, report)

    async def _begin(self, run: DeploymentRun, step: Step) -> bool:
        """Write that the step comes next, before anything of it is done; not while another changes its target."""
        async with self._deciding:
            state, now_ms = self._writer.state, self._clock.now_ms()
            why_not = self._permitted(step, state, now_ms, unwinding=run.stopped is not None)
            if why_not:
                self.reports[run.id] = StepReport(finding=StepFinding.WAITING, detail=f"not begun: {why_not}")
                return False
            begun = StepBegun(
                deployment_id=run.id,
                step_id=step.id,
                kind=step.kind,
                target=step.target,
                key=key_of(run.id, step.id),
            )
            await self._writer.append(begun)
        return True

    async def _follow(self, run: DeploymentRun, step: Step, report: StepReport) -> bool:
        self.reports[run.id] = report
        pressure = self._pressure(run)
        wanted = move(step.phase, report.finding, pressure, past_return=bool(run.no_return))
        if wanted is Move.NEXT:
            await self._tell_if_held_before(run, step)
            await self._ended(run, step, report, None)
            return True
        if wanted is Move.ROLL_BACK and run.plan.request.strategy is Strategy.ROLLING:
            # There is no other environment that could take the traffic: the batches are taken back, one by one.
            moved = weight_of(run, step.region) > 0
            await self._ended(run, step, report, RunOutcome.ROLLED_BACK if moved else _outcome(pressure))
            return True
        if wanted is Move.STOP or (wanted is Move.ROLL_BACK and weight_of(run, step.region) == 0):
            await self._ended(run, step, report, _outcome(pressure))
            return True
        if wanted is Move.ROLL_BACK:
            # It is decided, guarded and carried out as any other; told again until it is, because evidence grows old.
            await self._herald.find(finding_of(run, step, report, self._clock.now_ms()))
        elif wanted is Move.FIX_FORWARD:
            words = f"past the point of no return ({run.no_return}): mend {run.plan.request.version}, flags off; "
            await self._hold(run, step, words + report.detail)
        elif wanted is Move.HOLD:
            late = pressure is Pressure.LATE and report.finding is not StepFinding.HELD
            await self._hold(
                run, step, f"its {step.within_seconds:g} s are over: {report.detail}" if late else report.detail
            )
        else:
            await self._wait(run, step, report)
        return False

    async def _unwind(self, run: DeploymentRun, step: Step) -> bool:
        undone = step.arguments[UNDOES]
        if step.region != run.stopped_region or undone not in run.begun_ids:
            await self._ended(
                run, step, StepReport(finding=StepFinding.PASSED, detail="there is nothing to undo"), None
            )
            return True
        if not run.began_at_ms:
            if not await self._begin(run, step):
                await self._kept_from_undoing(run, step)
                return False
            run = self._writer.state.runs[run.id]
        report = await self._looking.look(run, step)
        self.reports[run.id] = report
        late = run.is_late(self._clock.now_ms())
        moves_payments = self._moves_payments(run, step)
        wanted = move_of_unwinding(report.finding, late=late, moves_payments=moves_payments)
        if wanted is Move.NEXT:
            if moves_payments:
                await self._tell_if_held_before(run, step)
            await self._ended(run, step, report, None)
            return True
        if wanted is Move.HOLD:
            await self._hold(run, step, f"{NOT_TAKEN_BACK}: {report.detail}")
        elif moves_payments:
            await self._wait(run, step, report)
        return False

    def _moves_payments(self, run: DeploymentRun, step: Step) -> bool:
        """Whether undoing the step takes payments off the new version, which nothing else has done yet."""
        known = self._writer.state.deployments.get(run.id)
        return step.kind in MOVING and not (known is not None and known.rolled_back)

    async def _kept_from_undoing(self, run: DeploymentRun, step: Step) -> None:
        """Page when what would take payments off the new version cannot even be begun."""
        if not self._moves_payments(run, step):
            return
        since_ms = self._out_of_sight_ms.setdefault(run.id, self._clock.now_ms())
        if self._clock.now_ms() - since_ms >= UNREACHABLE_SECONDS * 1000:
            await self._hold(run, step, f"{NOT_TAKEN_BACK}: {self.reports[run.id].detail}")

    async def _wait(self, run: DeploymentRun, step: Step, report: StepReport) -> None:
        """Look again later; somebody is paged when the step stays out of sight."""
        now_ms = self._clock.now_ms()
        if report.finding is not StepFinding.UNREACHABLE:
            self._out_of_sight_ms.pop(run.id, None)
            await self._tell_if_held_before(run, step)
            return
        since_ms = self._out_of_sight_ms.setdefault(run.id, now_ms)
        if now_ms - since_ms >= UNREACHABLE_SECONDS * 1000:
            await self._hold(run, step, f"out of sight for {(now_ms - since_ms) / 1000:.0f} s: {report.detail}")

    async def _hold(self, run: DeploymentRun, step: Step, why: str) -> None:
        await self._tell(run, step, "in_progress", why_held=why)

    async def _tell_if_held_before(self, run: DeploymentRun, step: Step) -> None:
        self._out_of_sight_ms.pop(run.id, None)
        known = self._writer.state.deployments.get(run.id)
        if known is not None and known.held:
            await self._tell(run, step, "in_progress")

    async def _tell(self, run: DeploymentRun, step: Step, status: str, *, why_held: str = "") -> None:
        now_ms = self._clock.now_ms()
        fact = fact_of(run, step, "started" if status == "started" else "in_progress", now_ms, why_held=why_held)
        if not is_told(fact, self._writer.state):
            await self._herald.tell(fact)

    async def _ended(self, run: DeploymentRun, step: Step, report: StepReport, stop: RunOutcome | None) -> None:
        await self._writer.append(
            StepEnded(
                deployment_id=run.id,
                step_id=step.id,
                finding=report.finding,
                detail=report.detail,
                readings=report.readings,
                stop=stop,
            )
        )
        log.info(
            "step ended",
            action="step_ended",
            deployment=run.id,
            step=step.id,
            finding=report.finding.value,
            detail=report.detail,
        )

    async def _end(self, run: DeploymentRun) -> None:
        """Nothing is left to do: the last words, each of which may be said again after a crash."""
        outcome = outcome_of(run)
        # Told again after a crash, too: rules over a deployment that was held have to hear that it is over.
        await self._herald.tell(closing_fact(run, outcome, self._clock.now_ms()))
        for finding in clear_own_findings(run, self._writer.state, self._clock.now_ms()):
            await self._herald.find(finding)
        await self._writer.append(DeploymentEnded(deployment_id=run.id, outcome=outcome, detail=_summary(run)))

    def _pressure(self, run: DeploymentRun) -> Pressure:
        deployment = self._writer.state.deployments.get(run.id)
        if deployment is not None and deployment.rolled_back:
            return Pressure.TAKEN_BACK
        current = self._writer.state.runs.get(run.id, run)
        if current.asked_to_abort_by:
            return Pressure.ABORTED
        return Pressure.LATE if current.is_late(self._clock.now_ms()) else Pressure.NONE


def _outcome(pressure: Pressure) -> RunOutcome:
    if pressure is Pressure.TAKEN_BACK:
        return RunOutcome.ROLLED_BACK
    return RunOutcome.ABORTED if pressure is Pressure.ABORTED else RunOutcome.FAILED


def _why_ended(run: DeploymentRun) -> str:
    if run.asked_to_abort_by:
        return f"{run.asked_to_abort_by} ended the deployment{f': {run.abort_reason}' if run.abort_reason else ''}"
    return "the traffic was given back to the version before"


def _summary(run: DeploymentRun) -> str:
    """Why it ended as it did: the step that stopped it, and what could not be undone."""
    if run.stopped is None:
        return f"{len(run.plan.steps)} steps"
    forward = {step.id for step in run.plan.steps}
    last = [one for one in run.ended if one.step_id in forward][-1:]
    left = [one.step_id for one in run.ended if one.step_id not in forward and one.finding is not StepFinding.PASSED]
    words = [f"{one.step_id}: {one.detail}" for one in last]
    share = left_behind(run)
    still = [f"{run.plan.request.version} still has {share} % of {run.stopped_region}"] if share else []
    return "; ".join([*words, *(f"not undone: {name}" for name in left), *still])


def _takes_traffic(run: DeploymentRun, step: Step) -> bool:
    """Whether this is the first step with which the new version may get payments in its region."""
    phase, region = "traffic_rollout", step.region
    before = any(one.phase == phase and one.region == region and one.id in run.begun_ids for one in run.plan.steps)
    return step.phase == phase and not before
