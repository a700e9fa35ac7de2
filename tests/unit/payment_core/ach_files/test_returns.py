"""Return files are applied exactly once, in any order, and reconciled to the cent."""

import asyncio
import random

import msgspec

from checks.facts import AchReturn
from payment_core.ach.building.builder import make_batch, make_file
from payment_core.ach.building.writer import write
from payment_core.ach.codes.changes import Correction
from payment_core.ach.codes.returns import RETURN_CODES, ReturnAction, ReturnFamily
from payment_core.ach.files.incoming.model import ReturnRate
from payment_core.ach.files.incoming.receiving import ReturnRefusal
from payment_core.ach.files.model import AchEntry
from payment_core.ach.model import AchFile as NachaFile
from payment_core.ach.reading.reader import read
from payment_core.answers import Answer
from payment_core.payouts.requests import PayoutRequest
from payment_core.providers.model import BankAccount
from tests.return_files import (
    Answering,
    answer_header,
    change_batches,
    dishonored_entry,
    return_entry,
)
from tests.unit.payment_core.ach_files.returns_world import (
    mixed_codes,
    return_file,
    sent_file,
    settled_world,
    traces_of,
)
from tests.unit.payment_core.payouts.payout_world import DAY_MS, TUESDAY_MORNING, Crash, Fuse, PayoutWorld, eastern_ms


async def give(world: PayoutWorld, body: bytes) -> None:
    """Hand a return file in and apply it."""
    answer = await world.system.ach_desk.take_returns(world.call("r"), body)
    assert isinstance(answer, Answer)
    assert answer.status == 201
    await world.run("ach-returns")


async def require_reconciled(world: PayoutWorld, codes: dict[str, str]) -> None:
    """Entries, payouts, ledger, accounts and counters say the same."""
    entries = await world.entries()
    returned = [entry for entry in entries if entry.status == "returned"]
    assert {entry.trace_number: entry.return_code for entry in returned} == codes
    payouts = await world.payouts()
    back = [payout for payout in payouts if payout.status == "returned"]
    paid = sum(payout.amount_cents for payout in payouts)
    back_cents = sum(payout.amount_cents for payout in back)
    assert back_cents == sum(entry.amount_cents for entry in returned if entry.purpose == "payout")
    assert (await world.balances("pro_p0000"))[1:] == (0, paid - back_cents)
    for payout in back:
        assert (await world.balances(payout.provider_id))[0] == payout.amount_cents
    retried = [entry for entry in entries if entry.retries_entry_id != ""]
    nsf = [entry for entry in returned if entry.return_code in {"R01", "R09"} and entry.direction == "debit"]
    assert sorted(entry.retries_entry_id for entry in retried) == sorted(entry.id for entry in nsf)
    assert {entry.description for entry in retried} <= {"RETRY PYMT"}
    disabled = {account.id for account in await world.all(BankAccount) if account.status == "disabled"}
    assert disabled == {entry.bank_account_id for entry in returned if disables(entry.return_code)}
    for file in await world.return_files():
        parts = (file.applied_cents, file.duplicate_cents, file.quarantined_cents, file.case_cents)
        assert sum(parts) == file.returned_cents
        assert file.applied + file.duplicates + file.quarantined + file.cases == file.items
        assert file.status == "applied"
    applied = sum(file.applied_cents for file in await world.return_files())
    assert applied == sum(entry.amount_cents for entry in returned)


def disables(code: str) -> bool:
    action = RETURN_CODES[code].action
    stopping = {ReturnAction.DISABLE_ACCOUNT, ReturnAction.FREEZE_COMPLIANCE, ReturnAction.DISPUTE_LOST}
    return action in stopping and code != "R11"


