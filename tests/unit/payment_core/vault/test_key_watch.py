"""With an unusable key nothing is taken, nothing is shown, and the operator is told."""

import asyncio

import pytest

from payment_core.vault.errors import (
    KeyAccessDenied,
    KeyDisabled,
    KeyMissing,
    KeyPendingDeletion,
    KeyUnavailable,
    VaultError,
)
from payment_core.vault.keys.port import KeyState
from payment_core.vault.keys.watch import must_be_erased
from payment_core.vault.keys.watch import sentence as key_sentence
from tests.unit.payment_core.vault.vault_world import (
    World,
    card,
    read,
)

HOUR_MS = 3_600_000


async def test_the_state_of_the_key_is_told_once_for_each_change() -> None:
    world = World()
    await world.vault.tokenize_card(card())
    world.master.set_state(KeyState.DISABLED)
    for _ in range(3):
        await world.watch.state()
    for _ in range(3):
        with pytest.raises(KeyDisabled):
            await world.vault.tokenize_card(card())
    world.master.set_state(KeyState.ENABLED)
    await world.vault.tokenize_card(card())
    assert [(state, bool(detail)) for state, _, detail in world.told] == [
        (KeyState.ENABLED, False),
        (KeyState.DISABLED, True),
        (KeyState.ENABLED, False),
    ]


async def test_a_disabled_key_is_noticed_by_the_tokenization_that_it_refuses() -> None:
    world = World()
    world.master.set_state(KeyState.DISABLED)
    with pytest.raises(KeyDisabled):
        await world.vault.tokenize_card(card())
    assert [state for state, _, _ in world.told] == [KeyState.DISABLED]


async def test_once_the_key_is_known_to_be_disabled_numbers_in_memory_are_closed_too() -> None:
    world = World()
    made = await world.vault.tokenize_card(card())
    await read(world, made.token)
    world.master.set_state(KeyState.DISABLED)
    await world.watch.state()
    with pytest.raises(KeyDisabled):
        await read(world, made.token)


async def test_an_outage_of_the_key_service_does_not_stop_what_is_in_memory() -> None:
    world = World()
    made = await world.vault.tokenize_card(card())
    world.master.set_state(KeyState.UNAVAILABLE)
    assert await world.watch.state() is KeyState.UNAVAILABLE
    again = await world.vault.tokenize_card(card())
    assert await read(world, made.token) == await read(world, again.token)


async def test_the_watch_looks_again_and_again() -> None:
    world = World()
    world.master.set_state(KeyState.DISABLED)
    seen = asyncio.Event()

    async def tell(state: KeyState) -> None:
        assert state is KeyState.DISABLED
        seen.set()

    async with asyncio.TaskGroup() as group:
        looking = group.create_task(world.watch.look_forever(tell))
        await seen.wait()
        looking.cancel()
    assert looking.cancelled()


@pytest.mark.parametrize("state", list(KeyState))
def test_only_an_outage_leaves_the_keys_in_memory(state: KeyState) -> None:
    assert (key_sentence(state) == "") is (state is KeyState.ENABLED)
    assert must_be_erased(state) is (state not in {KeyState.ENABLED, KeyState.UNAVAILABLE})


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (KeyState.DISABLED, KeyDisabled),
        (KeyState.PENDING_DELETION, KeyPendingDeletion),
        (KeyState.MISSING, KeyMissing),
        (KeyState.ACCESS_DENIED, KeyAccessDenied),
        (KeyState.UNAVAILABLE, KeyUnavailable),
    ],
)
@pytest.mark.parametrize("warm", [False, True])
async def test_with_an_unusable_key_new_cards_are_refused_and_nothing_is_stored(
    state: KeyState, error: type[VaultError], *, warm: bool
) -> None:
    world = World()
    if warm:
        await world.vault.tokenize_card(card())
    rows, records = dict(world.records.rows), dict(world.records.records)
    world.master.set_state(state)
    if warm and state is KeyState.UNAVAILABLE:
        world.clock.passed_ms = HOUR_MS
    elif warm:
        await world.watch.state()
    for _ in range(2):
        with pytest.raises(error):
            await world.vault.tokenize_card(card())
    assert world.records.rows == rows
    assert world.records.records == records
