"""A place within a value is the place where it was written, whatever its quotes."""

from pathlib import Path

import pytest

from config.loading.document import Place, excerpt, place_at
from config.loading.loader import read

EXPRESSION = "outcome == 'failed' and rail == 'card'"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (f"where: {EXPRESSION}\n", 1, 32),
        (f'where: "{EXPRESSION}"\n', 1, 33),
        ("where: 'outcome == ''failed'' and rail == ''card'''\n", 1, 35),
        ("where: \"outcome == '\\x66ailed'\\tand rail == 'card'\"\n", 1, 37),
        ("where: |\n  outcome == 'failed'\n  and rail == 'card'\n", 3, 7),
        ("where: >-\n  outcome == 'failed'\n  and rail == 'card'\n", 3, 7),
        ("where: \"outcome == 'failed'\n  and rail == 'card'\"\n", 2, 7),
        (f'where: &condition "{EXPRESSION}"\n', 1, 44),
    ],
)
def test_a_caret_points_at_the_word_in_every_way_to_write_a_value(
    tmp_path: Path, text: str, line: int, column: int
) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    parsed = read(path)
    assert isinstance(parsed.value, dict)
    value = str(parsed.value["where"])
    problem = parsed.document.problem(("where",), "no such field", "name a field", value.index("rail"), len("rail"))
    assert (problem.line, problem.column) == (line, column)
    assert problem.excerpt.splitlines()[1].endswith("^^^^")


def test_an_offset_behind_the_value_points_behind_its_last_character(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text('where: "amount >"\n', encoding="utf-8")
    problem = read(path).document.problem(("where",), "the expression ends", "write a number", len("amount >"))
    assert (problem.line, problem.column) == (1, 17)


def test_a_path_that_was_not_written_is_placed_at_the_value_around_it(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("a:\n  b: 1\n", encoding="utf-8")
    assert read(path).document.problem(("a", "c", 5), "missing", "add it").line == 2


def test_a_long_line_is_cut_around_its_place() -> None:
    lines = excerpt("x" * 500 + "here" + "y" * 500, Place(1, 501), 4).splitlines()
    assert len(lines[0]) < 160
    assert lines[0][lines[1].index("^") :].startswith("here")


def test_lines_are_counted_as_yaml_does() -> None:
    text = "a\r\nb\u2028c\x85d\re"
    assert place_at(text, text.index("e")) == Place(5, 1)
    assert place_at(text, text.index("b")) == Place(2, 1)