async def test_a_thousand_mixed_returns_are_applied_once_though_the_process_dies_at_every_hundredth_step() -> None:
    world = await settled_world(payouts=300, debits=700)
    file = sent_file(world)
    codes = mixed_codes(traces_of(file), seed=1)
    assert len(codes) == 1_000
    body = return_file(file, codes)
    deaths = 0
    answer = await world.system.ach_desk.take_returns(world.call("r"), body)
    assert isinstance(answer, Answer)
    while any(known.status != "applied" for known in await world.return_files()):
        world.restart(Fuse(100))
        try:
            await world.run("ach-returns")
        except Crash:
            deaths += 1
    assert deaths >= 20
    world.restart()
    await require_reconciled(world, codes)
    again = await world.system.ach_desk.take_returns(world.call("r2"), body)
    assert isinstance(again, Answer)
    assert len(await world.return_files()) == 1
    assert await world.run("ach-returns") == 0


async def test_halves_shuffles_and_repeats_end_where_the_whole_file_ends() -> None:
    world = await settled_world(payouts=40, debits=80)
    file = sent_file(world)
    codes = mixed_codes(traces_of(file), seed=2)
    traces = list(codes)
    random.Random(3).shuffle(traces)  # noqa: S311 - the same order each time
    for start in range(0, 120, 30):
        part = {trace: codes[trace] for trace in traces[start : start + 30]}
        await give(world, return_file(file, part, first_sequence=start + 1))
    await require_reconciled(world, codes)
    await give(world, return_file(file, codes, first_sequence=500))
    half = {trace: codes[trace] for trace in traces[:60]}
    await give(world, return_file(file, half, first_sequence=900))
    await require_reconciled(world, codes)
    assert sorted(known.duplicates for known in await world.return_files()) == [0, 0, 0, 0, 60, 120]


async def test_a_return_before_settlement_gives_the_money_back_and_settlement_passes_the_payout_by() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    for name in ("ann", "bob"):
        await world.provider(name, available_cents=40_000)
        await world.system.desk.create(world.call(name), PayoutRequest(provider_id=f"pro_{name}"))
    await world.run("payouts", "ach-collecting", "ach-files")
    (ann,) = [entry for entry in await world.entries() if entry.bank_account_id == "ba_ann"]
    await give(world, return_file(sent_file(world), {ann.trace_number: "R03"}))
    assert await world.balances("pro_ann") == (40_000, 40_000, 0)
    await next_settlement(world)
    assert await world.balances("pro_ann") == (40_000, 0, 40_000)
    states = {payout.provider_id: payout.status for payout in await world.payouts()}
    assert states == {"pro_ann": "returned", "pro_bob": "settled"}


async def test_a_return_of_nothing_we_sent_waits_for_a_person_and_moves_no_money() -> None:
    world = await settled_world(payouts=2, debits=1)
    other = await settled_world(payouts=20, debits=1)
    unknown = traces_of(sent_file(other))[-2:]
    before = await world.balances("pro_p0000")
    await give(world, return_file(sent_file(other), dict.fromkeys(unknown, "R03")))
    assert await world.balances("pro_p0000") == before
    assert [case.reason for case in await world.cases()] == ["unknown_trace", "unknown_trace"]
    (known,) = await world.return_files()
    assert (known.quarantined, known.applied) == (2, 0)


async def test_a_return_of_another_amount_is_not_applied() -> None:
    world = await settled_world(payouts=1, debits=0)
    other = await settled_world(payouts=2, debits=0)
    second = next(entry for entry in await other.entries() if entry.amount_cents == 2_001)
    (mine,) = await world.entries()
    # The bank mixed the two up: it names our trace with the other entry's amount.
    body = return_file(sent_file(other), {second.trace_number: "R03"})
    await give(world, body.replace(second.trace_number.encode(), mine.trace_number.encode()))
    assert [item.reason for item in await world.return_items()] == ["amount_differs"]
    assert (await world.payouts())[0].status == "settled"


