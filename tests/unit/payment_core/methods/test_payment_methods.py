"""A card goes in once and only a token comes out; without encryption nothing is kept at all."""

import msgspec
import pytest
import structlog

from payment_core.answers import Answer
from payment_core.methods.encryption_health import REPEAT_MS, EncryptionHealthReport
from payment_core.methods.model import PaymentMethod, VaultAccess, VaultKey, VaultRow
from payment_core.methods.refusals import MethodRefusal, explain_method
from payment_core.methods.unlinked import GRACE_MS
from payment_core.operations.once import KeyRecord, OnceRefusal
from payment_core.vault.access import DEFAULT_GRANTS, AccessRefused, Grant, Purpose
from payment_core.vault.errors import TokenShredded, TokenUnknown
from payment_core.vault.keys.port import KeyState
from payment_core.vault.numbers.instruments import Card
from tests.canary import Canary
from tests.unit.payment_core.methods.vaulted_world import (
    ACCOUNT,
    ORIGIN,
    PAN,
    VaultedWorld,
    account_request,
    answered,
    card_request,
)


@pytest.fixture
def world() -> VaultedWorld:
    return VaultedWorld()


async def test_a_card_is_answered_without_its_number(world: VaultedWorld) -> None:
    shown = answered(await world.methods.create(world.call(), card_request(billing_country="DE")), 201)
    assert shown["id"].startswith("tok_")
    shown_card = {name: shown[name] for name in ("brand", "bin", "last4", "exp_month", "exp_year", "billing_country")}
    assert shown_card == {
        "brand": "visa",
        "bin": "492956",
        "last4": "5674",
        "exp_month": 12,
        "exp_year": 2028,
        "billing_country": "DE",
    }
    assert answered(await world.methods.get(world.call(payment_method_id=shown["id"]), None)) == shown


async def test_no_number_and_no_code_is_anywhere_but_in_the_vault(world: VaultedWorld) -> None:
    body = card_request(cvc="9372")
    with structlog.testing.capture_logs() as logs:
        token = answered(await world.methods.create(world.call(), body), 201)["id"]
        await world.methods.create(world.call(), card_request(pan=PAN[:-1] + "5"))
        await world.accounts.create(world.call(), account_request())
        await world.methods.delete(world.call(payment_method_id=token), None)
    everything = [*world.memory._bodies.values(), *(row.body for row in await world.memory.events("", 1_000))]
    everything += [repr(body).encode(), repr(account_request()).encode(), repr(logs).encode()]
    everything += [repr(list(body.__rich_repr__())).encode()]
    for number in (PAN, ACCOUNT):
        assert not [leak for each in everything for leak in Canary(number).in_bytes(each, "store")]
    assert not [each for each in everything if b"9372" in each and b"cvc" in each]


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"pan": "4929 5678 1234 567x"}, "$.pan"),
        ({"pan": "492956781234"}, "$.pan"),
        ({"pan": "4929567812345675"}, "$.pan"),
        ({"pan": "0000000000000000"}, "$.pan"),
        ({"pan": ""}, "$.pan"),
        ({"cvc": "12"}, "$.cvc"),
        ({"cvc": "12a"}, "$.cvc"),
        ({"exp_month": 10, "exp_year": 2026}, "$.exp_year"),
        ({"exp_year": 2060}, "$.exp_year"),
        ({"customer_id": "4111111111111111"}, "$.customer_id"),
    ],
)
async def test_a_card_that_cannot_be_is_refused_with_its_path_and_without_its_number(
    world: VaultedWorld, changes: dict[str, object], path: str
) -> None:
    problem = answered(await world.methods.create(world.call(), card_request(**changes)), 422)
    assert [error["path"] for error in problem["errors"]] == [path]
    assert not Canary(PAN).in_bytes(msgspec.json.encode(problem), "problem")
    for number in ("4929567812345675", "4111111111111111"):
        assert number not in str(problem)
    assert await world.all(VaultRow) == []


async def test_a_card_is_good_until_the_end_of_its_month(world: VaultedWorld) -> None:
    answered(await world.methods.create(world.call(), card_request(exp_month=11, exp_year=2026)), 201)


async def test_the_same_key_gives_the_same_token_and_seals_once(world: VaultedWorld) -> None:
    call = world.call(key="one")
    first = await world.methods.create(call, card_request())
    second = await world.methods.create(call, card_request(pan=f"{PAN[:4]} {PAN[4:8]} {PAN[8:12]} {PAN[12:]}"))
    assert isinstance(second, Answer)
    assert isinstance(first, Answer)
    assert (first.body, second.replayed) == (second.body, True)
    assert len(await world.all(VaultRow)) == 1
    other = await world.methods.create(call, card_request(exp_year=2029))
    assert other is OnceRefusal.IDEMPOTENCY_MISMATCH


