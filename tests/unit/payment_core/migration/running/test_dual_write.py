"""Dual write: what changes here reaches the old processor once, whatever is lost on the way, and waits for it."""

from typing import Any

import msgspec
import pytest

from daemon.embedded.old_processor.book import Answer
from payment_core.errors import CoreError, StoreBusy
from payment_core.methods.model import PaymentMethod
from payment_core.migration.running.dual_write.delivering import FIRST_WAIT_MS, REFUSED_WAIT_MS, put_off
from payment_core.migration.running.errors import OldHalfMade, OldKeyUsed, OldRefused, OldUnreachable, OldUnreadable
from payment_core.migration.running.model import NO_RETURN_ID, NoReturn, OldCall, OldLink, OldPlace, OldWrite
from payment_core.operations.documents import record_change
from payment_core.store.port import Transaction
from payment_core.vault.errors import TamperedRecord
from tests.unit.payment_core.migration.running.both_world import ORIGIN, PAN, BothWorld


async def test_a_card_that_is_kept_here_is_made_there_under_its_customer_with_its_number(world: BothWorld) -> None:
    before = len(world.there("payment_method"))
    token = await world.add_card("cus_here")
    assert [write.object_id for write in await world.waiting()] == [token]
    await world.tell()
    assert await world.waiting() == []
    made = world.there("payment_method")[before:]
    assert [(one["card"]["last4"], one["card"]["exp_year"], one["metadata"]) for one in made] == [
        ("4242", 2031, {"tillwatch_id": token})
    ]
    customer = world.book.objects[made[0]["customer"]]
    assert customer["metadata"] == {"tillwatch_id": "cus_here"}


async def test_no_note_holds_a_card_number(world: BothWorld) -> None:
    token = await world.add_card()
    await world.run("old-processor-writes")
    noted = [*await world.all(OldWrite), *await world.all(OldLink)]
    assert noted
    assert PAN not in str(noted)
    assert PAN.encode() not in b"".join(msgspec.msgpack.encode(one) for one in noted)
    assert token in str(noted)


async def test_the_local_write_goes_through_while_the_old_processor_is_down_and_is_told_when_it_is_back(
    world: BothWorld,
) -> None:
    world.api.is_down = True
    token = await world.add_card()
    await world.tell()
    [card] = [one for one in await world.waiting() if one.object_kind == "payment_method"]
    assert (await world.all(PaymentMethod))[0].id == token
    shown = (await world.ask("GET", "/v1/migration"))["dual_write"]
    assert shown["oldest_waiting_ms"] >= world.clock.at_ms - card.waiting_since_ms > 0
    world.api.is_down = False
    world.clock.at_ms += 60_000
    await world.tell()
    assert await world.waiting() == []
    assert [one["metadata"].get("tillwatch_id") for one in world.there("payment_method")].count(token) == 1


@pytest.mark.parametrize("lost", [1, 2, 3, 4])
async def test_an_answer_that_is_lost_makes_no_second_object(world: BothWorld, lost: int) -> None:
    token = await world.add_card()
    world.lost = lost
    for _ in range(8):
        await world.tell()
        world.clock.at_ms += 60_000
    assert world.lost == 0
    assert await world.waiting() == []
    assert [one["metadata"].get("tillwatch_id") for one in world.there("payment_method")].count(token) == 1
    assert [one["metadata"].get("tillwatch_id") for one in world.there("customer")].count("cus_here") == 1


async def test_a_process_that_dies_between_the_call_and_its_note_repeats_the_same_call(world: BothWorld) -> None:
    token = await world.add_card()
    await world.tell()
    await world.remove_card(token)
    world.lost = 1
    await world.run("old-processor-writes")
    [write] = await world.waiting()
    assert write.call is not None
    world.start()
    world.clock.at_ms += 60_000
    await world.tell()
    assert await world.waiting() == []
    assert all(one["metadata"].get("tillwatch_id") != token for one in world.there("payment_method"))


async def test_a_card_that_was_made_and_removed_before_it_was_told_is_never_made_there(world: BothWorld) -> None:
    token = await world.add_card()
    await world.remove_card(token)
    await world.tell()
    assert await world.waiting() == []
    assert [method for method, path, _ in world.requests if path == "/v1/payment_methods" and method == "POST"] == []


async def test_a_card_that_is_removed_here_is_detached_there(world: BothWorld) -> None:
    token = await world.add_card()
    await world.tell()
    assert token in {one["metadata"].get("tillwatch_id") for one in world.there("payment_method")}
    await world.remove_card(token)
    await world.tell()
    assert token not in {one["metadata"].get("tillwatch_id") for one in world.there("payment_method")}


async def test_what_the_jobs_move_is_not_sent_back(world: BothWorld) -> None:
    await world.move()
    assert await world.all(PaymentMethod)
    assert await world.waiting() == []


async def test_past_the_point_of_no_return_nothing_is_told_any_more(world: BothWorld) -> None:
    def end_return(transaction: Transaction) -> None:
        transaction.put(NoReturn(id=NO_RETURN_ID, job="audit-trail", at_ms=1, actor="key:ops"))

    await world.add_card("cus_1")
    await world.store.transact(end_return, "key:ops")
    await world.add_card("cus_2", "5555555555554444")
    await world.tell()
    assert await world.waiting() == []
    assert [path for method, path, _ in world.requests if method == "POST"] == []


