"""Files: which entries go into which one, what is written into it, and what happens to those that cannot be."""

import asyncio

import msgspec
import pytest

from payment_core.ach.files.incoming.model import ContentAccess
from payment_core.ach.files.model import TraceCounter
from payment_core.ach.files.moving import EntryMover
from payment_core.ach.files.outgoing.claiming import claim_chunk, close_file, open_file
from payment_core.ach.files.outgoing.originating import cancel_entry
from payment_core.ach.files.outgoing.planning import plan_entry, plan_of
from payment_core.ach.files.states import ENTRY_TRANSITIONS, FILE_TRANSITIONS, next_entry_status, next_file_status
from payment_core.ach.files.terms import schedule_of
from payment_core.ach.reading.reader import read
from payment_core.errors import IllegalTransition
from payment_core.payouts.requests import PayoutRequest
from payment_core.providers.model import BankAccount
from tests.unit.payment_core.ach_files.returns_world import debit
from tests.unit.payment_core.payouts.payout_world import (
    ORIGIN,
    TUESDAY_MORNING,
    PayoutWorld,
    eastern_ms,
    number_of,
    terms,
)


@pytest.mark.parametrize("wanted", sorted(ENTRY_TRANSITIONS))
@pytest.mark.parametrize("status", sorted(ENTRY_TRANSITIONS))
def test_an_entry_moves_along_its_table_and_nowhere_else(status: str, wanted: str) -> None:
    if wanted in ENTRY_TRANSITIONS[status]:  # type: ignore[index]  # a name from the table
        assert next_entry_status(status, wanted) == wanted  # type: ignore[arg-type]  # see above
    else:
        with pytest.raises(IllegalTransition):
            next_entry_status(status, wanted)  # type: ignore[arg-type]  # see above


@pytest.mark.parametrize("wanted", sorted(FILE_TRANSITIONS))
@pytest.mark.parametrize("status", sorted(FILE_TRANSITIONS))
def test_a_file_moves_along_its_table_and_nowhere_else(status: str, wanted: str) -> None:
    if wanted in FILE_TRANSITIONS[status]:  # type: ignore[index]  # a name from the table
        assert next_file_status(status, wanted) == wanted  # type: ignore[arg-type]  # see above
    else:
        with pytest.raises(IllegalTransition):
            next_file_status(status, wanted)  # type: ignore[arg-type]  # see above


@pytest.mark.parametrize(
    ("now", "same_day", "cents", "submit_by", "settles"),
    [
        ("2026-11-24 09:30", True, 100, "2026-11-24 09:30", "2026-11-24 13:00"),
        ("2026-11-24 09:31", True, 100, "2026-11-24 13:45", "2026-11-24 17:00"),
        ("2026-11-24 15:46", True, 100, "2026-11-24 17:00", "2026-11-25 08:30"),
        ("2026-11-24 17:01", True, 100, "2026-11-25 09:30", "2026-11-25 13:00"),
        ("2026-11-24 09:30", True, 100_000_001, "2026-11-24 17:00", "2026-11-25 08:30"),
        ("2026-11-24 17:00", False, 100, "2026-11-24 17:00", "2026-11-25 08:30"),
        ("2026-11-24 17:01", False, 100, "2026-11-25 17:00", "2026-11-27 08:30"),
        ("2026-11-26 09:00", True, 100, "2026-11-27 09:30", "2026-11-27 13:00"),
        ("2026-07-03 09:00", True, 100, "2026-07-03 09:30", "2026-07-03 13:00"),
        ("2026-03-08 12:00", False, 100, "2026-03-09 17:00", "2026-03-10 08:30"),
    ],
)
def test_an_entry_goes_into_the_file_that_settles_it_first(
    now: str, same_day: bool, cents: int, submit_by: str, settles: str
) -> None:
    plan = plan_entry(eastern_ms(now), "credit", cents, "PPD", schedule_of(terms()), same_day=same_day)
    assert (plan.submit_by_ms, plan.settles_at_ms) == (eastern_ms(submit_by), eastern_ms(settles))


async def waiting(world: PayoutWorld, count: int, **changes: object) -> None:
    for number in range(count):
        await world.provider(f"p{number}", available_cents=10_000 + number, **changes)
        await world.system.desk.create(world.call(f"k{number}"), PayoutRequest(provider_id=f"pro_p{number}"))
    await world.run("payouts")


async def test_nothing_is_built_before_the_time_to_build_has_come() -> None:
    tree = terms().hours.model_dump() | {"build_ahead_minutes": 30}
    world = PayoutWorld(TUESDAY_MORNING, terms(hours=tree))
    await waiting(world, 1)
    assert await world.run("ach-collecting") == 0
    world.clock.ms = eastern_ms("2026-11-24 16:29")
    assert await world.run("ach-collecting") == 0
    world.clock.ms = eastern_ms("2026-11-24 16:30")
    assert await world.run("ach-collecting") == 1


