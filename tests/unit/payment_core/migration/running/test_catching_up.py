"""Catch-up: what changes there arrives once, our own changes do not come back, and lag is never assumed."""

import msgspec
import pytest

from daemon.embedded.old_processor.book import Cause
from payment_core.customers.model import Customer
from payment_core.methods.model import PaymentMethod
from payment_core.migration.feed.signatures import signature_header
from payment_core.migration.running.catching_up import Taken
from payment_core.migration.running.feed_taking import FeedTaking
from payment_core.migration.running.model import FeedCursor, JobWish
from payment_core.migration.running.ports import OldEvent
from payment_core.providers.model import BankAccount
from payment_core.store.port import Transaction
from tests.unit.payment_core.migration.running.both_world import SECRET, BothWorld


def change_card(world: BothWorld, year: int, after_ms: int = 1_000) -> str:
    """Somebody changes a card at the old processor; its id there."""
    world.clock.at_ms += after_ms
    there = world.there("payment_method")[0]
    cause = Cause("", world.clock.at_ms // 1000)
    world.book.update(there["id"], {"card": {"exp_year": str(year)}}, cause)
    return str(there["id"])


async def years(world: BothWorld) -> set[int]:
    methods: list[PaymentMethod] = await world.all(PaymentMethod)
    return {one.expiry_year for one in methods}


async def test_a_change_there_is_taken_over_with_the_number_that_we_have(world: BothWorld) -> None:
    await world.move()
    change_card(world, 2044)
    await world.run("old-processor-events")
    assert 2044 in await years(world)
    await world.compare()
    assert (await world.evidence()).differing_total == 0
    assert await world.waiting() == []


async def test_customers_and_bank_accounts_are_taken_over_too(world: BothWorld) -> None:
    await world.move()
    world.clock.at_ms += 1_000
    cause = Cause("", world.clock.at_ms // 1000)
    world.book.update(world.there("customer")[0]["id"], {"email": "new@example.com"}, cause)
    world.book.update(world.there("bank_account")[0]["id"], {"account_holder_name": "New Name"}, cause)
    await world.run("old-processor-events")
    customers: list[Customer] = await world.all(Customer)
    accounts: list[BankAccount] = await world.all(BankAccount)
    assert "new@example.com" in {one.email for one in customers}
    assert "New Name" in {one.holder_name for one in accounts}


async def test_a_card_that_is_detached_there_is_destroyed_here(world: BothWorld) -> None:
    await world.move()
    world.clock.at_ms += 1_000
    before = len([one for one in await world.all(PaymentMethod) if one.deleted_at_ms == 0])
    world.book.detach(world.there("payment_method")[0]["id"], Cause("", world.clock.at_ms // 1000))
    await world.run("old-processor-events")
    assert len([one for one in await world.all(PaymentMethod) if one.deleted_at_ms == 0]) == before - 1


async def test_what_we_told_does_not_come_back_as_news(world: BothWorld) -> None:
    await world.move()
    await world.add_card("cus_here")
    await world.tell()
    count = len(await world.all(PaymentMethod))
    await world.run("old-processor-events")
    cursor = await world.store.read(FeedCursor, "feed")
    assert cursor is not None
    assert (cursor.taken, cursor.ours) == (0, len(world.book.events)), world.book.events
    assert len(await world.all(PaymentMethod)) == count


async def test_a_card_that_we_made_there_and_somebody_changed_there_is_the_same_card_here(world: BothWorld) -> None:
    await world.move()
    token = await world.add_card("cus_here")
    await world.tell()
    [made] = [one for one in world.there("payment_method") if one["metadata"].get("tillwatch_id") == token]
    world.clock.at_ms += 2_000
    world.book.update(made["id"], {"card": {"exp_year": "2045"}}, Cause("", world.clock.at_ms // 1000))
    count = len(await world.all(PaymentMethod))
    await world.run("old-processor-events")
    method = await world.store.read(PaymentMethod, token)
    assert method is not None
    assert method.expiry_year == 2045
    assert len(await world.all(PaymentMethod)) == count


async def test_the_lag_is_unknown_before_the_first_look_grows_while_it_is_down_and_is_small_after(
    world: BothWorld,
) -> None:
    await world.move()
    assert (await world.ask("GET", "/v1/migration/catch_up"))["lag_ms"] is None
    await world.run("old-processor-events")
    assert (await world.ask("GET", "/v1/migration/catch_up"))["lag_ms"] == 0
    world.api.is_down = True
    world.clock.at_ms += 5_000
    await world.run("old-processor-events")
    down = await world.ask("GET", "/v1/migration/catch_up")
    assert (down["lag_ms"], "503" in down["fault"]) == (5_000, True)
    world.api.is_down = False
    await world.run("old-processor-events")
    assert (await world.ask("GET", "/v1/migration/catch_up"))["lag_ms"] == 0


async def test_an_event_that_cannot_be_taken_yet_is_where_the_next_look_goes_on(world: BothWorld) -> None:
    await world.ask("POST", "/v1/migration/jobs/payment-methods/start", {"export": "old"})
    change_card(world, 2044)
    await world.run("old-processor-events")
    waits = await world.ask("GET", "/v1/migration/catch_up")
    assert (waits["lag_ms"], "payment-methods is new" in waits["fault"]) == (None, True)
    await world.move()
    await world.run("old-processor-events")
    assert 2044 in await years(world)


async def test_an_event_that_is_pushed_before_its_job_has_begun_is_sent_back_to_come_again(world: BothWorld) -> None:
    await world.ask("POST", "/v1/migration/jobs/payment-methods/start", {"export": "old"})
    change_card(world, 2045)
    body = msgspec.json.encode(world.book.events[-1])
    header = signature_header(body, SECRET, world.clock.at_ms // 1000)
    [route] = [one for one in world.both.routes if one.path == "/v1/migration/events"]
    assert await route.handler(msgspec.structs.replace(world.call(), key=header), body) == "event_too_early"


async def test_an_event_that_is_pushed_is_applied_at_once_and_known_when_it_is_read(world: BothWorld) -> None:
    await world.move()
    change_card(world, 2046)
    body = msgspec.json.encode(world.book.events[-1])
    header = signature_header(body, SECRET, world.clock.at_ms // 1000)
    [route] = [one for one in world.both.routes if one.path == "/v1/migration/events"]
    answer = await route.handler(msgspec.structs.replace(world.call(), key=header), body)
    assert msgspec.json.decode(answer.body)["became"] == "taken"  # type: ignore[union-attr]  # no refusal
    assert 2046 in await years(world)
    await world.run("old-processor-events")
    assert world.both.counts.events["known"] == 1


@pytest.mark.parametrize("header", ["t=1,v1=00", "nonsense", "t=99999999999,v1=00"])
async def test_an_event_that_is_not_signed_changes_nothing(world: BothWorld, header: str) -> None:
    await world.move()
    change_card(world, 2047)
    body = msgspec.json.encode(world.book.events[-1])
    [route] = [one for one in world.both.routes if one.path == "/v1/migration/events"]
    assert await route.handler(msgspec.structs.replace(world.call(), key=header), body) == "signature_invalid"
    assert 2047 not in await years(world)


async def test_what_happened_between_the_export_and_the_begin_of_its_job_is_taken_over(world: BothWorld) -> None:
    change_card(world, 2041)
    await world.run("old-processor-events")
    assert world.both.counts.events["not_of_interest"] == 1
    await world.move()
    await world.run("old-processor-events")
    assert 2041 in await years(world)


async def test_a_job_that_begins_amid_a_look_is_not_passed_over(
    world: BothWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_card(world, 2042)
    asked = FeedTaking.take

    async def take(self: FeedTaking, event: OldEvent) -> Taken:
        became = await asked(self, event)
        await world.move()
        return became

    monkeypatch.setattr(FeedTaking, "take", take)
    await world.run("old-processor-events")
    monkeypatch.undo()
    assert world.both.counts.events["not_of_interest"] == 1
    await world.run("old-processor-events")
    assert 2042 in await years(world)
    assert (await world.ask("GET", "/v1/migration/catch_up"))["lag_ms"] == 0


async def test_events_of_a_job_that_the_command_line_ran_are_taken_over(world: BothWorld) -> None:
    await world.move()
    wishes = [wish.id for wish in await world.all(JobWish)]

    def forget(transaction: Transaction) -> None:
        for name in wishes:
            transaction.delete(JobWish, name)

    await world.store.transact(forget, "test")
    change_card(world, 2043)
    await world.run("old-processor-events")
    assert 2043 in await years(world)
