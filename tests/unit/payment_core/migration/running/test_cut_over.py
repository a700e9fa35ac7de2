"""Cut-over: nobody before the evidence, back by the flag, and past the point of no return nobody goes back."""

import asyncio
from typing import Any

import msgspec
import pytest

from daemon.embedded.exports.generating import write_export
from daemon.embedded.exports.plan import ExportPlan
from payment_core.answers import Answer
from payment_core.customers.model import Customer
from payment_core.methods.model import PaymentMethod
from payment_core.methods.refusals import MethodRefusal
from payment_core.methods.views import method_view
from payment_core.migration.model import Counts, MigrationRun
from payment_core.migration.names import JobName, JobState
from payment_core.migration.running.doors.refusals import MigrationRefusal, explain_migration
from payment_core.migration.running.doors.views import job_view
from payment_core.migration.status import JobStatus
from payment_core.operations.pages import answer_one
from tests.unit.payment_core.migration.running.both_world import NOW_MS, BothWorld


async def allowed(world: BothWorld) -> None:
    """Everything is moved, compared and allowed."""
    await world.move()
    await world.ask("POST", "/v1/migration/comparison", {"equal_for_seconds": 2, "at_least": 5})
    for _ in range(3):
        await world.run("old-processor-events")
        await world.compare()
        await world.run("old-processor-events")
    await world.run("migration-standing")


async def side(world: BothWorld, customer_id: str = "cus_1") -> tuple[str, str]:
    found = await world.ask("GET", f"/v1/migration/cut_over/{customer_id}")
    return found["side"], found["reason"]


async def read(world: BothWorld, token: str) -> dict[str, Any]:
    """A card as a reader sees it."""
    assert world.both.reads is not None
    missing = MethodRefusal.PAYMENT_METHOD_NOT_FOUND
    own = await answer_one(world.store, PaymentMethod, token, method_view, missing)
    answer = await world.both.reads.answer("payment_method", token, own)
    assert isinstance(answer, Answer)
    found: dict[str, Any] = msgspec.json.decode(answer.body)
    return found


async def test_the_flag_cuts_over_only_once_the_evidence_is_there_and_back_at_any_time(world: BothWorld) -> None:
    world.flags.variants["migration-cut-over"] = "new"
    await world.move()
    await world.run("migration-standing")
    assert (await side(world))[0] == "old"
    assert "not yet allowed" in (await side(world))[1]
    await allowed(world)
    assert await side(world) == ("new", "cut over")
    world.flags.variants["migration-cut-over"] = "old"
    assert (await side(world))[0] == "old"


async def test_a_core_that_has_not_looked_yet_says_old(world: BothWorld) -> None:
    world.flags.variants["migration-cut-over"] = "new"
    await allowed(world)
    world.start()
    assert (await side(world))[0] == "old"
    await world.run("migration-standing")
    assert (await side(world))[0] == "new"


async def test_a_difference_later_does_not_throw_anybody_to_and_fro(world: BothWorld) -> None:
    world.flags.variants["migration-cut-over"] = "new"
    await allowed(world)
    there = world.there("payment_method")[0]
    world.book.objects[there["id"]] = {**there, "card": {**there["card"], "exp_year": 2040}}
    await world.compare()
    assert (await world.ask("GET", "/v1/migration/cut_over"))["wanting"] != []
    assert (await side(world))[0] == "new"


async def test_past_the_point_of_no_return_the_way_back_is_refused_with_its_reason(world: BothWorld) -> None:
    await allowed(world)
    body = {"export": "old", "point_of_no_return": True}
    await world.ask("POST", "/v1/migration/jobs/audit-trail/start", body)
    await world.run("migration-standing")
    found, reason = await side(world)
    assert (found, "past the point of no return since audit-trail began" in reason) == ("new", True)
    shown = await world.ask("GET", "/v1/migration/cut_over")
    assert (shown["way_back"], shown["no_return_job"]) == (False, "audit-trail")


async def test_the_point_of_no_return_is_not_passed_before_the_comparison_has_shown_all(world: BothWorld) -> None:
    await world.move()
    body = {"export": "old", "point_of_no_return": True}
    refused = await world.ask("POST", "/v1/migration/jobs/audit-trail/start", body)
    assert refused == MigrationRefusal.RETURN_STILL_NEEDED
    assert (await world.ask("GET", "/v1/migration/cut_over"))["way_back"]


async def test_a_read_is_answered_from_the_side_that_has_the_word(world: BothWorld) -> None:
    await allowed(world)
    method = await world.moved_card()
    [there] = [
        one
        for one in world.there("payment_method")
        if one["card"]["last4"] == method.last4 and one["customer"] == method.customer_id
    ]
    world.book.objects[there["id"]] = {**there, "card": {**there["card"], "exp_year": 2040}}
    assert (await read(world, method.id))["exp_year"] == 2040
    world.flags.variants["migration-cut-over"] = "new"
    assert (await read(world, method.id))["exp_year"] == method.expiry_year
    assert world.both.counts.answered == {"old": 1, "new": 1}


