"""The facts of an archive for whoever replays it: JSON lines, packed or not, or Parquet files."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from checks.facts import Fact
from daemon.archive.reading import Unread, archive_files, read_facts
from daemon.sources.parquet import SUFFIX, need_parquet, parquet_files, read_parquet


def recorded_files(place: Path) -> list[Path]:
    """The files of a directory, oldest first, or one file. Raises ArchiveUnreadable, or NotUsable without the extra."""
    parquet = parquet_files(place)
    if parquet:
        need_parquet()
    return parquet if parquet else archive_files(place)


def recorded_facts(files: Sequence[Path], unread: Unread, advanced: Callable[[int], None]) -> Iterator[Fact]:
    """The facts of all files in their order. advanced: told how many bytes were read since it was last called."""
    for path in files:
        if path.suffix == SUFFIX:
            yield from read_parquet(path, unread)
            advanced(path.stat().st_size)
        else:
            yield from read_facts(path, unread, advanced)
