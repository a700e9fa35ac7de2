"""The key that documents are signed with: made once, read by its owner alone, and known to payment cores."""

from pathlib import Path

import pytest

from daemon.errors import NotUsable
from daemon.flags.keys import PRIVATE, PUBLIC, open_signer
from payment_core.flags.arriving.files import read_trusted_keys
from payment_core.flags.envelope import open_envelope, seal


def test_it_is_made_at_the_first_start_and_the_same_ever_after(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first, second = open_signer(folder), open_signer(folder)
    assert first.public_key == second.public_key
    assert (folder / PRIVATE).stat().st_mode & 0o777 == 0o600
    body = seal(b"{}", version=1, issued_at_ms=1, signer=first)
    assert open_envelope(body, read_trusted_keys(folder / PUBLIC)).version == 1


def test_a_public_file_with_a_second_key_is_left_alone(tmp_path: Path) -> None:
    ours = open_signer(tmp_path).public_key.hex()
    (tmp_path / PUBLIC).write_text(f"{'ab' * 32}\n{ours}\n", "ascii")
    open_signer(tmp_path)
    assert (tmp_path / PUBLIC).read_text("ascii").split() == ["ab" * 32, ours]


def test_a_public_file_without_ours_is_written_anew(tmp_path: Path) -> None:
    open_signer(tmp_path)
    (tmp_path / PUBLIC).write_text("ab" * 32, "ascii")
    assert (open_signer(tmp_path).public_key.hex()) in (tmp_path / PUBLIC).read_text("ascii")


@pytest.mark.parametrize("content", ["", "zz" * 32, "ab" * 31])
def test_a_key_that_is_none_ends_the_start(tmp_path: Path, content: str) -> None:
    (tmp_path / PRIVATE).write_text(content, "ascii")
    (tmp_path / PRIVATE).chmod(0o600)
    with pytest.raises(NotUsable, match=PRIVATE):
        open_signer(tmp_path)


def test_a_key_that_others_may_read_ends_the_start(tmp_path: Path) -> None:
    open_signer(tmp_path)
    (tmp_path / PRIVATE).chmod(0o644)
    with pytest.raises(NotUsable, match="set its mode to 600"):
        open_signer(tmp_path)


def test_what_a_crash_left_of_a_key_is_no_key(tmp_path: Path) -> None:
    (tmp_path / ".flags.key.draft").write_text("half", "ascii")
    assert open_signer(tmp_path).public_key