async def test_persons_companies_and_debits_stand_in_batches_of_their_own() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await waiting(world, 2)
    await world.provider("firm", available_cents=20_000, account_class="company")
    await world.system.desk.create(world.call("kf"), PayoutRequest(provider_id="pro_firm"))
    await debit(world, 1)
    await world.run("payouts", "ach-collecting", "ach-files")
    (content,) = world.bank.outbound.values()
    reading = read(content)
    assert reading.errors == ()
    found = {
        (batch.header.sec_code, batch.header.service_class, batch.header.description, len(batch.entries))
        for batch in reading.file.batches
    }
    assert found == {("CCD", 220, "PAYOUT", 1), ("PPD", 220, "PAYOUT", 2), ("WEB", 225, "PURCHASE", 1)}


async def test_each_file_of_a_day_has_its_own_modifier_and_traces_go_on() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    for number in range(3):
        await world.provider(f"p{number}", available_cents=10_000)
        await world.system.desk.create(world.call(f"k{number}"), PayoutRequest(provider_id=f"pro_p{number}"))
        await world.run("payouts", "ach-collecting", "ach-files")
    assert sorted(file.modifier for file in await world.files()) == ["A", "B", "C"]
    traces = sorted(entry.trace_number for entry in await world.entries())
    assert traces == ["231380100000001", "231380100000002", "231380100000003"]


async def test_a_day_without_modifiers_left_waits_for_tomorrow() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    for number in range(37):
        await world.provider(f"p{number}", available_cents=10_000)
        await world.system.desk.create(world.call(f"k{number}"), PayoutRequest(provider_id=f"pro_p{number}"))
        await world.run("payouts", "ach-collecting", "ach-files")
    assert len(await world.files()) == 36
    world.clock.ms = eastern_ms("2026-11-25 09:00")
    await world.run("ach-collecting", "ach-files")
    assert len(await world.files()) == 37


async def test_traces_begin_again_after_the_last_one() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    counter = TraceCounter(id="23138010", last=9_999_998)
    await world.memory.transact(lambda transaction: transaction.put(counter), "test")
    await waiting(world, 2)
    await world.run("ach-collecting", "ach-files")
    assert sorted(entry.trace_number[-7:] for entry in await world.entries()) == ["0000001", "0000002"]
    (content,) = world.bank.outbound.values()
    assert read(content).errors == ()


async def test_an_account_whose_number_is_gone_ends_its_payout_and_no_other() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await waiting(world, 3)
    world.numbers.gone.add("bank_p1")
    await world.run("ach-collecting", "ach-files")
    states = {payout.provider_id: (payout.status, payout.failure) for payout in await world.payouts()}
    assert states == {
        "pro_p0": ("submitted", ""),
        "pro_p1": ("failed", "account_number_unreadable"),
        "pro_p2": ("submitted", ""),
    }
    assert (await world.balances("pro_p1"))[0] == 10_001
    (file,) = await world.files()
    assert (file.entry_count, file.credit_cents) == (2, 20_002)


async def test_an_outage_of_the_vault_ends_nothing_and_the_file_is_built_once_it_is_over() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await waiting(world, 2)
    world.numbers.down = True
    await world.run("ach-collecting", "ach-files")
    (file,) = await world.files()
    assert (file.status, file.problem) == ("building", "VaultDown")
    world.numbers.down = False
    world.clock.ms += 60_000
    await world.run("ach-files")
    assert [known.status for known in await world.files()] == ["submitted"]


async def test_a_file_that_missed_its_day_is_given_up_and_its_entries_go_into_the_next_one() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await waiting(world, 9)
    await world.run("ach-collecting")
    world.clock.ms = eastern_ms("2026-11-25 10:00")
    await world.run("ach-files")
    (file,) = await world.files()
    assert (file.status, file.problem) == ("abandoned", "its day has passed")
    assert {entry.status for entry in await world.entries()} == {"queued"}
    await world.run("ach-collecting", "ach-files")
    live = [known for known in await world.files() if known.status == "submitted"]
    assert [(known.entry_count, known.effective_on) for known in live] == [(9, "2026-11-27")]
    assert world.bank.created == 1


