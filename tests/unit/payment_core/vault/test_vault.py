"""Numbers go in, tokens come out; a number comes out for who may see it, after it is on record, or not at all."""

import asyncio
from collections.abc import Mapping

import msgspec
import pytest

from payment_core.vault.access import (
    ACTORS_MAX,
    AccessPolicy,
    AccessRefused,
    Grant,
    Purpose,
    Refusal,
    VaultAct,
    sentence,
)
from payment_core.vault.errors import (
    AuditUnavailable,
    DataKeyGone,
    TamperedRecord,
    TokenUnknown,
)
from payment_core.vault.numbers.instruments import Card
from payment_core.vault.records import CardDetails
from payment_core.vault.tokens import TOKEN_PATTERN
from tests.unit.payment_core.vault.vault_world import (
    ACCOUNT,
    NOW_MS,
    PAN,
    FakeClock,
    World,
    bank_account,
    card,
    pan_number,
    read,
)

WHO = {"role": "key_custodian", "actor": "ada", "reason": "erasure request 17"}
GRANTS: Mapping[str, Grant] = {"rail": Grant(frozenset({Purpose.AUTHORIZATION}), 3, 60_000)}


async def test_a_card_gets_a_token_that_says_nothing_of_it() -> None:
    world = World()
    made = await world.vault.tokenize_card(card(holder="Ada Lovelace"))
    assert TOKEN_PATTERN.fullmatch(made.token)
    assert made.token.startswith("tok_")
    assert made.details == CardDetails("visa", "411111", "1111", 12, 2027)
    assert made.created_at_ms == NOW_MS
    assert PAN not in msgspec.json.encode(made).decode()


async def test_a_bank_account_gets_a_token_that_says_nothing_of_it() -> None:
    world = World()
    made = await world.vault.tokenize_bank_account(bank_account())
    assert made.token.startswith("bank_")
    assert made.details.last4 == "6789"
    assert ACCOUNT not in msgspec.json.encode(made).decode()


async def test_the_same_number_again_is_another_token_with_the_same_fingerprint() -> None:
    world = World()
    first, second = [await world.vault.tokenize_card(card()) for _ in range(2)]
    other = await world.vault.tokenize_card(card(pan_number(7)))
    assert first.token != second.token
    assert first.fingerprint == second.fingerprint != other.fingerprint


async def test_the_fingerprint_outlives_every_rotation() -> None:
    world = World()
    first = await world.vault.tokenize_card(card())
    await world.vault.rotate()
    world.master.rotate()
    await world.reencryption.rewrap_data_keys("rewrap-1")
    restarted = World(beside=world)
    assert (await restarted.vault.tokenize_card(card())).fingerprint == first.fingerprint


async def test_a_number_is_read_by_another_process_and_is_on_record_before() -> None:
    world = World()
    made = await world.vault.tokenize_card(card(holder="Ada Lovelace"))
    reader = World(beside=world)
    assert await read(reader, made.token) == card(holder="Ada Lovelace")
    assert reader.audit.acts == [
        VaultAct(
            at_ms=NOW_MS,
            action="detokenize",
            target=made.token,
            actor="core-blue",
            role="card_rail",
            purpose="authorization",
            reason="payment pay_1",
            outcome="granted",
        )
    ]


class FullDisk:
    """An audit trail that cannot write."""

    async def record(self, act: VaultAct) -> None:
        del act
        raise OSError(28, "No space left on device")


async def test_an_actor_who_reads_too_often_has_to_wait() -> None:
    world = World(grants=GRANTS)
    made = await world.vault.tokenize_card(card())
    for _ in range(3):
        await read(world, made.token, role="rail")
    with pytest.raises(AccessRefused) as caught:
        await read(world, made.token, role="rail")
    assert caught.value.refusal is Refusal.RATE_EXCEEDED
    assert caught.value.retryable
    await read(world, made.token, role="rail", actor="core-green")
    world.clock.passed_ms = 60_999
    with pytest.raises(AccessRefused):
        await read(world, made.token, role="rail")
    world.clock.passed_ms = 61_000
    await read(world, made.token, role="rail")


