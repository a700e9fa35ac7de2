"""From bytes to lines of 94 printable ASCII characters, whatever the bytes; what had to be mended is reported."""

import re

import msgspec

from payment_core.ach.layout import RECORD_WIDTH
from payment_core.ach.problems import ErrorCode, Findings

FILE_BYTES_MAX = 64 * 1024 * 1024
"""700,000 records, which take 1 GiB of memory to read; what is larger is split into files."""
LINES_MAX = 800_000
"""More than the records of the largest file; a file of line ends alone would keep a core busy for a minute."""

_UNPRINTABLE = re.compile(rb"[^\x20-\x7e]")
_NOT_IN_A_FILE = bytes(set(range(256)) - set(range(0x20, 0x7F)) - {0x0A, 0x0D})


class Line(msgspec.Struct, frozen=True, gc=False):
    """number: of the line in the source, from 1; text: 94 characters."""

    number: int
    text: str


def split_lines(data: bytes, findings: Findings) -> list[Line]:
    """Lines with their numbers; blank ones are left out, short ones filled, unprintable characters become '?'."""
    if len(data) > FILE_BYTES_MAX:
        findings.add(ErrorCode.FILE_TOO_LARGE, 0, "file", f"more than {FILE_BYTES_MAX} bytes; split it")
        return []
    if max(data.count(b"\n"), data.count(b"\r")) > LINES_MAX:
        findings.add(ErrorCode.FILE_TOO_LARGE, 0, "file", f"more than {LINES_MAX} lines; split it")
        return []
    raw = _raw_lines(data, findings)
    if not data.isascii() or data != data.translate(None, _NOT_IN_A_FILE):
        raw = [_printable(line, number, findings) for number, line in enumerate(raw, start=1)]
    lines = []
    for number, piece in enumerate(raw, start=1):
        text = piece.decode("ascii")
        if len(text) != RECORD_WIDTH:
            if not text.strip():
                findings.add(ErrorCode.BLANK_LINE, number, "record", "a blank line is no record")
                continue
            text = _to_width(text, number, findings)
        lines.append(Line(number, text))
    if not lines:
        findings.add(ErrorCode.EMPTY_FILE, 0, "file", "there are no records")
    return lines


def _raw_lines(data: bytes, findings: Findings) -> list[bytes]:
    if b"\n" not in data and b"\r" not in data:
        return [data[start : start + RECORD_WIDTH] for start in range(0, len(data), RECORD_WIDTH)]
    pairs = data.count(b"\r\n")
    if pairs != data.count(b"\r") or pairs not in {0, data.count(b"\n")}:
        findings.add(ErrorCode.LINE_ENDING, 0, "file", "line endings are mixed; use LF, or CR LF throughout")
    return data.splitlines()


def _printable(line: bytes, number: int, findings: Findings) -> bytes:
    mended, count = _UNPRINTABLE.subn(b"?", line)
    if count:
        where = next(_UNPRINTABLE.finditer(line)).start() + 1
        message = f"byte {where} is not printable ASCII; {count} such bytes in the line"
        findings.add(ErrorCode.NOT_ASCII, number, "record", message)
    return mended


def _to_width(text: str, number: int, findings: Findings) -> str:
    length = len(text)
    if length > RECORD_WIDTH and text[RECORD_WIDTH:].strip():
        findings.add(ErrorCode.LINE_TOO_LONG, number, "record", f"{length} characters; a record has {RECORD_WIDTH}")
    else:
        # Blanks beyond the record are as harmless as blanks that were trimmed.
        findings.add(ErrorCode.LINE_LENGTH, number, "record", f"{length} characters; a record has {RECORD_WIDTH}")
    return f"{text[:RECORD_WIDTH]:<{RECORD_WIDTH}}"
