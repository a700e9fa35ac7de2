"""Every broken file is refused with its place and its fix, word for word as beside it."""

from pathlib import Path

import pytest

from config.load import load_configuration
from config.loading.loader import load_yaml
from config.loading.problems import ConfigurationError
from config.whole.schema import MODELS, Kind

FILES = Path(__file__).parents[3] / "data" / "config"
BROKEN = sorted(path.name for path in FILES.glob("*.bad.yaml"))
GOOD = sorted(path.name for path in FILES.glob("*.good.yaml"))
DIRECTORIES = sorted(path.name for path in FILES.iterdir() if path.is_dir())


def kind_of(name: str) -> Kind:
    """The kind of file stands before the first dot of its name."""
    return next(kind for kind in MODELS if name.startswith(f"{kind}."))


def test_there_are_at_least_24_broken_files_of_every_kind() -> None:
    assert len(BROKEN) >= 24
    assert {kind_of(name) for name in BROKEN} == set(MODELS)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_with_file_line_and_fix(name: str, files: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_yaml(Path(name), MODELS[kind_of(name)])
    expected = (files / name.replace(".bad.yaml", ".expected")).read_text(encoding="utf-8")
    assert f"{caught.value}\n" == expected
    for problem in caught.value.problems:
        assert problem.file == name
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.what
        assert problem.fix


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_loads_and_every_value_has_a_place(name: str, files: Path) -> None:
    loaded = load_yaml(files / name, MODELS[kind_of(name)])
    assert () in loaded.document.places
    assert all(place.line >= 1 and place.column >= 1 for place in loaded.document.places.values())


@pytest.mark.parametrize("name", DIRECTORIES)
def test_the_problems_of_all_files_of_a_directory_are_reported_together(name: str, files: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(Path(name), {})
    assert f"{caught.value}\n" == (files / f"{name}.expected").read_text(encoding="utf-8")


def test_a_secret_is_never_repeated_in_a_message(files: Path) -> None:
    for name, secret in (
        ("settings.endpoint-with-password", "hunter2"),
        ("settings.bad-token-hash", "correct-horse"),
    ):
        assert secret in (files / f"{name}.bad.yaml").read_text(encoding="utf-8")
        assert secret not in (files / f"{name}.expected").read_text(encoding="utf-8")
