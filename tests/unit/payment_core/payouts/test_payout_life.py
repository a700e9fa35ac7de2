"""A payout from its request to the bank and back."""

import msgspec

from payment_core.ach.reading.reader import read
from payment_core.answers import Answer
from payment_core.money import Charge
from payment_core.payouts.refusals import PayoutRefusal
from payment_core.payouts.requests import PayoutRequest
from tests.unit.payment_core.payouts.payout_world import HOUR_MS, TUESDAY_MORNING, PayoutWorld, eastern_ms


async def test_a_payout_goes_from_its_request_to_the_bank_and_the_ledger_follows_each_step() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=50_000)
    request = PayoutRequest(provider_id="pro_ann", amount=Charge(30_000, "USD"))
    answer = await world.system.desk.create(world.call("k1"), request)
    assert isinstance(answer, Answer)
    assert answer.status == 201
    assert msgspec.json.decode(answer.body)["arrives_at_ms"] == eastern_ms("2026-11-25 08:30")
    assert await world.balances("pro_ann") == (20_000, 0, 0)
    await world.run("payouts", "ach-collecting", "ach-files")
    (payout,), (file,) = await world.payouts(), await world.files()
    assert (payout.status, file.status) == ("submitted", "submitted")
    assert await world.balances("pro_ann") == (20_000, 30_000, 0)
    (content,) = world.bank.outbound.values()
    assert read(content).errors == ()
    assert read(content).file.control.credit_cents == 30_000 == file.credit_cents
    world.bank.inbox["a.ack.json"] = msgspec.json.encode({"file": file.name, "accepted": True})
    await world.run("ach-inbox", "ach-files")
    assert (await world.payouts())[0].status == "acked"
    world.clock.ms = eastern_ms("2026-11-25 08:29")
    await world.run("ach-files")
    assert (await world.payouts())[0].status == "acked"
    world.clock.ms = eastern_ms("2026-11-25 08:30")
    await world.run("ach-files")
    assert (await world.payouts())[0].status == "settled"
    assert await world.balances("pro_ann") == (20_000, 0, 30_000)


async def test_the_same_key_gives_the_same_payout_and_is_scored_once() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=50_000)
    request = PayoutRequest(provider_id="pro_ann")
    first = await world.system.desk.create(world.call("k1"), request)
    again = await world.system.desk.create(world.call("k1"), request)
    assert isinstance(first, Answer)
    assert isinstance(again, Answer)
    assert first.body == again.body
    assert (again.replayed, len(await world.payouts()), len(world.risk.asked)) == (True, 1, 1)
    assert world.risk.asked[0].balance_share_percent == 100


async def test_instant_is_refused_because_no_rail_can_do_it() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=50_000)
    request = PayoutRequest(provider_id="pro_ann", speed="instant")
    assert await world.system.desk.create(world.call("k"), request) is PayoutRefusal.INSTANT_NOT_AVAILABLE


async def test_same_day_settles_in_the_next_window_and_late_requests_say_when_the_money_arrives() -> None:
    for asked, arrives in (
        ("2026-11-24 09:00", "2026-11-24 13:00"),
        ("2026-11-24 15:45", "2026-11-24 18:00"),
        ("2026-11-24 16:30", "2026-11-25 08:30"),
        ("2026-11-24 17:30", "2026-11-25 13:00"),
        ("2026-11-25 18:00", "2026-11-27 13:00"),
    ):
        world = PayoutWorld(eastern_ms(asked))
        await world.provider("ann", available_cents=50_000)
        request = PayoutRequest(provider_id="pro_ann", speed="same_day")
        answer = await world.system.desk.create(world.call("k"), request)
        assert isinstance(answer, Answer)
        assert msgspec.json.decode(answer.body)["arrives_at_ms"] == eastern_ms(arrives), asked


async def test_a_payout_is_canceled_until_a_file_claims_it_and_its_money_and_limit_come_back() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=50_000)
    await world.system.desk.create(world.call("k1"), PayoutRequest(provider_id="pro_ann"))
    await world.run("payouts")
    (payout,) = await world.payouts()
    assert payout.status == "batched"
    answer = await world.system.desk.cancel(world.call("c1", payout_id=payout.id), None)
    assert isinstance(answer, Answer)
    assert await world.balances("pro_ann") == (50_000, 0, 0)
    assert [entry.status for entry in await world.entries()] == ["canceled"]
    await world.system.desk.create(world.call("k2"), PayoutRequest(provider_id="pro_ann"))
    await world.run("payouts", "ach-collecting")
    (late,) = [payout for payout in await world.payouts() if payout.status == "batched"]
    refused = await world.system.desk.cancel(world.call("c2", payout_id=late.id), None)
    assert refused is PayoutRefusal.PAYOUT_IN_FILE


async def test_a_refused_file_fails_its_payouts_and_gives_the_money_back() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=50_000)
    await world.system.desk.create(world.call("k1"), PayoutRequest(provider_id="pro_ann"))
    await world.run("payouts", "ach-collecting", "ach-files")
    (file,) = await world.files()
    rejection = {"file": file.name, "accepted": False, "reason": "bad header"}
    world.bank.inbox["a.ack.json"] = msgspec.json.encode(rejection)
    await world.run("ach-inbox", "ach-files")
    (payout,) = await world.payouts()
    assert (payout.status, payout.failure) == ("failed", "file_rejected: bad header")
    assert await world.balances("pro_ann") == (50_000, 0, 0)


async def test_silence_of_the_bank_is_not_taken_for_settlement() -> None:
    world = PayoutWorld(TUESDAY_MORNING)
    await world.provider("ann", available_cents=50_000)
    await world.system.desk.create(world.call("k1"), PayoutRequest(provider_id="pro_ann"))
    await world.run("payouts", "ach-collecting", "ach-files")
    world.clock.ms += 72 * HOUR_MS
    await world.run("ach-files")
    (file,), (payout,) = await world.files(), await world.payouts()
    assert (file.status, file.problem, payout.status) == ("submitted", "acknowledgement_missing", "submitted")