async def test_a_second_return_with_another_code_moves_no_money() -> None:
    world = await settled_world(payouts=1, debits=0)
    file = sent_file(world)
    (trace,) = traces_of(file)
    await give(world, return_file(file, {trace: "R03"}))
    after = await world.balances("pro_p0000")
    await give(world, return_file(file, {trace: "R16"}, first_sequence=7))
    assert await world.balances("pro_p0000") == after
    reasons = sorted(item.reason for item in await world.return_items())
    assert reasons == ["", "returned_already_with_another_code"]


async def test_dishonored_returns_are_cases_and_leave_the_ledger_alone() -> None:
    world = await settled_world(payouts=1, debits=0)
    file = sent_file(world)
    returned = return_entry(file.batches[0].entries[0], "R03", "121042880000001")
    dishonored = dishonored_entry(returned, "R68", "329", "231380100000001")
    header = answer_header(file.batches[0].header, Answering("23138010", 1, "330"), 1)
    before = await world.balances("pro_p0000")
    await give(world, write(make_file(file.header, [make_batch(header, [dishonored])])))
    assert await world.balances("pro_p0000") == before
    (case,), (item,) = await world.cases(), await world.return_items()
    assert (case.reason, case.code, item.outcome) == ("dishonored_return", "R68", "case")


async def test_a_broken_return_file_is_refused_whole_and_names_the_place() -> None:
    world = await settled_world(payouts=2, debits=0)
    file = sent_file(world)
    body = bytearray(return_file(file, dict.fromkeys(traces_of(file), "R03")))
    body[95 * 2 + 30 : 95 * 2 + 39] = b"000099999"
    answer = await world.system.ach_desk.take_returns(world.call("r"), bytes(body))
    assert isinstance(answer, Answer)
    assert answer.status == 422
    assert b"credit_total_mismatch" in answer.body
    assert await world.return_files() == []
    empty = await world.system.ach_desk.take_returns(world.call("r"), world.bank.outbound.popitem()[1])
    assert empty is ReturnRefusal.RETURN_FILE_EMPTY


async def test_return_rates_count_debits_by_the_day_on_which_they_were_originated() -> None:
    world = await settled_world(payouts=5, debits=100)
    file = sent_file(world)
    debits = [entry.trace_number for entry in await world.entries() if entry.direction == "debit"]
    credits_back = [entry.trace_number for entry in await world.entries() if entry.direction == "credit"]
    codes = {debits[0]: "R10", debits[1]: "R03", debits[2]: "R02", debits[3]: "R08", credits_back[0]: "R03"}
    await give(world, return_file(file, codes))
    assert await world.run("ach-rates") == 3
    assert await world.run("ach-rates") == 0
    rates = {rate.id: (rate.returned, rate.originated) for rate in await world.all(ReturnRate)}
    assert rates == {"unauthorized": (1, 100), "administrative": (2, 100), "overall": (4, 100)}
    world.clock.ms = eastern_ms("2027-01-25 09:00")
    assert await world.run("ach-rates") == 0, "no debits have no rate, and not a good one"


async def test_each_return_tells_its_family_and_when_it_was_originated() -> None:
    world = await settled_world(payouts=0, debits=1)
    file = sent_file(world)
    await give(world, return_file(file, dict.fromkeys(traces_of(file), "R10")))
    (entry,) = await world.entries()
    rows = await world.memory.events("", 1_000)
    (told,) = [row for row in rows if b'"ach.returned"' in row.body]
    fact = msgspec.json.decode(told.body, type=AchReturn)
    assert (fact.code, fact.family, fact.originated_at_ms) == ("R10", "unauthorized", entry.submitted_at_ms)
    assert RETURN_CODES["R10"].family is ReturnFamily.UNAUTHORIZED


async def test_a_debit_without_funds_is_presented_twice_more_and_no_further() -> None:
    world = await settled_world(payouts=0, debits=1)
    for attempt in range(3):
        entry = max(await world.entries(), key=lambda known: known.attempt)
        assert (entry.attempt, entry.status) == (attempt, "settled")
        file = await file_of(world, entry)
        await give(world, return_file(file, {entry.trace_number: "R01"}, first_sequence=attempt + 1))
        await next_settlement(world)
    entries = await world.entries()
    assert sorted(entry.attempt for entry in entries) == [0, 1, 2]
    assert {entry.status for entry in entries} == {"returned"}


