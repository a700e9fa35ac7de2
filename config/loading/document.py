"""One configuration file as it was written, and where in it each value stands."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from config.loading.problems import Problem

Path = tuple[str | int, ...]

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # What YAML counts as the end of a line.
_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}
_BLANK_ESCAPES = frozenset(" \tnrtvfN_LP\n")  # Escapes whose value is white space.
_EXCERPT_WIDTH_MAX = 140
"""Wider excerpts wrap in a terminal, and the caret no longer stands under its place."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the text; line and column count from 1, the column in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """How a scalar was written. start, end: indexes into the text. style: its quote, ``|``, ``>`` or empty."""

    start: int
    end: int
    style: str
    value: str


@dataclass(frozen=True, slots=True)
class Document:
    """places: of every value, by its path from the root. keys: of every key. scalars: how a value was written."""

    file: str
    text: str
    places: dict[Path, Place]
    keys: dict[Path, Place] = field(default_factory=dict)
    scalars: dict[Path, Scalar] = field(default_factory=dict)

    def problem(self, path: Path, what: str, fix: str, offset: int = 0, length: int = 1) -> Problem:
        """State a problem with the value at the path, or with the nearest value around it that was written.

        offset: characters into the scalar's value. length: characters the caret marks.
        """
        place = self._place_of(path)
        scalar = self.scalars.get(path)
        if scalar is not None and offset > 0:
            place = place_at(self.text, _index_of(self.text, scalar, offset))
        return self.problem_at(place, what, fix, length)

    def key_problem(self, path: Path, what: str, fix: str) -> Problem:
        """State a problem with the key at the end of the path."""
        place = self.keys.get(path)
        if place is None:
            return self.problem(path, what, fix)
        return self.problem_at(place, what, fix, len(str(path[-1])))

    def problem_at(self, place: Place, what: str, fix: str, length: int = 1) -> Problem:
        """State a problem with a place of the text."""
        return Problem(self.file, place.line, place.column, what, fix, excerpt(self.text, place, length))

    def _place_of(self, path: Path) -> Place:
        for end in range(len(path), -1, -1):
            place = self.places.get(path[:end])
            if place is not None:
                return place
        return Place(1, 1)


def place_at(text: str, index: int) -> Place:
    """The line and column of a character of the text."""
    line, start = 1, 0
    for match in _LINE_BREAK.finditer(text, 0, index):
        line, start = line + 1, match.end()
    return Place(line, index - start + 1)


def excerpt(text: str, place: Place, length: int = 1) -> str:
    """The line of the place with carets under it; a very long line is cut around the place."""
    lines = _lines(text)
    if not 1 <= place.line <= len(lines):
        return ""
    line, column = lines[place.line - 1], place.column - 1
    first = max(0, column - _EXCERPT_WIDTH_MAX // 2) if len(line) > _EXCERPT_WIDTH_MAX else 0
    shown = "".join(
        character if character.isprintable() else " " for character in line[first : first + _EXCERPT_WIDTH_MAX]
    )
    marked = max(1, min(length, len(shown) - (column - first)))
    written = f"{place.line:>5} | {shown}".rstrip()
    return f"{written}\n{' ' * 5} | {' ' * (column - first)}{'^' * marked}"


@lru_cache(maxsize=4)  # The file at hand and its neighbours: splitting it anew for each problem is quadratic.
def _lines(text: str) -> list[str]:
    return _LINE_BREAK.split(text)


def _index_of(text: str, scalar: Scalar, offset: int) -> int:
    """The index in the text of a character of the scalar's value, past quotes, escapes, folds and indentation."""
    index, end = _content(text, scalar)
    solid_before = sum(1 for character in scalar.value[:offset] if not character.isspace())
    solid_seen, after_last = 0, index
    while index < end:
        width, blank = _unit(text, index, scalar.style)
        if not blank:
            if solid_seen == solid_before:
                return index
            solid_seen += 1
            after_last = index + width
        index += width
    return min(after_last, end)


def _content(text: str, scalar: Scalar) -> tuple[int, int]:
    """The first index of the content and the index after it, without quotes or the header of a block."""
    if scalar.style in {"'", '"'}:
        return scalar.start + 1, scalar.end - 1
    if scalar.style in {"|", ">"}:
        header = _LINE_BREAK.search(text, scalar.start, scalar.end)
        return (scalar.end if header is None else header.end()), scalar.end
    return scalar.start, scalar.end


def _unit(text: str, index: int, style: str) -> tuple[int, bool]:
    """How many characters of the text write one character of the value, and whether that one is white space."""
    character = text[index]
    if style == '"' and character == "\\":
        escape = text[index + 1]
        return _ESCAPE_LENGTHS.get(escape, 2), escape in _BLANK_ESCAPES
    if style == "'" and character == "'":
        return 2, False
    return 1, character.isspace()
