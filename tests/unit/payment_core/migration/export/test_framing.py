"""Records are cut out of files the same way wherever the pieces of the file end, and with bounded memory."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payment_core.migration.export.errors import FileTruncated, FileUnreadable
from payment_core.migration.export.framing.opened import framer_for
from payment_core.migration.export.framing.piece import RECORD_BYTES_MAX, Piece
from payment_core.migration.export.manifest import Format
from payment_core.migration.export.records import Reason

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=8), VALUES, max_size=4), max_size=8)


def pieces(form: Format, content: bytes, cuts: list[int], start: int = 0) -> list[Piece]:
    """What a framer makes of the content, handed over in pieces that end at the cuts."""
    framer = framer_for(form, start)
    places = [0, *sorted({cut % (len(content) + 1) for cut in cuts}), len(content)]
    found = [piece for begin, end in pairwise(places) for piece in framer.feed(content[begin:end])]
    return found + framer.finish()


def written(form: Format, objects: list[dict[str, object]], indent: int | None) -> bytes:
    if form is Format.JSONL:
        return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in objects)
    return json.dumps({"object": "list", "data": objects, "has_more": False}, indent=indent).encode()


@settings(max_examples=30)
@given(
    form=st.sampled_from([Format.JSONL, Format.JSON]),
    objects=OBJECTS,
    cuts=st.lists(st.integers(0, 10_000), max_size=6),
    indent=st.sampled_from([None, 2]),
)
def test_records_are_the_same_wherever_the_file_is_cut(
    form: Format, objects: list[dict[str, object]], cuts: list[int], indent: int | None
) -> None:
    found = pieces(form, written(form, objects, indent), cuts)
    assert [json.loads(piece.raw) for piece in found] == objects


@settings(max_examples=20)
@given(form=st.sampled_from([Format.JSONL, Format.JSON]), objects=OBJECTS.filter(bool), place=st.integers(0, 7))
def test_reading_goes_on_at_the_end_of_any_record(form: Format, objects: list[dict[str, object]], place: int) -> None:
    content = written(form, objects, None)
    found = pieces(form, content, [])
    end = found[place % len(found)].end
    rest = pieces(form, content[end:], [7], start=end)
    assert [piece.raw for piece in rest] == [piece.raw for piece in found[place % len(found) + 1 :]]
    assert [piece.end for piece in rest] == [piece.end for piece in found[place % len(found) + 1 :]]


@pytest.mark.parametrize("chunk_bytes", [200_000, 3_000_000])
@pytest.mark.parametrize("form", [Format.JSONL, Format.JSON, Format.CSV])
def test_a_record_that_is_too_long_is_told_once_and_the_next_is_read(form: Format, chunk_bytes: int) -> None:
    long = b'{"id":"' + b"a" * (RECORD_BYTES_MAX + 9) + b'"}'
    lines = [b'{"id":"first"}', long, b'{"id":"last"}']
    content = b"\n".join(lines) if form is not Format.JSON else b"[" + b",\n".join(lines) + b"]"
    framer = framer_for(form)
    held, found = 0, []
    for begin in range(0, len(content), chunk_bytes):
        found += framer.feed(content[begin : begin + chunk_bytes])
        held = max(held, *(len(value) for value in vars(framer).values() if isinstance(value, str | bytes)), 0)
    found += framer.finish()
    assert [piece.flaw is None for piece in found] == [True, False, True]
    flaw = found[1].flaw
    assert flaw is not None
    assert flaw.reason is Reason.TOO_LONG
    assert len(found[1].raw) == RECORD_BYTES_MAX
    assert [found[0].raw, found[2].raw] == [lines[0], lines[2]]
    assert held <= RECORD_BYTES_MAX + chunk_bytes


def test_a_quoted_field_may_hold_new_lines_and_quotes() -> None:
    content = b'id,description\n1,"two\nlines, ""quoted"""\n2,plain'
    assert [piece.raw for piece in pieces(Format.CSV, content, [8, 20, 25])] == [
        b"id,description",
        b'1,"two\nlines, ""quoted"""',
        b"2,plain",
    ]


def test_blank_lines_are_no_records() -> None:
    assert [piece.raw for piece in pieces(Format.JSONL, b'\xef\xbb\xbf{"a":1}\r\n\r\n\n{"b":2}', [])] == [
        b'{"a":1}',
        b'{"b":2}',
    ]


@pytest.mark.parametrize("broken", [b'{"a":1,,}', b'{"a":"\x00"}', b'{"a"}', b"nothing", b'[{"a":[}]]'])
def test_an_element_that_is_no_json_spoils_no_other(broken: bytes) -> None:
    content = b'[{"id":1}, ' + broken + b', {"id":2}]'
    found = pieces(Format.JSON, content, [12, 15])
    assert [found[0].raw, found[-1].raw] == [b'{"id":1}', b'{"id":2}']
    assert len(found) == 3
    assert found[1].raw == broken


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[",
        b'[{"id":1}',
        b'[{"id":1},',
        b'[{"id":1},{"id"',
        b'{"data":[{"id":1}]',
        b'{"data":[{"id":1}],"has_more":fal',
        b'{"object":"list"',
    ],
)
def test_an_array_that_does_not_end_is_told(content: bytes) -> None:
    with pytest.raises(FileTruncated):
        pieces(Format.JSON, content, [])


def test_one_page_of_a_list_is_not_taken_for_all_of_it() -> None:
    with pytest.raises(FileTruncated, match="has_more"):
        pieces(Format.JSON, b'{"has_more":true,"data":[{"id":1}]}', [])


def test_what_holds_no_array_is_told_before_it_fills_the_memory() -> None:
    content = b'{"nothing":"' + b"a" * 100_000 + b'"}'
    with pytest.raises(FileUnreadable, match="data or customers"):
        pieces(Format.JSON, content, [10, 20_000, 70_000])


def test_an_array_is_found_only_under_a_key_of_the_outermost_object() -> None:
    content = b'{"meta":{"data":[{"id":"no"}]},"note":"data","data":[{"id":"yes"}]}'
    assert [piece.raw for piece in pieces(Format.JSON, content, [3])] == [b'{"id":"yes"}']
