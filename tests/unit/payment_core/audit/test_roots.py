"""Daily roots: written once a day, chained, signed, and checked."""

import os
import stat
from pathlib import Path

import msgspec
import pytest

from payment_core.audit.chain import Anchor, Place, ShardWalk
from payment_core.audit.errors import ArchiveUnavailable, KeyUnusable, RootUnreadable
from payment_core.audit.folder import FolderRoots
from payment_core.audit.roots import DailyRoot, check_roots, decode_root, read_roots
from payment_core.audit.signing import (
    Checker,
    Ed25519Checker,
    Ed25519Signer,
    Signer,
    read_key,
)
from payment_core.store.trail import GENESIS, AuditRow

NOW_MS = 1_795_690_800_000
DAY_MS = 24 * 3600 * 1000
SEED = bytes(range(32))


class Heads:
    """A trail that has heads alone."""

    def __init__(self) -> None:
        self.heads = [(0, 3, "ab" * 32), (2, 1, "cd" * 32)]

    async def audit(self, _shard: int, _after: int, _limit: int) -> list[AuditRow]:
        return []

    async def audit_heads(self) -> list[tuple[int, int, str]]:
        return self.heads


async def write_days(folder: Path, days: int, signer: Signer | None = None) -> FolderRoots:
    archive = FolderRoots(folder)
    job = DailyRoot(Heads(), archive, signer)
    for day in range(days):
        assert await job.run_once(NOW_MS + day * DAY_MS) == 1
    return archive


async def test_one_root_is_written_for_each_day_and_follows_the_one_before(tmp_path: Path) -> None:
    archive = await write_days(tmp_path, 3)
    assert await DailyRoot(Heads(), archive, None).run_once(NOW_MS + 2 * DAY_MS + 60_000) == 0
    roots = await read_roots(archive)
    assert [name for name, _ in roots] == ["root-2026-11-26.json", "root-2026-11-27.json", "root-2026-11-28.json"]
    assert [root.previous_sha256 for _, root in roots] == [GENESIS, roots[0][1].sha256(), roots[1][1].sha256()]
    assert check_roots(roots, None) == []


async def test_a_root_is_never_written_again_and_cannot_be_written_to(tmp_path: Path) -> None:
    archive = await write_days(tmp_path, 1)
    path = tmp_path / "root-2026-11-26.json"
    body = path.read_bytes()
    assert await archive.write(path.name, b"other") is False
    assert path.read_bytes() == body
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert os.listdir(tmp_path) == [path.name]  # noqa: PTH208  # no draft was left behind


@pytest.mark.parametrize("change", ["drop", "edit", "rename", "unsigned"])
async def test_a_root_that_was_changed_is_named(tmp_path: Path, change: str) -> None:
    signer = Ed25519Signer(SEED)
    archive = await write_days(tmp_path, 3, signer)
    second, third = tmp_path / "root-2026-11-27.json", tmp_path / "root-2026-11-28.json"
    named = third.name
    if change == "drop":
        second.unlink()
    elif change == "rename":
        third.rename(tmp_path / "root-2026-11-29.json")
        named = "root-2026-11-29.json"
    else:
        root = decode_root(third.name, third.read_bytes())
        heads = [] if change == "edit" else root.heads
        third.chmod(0o644)
        third.write_bytes(msgspec.json.encode(msgspec.structs.replace(root, heads=heads, signature="00")))
    [found] = check_roots(await read_roots(archive), Ed25519Checker(signer.public_key))
    assert found.place == named


def test_a_signature_is_of_its_statement_and_key_alone() -> None:
    signer: Signer = Ed25519Signer(SEED)
    checker: Checker = Ed25519Checker(Ed25519Signer(SEED).public_key)
    signature = signer.sign(b"statement")
    assert checker.check(b"statement", signature)
    assert not checker.check(b"another", signature)
    assert not checker.check(b"statement", Ed25519Signer(bytes(32)).sign(b"statement"))
    assert not checker.check(b"statement", "")
    assert not checker.check(b"statement", "no hexadecimal")


@pytest.mark.parametrize(
    ("text", "mode", "part"),
    [("00" * 32, 0o644, "others may read"), ("00" * 31, 0o600, "31 bytes"), ("no key", 0o600, "non-hexadecimal")],
)
def test_a_key_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, mode: int, part: str) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(KeyUnusable, match=part):
        read_key(path, secret=True)


def test_a_key_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(SEED.hex() + "\n")
    assert read_key(path, secret=False) == SEED
    with pytest.raises(KeyUnusable):
        read_key(tmp_path / "none", secret=False)


async def test_an_archive_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(ArchiveUnavailable):
        await FolderRoots(blocked / "below").write("root-2026-11-26.json", b"{}")
    with pytest.raises(ArchiveUnavailable):
        await FolderRoots(tmp_path).read("root-2026-11-26.json")
    with pytest.raises(RootUnreadable):
        decode_root("root-2026-11-26.json", b"{}")
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208  # nothing else was left behind


def row(sequence: int, previous: str, at_ms: int = NOW_MS, shard: int = 0) -> AuditRow:
    return AuditRow(
        shard=shard,
        sequence=sequence,
        at_ms=at_ms,
        actor="key:a",
        kind="order",
        id="ord_1",
        version=sequence,
        before_sha256="",
        after_sha256="",
        journals_sha256="",
        previous_sha256=previous,
    )


def test_a_walk_names_the_end_that_does_not_fit() -> None:
    first = row(1, GENESIS)
    second = row(2, first.sha256())
    walk = ShardWalk(Place(0), [])
    assert walk.add(first) is None
    assert walk.add(second) is None
    assert walk.end((2, second.sha256())) is None
    expected = {
        (3, "ab"): ("0:3", "cut off"),
        (1, first.sha256()): ("0:2", "appended behind"),
        (2, first.sha256()): ("0:2", "changed"),
        None: ("0:2", "no head"),
    }
    for head, (place, what) in expected.items():
        found = walk.end(head)
        assert found is not None
        assert found.place == place
        assert what in found.what


def test_a_walk_holds_rows_against_anchors() -> None:
    first = row(1, GENESIS)
    anchor = Anchor(0, 1, "00", NOW_MS, "root-2026-11-26.json")
    found = ShardWalk(Place(0), [anchor]).add(first)
    assert found is not None
    assert "root-2026-11-26.json" in found.what
    beyond = ShardWalk(Place(0), [Anchor(0, 2, "00", NOW_MS, "root")])
    assert beyond.add(first) is None
    cut = beyond.end((1, first.sha256()))
    assert cut is not None
    assert (cut.place, "cut off" in cut.what) == ("0:2", True)
    assert ShardWalk(Place(0), [Anchor(1, 1, "00", NOW_MS, "another shard")]).add(first) is None


@pytest.mark.parametrize(
    ("wrong", "place"),
    [(row(2, GENESIS), "0:1"), (row(1, "ab"), "0:1"), (row(1, GENESIS, shard=3), "0:1")],
)
def test_a_walk_begins_at_genesis(wrong: AuditRow, place: str) -> None:
    found = ShardWalk(Place(0), []).add(wrong)
    assert found is not None
    assert found.place == place
