"""A file is replaced in one step: no reader and no crash ever finds a part of it, and nobody reads it who must not."""

import os
from pathlib import Path

import pytest

from daemon.storage.whole_file import OWNER_ALONE, READABLE, write_whole


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_is_made_with_its_folder_and_replaced(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "a" / "b" / "page.json"
    write_whole(path, b"first", durable=durable)
    write_whole(path, b"second", durable=durable)
    assert path.read_bytes() == b"second"
    assert [one.name for one in path.parent.iterdir()] == ["page.json"]


@pytest.mark.parametrize("mode", [READABLE, OWNER_ALONE])
def test_it_has_its_mode_also_where_a_draft_that_all_may_write_was_left(tmp_path: Path, mode: int) -> None:
    left = tmp_path / ".key.draft"
    left.write_bytes(b"half")
    left.chmod(0o666)
    held = left.open("rb")
    with held:
        write_whole(tmp_path / "key", b"secret", mode=mode)
        assert held.read() == b"half"
    assert mode_of(tmp_path / "key") == mode & ~_umask()


@pytest.mark.parametrize("call", ["fsync", "fdopen"])
def test_a_disk_that_refuses_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = tmp_path / "page.json"
    write_whole(path, b"old")
    real = os.fdopen

    def full(descriptor: int, *_: object) -> None:
        if call == "fdopen":
            real(descriptor, "wb").close()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(OSError, match="No space"):
            write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"


def test_the_content_and_then_the_name_are_brought_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, real = tmp_path / "page.json", os.fsync
    synced: list[tuple[bool, bool]] = []

    def noted(descriptor: int) -> None:
        synced.append((Path(f"/proc/self/fd/{descriptor}").resolve() == tmp_path, path.exists()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    write_whole(path, b"kept")
    assert synced == [(False, False), (True, True)]
    write_whole(path, b"told again", durable=False)
    assert len(synced) == 2


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
