"""The steps of the data migration: a job is started and watched, both sides are compared, a cohort is cut over."""

import json
from collections.abc import Sequence
from typing import Protocol

import msgspec

from config.flags import MIGRATION_CUT_OVER
from remediation.deployment.findings import GateReading, GateState, StepFinding, StepReport
from remediation.deployment.gates.migration import (
    BALANCES,
    DONE,
    LAG_MS_MAX,
    STOPPED,
    JobStanding,
    MigrationStanding,
    migration_gates,
    too_many_apart,
)
from remediation.deployment.plan import Plan
from remediation.deployment.planning import UNDOES
from remediation.deployment.ports import StepContext
from remediation.deployment.works.looks import passed, waiting
from remediation.flags.document import BUCKET, WHOLE
from remediation.flags.model import FlagChange, Setting
from remediation.flags.ports import Flags
from remediation.flags.words import setting_words
from remediation.journal.flag_kinds import FlagChanged
from remediation.ports import Look

OLD, NEW = "old", "new"


class JobOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it is to be run; absolute, so that asking twice is asking once."""

    job: str
    export: str
    records_per_second: int
    threads: int
    point_of_no_return: bool


class Migrations(Protocol):
    """The payment core's migration. Raises WorldUnreachable (unknown) or WorldRefused (certain)."""

    async def standing(self) -> MigrationStanding:
        """How everything stands."""

    async def start(self, order: JobOrder, key: str) -> str:
        """Start the job or let it go on; why the core does not do it yet, empty when it does."""

    async def state(self, equal_for_ms: int, at_least: int, key: str) -> None:
        """Say what has to be shown before anybody is cut over."""


class Migrate:
    """A job of the data migration: done when the core says so and both sides of it are equal.

    Where there is no export it is a no-op that says so. What the core finds unequal, or more records that cannot move
    than may be, is no: the deployment stops before anybody's payment is on the new version.
    """

    def __init__(self, migrations: Migrations) -> None:
        self._migrations = migrations

    async def probe(self, context: StepContext) -> Look:
        """See StepWork; a job that is done was not done by halves, so that it is done once."""
        nothing = _nothing_to_move(context)
        if nothing:
            return Look(in_effect=True, detail=nothing)
        job = (await self._migrations.standing()).job(context.step.arguments["job"])
        if job is None or job.export != context.step.arguments["export"]:
            return Look(in_effect=False, detail="not begun")
        done = _report(job, context.step.arguments["quarantined"]).finding is StepFinding.PASSED
        return Look(in_effect=done, detail=job.words)

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        nothing = _nothing_to_move(context)
        if nothing:
            return passed(nothing)
        arguments = context.step.arguments
        standing = await self._migrations.standing()
        job = standing.job(arguments["job"])
        if job is None:
            return StepReport(
                finding=StepFinding.HELD,
                detail=f"the core has no job {arguments['job']}; start it with --migration-exports",
            )
        if job.state == DONE and job.export == arguments["export"]:
            return _with(standing, context.plan, _report(job, arguments["quarantined"]))
        if job.wanted == "nothing" or job.export != arguments["export"]:
            await self._migrations.state(int(arguments["equal_for_ms"]), int(arguments["at_least"]), f"{key}-stated")
        order = JobOrder(
            job=job.job,
            export=arguments["export"],
            records_per_second=int(arguments["records_per_second"]),
            threads=int(arguments["threads"]),
            point_of_no_return=arguments["point_of_no_return"] == "yes",
        )
        # A person may have paused it, which stays so: asking again under this key changes nothing.
        not_yet = await self._migrations.start(order, key)
        if not_yet:
            return waiting(f"{job.job} is not started: {not_yet}")
        return _with(standing, context.plan, _report(job, arguments["quarantined"]))


