"""A process that dies anywhere between building a file and its acknowledgement pays nobody twice and loses nobody."""

import hashlib

import msgspec
import pytest

from payment_core.ach.files.model import AchFile
from payment_core.ach.files.requests import SubmitRequest
from payment_core.ach.reading.reader import read
from payment_core.ledger.accounts import PAYOUT_IN_FLIGHT
from payment_core.ledger.verify import LedgerVerifier
from payment_core.payouts.requests import PayoutRequest
from tests.unit.payment_core.payouts.payout_world import (
    TUESDAY_MORNING,
    Crash,
    Fuse,
    PayoutWorld,
    eastern_ms,
    terms,
)

PROVIDERS = 10
"""More than one chunk holds."""

AMOUNTS = [10_000 + 1_111 * number for number in range(PROVIDERS)]
LEASE_MS = 121_000
BEFORE_THE_BANK = ("payouts", "ach-collecting", "ach-files")


async def prepared(**changes: object) -> PayoutWorld:
    """Payouts that were asked for and not looked at yet."""
    world = PayoutWorld(TUESDAY_MORNING, terms(**changes))
    for number, cents in enumerate(AMOUNTS):
        await world.provider(f"p{number}", available_cents=cents)
        await world.system.desk.create(world.call(f"k{number}"), PayoutRequest(provider_id=f"pro_p{number}"))
    return world


async def to_the_bank(world: PayoutWorld) -> None:
    """Run every job until the bank has the file and has acknowledged it."""
    await world.run(*BEFORE_THE_BANK)
    for file in await world.files():
        if file.name != "":
            body = msgspec.json.encode({"file": file.name, "accepted": True})
            world.bank.inbox[f"{file.id}.ack.json"] = body
    await world.run("ach-inbox", "ach-files")


async def recovered(world: PayoutWorld) -> None:
    """New processes run the jobs until nothing is left to do."""
    world.restart()
    for _ in range(3):
        world.clock.ms += LEASE_MS
        await to_the_bank(world)


async def require_paid_once(world: PayoutWorld) -> None:
    """Every payout is in one file that the bank got once, and file, payouts and ledger agree (I8)."""
    payouts, files, entries = await world.payouts(), await world.files(), await world.entries()
    live = [file for file in files if file.status != "abandoned"]
    assert {payout.status for payout in payouts} == {"acked"}
    assert sorted(payout.amount_cents for payout in payouts) == sorted(AMOUNTS)
    assert len({entry.trace_number for entry in entries}) == len(entries) == PROVIDERS
    assert world.bank.created == len(live) == len(world.bank.outbound)
    for file in live:
        content = world.bank.outbound[file.name]
        assert hashlib.sha256(content).hexdigest() == file.sha256
        reading = read(content)
        assert reading.errors == ()
        own = [entry for entry in entries if entry.file_id == file.id]
        assert reading.file.control.credit_cents == sum(entry.amount_cents for entry in own) == file.credit_cents
        written = [entry.trace_number for batch in reading.file.batches for entry in batch.entries]
        assert sorted(written) == sorted(entry.trace_number for entry in own)
    flight = await world.memory.account(PAYOUT_IN_FLIGHT.name)
    assert flight.balance_cents("credit") == sum(AMOUNTS) == sum(file.items_credit_cents for file in live)
    assert (flight.credits_pending, flight.debits_pending) == (0, 0)
    report = await LedgerVerifier(world.memory, world.memory).check_all()
    assert report.balanced, report.violations


async def steps_of_a_whole_run() -> int:
    """How many places there are to die at."""
    world = await prepared()
    fuse = Fuse()
    world.restart(fuse)
    await to_the_bank(world)
    await require_paid_once(world)
    return fuse.touched


async def test_no_payout_is_paid_twice_or_lost_wherever_the_process_dies() -> None:
    steps = await steps_of_a_whole_run()
    assert steps > 100
    for step in range(1, steps + 1):
        world = await prepared()
        world.restart(Fuse(step))
        with pytest.raises(Crash):
            await to_the_bank(world)
        await recovered(world)
        await require_paid_once(world)