async def test_the_key_remembers_no_plain_hash_of_the_number(world: VaultedWorld) -> None:
    call = world.call()
    await world.methods.create(call, card_request())
    [key] = await world.all(KeyRecord)
    assert key.request_hash != call.request_hash
    another = VaultedWorld()
    await another.methods.create(another.call(), card_request())
    [its_key] = await another.all(KeyRecord)
    # Another tenant's fingerprint key: the same request has another hash.
    assert its_key.request_hash != key.request_hash


async def test_equal_cards_have_different_tokens_and_one_fingerprint(world: VaultedWorld) -> None:
    made = [answered(await world.methods.create(world.call(), card_request()), 201) for _ in range(2)]
    assert made[0]["id"] != made[1]["id"]
    assert made[0]["fingerprint"] == made[1]["fingerprint"]


@pytest.mark.parametrize("state", [KeyState.DISABLED, KeyState.PENDING_DELETION, KeyState.UNAVAILABLE])
async def test_without_encryption_nothing_is_stored_and_the_outbox_says_so(
    world: VaultedWorld, state: KeyState
) -> None:
    world.cache.forget_all()
    await world.turn_off_key(state)
    for _ in range(3):
        assert await world.methods.create(world.call(), card_request()) is MethodRefusal.ENCRYPTION_UNAVAILABLE
    assert explain_method(MethodRefusal.ENCRYPTION_UNAVAILABLE).status == 503
    for kept in (VaultRow, VaultKey, PaymentMethod, KeyRecord):
        assert await world.all(kept) == []
    probed = [fact for fact in await world.facts() if fact["kind"] == "health.probed"]
    assert [(fact["subject"], fact["status"]) for fact in probed] == [("encryption", "unhealthy")]
    world.clock.at_ms += REPEAT_MS
    await world.methods.create(world.call(), card_request())
    world.master.set_state(KeyState.ENABLED)
    answered(await world.methods.create(world.call(), card_request()), 201)
    probed = [fact for fact in await world.facts() if fact["kind"] == "health.probed"]
    assert [fact["status"] for fact in probed] == ["unhealthy", "unhealthy", "healthy"]
    assert len({fact["id"] for fact in probed}) == 3


async def test_deleting_destroys_the_number_and_keeps_what_receipts_show(world: VaultedWorld) -> None:
    token = answered(await world.methods.create(world.call(), card_request()), 201)["id"]
    shown = answered(await world.methods.delete(world.call("key:ada", payment_method_id=token), None))
    assert (shown["status"], shown["last4"], shown["fingerprint"]) == ("deleted", "5674", "")
    with pytest.raises(TokenShredded):
        await world.revealing.reveal(token, "card_rail", "authorize", "core:cards")
    assert await world.all(VaultKey) == []
    acts = {(access.action, access.actor, access.outcome) for access in await world.all(VaultAccess)}
    assert acts == {("shred_token", "key:ada", "granted"), ("detokenize", "core:cards", "shredded")}
    again = await world.methods.delete(world.call(payment_method_id=token), None)
    assert again is MethodRefusal.PAYMENT_METHOD_DELETED
    assert world.vault.counts.shredded == 1


async def test_an_unknown_method_is_not_found(world: VaultedWorld) -> None:
    call = world.call(payment_method_id="tok_none")
    assert await world.methods.get(call, None) is MethodRefusal.PAYMENT_METHOD_NOT_FOUND
    assert await world.methods.delete(call, None) is MethodRefusal.PAYMENT_METHOD_NOT_FOUND
    assert await world.all(VaultAccess) == []


async def test_methods_are_listed_by_customer(world: VaultedWorld) -> None:
    mine = answered(await world.methods.create(world.call(), card_request()), 201)
    answered(await world.methods.create(world.call(), card_request(customer_id="cus_2")), 201)
    call = msgspec.structs.replace(world.call(), query={"limit": 5, "after": "", "customer_id": "cus_1"})
    assert answered(await world.methods.list(call, None)) == {"data": [mine], "next_after": ""}


async def test_a_look_into_the_vault_is_on_record_before_the_number_is_seen(world: VaultedWorld) -> None:
    token = answered(await world.methods.create(world.call(), card_request()), 201)["id"]
    card = await world.revealing.reveal(token, "dispute_desk", "case 17", "key:ada")
    assert isinstance(card, Card)
    assert card.pan.reveal() == PAN
    [access] = await world.all(VaultAccess)
    assert (access.role, access.reason, access.actor, access.purpose, access.outcome) == (
        "dispute_desk",
        "case 17",
        "key:ada",
        "dispute",
        "granted",
    )
    assert access.id.startswith("acc_")


