"""The steps of the data migration: done when the core proves it, held without data, and never past what was asked."""

import json

import pytest
from msgspec.structs import replace

from config.delivery.deployment import Comparison, Deployments, Migration, MigrationJob, Phases
from config.delivery.deployment import CutOver as CutOverSettings
from config.flags import MIGRATION_CUT_OVER
from daemon.deployments.migration_gates import WithMigration
from remediation.deployment.findings import GateReading, GateState, StepFinding
from remediation.deployment.gates.migration import BALANCES, DIFFERENCES, LAG, QUARANTINE, migration_gates
from remediation.deployment.plan import Plan, Step
from remediation.deployment.planning import UNDOES, plan
from remediation.deployment.ports import StepContext
from remediation.deployment.works.migrating import Compare, CutOver, Migrate, cohort_setting
from remediation.flags.model import FlagChange
from remediation.journal.flag_kinds import FlagDocument
from tests.unit.remediation.deployment.ground import request, standing
from tests.unit.remediation.deployment.migrations import NAMES, FakeMigrations, done, job
from tests.unit.remediation.flags.journal_of_flags import changed
from tests.unit.remediation.flags.served_flags import FlagScene, flag_scene

KEY = "k" * 32
SIDES = {"state": "ENABLED", "variants": {"old": "old", "new": "new"}, "defaultVariant": "old"}
DOCUMENT = FlagDocument(
    digest="m", document=json.dumps({"flags": {MIGRATION_CUT_OVER: {**SIDES, "metadata": {"safe_default": "old"}}}})
)


def planned(*cohorts: int, export: str = "stripe", no_return: str = "") -> Plan:
    """A plan whose phase 3 moves an export, and cuts these cohorts over."""
    migration = Migration(
        export=export,
        quarantined="1%",
        comparison=Comparison(equal_for=60.0, at_least=200),
        cut_over=CutOverSettings(cohorts=cohorts, hold=30.0),
        jobs=tuple(MigrationJob(name=name, point_of_no_return=name == no_return) for name in NAMES),
    )
    return plan(request(), [standing()], Deployments(phases=Phases(data_migration=migration)))


def step_named(made: Plan, name: str) -> Step:
    return next(step for step in (*made.steps, *made.unwinding) if step.id.endswith(f"/{name}"))


def context(made: Plan, name: str, spent_ms: int = 0) -> StepContext:
    return StepContext(plan=made, step=step_named(made, name), began_at_ms=0, spent_ms=spent_ms)


def test_phase_three_moves_then_compares_then_cuts_over_and_all_of_it_fits_into_its_time() -> None:
    made = planned(5, 100)
    steps = [step for step in made.steps if step.phase == "data_migration"]
    assert [step.id.rpartition("/")[2] for step in steps] == [*NAMES, "compare", "cut-over-5", "cut-over-100"]
    assert sum(step.within_seconds for step in steps) == pytest.approx(1800.0)
    assert {step.target for step in steps if step.kind == "cut-over"} == {f"flag:{MIGRATION_CUT_OVER}"}
    undone = [
        (step.id.rpartition("/")[2], step.arguments["percent"]) for step in made.unwinding if step.kind == "cut-over"
    ]
    assert undone == [("cut-over-from-100", "0"), ("cut-over-from-5", "0")]
    assert step_named(made, "cut-over-from-5").arguments[UNDOES] == step_named(made, "cut-over-5").id


async def test_without_an_export_every_job_says_that_there_is_nothing_and_asks_nobody() -> None:
    migrations = FakeMigrations()
    migrations.is_down = True
    made = planned(export="")
    assert [step.kind for step in made.steps if step.phase == "data_migration"] == ["migrate"] * len(NAMES)
    look = await Migrate(migrations).probe(context(made, "customers"))
    assert (look.in_effect, look.detail) == (
        True,
        "nothing to migrate: no export is named, so customers has nothing to move",
    )


async def test_a_job_is_started_as_planned_watched_and_passed_only_when_both_sides_are_equal() -> None:
    migrations, made = FakeMigrations(), planned(no_return="customers")
    work, here = Migrate(migrations), context(made, "customers")
    assert not (await work.probe(here)).in_effect
    assert (await work.perform(here, KEY)).finding is StepFinding.WAITING
    [(order, key)] = migrations.orders
    assert (order.job, order.export, order.point_of_no_return, key) == ("customers", "stripe", True, KEY)
    assert migrations.stated == [(60_000, 200)]
    migrations.says(job(wanted="run", state="running", export="stripe", read=40, moved=40, balanced=True))
    going = await work.perform(here, KEY)
    assert going.finding is StepFinding.WAITING
    assert "40 of 100 read" in going.detail
    migrations.says(done(sums=(("USD", 1234),)))
    over = await work.perform(here, KEY)
    assert over.finding is StepFinding.PASSED
    assert "USD 1234" in over.detail
    assert (await work.probe(here)).in_effect


