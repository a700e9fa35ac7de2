"""Encrypted files are decrypted through a pipe: whole or not at all, bounded, and no number is ever on disk."""

import json
import os
import tempfile
from contextlib import aclosing
from pathlib import Path

import pysequoia
import pytest

from payment_core.migration.export.errors import (
    CipherDamaged,
    CipherTooLarge,
    CipherUnprotected,
    ExportError,
    FileUnreadable,
    KeyUnusable,
    NotForThisKey,
)
from payment_core.migration.export.export import Export
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.opening.keys import FileKey, PrivateKey
from payment_core.migration.export.reading import read
from payment_core.migration.export.records import Record
from payment_core.migration.export.shapes.payment_method import PaymentMethod
from payment_core.vault.numbers.sensitive import Sensitive
from tests.canary import Canary
from tests.exports.openpgp import message
from tests.exports.written import Given, lines, opened, reads, records, write_file

NUMBER = "5105105105105100"
ROOT = str(Path(__file__).parents[5])
KEYS = Path(__file__).parents[4] / "exports"
CARD = {"id": "card_1", "number": NUMBER, "exp_month": 5, "exp_year": 2031}


@pytest.fixture(scope="module")
def secret() -> pysequoia.Tsk:
    """An RSA key for tests alone, such as processors ask for; theirs are longer. Making one takes seconds."""
    return pysequoia.Tsk.from_bytes((KEYS / "rsa.asc").read_bytes())


@pytest.fixture(scope="module")
def certificate(secret: pysequoia.Tsk) -> pysequoia.Cert:
    """Its public half."""
    return secret.extract_certificate()


async def export_of(
    directory: Path, content: bytes, secret: pysequoia.Tsk, *, cards: int = 1, passphrase: str | None = None
) -> Export:
    """An export of one encrypted file of cards."""
    write_file(directory, Kind.PAYMENT_METHODS, content, records=cards, encrypted=True)
    return await opened(directory, Given(bytes(secret), passphrase))


@pytest.mark.parametrize("armor", [True, False])
async def test_cards_are_read_from_an_encrypted_file(
    tmp_path: Path, secret: pysequoia.Tsk, certificate: pysequoia.Cert, *, armor: bool
) -> None:
    sealed = pysequoia.encrypt(lines(CARD, {**CARD, "id": "card_2"}), [certificate], armor=armor)
    export = await export_of(tmp_path, sealed, secret, cards=2)
    assert (await export.prove(Kind.PAYMENT_METHODS)).records == 2
    found = records(await reads(export, Kind.PAYMENT_METHODS))
    assert [record.id for record in found] == ["card_1", "card_2"]
    assert isinstance(found[0].body, PaymentMethod)
    assert found[0].body.number == Sensitive(NUMBER)
    assert [record.position.offset for record in found] == [0, 0]


async def test_the_older_protected_message_is_read_and_unpacked(
    tmp_path: Path, secret: pysequoia.Tsk, certificate: pysequoia.Cert
) -> None:
    export = await export_of(tmp_path, message(certificate, lines(CARD), packed=True), secret)
    assert (await export.prove(Kind.PAYMENT_METHODS)).records == 1


def damaged(sealed: bytes) -> bytes:
    return sealed[:-30] + bytes([sealed[-30] ^ 1]) + sealed[-29:]


async def test_a_file_for_another_key_is_refused(tmp_path: Path, secret: pysequoia.Tsk) -> None:
    other = pysequoia.Tsk.generate("Other <o@example.com>").extract_certificate()
    export = await export_of(tmp_path, pysequoia.encrypt(lines(CARD), [other], armor=False), secret)
    with pytest.raises(NotForThisKey, match="payment_methods-0"):
        await export.prove(Kind.PAYMENT_METHODS)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("damaged", CipherDamaged),
        ("damaged, older", CipherDamaged),
        ("cut", CipherDamaged),
        ("cut, older", CipherDamaged),
        ("unprotected", CipherUnprotected),
        ("no message", CipherDamaged),
        ("empty", CipherDamaged),
    ],
)
async def test_what_is_no_whole_protected_message_is_refused(
    tmp_path: Path, secret: pysequoia.Tsk, certificate: pysequoia.Cert, kind: str, error: type[ExportError]
) -> None:
    new = pysequoia.encrypt(lines(CARD), [certificate], armor=False)
    old = message(certificate, lines(CARD))
    content = {
        "damaged": damaged(new),
        "damaged, older": damaged(old),
        "cut": new[:-9],
        "cut, older": old[:-9],
        "unprotected": message(certificate, lines(CARD), protected=False),
        "no message": lines({"id": "nothing"}),
        "empty": b"",
    }[kind]
    export = await export_of(tmp_path, content, secret)
    with pytest.raises(error, match="payment_methods-0") as raised:
        await export.prove(Kind.PAYMENT_METHODS)
    assert not Canary(NUMBER).in_text(str(raised.value), "error")


