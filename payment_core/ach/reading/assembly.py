"""Puts records in their place in the tree, and reports those that have none."""

from collections.abc import Callable
from functools import partial

import msgspec

from payment_core.ach.building.totals import BLOCKING_FACTOR, batch_control, entry_totals, file_control
from payment_core.ach.building.writer import PADDING
from payment_core.ach.codes.sec import ENTRY_CLASSES
from payment_core.ach.model import ABSENT, AchFile, Batch, Entry
from payment_core.ach.problems import ErrorCode, Findings
from payment_core.ach.reading.lines import Line
from payment_core.ach.records.addenda import Addenda, parse_addenda
from payment_core.ach.records.batch_control import BATCH_CONTROL, BatchControl
from payment_core.ach.records.batch_header import BATCH_HEADER, BatchHeader
from payment_core.ach.records.corporate_entry import CORPORATE_ENTRY
from payment_core.ach.records.entry_detail import ENTRY_DETAIL
from payment_core.ach.records.file_control import FILE_CONTROL, FileControl
from payment_core.ach.records.file_header import FILE_HEADER, FileHeader


class Assembled(msgspec.Struct, frozen=True):
    """line_numbers: of the file's records in the order of the tree; ABSENT for one that was filled in."""

    file: AchFile
    line_numbers: list[int]