async def test_a_write_that_was_not_committed_leaves_no_note(world: BothWorld) -> None:
    async def failing() -> None:
        def work(transaction: Transaction) -> None:
            method = PaymentMethod(
                id="tok_lost",
                created_at_ms=1,
                updated_at_ms=1,
                customer_id="cus_1",
                brand="visa",
                bin="424242",
                last4="4242",
                expiry_month=1,
                expiry_year=2031,
                fingerprint="fp",
            )
            record_change(transaction, ORIGIN, method, status="active")
            raise StoreBusy

        await world.both.store.transact(work, "key:ops")

    with pytest.raises(StoreBusy):
        await failing()
    assert await world.waiting() == []


async def test_what_is_refused_for_good_is_shown_with_its_reason_and_keeps_nobody_else(world: BothWorld) -> None:
    refused = await world.add_card("cus_bad")
    await world.tell()
    # The customer is deleted at the old processor, so nothing can be attached to it any more.
    [customer] = [one for one in world.there("customer") if one["metadata"].get("tillwatch_id") == "cus_bad"]
    world.book.objects[customer["id"]] = {"id": customer["id"], "object": "customer", "deleted": True}
    other = await world.add_card("cus_bad", "5555555555554444")
    fine = await world.add_card("cus_fine", "378282246310005")
    await world.tell()
    assert {write.object_id for write in await world.waiting()} == {other}
    fault = (await world.ask("GET", "/v1/migration"))["dual_write"]["fault"]
    assert other in fault
    assert "404" in fault
    tags = {one["metadata"].get("tillwatch_id") for one in world.there("payment_method")}
    assert {refused, fine} <= tags


async def test_a_refusal_that_repeats_a_number_is_kept_without_it(
    world: BothWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"error": {"message": "000123456789 is no account at routing 110000000 of ba_000123 (4242 4242 4242 4242)."}}
    monkeypatch.setattr(world.book, "once", lambda *_: Answer(400, said))
    await world.add_card()
    await world.tell()
    [fault] = [one.fault for one in await world.waiting() if one.fault]
    assert fault.endswith("* is no account at routing * of ba_000123 (*************).")


async def with_a_deleted_owner(world: BothWorld) -> tuple[str, dict[str, Any]]:
    """A card that the old processor refused because its customer is deleted there; the card, and the customer."""
    await world.add_card("cus_bad", "5555555555554444")
    await world.tell()
    [customer] = [one for one in world.there("customer") if one["metadata"].get("tillwatch_id") == "cus_bad"]
    world.book.objects[customer["id"]] = {**customer, "deleted": True}
    world.requests.clear()
    token = await world.add_card("cus_bad")
    await world.tell()
    return token, customer


async def test_what_was_refused_and_is_mended_there_is_told_at_the_next_try_and_not_after_a_day(
    world: BothWorld,
) -> None:
    token, customer = await with_a_deleted_owner(world)
    [write] = await world.waiting()
    made = write.made
    assert (write.refusals, write.call, world.book.objects[made]["customer"]) == (1, None, None)
    world.book.objects[customer["id"]] = customer
    world.clock.at_ms += REFUSED_WAIT_MS
    await world.tell()
    assert await world.waiting() == []
    theirs = [one for one in world.book.objects.values() if one.get("metadata", {}).get("tillwatch_id") == token]
    assert [(one["id"], one["customer"]) for one in theirs] == [(made, customer["id"])], "made once, and attached"
    keys = [key for _, path, key in world.requests if path.endswith("/attach")]
    assert keys == [f"till-payment_method-{token}-1-create{again}-attach" for again in ("", "-1")]


async def test_a_card_that_is_changed_here_while_its_owner_is_refused_there_is_made_as_it_is_now(
    world: BothWorld,
) -> None:
    token, customer = await with_a_deleted_owner(world)
    await world.remove_card(token)
    world.book.objects[customer["id"]] = customer
    world.clock.at_ms += REFUSED_WAIT_MS
    await world.tell()
    assert await world.waiting() == []
    assert token not in {one["metadata"].get("tillwatch_id") for one in world.there("payment_method")}


async def test_a_key_that_is_known_there_for_something_else_is_not_given_up_for_another(world: BothWorld) -> None:
    token = await world.add_card()
    key = f"till-payment_method-{token}-1-create"
    world.book.once(key, "something else", Answer(200, {"id": "pm_other"}))
    await world.tell()
    [write] = await world.waiting()
    assert write.call is not None
    assert (write.call.key, write.refusals) == (key, 0)
    assert "idempotent" in write.fault
    assert {sent for _, path, sent in world.requests if path == "/v1/payment_methods"} == {key}


@pytest.mark.parametrize(
    ("fault", "repeats", "refusals"),
    [
        (OldUnreachable("down"), True, 0),
        (OldUnreadable("of a proxy"), True, 0),
        (OldKeyUsed("another"), True, 0),
        (OldRefused("no"), False, 1),
        (OldHalfMade("no", "pm_1"), False, 1),
        (TamperedRecord("tok"), False, 0),
    ],
)
def test_only_what_was_refused_for_certain_gets_another_key(fault: CoreError, repeats: bool, refusals: int) -> None:
    call = OldCall(key="k", verb="create", version=3, place=OldPlace(kind="payment_method"))
    write = OldWrite(
        id="payment_method:tok",
        object_kind="payment_method",
        object_id="tok",
        version=3,
        waiting_since_ms=1,
        due_ms=2,
        attempts=1,
        call=call,
    )
    after = put_off(write, fault, 1_000)
    assert (after.call == call, after.refusals) == (repeats, refusals)
    assert (after.made, after.made_version) == (("pm_1", 3) if isinstance(fault, OldHalfMade) else ("", 0))
    assert after.due_ms == 1_000 + (FIRST_WAIT_MS if repeats else REFUSED_WAIT_MS)
