"""Each release opens what any has sealed; a key that does not open is counted, and no number is."""

import msgspec
import pytest

from payment_core.health.tokens import DATA_KEYS_MAX, EACH_MAX, OpenedKey, TokenCheck, TokensView
from payment_core.operations.call import Call
from payment_core.origin import Origin
from payment_core.vault.keys import KeyState
from tests.unit.payment_core.vault.vault_world import TENANT, World, card, pan_number

CALL = Call(actor="key:daemon", instance="/v1/health/tokens")
GREEN = Origin("green", "2.0.0", "us-east-1")


async def looked(world: World) -> tuple[OpenedKey, ...]:
    answer = await TokenCheck(world.records, world.cache, TENANT, GREEN).answer(CALL, None)
    view = msgspec.json.decode(answer.body, type=TokensView)
    assert (view.environment, view.version) == ("green", "2.0.0")
    return tuple(view.keys)


async def sealed(world: World, count: int) -> list[str]:
    return [(await world.vault.tokenize_card(card(pan_number(number)))).token for number in range(count)]


async def test_a_release_opens_what_another_one_has_sealed_and_the_other_way_round() -> None:
    blue = World()
    green = World(beside=blue)
    await sealed(blue, 2)
    await sealed(green, 3)
    for world in (blue, green):
        keys = await looked(world)
        assert sum(key.opened for key in keys) == 5
        assert sum(key.failed for key in keys) == 0


async def test_no_number_is_opened_and_no_access_is_claimed() -> None:
    world = World()
    await sealed(world, 1)
    await looked(world)
    assert world.vault.counts.detokenized == 0
    assert world.audit.acts == []


async def test_one_damaged_key_is_counted_and_named() -> None:
    world = World()
    tokens = await sealed(world, 3)
    damaged = world.records.keys[tokens[1]]
    changed = damaged.sealed[:-1] + bytes([damaged.sealed[-1] ^ 1])
    world.records.keys[tokens[1]] = msgspec.structs.replace(damaged, sealed=changed)
    (key,) = await looked(world)
    assert (key.opened, key.failed, key.example) == (2, 1, tokens[1])


@pytest.mark.parametrize(
    ("state", "failed"), [(KeyState.UNAVAILABLE, 0), (KeyState.DISABLED, 2), (KeyState.PENDING_DELETION, 2)]
)
async def test_a_key_service_that_is_away_tells_nothing_and_one_that_refuses_fails_everything_under_the_key(
    state: KeyState, failed: int
) -> None:
    blue = World()
    await sealed(blue, 2)
    blue.master.set_state(state)
    (key,) = await looked(World(beside=blue))
    assert (key.opened, key.failed) == (0, failed)


async def test_only_the_newest_data_keys_and_a_few_of_what_each_seals_are_opened() -> None:
    world = World()
    await sealed(world, EACH_MAX + 3)
    (first,) = await looked(world)
    assert first.opened == EACH_MAX
    for _ in range(DATA_KEYS_MAX):
        world.clock.passed_ms += 1_000
        await world.vault.rotate()
        await sealed(world, 1)
    keys = await looked(world)
    assert len(keys) == DATA_KEYS_MAX
    assert first.data_key not in {key.data_key for key in keys}
