"""Recorded load is read row by row, and a line that cannot be used is named with what is wrong and what to write."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.replay.load_file import LoadRow, LoadUnreadable, read_load


def rows(folder: Path, content: bytes | str) -> list[LoadRow]:
    """What is read of a file with this content."""
    file = folder / "load.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_load(file))


def test_times_are_iso_with_an_offset_or_seconds_or_milliseconds_and_columns_go_by_name(tmp_path: Path) -> None:
    content = (
        "\ufeffregion,Requests_per_second , at\n"
        "eu,1.5,2026-11-27T12:00:00Z\n"
        "\n"
        "eu,2,2026-11-27T07:00:01.500-05:00\n"
        '"eu",3e1,1795780802\n'
        "eu,0,1795780803500\r\n"
    )
    assert rows(tmp_path, content) == [
        LoadRow(2, 1_795_780_800_000, 1.5),
        LoadRow(4, 1_795_780_801_500, 2.0),
        LoadRow(5, 1_795_780_802_000, 30.0),
        LoadRow(6, 1_795_780_803_500, 0.0),
    ]


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        ("", 0, "the file is empty"),
        ("time,requests_per_second\n", 1, "the column at is not there; there are time, requests_per_second"),
        ("at,at,requests_per_second\n", 1, "the column at stands here twice"),
        ("at,requests_per_second\n1795780800\n", 2, "the line has 1 values, the first one 2"),
        ("at,requests_per_second\nnoon,1\n", 2, "'noon' is no point in time"),
        ("at,requests_per_second\n\n2026-11-27T12:00:00,1\n", 3, "'2026-11-27T12:00:00' has no UTC offset"),
        ("at,requests_per_second\n-5,1\n", 2, "'-5' is no point in time"),
        ("at,requests_per_second\n0,1\n", 2, "'0' is not between 1970 and 2100"),
        ("at,requests_per_second\n1795780800,many\n", 2, "'many' is no number"),
        ("at,requests_per_second\n1795780800,\n", 2, "'' is no number"),
        ("at,requests_per_second\n1795780800,-1\n", 2, "-1 is no load"),
        ("at,requests_per_second\n1795780800,nan\n", 2, "nan is no load"),
        ("at,requests_per_second\n1795780800,inf\n", 2, "inf is no load"),
        (b"at,requests_per_second\n1795780800,\xff\n", 2, "the byte 0xff is not UTF-8"),
        ('at,requests_per_second\n"1795780800,1\n', 2, "this is no line of CSV"),
        ("at,requests_per_second\n" + "1" * 70_000, 2, "the line is longer than 65536 bytes"),
    ],
)
def test_what_cannot_be_used_is_named_by_file_line_and_fix(
    tmp_path: Path, content: bytes | str, line: int, what: str
) -> None:
    with pytest.raises(LoadUnreadable) as caught:
        rows(tmp_path, content)
    place = f"{tmp_path / 'load.csv'}:{line}: " if line else f"{tmp_path / 'load.csv'}: "
    assert str(caught.value).startswith(place + what)
    assert "\n  fix: " in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LoadUnreadable, match="it cannot be read: No such file"):
        list(read_load(tmp_path / "nowhere.csv"))


def test_rows_are_read_as_they_are_asked_for_and_bytes_are_counted(tmp_path: Path) -> None:
    file, told = tmp_path / "load.csv", list[int]()
    file.write_text("at,requests_per_second\n1795780800,1\n1795780801,oops\n", encoding="utf-8")
    reading = read_load(file, told.append)
    assert next(reading).requests_per_second == 1.0
    assert sum(told) == len("at,requests_per_second\n1795780800,1\n")
    with pytest.raises(LoadUnreadable, match=":3: 'oops' is no number"):
        next(reading)


@given(content=st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_no_bytes_make_it_fail_in_any_other_way(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(b"at,requests_per_second\n" + content)
    with suppress(LoadUnreadable):
        assert all(row.requests_per_second >= 0 for row in read_load(file))