async def test_a_debit_is_presented_again_only_for_a_payment_that_still_waits() -> None:
    world = await settled_world(payouts=0, debits=1)
    world.represent = lambda _transaction, _entry, _again: False
    file = sent_file(world)
    await give(world, return_file(file, dict.fromkeys(traces_of(file), "R01")))
    (entry,) = await world.entries()
    assert (entry.status, entry.retry_entry_id) == ("returned", "")


async def test_a_return_that_comes_after_its_time_is_applied_and_put_before_people() -> None:
    world = await settled_world(payouts=1, debits=0)
    file = sent_file(world)
    world.clock.ms = eastern_ms("2026-12-10 09:00")
    await give(world, return_file(file, dict.fromkeys(traces_of(file), "R03")))
    assert [case.reason for case in await world.cases()] == ["untimely_return_may_be_dishonored"]
    assert (await world.payouts())[0].status == "returned"


async def test_a_notification_of_change_corrects_the_account_once_and_moves_no_money() -> None:
    world = await settled_world(payouts=2, debits=0)
    file = sent_file(world)
    trace = traces_of(file)[0]
    change = {trace: ("C02", Correction(routing_number="231380104"))}
    batches = change_batches(file, change, Answering("12104288", 1, "329"))
    body = write(make_file(file.header, batches))
    await give(world, body)
    await give(world, body)
    (entry,) = [known for known in await world.entries() if known.trace_number == trace]
    assert [(account, code) for account, code, _ in world.corrections] == [(entry.bank_account_id, "C02")]
    assert world.corrections[0][2].routing_number == "231380104"
    assert {known.status for known in await world.entries()} == {"settled"}


async def test_two_processes_at_once_apply_each_item_once() -> None:
    world = await settled_world(payouts=6, debits=6)
    file = sent_file(world)
    traces = traces_of(file)
    changes = {trace: ("C02", Correction(routing_number="231380104")) for trace in traces[:6]}
    await world.system.ach_desk.take_returns(world.call("r"), return_file(file, dict.fromkeys(traces, "R03")))
    body = write(make_file(file.header, change_batches(file, changes, Answering("12104288", 90, "329"))))
    await world.system.ach_desk.take_returns(world.call("n"), body)
    jobs = [world.restart().jobs["ach-returns"] for _ in range(2)]
    await asyncio.gather(*(job.run_once(world.clock.ms) for job in jobs))
    assert len(world.corrections) == 6
    await require_reconciled(world, dict.fromkeys(traces, "R03"))


async def test_a_notification_that_nobody_can_read_is_a_case() -> None:
    world = await settled_world(payouts=1, debits=0)
    file = sent_file(world)
    change = {traces_of(file)[0]: ("C02", Correction(routing_number="091000019"))}
    body = write(make_file(file.header, change_batches(file, change, Answering("12104288", 1, "329"))))
    await give(world, body.replace(b"091000019", b"999999999"))
    assert [case.reason for case in await world.cases()] == ["change_not_understood"]
    assert world.corrections == []


async def file_of(world: PayoutWorld, entry: AchEntry) -> NachaFile:
    """The file in which the bank got the entry."""
    (file,) = [known for known in await world.files() if known.id == entry.file_id]
    return read(world.bank.outbound[file.name]).file


async def next_settlement(world: PayoutWorld) -> None:
    """Let what waits go to the bank and settle."""
    await world.run("ach-collecting", "ach-files")
    for file in await world.files():
        body = msgspec.json.encode({"file": file.name, "accepted": True})
        world.bank.inbox[f"{file.id}.ack.json"] = body
    await world.run("ach-inbox", "ach-files")
    world.clock.ms += 6 * DAY_MS
    await world.run("ach-files")