class Compare:
    """Both sides side by side, until reads were equal for the stated time and changes are less than a second behind."""

    def __init__(self, migrations: Migrations) -> None:
        self._migrations = migrations

    async def probe(self, context: StepContext) -> Look:
        """See StepWork."""
        del context
        return Look(in_effect=False, detail="it only looks")

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        arguments = context.step.arguments
        standing = await self._migrations.standing()
        if standing.stated_ms < int(arguments["equal_for_ms"]) or standing.at_least < int(arguments["at_least"]):
            await self._migrations.state(int(arguments["equal_for_ms"]), int(arguments["at_least"]), f"{key}-stated")
            return waiting("the core is told what has to be shown")
        words = f"{standing.equal} reads equal for {standing.equal_for_ms / 1000:.0f} s"
        if standing.wanting:
            return _with(standing, context.plan, waiting("; ".join(standing.wanting)))
        if not standing.allowed:
            return _with(standing, context.plan, waiting(f"{words}; the core has not said yet that it is enough"))
        return _with(standing, context.plan, passed(f"{words}, {standing.lag_ms} ms behind; cut-over is allowed"))


class CutOver:
    """Cuts a share of the customers over by the flag, or back; always the same ones, so that nobody goes to and fro.

    Past the point of no return nobody is cut back, and the step says so. What a person set before it is replaced; what
    a person sets meanwhile is not, and holds it.
    """

    def __init__(self, migrations: Migrations, flags: Flags) -> None:
        self._migrations = migrations
        self._flags = flags

    async def probe(self, context: StepContext) -> Look:
        """See StepWork; in effect only once it is served and has held."""
        percent = int(context.step.arguments["percent"])
        serves = self._flags.book.of(MIGRATION_CUT_OVER).setting == cohort_setting(percent)
        undoing = UNDOES in context.step.arguments
        return Look(in_effect=False, detail=f"{_words(percent)}{', undone' if undoing and serves else ''}")

    async def perform(self, context: StepContext, key: str) -> StepReport:
        """See StepWork."""
        percent, undoing = int(context.step.arguments["percent"]), UNDOES in context.step.arguments
        standing = await self._migrations.standing()
        state = self._flags.book.of(MIGRATION_CUT_OVER)
        kept = _kept_from(standing, context, undoing=undoing, killed=state.killed is not None)
        if kept is not None:
            return kept
        wanted = cohort_setting(percent)
        if state.killed is None and state.setting != wanted:
            if self._flags.book.made_by(MIGRATION_CUT_OVER, key) is not None:
                detail = (
                    f"{_words(percent)}, and then somebody set {MIGRATION_CUT_OVER} to {setting_words(state.setting)}"
                )
                return StepReport(finding=StepFinding.HELD, detail=detail)
            reason = f"{context.plan.request.deployment_id} cuts {_words(percent)}"
            change = FlagChanged(flag=MIGRATION_CUT_OVER, what=FlagChange.SET, reason=reason, key=key, setting=wanted)
            await self._flags.change(change)
            return waiting(f"{MIGRATION_CUT_OVER} is being set to {setting_words(wanted)}")
        served = await self._flags.propagation(state.history[-1].version)
        if served.lagging:
            return waiting(f"{_words(percent)}: {served.words}")
        if undoing:
            return passed(f"{_words(percent)}; {served.words}")
        return _held(standing, context, served.words)


def cohort_setting(percent: int) -> Setting:
    """What the flag serves when so many are cut over."""
    if percent in {0, WHOLE}:
        return Setting(variant=NEW if percent else OLD)
    # The new side comes first, so that whoever has it keeps it when the share grows.
    sides = {"fractional": [BUCKET, [NEW, percent], [OLD, WHOLE - percent]]}
    return Setting(variant=OLD, targeting=json.dumps(sides))


def exported_jobs(plan: Plan) -> tuple[str, ...]:
    """The jobs of the plan that have something to move."""
    return tuple(one.arguments["job"] for one in plan.steps if one.kind == "migrate" and one.arguments.get("export"))


