"""Every file that a configuration is read from is watched, and a change of any of them is seen once."""

import shutil
from pathlib import Path

import pytest

from config.load import DEFAULTS, DIRECTORIES, load_configuration
from daemon.reloading.configuration_files import ConfigurationFiles


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """All that is packaged, as an operator's own."""
    for path in DEFAULTS.iterdir():
        if path.is_file() and path.suffix in {".yaml", ".json"}:
            shutil.copy(path, tmp_path / path.name)
        elif path.name in DIRECTORIES:
            shutil.copytree(path, tmp_path / path.name)
    (tmp_path / "calendars").mkdir(exist_ok=True)
    (tmp_path / "calendars" / "us.ics").write_text("BEGIN:VCALENDAR")
    return tmp_path


def test_a_change_of_any_file_that_is_read_is_a_change(directory: Path) -> None:
    watched = ConfigurationFiles(directory)
    seen = watched.digest()
    assert watched.digest() == seen
    read = load_configuration(directory, {})
    documents = [*(one.document for one in read.rule_files), *(one.document for one in read.procedures)]
    paths = [Path(document.file) for document in documents]
    paths += [*(directory / "communications").iterdir(), *(directory / "calendars").iterdir(), *directory.glob("*.*")]
    assert {path.parent.name for path in paths} == {directory.name, *DIRECTORIES}
    for path in paths:
        path.write_bytes(path.read_bytes() + b"\n")
        before, seen = seen, watched.digest()
        assert seen != before, path


def test_a_file_that_comes_and_goes_in_any_folder_is_a_change(directory: Path) -> None:
    watched = ConfigurationFiles(directory)
    before = watched.digest()
    for folder in DIRECTORIES:
        path = directory / folder / "new.yaml"
        path.touch()
        assert watched.digest() != before
        path.unlink()
        assert watched.digest() == before
