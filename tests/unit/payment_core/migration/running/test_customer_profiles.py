"""Customers' profiles: written whole, each once for its key, blanked for good, and never with a card number."""

from typing import Any

import msgspec
import pytest

from payment_core.answers import Answer
from payment_core.customers.desk import CustomerDesk
from payment_core.customers.model import Customer
from payment_core.customers.refusals import CustomerRefusal, explain_customer
from payment_core.customers.requests import ProfileRequest
from payment_core.migration.running.model import OldWrite
from tests.unit.payment_core.migration.running.both_world import ORIGIN, BothWorld


def desk(world: BothWorld) -> CustomerDesk:
    return CustomerDesk(world.both.store, ORIGIN)


async def write(world: BothWorld, customer_id: str = "cus_1", **fields: str) -> dict[str, Any]:
    answer = await desk(world).write(world.call(customer_id=customer_id), ProfileRequest(**fields))
    assert isinstance(answer, Answer)
    found: dict[str, Any] = msgspec.json.decode(answer.body)
    return found


async def test_a_profile_is_written_whole_and_read_back(world: BothWorld) -> None:
    await write(world, name="Ada", phone="+1 555 0100")
    assert (await write(world, name="Ada Lovelace", email="ada@example.com"))["phone"] == ""
    answer = await desk(world).get(world.call(customer_id="cus_1"), None)
    assert isinstance(answer, Answer)
    shown = msgspec.json.decode(answer.body)
    assert (shown["name"], shown["email"], shown["version"]) == ("Ada Lovelace", "ada@example.com", 2)


async def test_the_same_key_writes_once(world: BothWorld) -> None:
    call = world.call("once", customer_id="cus_1")
    first = await desk(world).write(call, ProfileRequest(name="Ada"))
    again = await desk(world).write(call, ProfileRequest(name="Ada"))
    assert isinstance(first, Answer)
    assert isinstance(again, Answer)
    assert (again.replayed, again.body) == (True, first.body)


async def test_a_blanked_profile_stays_blank(world: BothWorld) -> None:
    await write(world, name="Ada")
    await desk(world).delete(world.call(customer_id="cus_1"), None)
    found: list[Customer] = await world.all(Customer)
    assert [(one.name, one.deleted_at_ms > 0) for one in found] == [("", True)]
    refused = await desk(world).write(world.call(customer_id="cus_1"), ProfileRequest(name="Ada"))
    assert refused is CustomerRefusal.CUSTOMER_DELETED
    assert await desk(world).get(world.call(customer_id="cus_2"), None) is CustomerRefusal.CUSTOMER_NOT_FOUND


@pytest.mark.parametrize("field", ["name", "phone", "description"])
async def test_a_card_number_in_a_profile_is_refused(world: BothWorld, field: str) -> None:
    refused = await desk(world).write(world.call(customer_id="cus_1"), ProfileRequest(**{field: "4242 4242 4242 4242"}))
    assert isinstance(refused, Answer)
    assert (refused.status, b"4242 4242" in refused.body) == (422, False)
    assert await world.all(Customer) == []


async def test_the_old_processor_is_told_of_a_profile(world: BothWorld) -> None:
    await write(world, name="Ada", email="ada@example.com")
    assert [one.object_kind for one in await world.all(OldWrite)] == ["customer"]
    await world.tell()
    [made] = [one for one in world.there("customer") if one["metadata"].get("tillwatch_id") == "cus_1"]
    assert (made["name"], made["email"]) == ("Ada", "ada@example.com")
    await write(world, name="Ada Lovelace", email="ada@example.com")
    await world.tell()
    assert world.book.objects[made["id"]]["name"] == "Ada Lovelace"
    await desk(world).delete(world.call(customer_id="cus_1"), None)
    await world.tell()
    assert world.book.objects[made["id"]]["deleted"]


@pytest.mark.parametrize("refusal", list(CustomerRefusal))
def test_every_refusal_says_what_to_do(refusal: CustomerRefusal) -> None:
    assert explain_customer(refusal).detail.endswith(".")