def quarantine_limit(plan: Plan) -> str:
    """The share of records that may be unable to move, as the plan has it; nothing may where it says nothing."""
    return next((one.arguments["quarantined"] for one in plan.steps if one.arguments.get("quarantined")), "0%")


def _kept_from(standing: MigrationStanding, context: StepContext, *, undoing: bool, killed: bool) -> StepReport | None:
    """Why the flag is not changed now; None when it may be."""
    if undoing:
        stays = "past the point of no return: customers stay on the new side, which is mended"
        return None if standing.way_back else passed(stays)
    if killed:
        detail = f"{MIGRATION_CUT_OVER} is killed, until a person revives it"
        return StepReport(finding=StepFinding.HELD, detail=detail)
    if not standing.allowed:
        return _with(standing, context.plan, waiting(f"not allowed: {'; '.join(standing.wanting)}"))
    return None


def _held(standing: MigrationStanding, context: StepContext, served: str) -> StepReport:
    """Whether the comparison has stayed without a difference since the cohort was cut over."""
    arguments = context.step.arguments
    hold_ms = int(arguments["hold_ms"])
    words = f"{_words(int(arguments['percent']))}; {served}"
    if standing.open_differences > 0:
        detail = f"{words}; {standing.open_differences} differences are open"
        return _with(standing, context.plan, StepReport(finding=StepFinding.HELD, detail=detail))
    if standing.lag_ms is None or standing.lag_ms >= LAG_MS_MAX:
        # Reads that are equal count up only while somebody compares; those of before the cut-over say nothing of it.
        behind = "nobody knows how far" if standing.lag_ms is None else f"{standing.lag_ms} ms"
        return _with(standing, context.plan, waiting(f"{words}; changes there are behind: {behind}"))
    left_ms = hold_ms - min(context.spent_ms, standing.equal_for_ms)
    if left_ms > 0:
        return _with(standing, context.plan, waiting(f"{words}; it is held for another {left_ms / 1000:.0f} s"))
    return _with(standing, context.plan, passed(f"{words}; {standing.equal} reads equal"))


def _report(job: JobStanding, quarantined: str) -> StepReport:
    if job.balanced is False or job.state == STOPPED:
        why = job.fault if job.fault else "the two sides differ"
        return StepReport(finding=StepFinding.FAILED, detail=f"{job.words}; {why}")
    if too_many_apart(job, quarantined):
        detail = f"{job.words}; more than {quarantined} cannot move"
        return StepReport(finding=StepFinding.FAILED, detail=detail)
    if job.state == DONE:
        return passed(f"{job.words}; both sides are equal" if job.balanced else job.words)
    if job.wanted == "pause":
        return StepReport(finding=StepFinding.HELD, detail=f"{job.words}; somebody paused it")
    return waiting(f"{job.words}; {job.fault}" if job.fault else job.words)


def _with(standing: MigrationStanding, plan: Plan, report: StepReport) -> StepReport:
    """The report with the gates of the moment, for the journal."""
    readings: Sequence[GateReading] = migration_gates(standing, exported_jobs(plan), quarantine_limit(plan))
    bad = any(one.gate == BALANCES and one.state is GateState.BREACHED for one in readings)
    if bad and report.finding is StepFinding.PASSED:
        report = StepReport(finding=StepFinding.FAILED, detail=f"{report.detail}; another job is not equal")
    return StepReport(finding=report.finding, detail=report.detail, readings=tuple(readings))


def _nothing_to_move(context: StepContext) -> str:
    """Why there is nothing; empty when there is something."""
    arguments = context.step.arguments
    if arguments.get("export"):
        return ""
    done_with = arguments.get("migrated_with", "")
    if done_with:
        return f"nothing to migrate: done once, with {done_with}"
    job = arguments["job"]
    return f"nothing to migrate: no export is named, so {job} has nothing to move" if job else "nothing to migrate"


def _words(percent: int) -> str:
    return "everybody is back on the old side" if percent == 0 else f"{percent} % of the customers cut over"
