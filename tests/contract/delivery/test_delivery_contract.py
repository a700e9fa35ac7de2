"""What every delivery has to do: create once, never overwrite, and say what is there."""

import asyncio
import hashlib

import pytest

from payment_core.ach.delivery.port import DeliveryConflict, NameUnusable, Presence
from tests.contract.delivery.worlds import DeliveryWorld

NAME = "2026-11-27-A-0123456789abcdef.ach"
CONTENT = b"101 " + b"9" * 90 + b"\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()


async def test_a_file_is_there_once_it_was_put(world: DeliveryWorld) -> None:
    assert await world.delivery.find(NAME, SHA256) is Presence.ABSENT
    await world.delivery.put(NAME, CONTENT, SHA256)
    assert await world.delivery.find(NAME, SHA256) is Presence.SAME
    assert await world.delivery.find(NAME, OTHER) is Presence.OTHER


async def test_putting_the_same_bytes_again_is_the_same_as_once(world: DeliveryWorld) -> None:
    for _ in range(3):
        await world.delivery.put(NAME, CONTENT, SHA256)
    assert await world.delivery.find(NAME, SHA256) is Presence.SAME


async def test_other_bytes_under_the_name_are_refused_and_nothing_is_overwritten(world: DeliveryWorld) -> None:
    await world.delivery.put(NAME, CONTENT, SHA256)
    with pytest.raises(DeliveryConflict):
        await world.delivery.put(NAME, b"other", OTHER)
    assert await world.delivery.find(NAME, SHA256) is Presence.SAME


async def test_bytes_that_somebody_changed_are_not_taken_for_ours(world: DeliveryWorld) -> None:
    await world.delivery.put(NAME, CONTENT, SHA256)
    await world.overwrite(NAME, b"tampered")
    assert await world.delivery.find(NAME, SHA256) is Presence.OTHER
    with pytest.raises(DeliveryConflict):
        await world.delivery.put(NAME, CONTENT, SHA256)


async def test_senders_at_once_create_one_file(world: DeliveryWorld) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(world.delivery.put(NAME, CONTENT, SHA256))
    assert await world.delivery.find(NAME, SHA256) is Presence.SAME


async def test_the_inbox_is_listed_by_name_and_changes_show(world: DeliveryWorld) -> None:
    assert await world.delivery.inbound() == []
    await world.leave("b.ach", CONTENT)
    await world.leave("a.ach", b"first")
    before = await world.delivery.inbound()
    assert [(inbound.name, inbound.size_bytes) for inbound in before] == [("a.ach", 5), ("b.ach", len(CONTENT))]
    assert await world.delivery.fetch("b.ach") == CONTENT
    await world.leave("a.ach", b"second")
    after = await world.delivery.inbound()
    assert after[0].fingerprint != before[0].fingerprint
    assert after[1] == before[1]


@pytest.mark.parametrize("name", ["../escape", "/absolute", ".hidden", "a/b", "", "line\nbreak", "x" * 200])
async def test_a_name_that_could_leave_its_place_is_refused(world: DeliveryWorld, name: str) -> None:
    with pytest.raises(NameUnusable):
        await world.delivery.put(name, CONTENT, SHA256)
    with pytest.raises(NameUnusable):
        await world.delivery.fetch(name)