async def test_a_look_without_role_or_reason_is_refused_and_on_record(world: VaultedWorld) -> None:
    token = answered(await world.methods.create(world.call(), card_request()), 201)["id"]
    for role, reason in (("intern", "curious"), ("dispute_desk", " ")):
        with pytest.raises(AccessRefused):
            await world.revealing.reveal(token, role, reason, "key:eve")
    outcomes = {access.outcome for access in await world.all(VaultAccess)}
    assert outcomes == {"role_not_allowed", "reason_missing"}


async def test_a_person_sees_only_so_many_numbers_an_hour() -> None:
    grants = {**DEFAULT_GRANTS, "dispute_desk": Grant(frozenset({Purpose.DISPUTE}), 2, 3_600_000)}
    world = VaultedWorld(grants)
    token = answered(await world.methods.create(world.call(), card_request()), 201)["id"]
    for _ in range(2):
        await world.revealing.reveal(token, "dispute_desk", "case", "key:ada")
    with pytest.raises(AccessRefused) as refused:
        await world.revealing.reveal(token, "dispute_desk", "case", "key:ada")
    assert refused.value.retryable
    await world.revealing.reveal(token, "dispute_desk", "case", "key:bob")
    world.clock.at_ms += 2 * 3_600_000
    await world.revealing.reveal(token, "dispute_desk", "case", "key:ada")


async def test_the_door_of_ach_files_opens_for_accounts_alone(world: VaultedWorld) -> None:
    account = await world.add_account()
    assert (await world.numbers.reveal(account.token, "file", "core:ach")).reveal() == ACCOUNT
    token = answered(await world.methods.create(world.call(), card_request()), 201)["id"]
    with pytest.raises(TokenUnknown):
        await world.numbers.reveal(token, "file", "core:ach")


async def test_a_card_resolves_while_it_can_be_used(world: VaultedWorld) -> None:
    token = answered(await world.methods.create(world.call(), card_request(exp_month=12, exp_year=2026)), 201)["id"]
    method = await world.resolving.resolve(token)
    assert method is not None
    assert (method.rail, method.brand, method.last4, method.holder_customer_id, method.why_not) == (
        "card",
        "visa",
        "5674",
        "cus_1",
        "",
    )
    world.clock.at_ms += 40 * 24 * 3_600_000
    expired = await world.resolving.resolve(token)
    assert expired is not None
    assert expired.why_not == "expired_card"
    await world.methods.delete(world.call(payment_method_id=token), None)
    deleted = await world.resolving.resolve(token)
    assert deleted is not None
    assert deleted.why_not == "payment_method_deleted"


@pytest.mark.parametrize("token", ["tok_none", "bank_none", "pm_1", ""])
async def test_an_unknown_token_resolves_to_nothing(world: VaultedWorld, token: str) -> None:
    assert await world.resolving.resolve(token) is None


async def test_a_token_that_nothing_links_is_destroyed_after_an_hour_and_others_never(world: VaultedWorld) -> None:
    kept = answered(await world.methods.create(world.call(), card_request()), 201)["id"]
    card = await world.revealing.reveal(kept, "card_rail", "a test", "test")
    assert isinstance(card, Card)
    orphan = (await world.vault.tokenize_card(card)).token
    world.clock.at_ms += GRACE_MS - 1
    assert await world.unlinked.run_once(world.clock.now_ms()) == 0
    world.clock.at_ms += 1
    assert await world.unlinked.run_once(world.clock.now_ms()) == 1
    assert await world.unlinked.run_once(world.clock.now_ms()) == 0
    assert [row.id for row in await world.all(VaultRow)] == [kept]
    assert [key.id for key in await world.all(VaultKey)] == [kept]
    with pytest.raises(TokenUnknown):
        await world.revealing.reveal(orphan, "card_rail", "a test", "test")


async def test_a_disabled_key_is_told_before_anybody_is_refused_and_its_return_by_the_next_process(
    world: VaultedWorld,
) -> None:
    await world.health.seen(KeyState.ENABLED)
    await world.health.seen(KeyState.UNAVAILABLE)
    assert [fact for fact in await world.facts() if fact["kind"] == "health.probed"] == []
    await world.health.seen(KeyState.DISABLED)
    await world.health.seen(KeyState.DISABLED)
    await EncryptionHealthReport(world.store, ORIGIN).seen(KeyState.ENABLED)
    probed = [fact for fact in await world.facts() if fact["kind"] == "health.probed"]
    assert [(fact["subject"], fact["status"]) for fact in probed] == [
        ("encryption", "unhealthy"),
        ("encryption", "healthy"),
    ]