class Assembly:
    """Takes the lines of one file in order."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._numbers: list[int] = []
        self._file_header: FileHeader | None = None
        self._batches: list[Batch] = []
        self._header: BatchHeader | None = None
        self._corporate = False
        self._supported = True
        self._entries: list[Entry] = []
        self._entry_line: Line | None = None
        self._addenda: list[Line] = []
        self._file_control: FileControl | None = None
        self._take_by_type: dict[str, Callable[[Line], None]] = {
            "1": self._take_file_header,
            "5": self._take_batch_header,
            "6": self._take_entry,
            "7": self._take_addenda,
            "8": self._take_batch_control,
            "9": self._take_file_control,
        }

    def assemble(self, lines: list[Line]) -> Assembled:
        """The tree of these lines."""
        padding = self._count_padding(lines)
        for line in lines[: len(lines) - padding]:
            take = self._take_by_type.get(line.text[0])
            if take is None:
                self._add(ErrorCode.UNKNOWN_RECORD_TYPE, line, "a record starts with 1, 5, 6, 7, 8 or 9")
            elif self._file_control is not None:
                self._add(ErrorCode.RECORD_ORDER, line, "only padding may follow the file control")
            else:
                take(line)
        return self._finished(len(lines), padding)

    def _count_padding(self, lines: list[Line]) -> int:
        padding = 0
        while padding < len(lines) and lines[-1 - padding].text == PADDING:
            padding += 1
        return padding

    def _finished(self, line_count: int, padding: int) -> Assembled:
        self._close_without_control(line_count)
        batches = tuple(self._batches)
        file_header = self._file_header
        if file_header is None:
            file_header = FileHeader("", "", "", "", "", "", "")
            self._numbers.insert(0, ABSENT)
            if line_count:
                self._findings.add(ErrorCode.MISSING_FILE_HEADER, 1, "record", "the first record must be a file header")
        control = self._file_control
        if control is None:
            control = file_control(batches)
            self._numbers.append(ABSENT)
            if line_count:
                message = "the file ends without a file control; it may have been cut off"
                self._findings.add(ErrorCode.MISSING_FILE_CONTROL, line_count, "record", message)
        elif line_count % BLOCKING_FACTOR or padding >= BLOCKING_FACTOR:
            message = f"{line_count} records; fill up with lines of nines to the next multiple of {BLOCKING_FACTOR}"
            self._findings.add(ErrorCode.BLOCK_PADDING, line_count, "record", message)
        return Assembled(AchFile(file_header, batches, control), self._numbers)

    def _take_file_header(self, line: Line) -> None:
        if self._file_header is not None or self._header is not None or self._batches:
            self._add(ErrorCode.RECORD_ORDER, line, "a file header is the first record and the only one of its type")
            return
        self._file_header = FILE_HEADER.parse(line.text, self._report(line))
        self._numbers.append(line.number)

    def _take_batch_header(self, line: Line) -> None:
        self._close_without_control(line.number)
        self._header = BATCH_HEADER.parse(line.text, self._report(line))
        entry_class = ENTRY_CLASSES.get(self._header.sec_code)
        self._corporate = entry_class is not None and entry_class.corporate_layout
        self._supported = entry_class is not None
        self._numbers.append(line.number)

    def _take_entry(self, line: Line) -> None:
        if self._header is None:
            self._add(ErrorCode.RECORD_ORDER, line, "an entry must follow a batch header")
            return
        if self._entry_line is not None:
            self._finish_entry(self._entry_line)
        self._entry_line = line

    def _take_addenda(self, line: Line) -> None:
        if self._entry_line is None:
            self._add(ErrorCode.RECORD_ORDER, line, "an addenda record must follow its entry")
            return
        self._addenda.append(line)

    def _finish_entry(self, line: Line) -> None:
        """An entry is frozen, so it is made once its addenda are known."""
        addenda: tuple[Addenda, ...] = ()
        self._numbers.append(line.number)
        if self._addenda:
            addenda = tuple(parse_addenda(extra.text, self._report_in_batch(extra)) for extra in self._addenda)
            self._numbers.extend(extra.number for extra in self._addenda)
            self._addenda = []
        # A return of a CTX entry has the CTX layout, too: the header decides.
        layout = CORPORATE_ENTRY if self._corporate else ENTRY_DETAIL
        self._entries.append(layout.parse(line.text, self._report_in_batch(line), addenda))
        self._entry_line = None

    def _take_batch_control(self, line: Line) -> None:
        if self._header is None:
            self._add(ErrorCode.RECORD_ORDER, line, "a batch control must follow the entries of a batch")
            return
        self._close(self._header, BATCH_CONTROL.parse(line.text, self._report_in_batch(line)), line.number)

    def _close_without_control(self, line_number: int) -> None:
        """Close the batch that is open, if one is."""
        header = self._header
        if header is not None:
            message = "the batch before this has no batch control; it may have been cut off"
            self._findings.add(ErrorCode.MISSING_BATCH_CONTROL, line_number, "record", message)
            self._close(header, None, ABSENT)

    def _close(self, header: BatchHeader, control: BatchControl | None, line_number: int) -> None:
        if self._entry_line is not None:
            self._finish_entry(self._entry_line)
        entries = tuple(self._entries)
        if control is None:
            control = batch_control(header, entry_totals(entries))
        self._numbers.append(line_number)
        self._batches.append(Batch(header, entries, control))
        self._header, self._entries = None, []

    def _take_file_control(self, line: Line) -> None:
        if line.text == PADDING:
            self._add(ErrorCode.RECORD_ORDER, line, "padding must follow the file control")
            return
        self._close_without_control(line.number)
        self._file_control = FILE_CONTROL.parse(line.text, self._report(line))
        self._numbers.append(line.number)

    def _add(self, code: ErrorCode, line: Line, message: str) -> None:
        self._findings.add(code, line.number, "record", message)

    def _report(self, line: Line) -> Callable[[ErrorCode, str, str], None]:
        return partial(_add_field, self._findings, line.number)

    def _report_in_batch(self, line: Line) -> Callable[[ErrorCode, str, str], None]:
        """Records of a class that is not supported have other fields, so nothing is said about them."""
        return self._report(line) if self._supported else _ignore


def _ignore(_code: ErrorCode, _field: str, _message: str) -> None:
    return


def _add_field(findings: Findings, line_number: int, code: ErrorCode, field: str, message: str) -> None:
    findings.add(code, line_number, field, message)
