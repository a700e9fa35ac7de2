"""What is stored opens only whole, in its place and with its keys."""

import hashlib
import hmac

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from payment_core.vault.encoding import framed, framed_context
from payment_core.vault.envelope import NONCE_BYTES, TAG_BYTES, open_sealed, seal
from payment_core.vault.errors import TamperedRecord, TokenShredded
from payment_core.vault.keys.blobs import MaterialName, material_of, open_blob, seal_blob
from payment_core.vault.keys.port import DataKey, WrappedKey
from payment_core.vault.numbers.instruments import BankAccount
from payment_core.vault.numbers.sensitive import AccountNumber
from payment_core.vault.records import CardDetails, DataKeyRow, RecordKey, SealedRecord, StoredToken
from payment_core.vault.sealing import content_aad, key_aad, open_instrument, seal_instrument
from payment_core.vault.tokens import TOKEN_PATTERN, letters, new_token
from tests.unit.payment_core.vault.vault_world import ACCOUNT, NOW_MS, PAN, TENANT, World, bank_account, card

ROW = DataKeyRow(
    id="dek_1",
    tenant=TENANT,
    purpose="records",
    wrapped=WrappedKey(b"blob", "local"),
    created_at_ms=NOW_MS,
    sealing_ends_at_ms=NOW_MS,
)
KEY = bytes(range(32))


def data_key(key_id: str = "dek_1", key: bytes = KEY) -> DataKey:
    return DataKey(key_id, bytearray(key))


def sealed(name: str = "tok_a", number: str = PAN, tenant: str = TENANT) -> tuple[SealedRecord, RecordKey]:
    return seal_instrument(
        card(number, "Ada Lovelace"),
        token=name,
        tenant=tenant,
        data_key=data_key(),
        fingerprint="fp_x",
        now_ms=NOW_MS,
    )


def test_a_card_and_an_account_come_back_as_they_were() -> None:
    for instrument in (card(holder="Ada Lovelace"), bank_account()):
        record, key = seal_instrument(
            instrument, token="tok_a", tenant=TENANT, data_key=data_key(), fingerprint="fp_x", now_ms=NOW_MS
        )
        assert open_instrument(StoredToken(record, key, ROW), data_key()) == instrument


def test_nothing_of_the_number_is_in_the_rows_but_what_may_be_shown() -> None:
    record, key = sealed()
    rows = msgspec.json.encode([record, key])
    assert PAN.encode() not in rows
    assert b"Lovelace" not in rows
    assert record.details == CardDetails("visa", "411111", "1111", 12, 2027)


def test_the_same_card_is_never_sealed_to_the_same_bytes() -> None:
    made = [sealed() for _ in range(200)]
    assert len({record.sealed for record, _ in made}) == 200
    assert len({record.sealed[:NONCE_BYTES] for record, _ in made}) == 200
    assert len({key.sealed for _, key in made}) == 200


def test_the_seal_is_plain_aes_gcm_so_that_others_can_check_it() -> None:
    record, key = sealed()
    opened = AESGCM(KEY).decrypt(key.sealed[:12], key.sealed[12:], key_aad(TENANT, "tok_a", "dek_1"))
    content = AESGCM(opened).decrypt(record.sealed[:12], record.sealed[12:], content_aad(TENANT, "tok_a", "card", 1))
    assert msgspec.msgpack.decode(content)["pan"] == PAN


@pytest.mark.parametrize(
    "change",
    [
        {"token": "tok_b"},
        {"tenant": "other"},
        {"kind": "bank_account"},
        {"schema": 2},
        {"details": CardDetails("visa", "411111", "1112", 12, 2027)},
        {"details": CardDetails("visa", "411111", "1111", 12, 2028)},
        {"details": CardDetails("amex", "411111", "1111", 12, 2027)},
        {"sealed": b""},
        {"sealed": bytes(60)},
    ],
)
def test_a_record_that_was_changed_does_not_open(change: dict[str, object]) -> None:
    record, key = sealed()
    with pytest.raises(TamperedRecord):
        open_instrument(StoredToken(msgspec.structs.replace(record, **change), key, ROW), data_key())


def test_no_bit_of_the_stored_bytes_can_be_flipped() -> None:
    record, key = sealed()
    for position in range(0, len(record.sealed) * 8, 5):
        changed = bytearray(record.sealed)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(TamperedRecord):
            open_instrument(StoredToken(msgspec.structs.replace(record, sealed=bytes(changed)), key, ROW), data_key())


def test_two_records_cannot_trade_their_contents_or_keys() -> None:
    mine, my_key = sealed("tok_a")
    other, other_key = sealed("tok_b", "5555555555554444")
    swaps = [
        (msgspec.structs.replace(mine, sealed=other.sealed), my_key),
        (mine, msgspec.structs.replace(my_key, sealed=other_key.sealed)),
        (mine, other_key),
        (
            msgspec.structs.replace(mine, sealed=other.sealed, details=other.details),
            msgspec.structs.replace(my_key, sealed=other_key.sealed),
        ),
    ]
    for record, key in swaps:
        with pytest.raises(TamperedRecord):
            open_instrument(StoredToken(record, key, ROW), data_key())


