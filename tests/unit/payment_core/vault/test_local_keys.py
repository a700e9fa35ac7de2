"""The file of master keys: private, one for all processes, never half written, never made twice."""

import asyncio
import stat
from pathlib import Path

import msgspec
import pytest

from payment_core.vault.errors import KeyDisabled, KeyFileUnusable, KeyMissing
from payment_core.vault.keys.local_keys import LocalKeyService
from payment_core.vault.keys.master_keys import Material
from payment_core.vault.keys.port import KeyState
from tests.unit.payment_core.vault.vault_world import FakeClock

CONTEXT = {"purpose": "records", "tenant": "acme"}


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def opened(path: Path, *, create: bool = True) -> LocalKeyService:
    keys = LocalKeyService(path, FakeClock())
    await keys.open(create=create)
    return keys


async def test_the_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "master-keys.json"
    keys = await opened(path)
    await keys.rotate()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names_in(tmp_path) == ["master-keys.json", "master-keys.json.lock"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
async def test_a_file_that_others_may_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master-keys.json"
    keys = await opened(path)
    path.chmod(mode)
    with pytest.raises(KeyFileUnusable, match="chmod 600"):
        await keys.generate_data_key(CONTEXT)
    with pytest.raises(KeyFileUnusable):
        await opened(path)
    assert await keys.state() is KeyState.UNAVAILABLE


async def test_a_lost_file_is_never_replaced_by_a_new_one_unasked(tmp_path: Path) -> None:
    path = tmp_path / "master-keys.json"
    with pytest.raises(KeyFileUnusable, match="backup"):
        await opened(path, create=False)
    assert not path.exists()
    keys = await opened(path)
    path.unlink()
    with pytest.raises(KeyMissing):
        await keys.generate_data_key(CONTEXT)
    assert await keys.state() is KeyState.MISSING


async def test_processes_that_start_at_once_make_one_key(tmp_path: Path) -> None:
    path = tmp_path / "master-keys.json"
    many = await asyncio.gather(*(opened(path) for _ in range(8)))
    made = await many[0].generate_data_key(CONTEXT)
    for keys in many:
        assert await keys.decrypt(made.wrapped, CONTEXT) == made.plaintext


async def test_what_one_process_changes_the_others_see_at_once(tmp_path: Path) -> None:
    first, second = await opened(tmp_path / "k"), await opened(tmp_path / "k")
    await first.rotate()
    made = await first.generate_data_key(CONTEXT)
    assert await second.decrypt(made.wrapped, CONTEXT) == made.plaintext
    await first.set_state(KeyState.DISABLED)
    with pytest.raises(KeyDisabled):
        await second.generate_data_key(CONTEXT)


async def test_rotations_at_once_lose_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "k"
    many = [await opened(path) for _ in range(6)]
    await asyncio.gather(*(keys.rotate() for keys in many))
    assert len(msgspec.json.decode(path.read_bytes())["materials"]) == 7


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b'{"version":2,"state":"enabled","materials":[]}',
        b'{"version":1,"state":"enabled","materials":[]}',
        b'{"version":1,"state":"enabled","materials":[{"id":"a","secret_base64":7,"made_at_ms":1}]}',
        b'{"version":1,"state":"asleep","materials":[]}',
    ],
)
async def test_a_broken_file_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "k"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileUnusable):
        await opened(path)
    assert path.read_bytes() == content


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnusable, match="no-such-folder"):
        await opened(tmp_path / "no-such-folder" / "k")


async def test_a_crash_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "k"
    keys = await opened(path)
    made = await keys.generate_data_key(CONTEXT)
    (tmp_path / "k.new").write_bytes(b'{"version":1,"sta')
    restarted = await opened(path, create=False)
    await restarted.rotate()
    assert await restarted.decrypt(made.wrapped, CONTEXT) == made.plaintext


def test_a_secret_is_not_printed() -> None:
    assert "c2VjcmV0" not in repr(Material("one", "c2VjcmV0", 1))
