"""One YAML file into one model, or every problem that it has."""

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from config.loading.document import Document, Place, excerpt, place_at
from config.loading.explain import Explanation, explain
from config.loading.problems import ConfigurationError, Problem
from config.loading.tree import Parsed, parse

FILE_BYTES_MAX = 1024 * 1024
"""1 MiB holds thousands of rules; a larger file is no configuration, and parsing it would hold up the start."""

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[M]):
    """A model and the document it was read from, so that later checks can name places too."""

    value: M
    document: Document


def load_yaml(path: Path, model: type[M]) -> Loaded[M]:
    """Read the file as the model. Raises ConfigurationError with every problem of the file."""
    loaded, problems = load(path, model)
    if loaded is None or problems:
        raise ConfigurationError(in_order(problems))
    return loaded


def load(path: Path, model: type[M]) -> tuple[Loaded[M] | None, list[Problem]]:
    """The file as the model, None when it cannot be built, and every problem of the file."""
    parsed = read(path)
    value, problems = build(parsed, model)
    return (None if value is None else Loaded(value, parsed.document)), problems


def read(path: Path) -> Parsed:
    """Read and parse the file; what is wrong with its bytes or its structure is in ``problems``."""
    file = str(path)
    content = content_of(path)
    if isinstance(content, Problem):
        return _unreadable(file, content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig")
        place = place_at(before, len(before))
        what = f"the byte 0x{content[error.start]:02x} is not UTF-8"
        fix = "save the file as UTF-8"
        return _unreadable(file, Problem(file, place.line, place.column, what, fix, excerpt(before, place)))
    return parse(file, text)


def content_of(path: Path) -> bytes | Problem:
    """What the file holds; what is no file, is too large or cannot be read is a problem, and nobody waits for it."""
    file = str(path)
    try:
        if not path.is_file():
            return Problem(file, 0, 0, "this is not a file that can be read", "name an existing file")
        with path.open("rb") as stream:
            content = stream.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror is not None else str(error)
        return Problem(file, 0, 0, f"the file cannot be read: {reason}", "check its name and who may read it")
    if len(content) > FILE_BYTES_MAX:
        return Problem(
            file, 0, 0, f"the file is larger than {FILE_BYTES_MAX} bytes", "split it, or remove what is no setting"
        )
    return content


def build(parsed: Parsed, model: type[M]) -> tuple[M | None, list[Problem]]:
    """The model of what was parsed, None when it cannot be built, and every problem so far."""
    problems = list(parsed.problems)
    if parsed.value is None:
        if not problems:
            problems.append(_empty(parsed.document, model))
        return None, problems
    try:
        value = model.model_validate(parsed.value, context={"file": parsed.document.file})
    except ValidationError as error:
        return None, problems + [problem_of(parsed.document, explanation) for explanation in explain(error, model)]
    return value, problems


def problem_of(document: Document, explanation: Explanation) -> Problem:
    """The explanation at its place; without the line itself where that may hold a secret."""
    make = document.key_problem if explanation.on_key else document.problem
    problem = make(explanation.path, explanation.what, explanation.fix)
    if not explanation.hide:
        return problem
    return Problem(problem.file, problem.line, problem.column, problem.what, problem.fix)


def in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """Sorted by file, line and column; files in the order of their names."""
    return tuple(sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column)))


def _unreadable(file: str, problem: Problem) -> Parsed:
    return Parsed(None, Document(file, "", {}), [problem])


def _empty(document: Document, model: type[BaseModel]) -> Problem:
    """An empty file is more often a lost one than a wish for the defaults."""
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    fix = f"begin with {required[0]}:" if required else "write the settings, or delete the file to use the defaults"
    return document.problem_at(Place(1, 1), "the file is empty", fix)
