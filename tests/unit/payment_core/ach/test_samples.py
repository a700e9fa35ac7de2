"""The golden files: their bytes, their figures by a second reading, and their way through reader and writer."""

import msgspec
import pytest

from payment_core.ach.building.writer import LineEnding, write
from payment_core.ach.reading.profiles import Profile
from payment_core.ach.reading.reader import problems_of, read
from tests.unit.payment_core.ach.oracle import figures
from tests.unit.payment_core.ach.samples import FOLDER, SAMPLES, path

BY_NAME = pytest.mark.parametrize("name", SAMPLES)


def test_every_golden_file_has_its_sample() -> None:
    assert sorted(file.stem for file in FOLDER.glob("*.ach")) == sorted(SAMPLES)


@BY_NAME
def test_the_builder_gives_the_golden_bytes(name: str) -> None:
    assert write(SAMPLES[name]()) == path(name).read_bytes()


@BY_NAME
def test_a_golden_file_is_valid_in_both_profiles_without_a_warning(name: str) -> None:
    for profile in Profile:
        reading = read(path(name).read_bytes(), profile)
        assert reading.errors == ()
        assert reading.warnings == ()


@BY_NAME
def test_reading_and_writing_give_the_same_file_and_the_same_bytes(name: str) -> None:
    data = path(name).read_bytes()
    file = read(data).file
    assert file == SAMPLES[name]()
    assert write(file) == data
    assert problems_of(file) == ()


@BY_NAME
def test_the_file_control_agrees_with_a_second_reading(name: str) -> None:
    data = path(name).read_bytes()
    assert msgspec.to_builtins(read(data).file.control) == figures(data)
    assert all(len(line) == 94 for line in data.decode("ascii").splitlines())
    assert data.count(b"\n") % 10 == 0


@BY_NAME
def test_crlf_and_a_stream_without_line_ends_read_the_same(name: str) -> None:
    data = path(name).read_bytes()
    file = read(data).file
    crlf = write(file, LineEnding.CRLF)
    assert crlf == data.replace(b"\n", b"\r\n")
    for other in (crlf, data.replace(b"\n", b""), data.removesuffix(b"\n")):
        reading = read(other)
        assert reading.valid
        assert reading.file == file


def test_known_lines_stand_where_the_rules_put_them() -> None:
    """Written by hand from the rules, character by character."""
    lines = path("returns").read_text("ascii").splitlines()
    assert lines[2] == "626121042882000000000001     0000030000ID00001        JANE DOE                1231380100000501"
    assert lines[3] == "799R01121042880000001      23138010" + " " * 44 + "231380100000501"
    contested = path("contested").read_text("ascii").splitlines()
    parts = ["799R73", "121042880000001", "261130", "23138010", "334", "231380100000501", "334", "01"]
    parts += ["121042880000701", "336", "68", " ", "231380100000801"]
    assert contested[3] == "".join(parts)
    dishonored = path("dishonored").read_text("ascii").splitlines()
    parts = ["799R68", "121042880000001", "      ", "23138010", "   ", "231380100000501", "334", "01"]
    parts += ["LATE BY 3 DAYS       ", "121042880000701"]
    assert dishonored[3] == "".join(parts)
    ctx = path("ctx").read_text("ascii").splitlines()
    assert ctx[2][54:76] == "0012ACME SUPPLY CO    "