@pytest.mark.parametrize(
    ("told", "finding", "words"),
    [
        (done(balanced=False), StepFinding.FAILED, "the two sides differ"),
        (
            job(wanted="run", state="stopped", export="stripe", read=9, balanced=True, fault="one cent"),
            StepFinding.FAILED,
            "one cent",
        ),
        (done(moved=98, quarantined=2), StepFinding.FAILED, "more than 1% cannot move"),
        (done(moved=99, quarantined=1), StepFinding.PASSED, "1 apart"),
        (job(wanted="pause", state="running", export="stripe", read=9, balanced=True), StepFinding.HELD, "paused"),
    ],
)
async def test_what_a_job_says_decides_the_step(told: object, finding: StepFinding, words: str) -> None:
    migrations = FakeMigrations()
    migrations.says(told)  # type: ignore[arg-type]  # a job of the table
    report = await Migrate(migrations).perform(context(planned(), "customers"), KEY)
    assert report.finding is finding
    assert words in report.detail


async def test_a_job_of_another_export_is_not_taken_for_done() -> None:
    migrations = FakeMigrations()
    migrations.says(done(export="another"))
    work, here = Migrate(migrations), context(planned(), "customers")
    assert not (await work.probe(here)).in_effect
    await work.perform(here, KEY)
    assert [order.export for order, _ in migrations.orders] == ["stripe"]


async def test_what_the_core_does_not_start_yet_is_waited_for_with_its_reason() -> None:
    migrations = FakeMigrations()
    migrations.not_yet = "the way back is still needed"
    report = await Migrate(migrations).perform(context(planned(), "customers"), KEY)
    assert (report.finding, report.detail) == (
        StepFinding.WAITING,
        "customers is not started: the way back is still needed",
    )


async def test_both_sides_are_compared_until_the_core_allows_cut_over() -> None:
    migrations, here = FakeMigrations(), context(planned(), "compare")
    work = Compare(migrations)
    assert (await work.perform(here, KEY)).finding is StepFinding.WAITING
    assert migrations.stated == [(60_000, 200)]
    migrations.all_done()
    migrations.says(wanting=("equal for 3 of 60 s",), allowed=False)
    waits = await work.perform(here, KEY)
    assert (waits.finding, waits.detail) == (StepFinding.WAITING, "equal for 3 of 60 s")
    migrations.all_done()
    assert (await work.perform(here, KEY)).finding is StepFinding.PASSED


async def cutting() -> tuple[FlagScene, FakeMigrations, CutOver]:
    one, migrations = await flag_scene(), FakeMigrations()
    await one.say(DOCUMENT)
    migrations.all_done()
    return one, migrations, CutOver(migrations, one.flags)


async def test_a_cohort_is_cut_over_by_the_flag_and_held_while_nothing_differs() -> None:
    one, migrations, work = await cutting()
    made = planned(5)
    assert (await work.perform(context(made, "cut-over-5"), KEY)).finding is StepFinding.WAITING
    [asked] = one.flags.asked
    assert (asked.flag, asked.setting) == (MIGRATION_CUT_OVER, cohort_setting(5))
    early = await work.perform(context(made, "cut-over-5", spent_ms=10_000), KEY)
    assert (early.finding, "another 20 s" in early.detail) == (StepFinding.WAITING, True)
    migrations.says(open_differences=1)
    held = await work.perform(context(made, "cut-over-5", spent_ms=40_000), KEY)
    assert (held.finding, "1 differences are open" in held.detail) == (StepFinding.HELD, True)
    migrations.says(open_differences=0)
    assert (await work.perform(context(made, "cut-over-5", spent_ms=40_000), KEY)).finding is StepFinding.PASSED


@pytest.mark.parametrize(("lag_ms", "words"), [(None, "nobody knows how far"), (1_000, "1000 ms")])
async def test_a_cohort_is_not_held_for_long_enough_while_nobody_hears_the_other_side(
    lag_ms: int | None, words: str
) -> None:
    one, migrations, work = await cutting()
    here = context(planned(5), "cut-over-5", spent_ms=40_000)
    await work.perform(here, KEY)
    assert one.flags.asked
    migrations.says(lag_ms=lag_ms)
    held = await work.perform(here, KEY)
    assert (held.finding, words in held.detail) == (StepFinding.WAITING, True)


