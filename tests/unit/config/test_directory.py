"""A file that nothing would read is refused instead of passed over."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.calendar_files import CALENDARS_DIRECTORY
from config.load import DIRECTORIES, load_configuration
from config.loading.problems import ConfigurationError


def refused(directory: Path) -> str:
    """The problems of the directory as text."""
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(directory, {})
    return str(caught.value)


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "no such directory" in refused(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "right"), [("polcy.yaml", "policy.yaml"), ("tillwatch.yml", "tillwatch.yaml"), ("rule", "rules")]
)
def test_a_misnamed_file_is_refused_with_the_right_name(tmp_path: Path, name: str, right: str) -> None:
    (tmp_path / name).touch()
    assert f"rename it to {right}" in refused(tmp_path)


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()
    assert load_configuration(tmp_path, {}).rule_files


def test_rules_without_a_file_or_with_another_ending_are_refused(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    assert "holds no rule file" in refused(tmp_path)
    (rules / "sla.yml").touch()
    assert "rename it to sla.yaml" in refused(tmp_path)


def test_rules_that_are_a_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rules").touch()
    assert "not a directory" in refused(tmp_path)


def test_a_link_to_nowhere_is_refused_rather_than_replaced_by_the_defaults(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").symlink_to(tmp_path / "gone.yaml")
    assert "policy.yaml" in refused(tmp_path)


@pytest.mark.parametrize("name", ["", *DIRECTORIES])
def test_a_folder_that_may_not_be_read_is_a_problem_with_its_name_and_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for folder in DIRECTORIES:
        (tmp_path / folder).mkdir()
    real = Path.iterdir

    def forbidden(path: Path) -> Iterator[Path]:
        if path == tmp_path / name:
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "iterdir", forbidden)
    if name == CALENDARS_DIRECTORY:
        # Its files are named one by one.
        assert str(tmp_path / name) not in refused(tmp_path)
    else:
        assert f"{tmp_path / name}: the directory cannot be read: Permission denied" in refused(tmp_path)


@pytest.mark.parametrize("name", ["policy.yaml", "flags.json", "rules/mine.yaml", "calendars/us.ics"])
def test_nobody_waits_for_what_is_no_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    os.mkfifo(tmp_path / name)
    if name == "calendars/us.ics":
        ical = "calendars:\n  - {name: holidays, kind: freeze, ical: calendars/us.ics}\n"
        (tmp_path / "policy.yaml").write_text(ical)
    assert "this is not a file that can be read" in refused(tmp_path)
