"""The search for leaked numbers finds every planted one and cries wolf at nothing else."""

import base64
import html
import json
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest

from payment_core.vault.tokens import new_token
from tests.canary import CHUNK_BYTES, Canary, leaks_of
from tests.unit.payment_core.vault.vault_world import PAN, World, card, pan_number, read

NUMBER = "4929567812345674"
ACCOUNT = "000987654321012"


def full_width(number: str) -> str:
    return "".join(chr(ord(digit) + 0xFEE0) for digit in number)


def base64_after(before: int) -> Callable[[str], bytes]:
    return lambda number: base64.b64encode(b"x" * before + number.encode())


PLANTS: dict[str, Callable[[str], bytes]] = {
    "plain": lambda number: number.encode(),
    "json": lambda number: json.dumps({"pan": number}).encode(),
    "json integer": lambda number: json.dumps({"pan": number.lstrip("0")}).encode().replace(b'"', b""),
    "msgpack": lambda number: msgspec.msgpack.encode({"pan": number}),
    "spaced": lambda number: " ".join(number[i : i + 4] for i in range(0, len(number), 4)).encode(),
    "dashed": lambda number: "-".join(number[i : i + 4] for i in range(0, len(number), 4)).encode(),
    "dotted digits": lambda number: ".".join(number).encode(),
    "utf-16": lambda number: number.encode("utf-16-le"),
    "full-width": lambda number: full_width(number).encode(),
    "full-width escaped": lambda number: json.dumps(full_width(number)).encode(),
    "no width": lambda number: "\u200b".join(number).encode(),
    "no width in groups": lambda number: f"{number[:4]}\u2060{number[4:]}".encode(),
    "no width escaped": lambda number: json.dumps("\u200b".join(number)).encode(),
    "soft hyphen entity": lambda number: "&#173;".join(number).encode(),
    "unicode escapes": lambda number: "".join(f"\\u{ord(digit):04X}" for digit in number).encode(),
    "hex escapes": lambda number: "".join(f"\\x{ord(digit):02x}" for digit in number).encode(),
    "entities": lambda number: "".join(f"&#x{ord(digit):x};" for digit in number).encode(),
    "percent": lambda number: "".join(f"%{ord(digit):02X}" for digit in number).encode(),
    "url": lambda number: quote(f"a b {number}").encode(),
    "url of spaced": lambda number: html.escape(" ".join([number[:4], number[4:]])).encode(),
    "hex": lambda number: number.encode().hex().encode(),
    "hex upper": lambda number: number.encode().hex(":").upper().encode(),
    "reversed": lambda number: number[::-1].encode(),
    "byte values": lambda number: repr(list(number.encode())).encode(),
    "digits list": lambda number: json.dumps(list(number)).encode(),
    **{f"base64 after {before}": base64_after(before) for before in range(6)},
    "base64 between": lambda number: base64.b64encode(b"name=ada;" + number.encode() + b";x=?>~"),
    "base64 of spaced": lambda number: base64.b64encode(
        b"n " + " ".join(number[i : i + 4] for i in range(0, len(number), 4)).encode()
    ),
    "base64 url-safe": lambda number: base64.urlsafe_b64encode(b"\xff" + number.encode() + b"\xff\xfe"),
}


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS)
@pytest.mark.parametrize("around", [b"", b"\x00\xff", b"text "])
def test_every_planted_form_is_found(plant: Callable[[str], bytes], around: bytes) -> None:
    assert Canary(NUMBER).in_bytes(around + plant(NUMBER) + around, "planted")


@pytest.mark.parametrize("plant", [plant for name, plant in PLANTS.items() if name != "json integer"])
def test_account_numbers_are_found_as_well(plant: Callable[[str], bytes]) -> None:
    assert Canary(ACCOUNT).in_bytes(plant(ACCOUNT), "planted")


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS)
def test_another_number_is_no_leak(plant: Callable[[str], bytes]) -> None:
    assert not Canary(NUMBER).in_bytes(plant("4929567812345682"), "other")


def test_what_may_be_shown_is_no_leak() -> None:
    shown = [NUMBER[:6], NUMBER[-4:], f"{NUMBER[:6]}******{NUMBER[-4:]}", new_token("tok"), secrets.token_hex(5_000)]
    assert not Canary(NUMBER).in_text(" ".join(shown), "shown")


@pytest.mark.parametrize("offset", [0, 5, CHUNK_BYTES - 8, CHUNK_BYTES, 3 * CHUNK_BYTES - 1])
def test_a_leak_is_found_wherever_it_lies_in_a_large_file(tmp_path: Path, offset: int) -> None:
    path = tmp_path / "core.dump"
    path.write_bytes(bytes(offset) + NUMBER.encode() + bytes(100))
    [leak] = [leak for leak in Canary(NUMBER).in_file(path) if leak.form.startswith("plain")]
    assert (leak.place, leak.offset) == (str(path), offset)


def test_a_leak_in_a_database_is_found_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    with closing(sqlite3.connect(tmp_path / "deep" / "payments.db")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE notes (text TEXT)")
        database.execute("INSERT INTO notes VALUES (?)", (f"card {NUMBER}",))
        database.commit()
        leaks = leaks_of([NUMBER, ACCOUNT], tmp_path)
    assert leaks
    assert all("payments.db" in leak.place for leak in leaks)


async def test_the_vault_leaks_nothing_into_rows_audit_trail_or_output(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    made = await world.vault.tokenize_card(card(holder="Ada Lovelace"))
    await world.vault.tokenize_card(card(pan_number(3)))
    await read(world, made.token, reason=f"asked for {PAN}")
    written = msgspec.json.encode(
        [
            made,
            world.records.records,
            world.records.keys,
            world.records.rows,
            world.audit.acts,
            [repr(card()), str(card())],
        ]
    )
    output = capsys.readouterr()
    for number in (PAN, pan_number(3)):
        canary = Canary(number)
        assert canary.in_bytes(written, "rows") == []
        assert canary.in_text(output.out + output.err, "output") == []
