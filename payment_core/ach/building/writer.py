"""From a file to its bytes: the same file always gives the same bytes."""

from enum import StrEnum

from payment_core.ach.building.totals import BLOCKING_FACTOR
from payment_core.ach.layout import RECORD_WIDTH
from payment_core.ach.model import AchFile, Batch, Entry
from payment_core.ach.records.addenda import format_addenda
from payment_core.ach.records.batch_control import BATCH_CONTROL
from payment_core.ach.records.batch_header import BATCH_HEADER
from payment_core.ach.records.corporate_entry import CORPORATE_ENTRY, CorporateEntry
from payment_core.ach.records.entry_detail import ENTRY_DETAIL
from payment_core.ach.records.file_control import FILE_CONTROL
from payment_core.ach.records.file_header import FILE_HEADER

PADDING = "9" * RECORD_WIDTH


class LineEnding(StrEnum):
    """What ends each record, the last one too."""

    LF = "\n"
    CRLF = "\r\n"


def write(file: AchFile, ending: LineEnding = LineEnding.LF) -> bytes:
    """The file with its padding to blocks of 10 records. Raises FieldInvalid when a value does not fit its field."""
    lines = [FILE_HEADER.format(file.header)]
    for batch in file.batches:
        _write_batch(batch, lines)
    lines.append(FILE_CONTROL.format(file.control))
    lines.extend([PADDING] * (-len(lines) % BLOCKING_FACTOR))
    lines.append("")
    return ending.join(lines).encode("ascii")


def format_entry(entry: Entry) -> str:
    """The entry's 94 characters in the layout of its type. Raises FieldInvalid."""
    return CORPORATE_ENTRY.format(entry) if isinstance(entry, CorporateEntry) else ENTRY_DETAIL.format(entry)


def _write_batch(batch: Batch, lines: list[str]) -> None:
    lines.append(BATCH_HEADER.format(batch.header))
    for entry in batch.entries:
        lines.append(format_entry(entry))
        for addenda in entry.addenda:
            lines.append(format_addenda(addenda))  # noqa: PERF401  # most entries have none: a loop is cheapest
    lines.append(BATCH_CONTROL.format(batch.control))