async def test_guessing_tokens_is_on_record_and_as_limited_as_reading() -> None:
    world = World(grants=GRANTS)
    for _ in range(3):
        with pytest.raises(TokenUnknown):
            await read(world, "tok_guess", role="rail")
    with pytest.raises(AccessRefused):
        await read(world, "tok_guess", role="rail")
    assert [act.outcome for act in world.audit.acts] == ["unknown_token"] * 3 + ["rate_exceeded"]


def test_the_memory_of_readers_is_bounded() -> None:
    policy = AccessPolicy(GRANTS, FakeClock())
    for number in range(ACTORS_MAX + 50):
        asked = {"actor": f"actor-{number}", "role": "rail", "reason": "why"}
        assert policy.refusal(purpose=Purpose.AUTHORIZATION, **asked) is None
    assert len(policy._recent) == ACTORS_MAX


def test_every_refusal_has_a_sentence() -> None:
    assert len({sentence(refusal) for refusal in Refusal}) == len(Refusal)


async def test_a_card_number_pasted_as_reason_or_token_is_masked_on_record() -> None:
    world = World()
    made = await world.vault.tokenize_card(card())
    await read(world, made.token, reason=f"customer said {PAN}")
    with pytest.raises(TokenUnknown):
        await read(world, PAN)
    assert PAN not in repr(world.audit.acts)
    assert len(world.audit.acts) == 2


async def test_a_token_of_another_tenant_is_unknown() -> None:
    world = World()
    made = await world.vault.tokenize_card(card())
    other = World(beside=world, tenant="other")
    with pytest.raises(TokenUnknown):
        await read(other, made.token)
    with pytest.raises(DataKeyGone):
        await other.vault.shred_data_key(world.records.keys[made.token].data_key_id, **WHO)


async def test_a_record_changed_in_the_database_is_reported_and_not_shown() -> None:
    world = World()
    made = await world.vault.tokenize_card(card())
    record = world.records.records[made.token]
    world.records.records[made.token] = msgspec.structs.replace(record, sealed=record.sealed[:-1] + b"\x00\x01")
    with pytest.raises(TamperedRecord):
        await read(world, made.token)


async def test_a_thousand_cards_at_once_on_a_cold_vault_are_two_calls() -> None:
    world = World()
    made = await asyncio.gather(*(world.vault.tokenize_card(card(pan_number(number))) for number in range(1_000)))
    assert len({token.token for token in made}) == 1_000
    assert len({token.fingerprint for token in made}) == 1_000
    # One data key for records, one for fingerprints, which is read back as other processes read it.
    assert (world.master.made, world.master.opened) == (2, 1)
    read_back = await asyncio.gather(*(read(world, token.token) for token in made[:50]))
    assert [one.pan.reveal() for one in read_back if isinstance(one, Card)] == [pan_number(n) for n in range(50)]


async def test_without_an_audit_row_nothing_is_revealed_or_destroyed(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    made = await world.vault.tokenize_card(card())
    opened = world.master.opened
    monkeypatch.setattr(world.vault, "_audit", FullDisk())
    with pytest.raises(AuditUnavailable) as caught:
        await read(world, made.token)
    assert caught.value.retryable
    data_key_id = world.records.keys[made.token].data_key_id
    world.clock.passed_ms = 2 * 3_600_000
    for act in (world.vault.shred_data_key, world.vault.retire_data_key):
        with pytest.raises(AuditUnavailable):
            await act(data_key_id, **WHO)
    assert world.master.opened == opened
    assert data_key_id in world.records.rows


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"actor": " "}, Refusal.ACTOR_MISSING),
        ({"role": "viewer"}, Refusal.ROLE_NOT_ALLOWED),
        ({"role": ""}, Refusal.ROLE_NOT_ALLOWED),
        ({"purpose": "export"}, Refusal.PURPOSE_NOT_ALLOWED),
        ({"reason": " "}, Refusal.REASON_MISSING),
        ({"reason": "x" * 501}, Refusal.REASON_TOO_LONG),
    ],
)
async def test_each_refusal_is_named_and_on_record(changes: dict[str, str], refusal: Refusal) -> None:
    world = World()
    made = await world.vault.tokenize_card(card())
    with pytest.raises(AccessRefused) as caught:
        await read(world, made.token, **changes)
    assert caught.value.refusal is refusal
    assert not caught.value.retryable
    assert [act.outcome for act in world.audit.acts] == [refusal.value]
    assert world.vault.counts.refused == 1
