"""Both sides change one object: ours is never overwritten by what is older there, and what only they know arrives."""

from typing import Any

import pytest

from daemon.embedded.old_processor.book import Cause
from payment_core.assembly.both_running import VaultNumbers
from payment_core.customers.desk import CustomerDesk
from payment_core.customers.model import Customer
from payment_core.methods.model import PaymentMethod
from payment_core.migration.model import Quarantined
from payment_core.operations.documents import next_of, record_change
from payment_core.providers.model import Provider
from payment_core.store.port import Transaction
from payment_core.vault.numbers.instruments import BankAccount, Card
from tests.unit.payment_core.migration.running.both_world import ORIGIN, BothWorld
from tests.unit.payment_core.migration.running.test_customer_profiles import desk, write


def change_there(world: BothWorld, object_id: str, **form: Any) -> None:  # noqa: ANN401 - a form
    world.clock.at_ms += 2_000
    world.book.update(object_id, form, Cause("", world.clock.at_ms // 1000))


async def customer_of(world: BothWorld, customer_id: str) -> Customer:
    found = await world.store.read(Customer, customer_id)
    assert found is not None
    return found


@pytest.mark.parametrize("told", [False, True])
async def test_an_older_event_leaves_what_was_written_here_and_brings_what_only_they_know(
    world: BothWorld, told: bool
) -> None:
    await world.move()
    customer_id = str(world.there("customer")[0]["id"])
    change_there(world, customer_id, email="older@example.com", balance=-700)
    world.clock.at_ms += 2_000
    await write(world, customer_id, name="Ada", email="newer@example.com")
    if told:
        await world.tell()
    await world.run("old-processor-events")
    await world.tell()
    found = await customer_of(world, customer_id)
    assert (found.name, found.email, found.balance) == ("Ada", "newer@example.com", -700)
    assert world.book.objects[customer_id]["email"] == "newer@example.com"
    assert await world.waiting() == []


async def test_what_changes_there_after_it_was_told_counts(world: BothWorld) -> None:
    await world.move()
    customer_id = str(world.there("customer")[0]["id"])
    await write(world, customer_id, email="ours@example.com")
    await world.tell()
    change_there(world, customer_id, email="theirs@example.com")
    await world.run("old-processor-events")
    assert (await customer_of(world, customer_id)).email == "theirs@example.com"


async def test_a_suspension_there_is_taken_over_while_a_write_waits(world: BothWorld) -> None:
    await world.move()
    [provider] = await world.all(Provider)
    account = next(one for one in world.book.objects.values() if one["object"] == "account")
    change_there(world, account["id"], requirements={"disabled_reason": "rejected.fraud"}, payouts_enabled=False)

    def rename(transaction: Transaction) -> None:
        after = next_of(provider, transaction.now_ms, name="New Name")
        record_change(transaction, ORIGIN, after, status=after.status, previous_status=provider.status)

    await world.both.store.transact(rename, "key:ops")
    await world.run("old-processor-events")
    found = await world.store.read(Provider, provider.id)
    assert found is not None
    assert (found.name, found.status) == ("New Name", "suspended")


@pytest.mark.parametrize("told", [False, True])
async def test_an_older_event_brings_no_blanked_profile_back(world: BothWorld, told: bool) -> None:
    await world.move()
    customer_id = str(world.there("customer")[0]["id"])
    change_there(world, customer_id, email="older@example.com")
    world.clock.at_ms += 2_000
    await desk(world).delete(world.call(customer_id=customer_id), None)
    if told:
        await world.tell()
    await world.run("old-processor-events")
    found = await customer_of(world, customer_id)
    assert (found.email, found.deleted_at_ms > 0) == ("", True)
    assert await world.all(Quarantined) == []


async def test_a_change_here_while_an_event_is_taken_is_not_overwritten(
    world: BothWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.move()
    there = world.there("payment_method")[0]
    change_there(world, there["id"], card={"exp_year": "2044"})
    opened = VaultNumbers.number
    changed: list[str] = []

    async def number(self: VaultNumbers, token: str) -> Card | BankAccount | None:
        if not changed:
            changed.append(token)
            await world.both.store.transact(lambda transaction: expire(transaction, token), "key:ops")
        return await opened(self, token)

    def expire(transaction: Transaction, token: str) -> None:
        method = transaction.get(PaymentMethod, token)
        assert method is not None
        after = next_of(method, transaction.now_ms, expiry_year=2050)
        record_change(transaction, ORIGIN, after, status="active", previous_status="active")

    monkeypatch.setattr(VaultNumbers, "number", number)
    await world.run("old-processor-events", 2)
    method = await world.store.read(PaymentMethod, changed[0])
    assert method is not None
    assert method.expiry_year == 2050
    await world.tell()
    assert world.book.objects[there["id"]]["card"]["exp_year"] in {2050, "2050"}
    assert (await world.ask("GET", "/v1/migration/catch_up"))["fault"] == ""


async def test_a_record_of_a_profile_that_was_blanked_here_waits_for_a_person(world: BothWorld) -> None:
    await world.move()
    customer_id = str(world.there("customer")[0]["id"])
    await CustomerDesk(world.store, ORIGIN).delete(world.call(customer_id=customer_id), None)
    change_there(world, customer_id, email="later@example.com")
    await world.run("old-processor-events")
    assert (await customer_of(world, customer_id)).email == ""
    assert [one.reason for one in await world.all(Quarantined)] == ["deleted_here"]