async def test_a_reader_gets_our_copy_while_the_old_side_is_down(world: BothWorld) -> None:
    await allowed(world)
    method = await world.moved_card()
    world.api.is_down = True
    assert (await read(world, method.id))["exp_year"] == method.expiry_year
    assert world.both.counts.answered == {"own_copy": 1}


async def test_jobs_are_started_once_paused_and_refuse_what_they_cannot(world: BothWorld) -> None:
    path = "/v1/migration/jobs/customers"
    assert await world.ask("POST", f"{path}/pause", {}) == MigrationRefusal.MIGRATION_JOB_NOT_STARTED
    assert await world.ask("POST", f"{path}/start", {"export": "none"}) == MigrationRefusal.EXPORT_NOT_FOUND
    assert (await world.ask("POST", f"{path}/start", {"export": "old"}))["wanted"] == "run"
    assert (await world.ask("POST", f"{path}/pause", {}))["wanted"] == "pause"
    assert world.both.driver is not None
    assert await world.both.driver.run_next() is None
    assert (await world.ask("GET", path))["state"] == "new"
    assert await world.ask("GET", "/v1/migration/jobs/nothing") == MigrationRefusal.MIGRATION_JOB_NOT_FOUND


@pytest.mark.parametrize("refusal", list(MigrationRefusal))
def test_every_refusal_says_what_to_do(refusal: MigrationRefusal) -> None:
    explained = explain_migration(refusal)
    assert 400 <= explained.status < 500
    assert explained.detail.endswith(".")


async def test_an_export_is_named_and_never_a_path(world: BothWorld) -> None:
    for name in ("../old", "/etc", "old/..", ".old", ""):
        with pytest.raises(msgspec.ValidationError):
            await world.ask("POST", "/v1/migration/jobs/customers/start", {"export": name})


async def test_a_job_that_was_cut_short_goes_on_in_another_process_and_moves_everything_once(world: BothWorld) -> None:
    await world.ask("POST", "/v1/migration/jobs/customers/start", {"export": "old"})
    assert world.both.driver is not None
    async with asyncio.TaskGroup() as group:
        driving = group.create_task(world.both.driver.run_next())
        while not driving.done() and await world.store.read(MigrationRun, "customers") is None:
            continue
        driving.cancel()
    world.start()
    world.clock.at_ms += 60_000
    await world.move()
    shown = await world.ask("GET", "/v1/migration")
    assert {job["job"]: (job["state"], job["balanced"]) for job in shown["jobs"]} == dict.fromkeys(
        JobName, ("done", True)
    )
    assert len(await world.all(Customer)) == len(world.there("customer"))


async def test_one_process_of_two_drives_and_the_other_takes_over_when_it_is_silent(world: BothWorld) -> None:
    await world.ask("POST", "/v1/migration/jobs/customers/start", {"export": "old"})
    first = world.both.driver
    world.start()
    second = world.both.driver
    assert first is not None
    assert second is not None
    assert await first.run_next() is JobName.CUSTOMERS
    await world.ask("POST", "/v1/migration/jobs/payment-methods/start", {"export": "old"})
    assert await second.run_next() is None
    world.clock.at_ms += 6_000
    assert await second.run_next() is JobName.PAYMENT_METHODS


async def test_a_job_in_the_middle_of_an_export_reads_no_other_and_one_that_is_done_may(world: BothWorld) -> None:
    later = ExportPlan(customers=6, accounts=1, charges=0, made_at=NOW_MS // 1000 - 30, livemode=False)
    write_export(world.options.database.parent / "exports" / "new", later)
    await world.move(JobName.CUSTOMERS)
    path = "/v1/migration/jobs/customers"
    again = await world.ask("POST", f"{path}/start", {"export": "new"})
    assert (again["export"], again["state"]) == ("new", "new")
    assert world.both.driver is not None
    assert await world.both.driver.run_next() is JobName.CUSTOMERS
    assert await world.both.driver.run_next() is None
    assert (await world.ask("GET", path))["state"] == "done"
    assert len(await world.all(Customer)) == 6
    run = await world.store.read(MigrationRun, "customers")
    assert run is not None
    stopped = msgspec.structs.replace(run, state=JobState.STOPPED)
    await world.store.transact(lambda transaction: transaction.put(stopped), "migration:test")
    refused = await world.ask("POST", f"{path}/start", {"export": "old"})
    assert refused == MigrationRefusal.MIGRATION_JOB_OF_ANOTHER_EXPORT


async def test_a_job_that_the_command_line_began_has_to_be_done_too(world: BothWorld) -> None:
    await world.move(JobName.CUSTOMERS)
    run = MigrationRun(id=JobName.PAYMENT_METHODS.value, state=JobState.STOPPED)
    await world.store.transact(lambda transaction: transaction.put(run), "test")
    wanting = (await world.ask("GET", "/v1/migration/cut_over"))["wanting"]
    assert wanting[0] == "not moved yet: payment-methods"


def test_a_job_of_which_nothing_could_move_is_not_said_to_be_balanced() -> None:
    status = JobStatus(job=JobName.CUSTOMERS, state=JobState.DONE, counts=Counts(read=3, quarantined=3), waiting=3)
    assert job_view(None, status).balanced is None
