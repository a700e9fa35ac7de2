"""Reads an archive line by line, packed or not, with no more of it in memory than a line."""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from checks.facts import Fact
from daemon.archive.files import files_in
from daemon.archive.lines import LINE_BYTES_MAX, LineUnreadable, fact_of

SHOWN_MAX = 5
"""Lines that could not be read are counted; so many are named."""

_LINES = (".jsonl", ".jsonl.gz")


class ArchiveUnreadable(Exception):
    """There is nothing here to be replayed."""


@dataclass(slots=True)
class Unread:
    """Lines that are no facts. shown: the first of them, as file, line and why."""

    lines: int = 0
    shown: list[str] = field(default_factory=list)

    def count(self, path: Path, line: int, why: str) -> None:
        """One more."""
        self.lines += 1
        if len(self.shown) < SHOWN_MAX:
            self.shown.append(f"{path}:{line}: {why}")


def archive_files(place: Path) -> list[Path]:
    """The files of an archive, oldest first: a directory's, or one file. Raises ArchiveUnreadable."""
    if place.is_dir():
        found = files_in(place) or sorted(path for path in place.iterdir() if path.name.endswith(_LINES))
        if not found:
            raise ArchiveUnreadable(f"{place} holds no file that ends in {' or '.join(_LINES)}")
        return found
    if not place.is_file():
        raise ArchiveUnreadable(f"{place} is neither a directory nor a file")
    if not place.name.endswith(_LINES):
        raise ArchiveUnreadable(f"{place} does not end in {' or '.join(_LINES)}")
    return [place]


def read_facts(path: Path, unread: Unread, advanced: Callable[[int], None]) -> Iterator[Fact]:
    """The facts of one file in their order; a line that is none is counted, as is the rest of a file that is damaged.

    The last line of a file that is not packed is left out while it has no end.
    advanced: told how many bytes of the file were read since it was last called, packed ones if it is packed.
    """
    number, place = 0, 0
    with path.open("rb") as raw:
        source: BinaryIO = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw  # type: ignore[assignment]
        try:
            # A limit on what is read at once: a file without line breaks must not fill the memory.
            while line := source.readline(LINE_BYTES_MAX + 1):
                number += 1
                if source is raw and not line.endswith(b"\n") and len(line) <= LINE_BYTES_MAX:
                    break  # The daemon is writing it at this moment.
                try:
                    yield fact_of(line)
                except LineUnreadable as fault:
                    unread.count(path, number, str(fault))
                if number % 1000 == 0:
                    advanced(raw.tell() - place)
                    place = raw.tell()
        except (OSError, EOFError) as fault:
            unread.count(path, number + 1, f"the rest of the file cannot be read: {fault}")
        advanced(raw.tell() - place)
