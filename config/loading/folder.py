"""The YAML files of one folder, and what in it would be passed over or cannot be read."""

from collections.abc import Iterable
from pathlib import Path

from config.loading.loader import Loaded, M, load
from config.loading.problems import Problem


def entries(folder: Path) -> tuple[list[Path], list[Problem]]:
    """What lies in the folder, by name; a folder that cannot be read is a problem like any other."""
    try:
        return sorted(folder.iterdir()), []
    except (FileNotFoundError, NotADirectoryError):
        return [], [Problem(str(folder), 0, 0, "this is not a directory", "make it a directory of *.yaml files")]
    except OSError as fault:
        what = f"the directory cannot be read: {fault.strerror}"
        return [], [Problem(str(folder), 0, 0, what, "check who may read it")]


def yaml_files(folder: Path, what: str, most: int, fix: str) -> tuple[list[Path], list[Problem]]:
    """The files that end in .yaml, by name. what: one of them, in words. most: of them; fix: for who has more."""
    found, problems = entries(folder)
    paths = [path for path in found if path.suffix == ".yaml"]
    problems += [
        Problem(str(path), 0, 0, f"nothing reads a {what} that ends in .yml", f"rename it to {path.stem}.yaml")
        for path in found
        if path.suffix == ".yml"
    ]
    if len(paths) > most:
        problems.append(Problem(str(folder), 0, 0, f"the directory holds more than {most} {what}s", fix))
    return paths[:most], problems


def load_each(paths: Iterable[Path], model: type[M]) -> tuple[list[Loaded[M]], list[Problem]]:
    """Those files that are the model, in their order, and every problem of every file."""
    read = [load(path, model) for path in paths]
    return [one for one, _ in read if one is not None], [problem for _, found in read for problem in found]