async def test_a_message_that_was_packed_to_fill_a_disk_is_given_up(
    tmp_path: Path, secret: pysequoia.Tsk, certificate: pysequoia.Cert
) -> None:
    export = await export_of(tmp_path, message(certificate, bytes(40_000_000), packed=True), secret)
    with pytest.raises(CipherTooLarge, match="payment_methods-0"):
        await export.prove(Kind.PAYMENT_METHODS)


async def test_a_locked_key_opens_with_its_passphrase_alone(tmp_path: Path) -> None:
    # A key for tests alone, made by GnuPG.
    key = (KEYS / "locked.asc").read_bytes()
    recipient = pysequoia.Tsk.from_bytes(key).extract_certificate()
    write_file(tmp_path, Kind.CUSTOMERS, pysequoia.encrypt(b"", [recipient]), records=0, encrypted=True)
    assert await reads(await opened(tmp_path, Given(key, "open sesame")), Kind.CUSTOMERS) == []
    for passphrase in (None, "wrong"):
        with pytest.raises(KeyUnusable) as raised:
            await reads(await opened(tmp_path, Given(key, passphrase)), Kind.CUSTOMERS)
        assert "wrong" not in str(raised.value)


@pytest.mark.parametrize("key", [b"", b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nAAAA\n"])
async def test_a_key_that_is_none_is_told_as_such(tmp_path: Path, certificate: pysequoia.Cert, key: bytes) -> None:
    write_file(tmp_path, Kind.CUSTOMERS, pysequoia.encrypt(b"", [certificate]), records=0, encrypted=True)
    with pytest.raises(KeyUnusable):
        await reads(await opened(tmp_path, Given(key)), Kind.CUSTOMERS)


async def test_no_number_is_in_a_file_or_a_listing_while_a_stream_is_open(
    tmp_path: Path, secret: pysequoia.Tsk, certificate: pysequoia.Cert, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", ROOT)
    working, temporary = tmp_path / "working", tmp_path / "temporary"
    working.mkdir()
    temporary.mkdir()
    monkeypatch.chdir(working)
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    folder = tmp_path / "export"
    folder.mkdir()
    # More than the pipe and the buffers hold, so that the process is at work while we look.
    sealed = pysequoia.encrypt(lines(*({**CARD, "id": f"card_{n}x"} for n in range(4_000))), [certificate])
    export = await export_of(folder, sealed, secret, cards=4_000)
    canary = Canary(NUMBER)
    # What other tests of this process have started, such as an emulator, goes on.
    before = children()
    async with aclosing(read(export, Kind.PAYMENT_METHODS)) as found:
        first = await anext(found)
        assert isinstance(first, Record)
        told = listings()
        assert b"decrypting" in told
        assert canary.in_bytes(told, "processes") == []
        assert bytes(secret) not in told
        assert canary.under(tmp_path) == []
    # Whoever leaves early leaves no process behind.
    assert children() <= before
    assert canary.under(tmp_path) == []


def listings() -> bytes:
    """What anybody on this machine can read of the processes that this one has started."""
    return b"".join(
        Path(f"/proc/{process}/{name}").read_bytes() for process in children() for name in ("cmdline", "environ")
    )


def children() -> set[str]:
    """The ids of the processes that this one has started and that are not ended."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split())


async def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.asc"
    path.write_bytes(b"key")
    path.chmod(0o640)
    with pytest.raises(KeyUnusable, match="600"):
        await FileKey(path).private_key()
    path.chmod(0o600)
    assert await FileKey(path).private_key() == PrivateKey(b"key")
    words = tmp_path / "passphrase"
    words.write_text("open sesame\n", encoding="utf-8")
    words.chmod(0o600)
    found = await FileKey(path, words).private_key()
    assert found == PrivateKey(b"key", "open sesame")
    assert "sesame" not in f"{found} {found!r}"


@pytest.mark.parametrize("content", [None, b"", b"a" * 2_000_000])
async def test_a_key_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "key.asc"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    with pytest.raises(KeyUnusable, match=r"key\.asc"):
        await FileKey(path).private_key()


async def test_a_file_that_is_encrypted_and_not_called_so_is_no_json(
    tmp_path: Path, certificate: pysequoia.Cert
) -> None:
    content = pysequoia.encrypt(json.dumps([CARD]).encode(), [certificate], armor=False)
    write_file(tmp_path, Kind.CHARGES, content * 60, "json", records=1)
    with pytest.raises((FileUnreadable, ExportError)):
        await (await opened(tmp_path)).prove(Kind.CHARGES)