async def test_two_deaths_in_a_row_change_nothing() -> None:
    steps = await steps_of_a_whole_run()
    for step in range(5, steps, 17):
        world = await prepared()
        for fuse in (Fuse(step), Fuse(step // 2)):
            world.restart(fuse)
            try:
                await to_the_bank(world)
            except Crash:
                world.clock.ms += LEASE_MS
        await recovered(world)
        await require_paid_once(world)


async def test_settlement_survives_a_death_at_every_step() -> None:
    world = await prepared()
    await to_the_bank(world)
    world.clock.ms = eastern_ms("2026-11-25 08:30")
    fuse = Fuse()
    world.restart(fuse)
    await world.run("ach-files")
    steps = fuse.touched
    for step in range(1, steps + 1):
        world = await prepared()
        await to_the_bank(world)
        world.clock.ms = eastern_ms("2026-11-25 08:30")
        world.restart(Fuse(step))
        with pytest.raises(Crash):
            await world.run("ach-files")
        world.restart()
        await world.run("ach-files")
        assert {payout.status for payout in await world.payouts()} == {"settled"}
        assert (await world.balances("pro_p0"))[1:] == (0, sum(AMOUNTS))


async def dead_after_sending() -> tuple[PayoutWorld, AchFile]:
    """The bank has the file, and nobody wrote that down; the bank takes what it is given out of the box."""
    world = await prepared(files__pickup="removes")
    await world.run("payouts", "ach-collecting")
    original = world.bank.put

    async def put_and_die(name: str, content: bytes, sha256: str) -> None:
        await original(name, content, sha256)
        raise Crash

    world.bank.put = put_and_die  # type: ignore[method-assign]  # one call that is the last one
    with pytest.raises(Crash):
        await world.run("ach-files")
    world.bank.put = original  # type: ignore[method-assign]  # see above
    (file,) = await world.files()
    assert file.status == "sending"
    world.restart()
    world.clock.ms += LEASE_MS
    return world, file


async def test_a_file_that_the_bank_took_away_is_never_sent_blindly_again() -> None:
    world, file = await dead_after_sending()
    world.bank.outbound.clear()
    await world.run("ach-files")
    (held,) = await world.files()
    assert (held.status, held.problem, world.bank.created) == ("sending", "delivery_unknown", 1)
    world.clock.ms += 10 * LEASE_MS
    await world.run("ach-files")
    assert world.bank.created == 1
    body = msgspec.json.encode({"file": file.name, "accepted": True})
    world.bank.inbox["late.ack.json"] = body
    await world.run("ach-inbox", "ach-files")
    await require_acknowledged(world)


async def require_acknowledged(world: PayoutWorld) -> None:
    assert {payout.status for payout in await world.payouts()} == {"acked"}
    assert (await world.balances("pro_p0"))[1] == sum(AMOUNTS)


async def test_a_file_that_is_still_there_is_recorded_and_not_sent_again() -> None:
    world, _ = await dead_after_sending()
    await world.run("ach-files")
    (file,) = await world.files()
    assert (file.status, file.attempts, world.bank.created) == ("submitted", 1, 1)


async def test_a_person_who_asked_the_bank_can_have_the_same_bytes_sent_again() -> None:
    world, file = await dead_after_sending()
    lost = world.bank.outbound.pop(file.name)
    await world.run("ach-files")
    (held,) = await world.files()
    refused = await world.system.ach_desk.submit(world.call("s1", file_id=file.id), submit_request(confirmed=False))
    assert str(refused) == "resend_not_confirmed"
    assert held.problem == "delivery_unknown"
    await world.system.ach_desk.submit(world.call("s2", file_id=file.id), submit_request(confirmed=True))
    await world.run("ach-files")
    assert world.bank.outbound == {file.name: lost}
    again = await world.system.ach_desk.submit(world.call("s3", file_id=file.id), submit_request(confirmed=True))
    assert str(again) == "file_sent_already"


def submit_request(*, confirmed: bool) -> SubmitRequest:
    return SubmitRequest(not_delivered=confirmed)