async def test_a_disabled_account_is_not_paid_though_its_entry_was_queued() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await waiting(world, 2)
    (account,) = [known for known in await accounts(world) if known.id == "ba_p0"]
    await world.put(msgspec.structs.replace(account, version=2, status="disabled", disabled_code="R02"))
    await world.run("ach-collecting", "ach-files")
    states = {payout.provider_id: payout.status for payout in await world.payouts()}
    assert states == {"pro_p0": "failed", "pro_p1": "submitted"}
    assert (await world.balances("pro_p0"))[0] == 10_000


async def test_a_corrected_account_is_used_by_entries_that_were_queued_before() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await waiting(world, 1)
    (account,) = await accounts(world)
    await world.put(msgspec.structs.replace(account, version=2, token="bank_new", account_type="savings"))
    await world.run("ach-collecting", "ach-files")
    (content,) = world.bank.outbound.values()
    (entry,) = read(content).file.batches[0].entries
    assert (entry.account_number, entry.transaction_code) == (number_of("bank_new"), 32)


async def accounts(world: PayoutWorld) -> list[BankAccount]:
    return await world.all(BankAccount)


async def test_two_processes_at_once_make_one_file_and_pay_once() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await waiting(world, 20)
    first, second = world.restart(), world.restart()
    now_ms = world.clock.ms
    for name in ("ach-collecting", "ach-files", "ach-files"):
        await asyncio.gather(first.jobs[name].run_once(now_ms), second.jobs[name].run_once(now_ms))
    world.clock.ms += 121_000
    await world.run("ach-collecting", "ach-files")
    live = [file for file in await world.files() if file.status == "submitted"]
    assert sum(file.entry_count for file in live) == 20
    assert world.bank.created == len(live)
    assert {payout.status for payout in await world.payouts()} == {"submitted"}
    assert (await world.balances("pro_p0"))[1] == sum(10_000 + number for number in range(20))


async def test_a_balanced_file_has_an_offset_last_in_each_batch_and_moves_no_more_money() -> None:
    files = terms().files.model_dump() | {
        "offset": {"routing_number": "231380104", "account_token": "bank_offset", "account_type": "checking"}
    }
    world = PayoutWorld(TUESDAY_MORNING, terms(files=files))
    await waiting(world, 3)
    await debit(world, 1)
    await world.run("ach-collecting", "ach-files")
    (content,), (file,) = world.bank.outbound.values(), await world.files()
    reading = read(content)
    assert reading.errors == ()
    assert file.debit_cents == file.credit_cents == 30_003 + 3_001
    assert (file.items_credit_cents, file.items_debit_cents) == (30_003, 3_001)
    for batch in reading.file.batches:
        assert batch.header.service_class == 200
        assert batch.entries[-1].account_number == number_of("bank_offset")
    assert (await world.balances("pro_p0"))[1] == 30_003


async def test_the_bytes_of_a_file_are_opened_for_people_with_a_record_of_it() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await waiting(world, 1)
    await world.run("ach-collecting", "ach-files")
    (file,) = await world.files()
    answer = await world.system.ach_desk.content(world.call("", actor="key:eve", file_id=file.id), None)
    assert not isinstance(answer, str)
    assert answer.body == world.bank.outbound[file.name]
    (access,) = await world.all(ContentAccess)
    assert (access.actor, access.file_id) == ("key:eve", file.id)


async def test_account_numbers_are_in_the_file_alone() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await waiting(world, 2)
    await world.run("ach-collecting", "ach-files")
    number = number_of("bank_p0").encode()
    (content,) = world.bank.outbound.values()
    assert number in content
    stored = b"".join(world.memory._bodies.values())
    events = b"".join(row.body for row in await world.memory.events("", 1_000))
    assert number not in stored + events
    assert all(reason.startswith("sweep:ach-files: ACH file ach_") for reason in world.numbers.reasons)


async def test_an_entry_that_was_taken_back_meanwhile_stays_out_and_the_others_go() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await waiting(world, 3)
    entries = await world.entries()
    mover = EntryMover(ORIGIN, {})
    plan = plan_of(entries[0], world.clock.ms, schedule_of(world.ach))
    file = await world.memory.transact(lambda transaction: open_file(transaction, ORIGIN, world.ach, plan), "test")
    assert file is not None
    await world.memory.transact(lambda transaction: cancel_entry(transaction, mover, entries[1].id), "test")
    ids = [entry.id for entry in entries]
    taken = await world.memory.transact(lambda transaction: claim_chunk(transaction, mover, file.id, ids), "test")
    again = await world.memory.transact(lambda transaction: claim_chunk(transaction, mover, file.id, ids), "test")
    assert (taken, again) == (2, 0)
    await world.memory.transact(lambda transaction: close_file(transaction, ORIGIN, file.id), "test")
    late = await world.memory.transact(lambda transaction: claim_chunk(transaction, mover, file.id, ids), "test")
    assert late == -1