async def test_nobody_is_cut_over_before_the_core_allows_it_or_while_the_flag_is_killed() -> None:
    one, migrations, work = await cutting()
    migrations.says(allowed=False, wanting=("2 writes wait for the old processor",))
    report = await work.perform(context(planned(5), "cut-over-5"), KEY)
    assert (report.finding, "2 writes wait" in report.detail) == (StepFinding.WAITING, True)
    migrations.says(allowed=True)
    await one.say(changed(FlagChange.KILL, flag=MIGRATION_CUT_OVER))
    assert (await work.perform(context(planned(5), "cut-over-5"), KEY)).finding is StepFinding.HELD
    assert one.flags.asked == []


async def test_what_a_person_sets_meanwhile_is_not_replaced_but_holds_the_step() -> None:
    one, _, work = await cutting()
    made = planned(5)
    await work.perform(context(made, "cut-over-5"), KEY)
    await one.say(changed(FlagChange.SET, flag=MIGRATION_CUT_OVER, key="by-hand", setting=cohort_setting(0)))
    report = await work.perform(context(made, "cut-over-5"), KEY)
    assert (report.finding, "somebody set" in report.detail) == (StepFinding.HELD, True)
    assert len(one.flags.asked) == 1


async def test_undoing_cuts_everybody_back_and_past_the_point_of_no_return_nobody() -> None:
    one, migrations, work = await cutting()
    made = planned(5)
    await work.perform(context(made, "cut-over-5"), KEY)
    assert (await work.perform(context(made, "cut-over-from-5"), "u" * 32)).finding is StepFinding.WAITING
    assert one.flags.asked[-1].setting == cohort_setting(0)
    assert (await work.perform(context(made, "cut-over-from-5"), "u" * 32)).finding is StepFinding.PASSED
    migrations.says(way_back=False)
    refused = await work.perform(context(made, "cut-over-from-5"), "v" * 32)
    assert refused.finding is StepFinding.PASSED
    assert "past the point of no return" in refused.detail
    assert len(one.flags.asked) == 2


def test_whoever_was_cut_over_stays_so_when_the_cohort_grows() -> None:
    small, large = (json.loads(str(cohort_setting(percent).targeting))["fractional"] for percent in (5, 25))
    assert small[0] == large[0]
    assert [side[0] for side in small[1:]] == ["new", "old"]
    assert (cohort_setting(100).variant, cohort_setting(100).targeting) == ("new", "")


def test_without_data_no_gate_passes() -> None:
    unknown = {one.gate: one.state for one in migration_gates(None, NAMES, "1%")}
    assert unknown == dict.fromkeys((QUARANTINE, BALANCES, DIFFERENCES, LAG), GateState.NO_DATA)
    nothing_yet = {one.gate: one.state for one in migration_gates(FakeMigrations().told, NAMES, "1%")}
    assert GateState.PASSED not in nothing_yet.values()
    assert (nothing_yet[LAG], nothing_yet[DIFFERENCES]) == (GateState.NO_DATA, GateState.NO_DATA)


@pytest.mark.parametrize(
    ("changes", "gate", "state"),
    [
        ({}, BALANCES, GateState.PASSED),
        ({"open_differences": 1}, DIFFERENCES, GateState.BREACHED),
        ({"lag_ms": 999}, LAG, GateState.PASSED),
        ({"lag_ms": 1_000}, LAG, GateState.WAITING),
        ({"lag_ms": None}, LAG, GateState.NO_DATA),
    ],
)
def test_each_gate_reads_its_own_number(changes: dict[str, object], gate: str, state: GateState) -> None:
    migrations = FakeMigrations()
    migrations.all_done()
    found = migration_gates(replace(migrations.told, **changes), NAMES, "1%")
    assert {one.gate: one.state for one in found}[gate] is state


class _NoGates:
    async def read(self, context: StepContext) -> tuple[GateReading, ...]:
        del context
        return ()


async def test_later_phases_read_the_migration_only_where_something_is_moved_and_a_silent_core_is_no_data() -> None:
    migrations = FakeMigrations()
    migrations.all_done()
    gates = WithMigration(_NoGates(), migrations)
    assert await gates.read(context(planned(export=""), "watch-5")) == ()
    assert {one.state for one in await gates.read(context(planned(), "watch-5"))} == {GateState.PASSED}
    migrations.is_down = True
    assert {one.state for one in await gates.read(context(planned(), "watch-5"))} == {GateState.NO_DATA}
