"""One daemon per data directory."""

from pathlib import Path

import pytest

from daemon.errors import NotUsable
from daemon.storage.data_directory import hold_data_directory


def test_a_second_daemon_is_refused_until_the_first_gives_the_folder_back(tmp_path: Path) -> None:
    give_back = hold_data_directory(tmp_path / "data")
    with pytest.raises(NotUsable, match="another daemon runs on this folder; stop it or choose another data_dir"):
        hold_data_directory(tmp_path / "data")
    give_back()
    hold_data_directory(tmp_path / "data")()


def test_two_folders_hold_two_daemons(tmp_path: Path) -> None:
    for give_back in [hold_data_directory(tmp_path / name) for name in ("one", "two")]:
        give_back()


def test_the_folder_is_made_and_its_lock_is_private(tmp_path: Path) -> None:
    hold_data_directory(tmp_path / "new" / "data")()
    assert (tmp_path / "new" / "data" / "daemon.lock").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_made_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NotUsable, match=r"file/data: .*choose a folder that this user may write to"):
        hold_data_directory(tmp_path / "file" / "data")
