"""Each release opens what any has sealed; a key that does not open is counted, and no number is."""

import msgspec
import pytest

from payment_core.answers import Answer
from payment_core.health.tokens import (
    DATA_KEYS_MAX,
    EACH_MAX,
    OpenedKey,
    SealedTestCard,
    SealTestCard,
    TokenCheck,
    TokenSealing,
    TokensView,
)
from payment_core.operations.call import Call
from payment_core.origin import Origin
from payment_core.registry import core_registry
from payment_core.store.memory import MemoryStore
from payment_core.vault.keys.port import KeyState
from payment_core.vault.records import RecordKey
from tests.unit.payment_core.http.api_world import HandClock
from tests.unit.payment_core.vault.vault_world import TENANT, World, card, pan_number

CALL = Call(actor="key:daemon", instance="/v1/health/tokens")
GREEN = Origin("green", "2.0.0", "us-east-1")


class Rows:
    """The rows of a world, under the names that the store gives them."""

    def __init__(self, world: World) -> None:
        self.newest_data_keys = world.records.newest_data_keys
        self.keys_under = world.records.keys_under
        self.get = world.rows.get
        self._keys = world.records.keys

    async def key_of(self, token: str) -> RecordKey | None:
        """See Tokens."""
        return self._keys.get(token)


async def looked(world: World, token: str = "") -> tuple[OpenedKey, ...]:
    call = msgspec.structs.replace(CALL, query={"token": token})
    rows = Rows(world)
    answer = await TokenCheck(rows, rows, world.cache, TENANT, GREEN).answer(call, None)
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


async def test_one_token_can_be_asked_for_and_one_that_is_gone_tells_nothing() -> None:
    world = World()
    tokens = await sealed(world, 9)
    (key,) = await looked(world, tokens[8])
    assert (key.opened, key.failed) == (1, 0)
    assert await looked(world, "tok_gone") == ()


async def test_the_test_card_is_sealed_once_for_each_key_and_another_release_opens_it() -> None:
    green, store = World(), MemoryStore(registry=core_registry(), producer="green", clock=HandClock())
    sealing = TokenSealing(store, green.vault, GREEN)
    answers = [
        await sealing.seal(msgspec.structs.replace(CALL, key=key, request_hash=b"same"), SealTestCard())
        for key in ("dep-1:a", "dep-1:a", "dep-1:b")
    ]
    bodies = [answer.body for answer in answers if isinstance(answer, Answer)]
    assert bodies[0] == bodies[1] != bodies[2]
    token = msgspec.json.decode(bodies[0], type=SealedTestCard).token
    (key,) = await looked(World(beside=green), token)
    assert (key.opened, key.failed) == (1, 0)


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


async def test_the_newest_data_key_is_opened_after_years_of_older_ones() -> None:
    world = World()
    (token,) = await sealed(world, 1)
    newest = world.records.rows[world.records.keys[token].data_key_id]
    for number in range(1_200):
        old = msgspec.structs.replace(newest, id=f"dek_{number:027x}", created_at_ms=number)
        world.records.rows[old.id] = old
    keys = await looked(world)
    assert (keys[0].data_key, keys[0].opened) == (newest.id, 1)
    assert len(keys) == DATA_KEYS_MAX