def test_another_data_key_opens_nothing() -> None:
    record, key = sealed()
    for wrong in (data_key("dek_2"), data_key(key=bytes(32))):
        with pytest.raises(TamperedRecord):
            open_instrument(StoredToken(record, key, ROW), wrong)


def test_without_its_key_a_record_is_shredded() -> None:
    record, _ = sealed()
    with pytest.raises(TokenShredded):
        open_instrument(StoredToken(record, None, None), data_key())


def test_every_part_of_the_additional_data_counts() -> None:
    assert content_aad("acme", "tok_a", "card", 1) == framed("acme", "tok_a", "card", "1")
    assert key_aad("acme", "tok_a", "dek_1") == framed("record-key", "acme", "tok_a", "dek_1")


@settings(max_examples=100)
@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_no_two_lists_have_one_spelling(first: list[str], second: list[str]) -> None:
    assert (framed(*first) == framed(*second)) == (first == second)


def test_parts_cannot_slide_into_each_other() -> None:
    assert framed("ab", "c") != framed("a", "bc")
    assert framed_context("k", {"a": "b", "c": "d"}) == framed_context("k", {"c": "d", "a": "b"})
    assert framed_context("k", {"a": "b", "c": "d"}) != framed_context("k", {"a": "d", "c": "b"})


@settings(max_examples=50)
@given(st.binary(max_size=200), st.binary(max_size=50))
def test_sealing_adds_exactly_nonce_and_tag_and_opens_again(plaintext: bytes, aad: bytes) -> None:
    made = seal(KEY, plaintext, aad)
    assert len(made) == len(plaintext) + NONCE_BYTES + TAG_BYTES
    assert open_sealed(KEY, made, aad) == plaintext
    with pytest.raises(TamperedRecord):
        open_sealed(KEY, made, aad + b"x")


@settings(max_examples=200)
@given(st.binary(max_size=80))
def test_any_bytes_are_no_blob(blob: bytes) -> None:
    with pytest.raises(TamperedRecord):
        open_blob(KEY, blob, {})
    with pytest.raises(TamperedRecord):
        open_blob(KEY, b"\x01" + blob, {})


def test_a_blob_names_its_key_and_is_bound_to_that_name() -> None:
    blob = seal_blob(MaterialName("one", "m1"), KEY, b"data", {"a": "b"})
    assert material_of(blob) == MaterialName("one", "m1")
    assert open_blob(KEY, blob, {"a": "b"}) == b"data"
    with pytest.raises(TamperedRecord):
        open_blob(KEY, blob.replace(b"one", b"two"), {"a": "b"})
    with pytest.raises(TamperedRecord):
        material_of(b"\x01" + framed(b"\xff\xfe", b"m") + bytes(40))


def test_tokens_are_random_and_hold_no_digit() -> None:
    tokens = {new_token("tok") for _ in range(2_000)} | {new_token("bank")}
    assert len(tokens) == 2_001
    assert all(TOKEN_PATTERN.fullmatch(token) for token in tokens)


async def test_a_fingerprint_is_a_keyed_hash_of_the_whole_number() -> None:
    world = World()
    fingerprint = await world.fingerprints.of_card(card().pan)
    row = world.records.rows[f"fpk_{TENANT}"]
    key = await world.master.decrypt(row.wrapped, {"purpose": "fingerprint", "tenant": TENANT})
    digest = hmac.new(key, framed("card", PAN), hashlib.sha256).digest()
    assert fingerprint == f"fp_{letters(digest)}"


async def test_equal_numbers_have_equal_fingerprints_and_others_have_not() -> None:
    world = World()
    account = await world.fingerprints.of_bank_account(bank_account("12-AB"))
    assert await world.fingerprints.of_bank_account(bank_account("12ab")) == account
    assert await world.fingerprints.of_bank_account(bank_account(ACCOUNT)) != account
    elsewhere = BankAccount("011401533", AccountNumber("12-AB"), "checking")
    assert await world.fingerprints.of_bank_account(elsewhere) != account
    assert await world.fingerprints.of_card(card().pan) != await world.fingerprints.of_card(
        card("4111111111111129").pan
    )
    other = World(tenant="other", beside=world)
    assert await other.fingerprints.of_card(card().pan) != await world.fingerprints.of_card(card().pan)


async def test_a_running_process_finds_the_fingerprint_key_after_it_was_encrypted_anew() -> None:
    world = World()
    before = await world.fingerprints.of_card(card().pan)
    world.master.rotate()
    await World(beside=world).reencryption.rewrap_data_keys("rewrap")
    kept = world.master.master_keys.materials[1:]
    world.master.master_keys = msgspec.structs.replace(world.master.master_keys, materials=kept)
    world.clock.passed_ms = 3_600_000
    assert await world.fingerprints.of_card(card().pan) == before


async def test_processes_that_start_at_once_share_one_fingerprint_key() -> None:
    first = World()
    second = World(beside=first)
    assert await first.fingerprints.of_card(card().pan) == await second.fingerprints.of_card(card().pan)
    assert [row.purpose for row in first.records.rows.values()] == ["fingerprint"]
