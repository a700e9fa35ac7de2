"""What is kept on disk for the next start is whole, and never older than what was kept before."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from payment_core.flags.arriving.keeping import Keeping, Kept
from payment_core.flags.errors import DocumentNotKept
from tests.unit.payment_core.flags.sealed import sealed


def test_nothing_was_kept_before_the_first_document(tmp_path: Path) -> None:
    assert Keeping(tmp_path / "flags.json").read() == Kept(b"", 0)


def test_a_later_version_replaces_an_earlier_one_and_never_the_other_way_round(tmp_path: Path) -> None:
    keeping = Keeping(tmp_path / "new" / "flags.json")
    assert keeping.keep(b"seven", 7)
    assert not keeping.keep(b"six", 6)
    assert keeping.read() == Kept(b"seven", 7)
    assert keeping.keep(b"eight", 8)
    assert keeping.read() == Kept(b"eight", 8)


def test_of_many_processes_that_write_at_once_the_newest_document_stays(tmp_path: Path) -> None:
    bodies = {version: sealed(version) for version in range(1, 17)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda version: Keeping(tmp_path / "flags.json").keep(bodies[version], version), bodies))
    assert Keeping(tmp_path / "flags.json").read() == Kept(bodies[16], 16)
    assert {path.name for path in tmp_path.iterdir()} == {"flags.json", "flags.json.seen"}, "no draft stays"


def test_a_folder_in_the_place_of_the_document_is_told_and_not_hidden(tmp_path: Path) -> None:
    (tmp_path / "flags.json").mkdir()
    with pytest.raises(DocumentNotKept):
        Keeping(tmp_path / "flags.json").read()
    with pytest.raises(DocumentNotKept):
        Keeping(tmp_path / "flags.json").keep(b"one", 1)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_only_its_owner_reads_the_document(tmp_path: Path) -> None:
    Keeping(tmp_path / "flags.json").keep(b"one", 1)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
