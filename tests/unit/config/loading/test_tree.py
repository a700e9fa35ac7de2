"""YAML is read as people mean it, and within limits."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.loading.loader import FILE_BYTES_MAX, read
from config.loading.scalars import meaning
from config.loading.tree import _READ_DIFFERENTLY, NODES_MAX, _compose, _compose_quickly, _walked, parse

DEFAULTS = Path(__file__).parents[4] / "config" / "defaults"
PIECES = st.sampled_from(
    [
        *"ab1:-?!&*[]{},#|>'\"% \n\t~.…\x85\u2028\ufeff\\@`é",
        ": ",
        "- ",
        "\n  ",
        "\n- ",
        "&a ",
        "*a",
        "{a: 1}",
        "[1, 2]",
        "a: |\n  b\n",
        "---",
    ]
)


def test_the_words_that_old_yaml_turned_into_truth_values_are_text() -> None:
    parsed = parse("f", "on: payment.attempted\nno: off\ntime: 12:30\nday: 2026-01-01\n")
    assert parsed.value == {"on": "payment.attempted", "no": "off", "time": "12:30", "day": "2026-01-01"}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("5", 5),
        ("-5", -5),
        ("2.5", 2.5),
        ("1e3", 1000.0),
        ("true", True),
        ("~", None),
        ("1.0.0", "1.0.0"),
        ("0x1f", "0x1f"),
    ],
)
def test_a_plain_word_means_what_the_core_schema_says(word: str, value: object) -> None:
    assert meaning(word) == value
    assert type(meaning(word)) is type(value)


def test_a_number_of_thousands_of_digits_is_text() -> None:
    assert parse("f", "a: " + "9" * 10_000).value == {"a": "9" * 10_000}


def test_a_quoted_number_is_text() -> None:
    assert parse("f", "a: \"5\"\nb: '5'\nc: |\n  5\n").value == {"a": "5", "b": "5", "c": "5\n"}


def test_an_alias_has_the_value_of_its_anchor() -> None:
    assert parse("f", "a: &x [1, 2]\nb: *x\n").value == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_a_hundred_thousand_nested_values_are_refused_without_a_stack_overflow(opening: str) -> None:
    parsed = parse("f", opening * 100_000)
    assert len(parsed.problems) == 1
    assert "nested more than" in parsed.problems[0].what


def test_too_many_values_are_refused() -> None:
    parsed = parse("f", "- 1\n" * (NODES_MAX + 1))
    assert "more than 20000 values" in parsed.problems[0].what


def test_a_file_beyond_the_limit_is_not_parsed(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    assert "larger than 1048576 bytes" in read(path).problems[0].what


def test_a_directory_and_a_missing_file_are_problems_not_exceptions(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.yaml", tmp_path / "nul\0.yaml"):
        assert len(read(path).problems) == 1


def test_a_byte_order_mark_does_not_shift_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    parsed = read(path)
    assert parsed.value == {"a": 1}
    assert parsed.document.places[("a",)].column == 4


@pytest.mark.parametrize("path", sorted(DEFAULTS.rglob("*.yaml")), ids=lambda path: path.name)
def test_a_packaged_file_is_read_by_the_quick_reader_as_by_the_exact_one(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not _READ_DIFFERENTLY.search(text)
    assert _walked("f", text, _compose_quickly) == _walked("f", text, _compose)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=16).map("".join))
def test_what_is_wrong_with_a_text_and_what_it_means_do_not_depend_on_the_quick_reader(text: str) -> None:
    assert parse("f", text) == _walked("f", text, _compose)


@pytest.mark.parametrize("text", ["a:\t1", "|#x", "[a?b]", "{a: }", "? a\n: b", "\ufeffa: 1", "---", "a\r..."])
def test_where_the_readers_differ_the_exact_one_is_believed(text: str) -> None:
    assert parse("f", text) == _walked("f", text, _compose)
