"""Finds a card or account number wherever it leaked, in every form that encoders and careless code give it."""

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

FULL_WIDTH = 0xFEE0
WIDTHLESS = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
BASE64_ALIGNMENTS = 3
CHUNK_BYTES = 1 << 20
OVERLAP_BYTES = 2_048
"""Longer than a number in its longest form."""
GROUP_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Leak:
    """Where a number was found. place: a file or what the caller called it; offset: in bytes."""

    place: str
    form: str
    offset: int


def forms(number: str) -> dict[str, re.Pattern[bytes]]:
    """A pattern for each form in which this number may be found, by the form's name.

    Of base64 those characters are looked for that depend on the number alone, at each of the three alignments.
    """
    divided = rb"[ \-.,_/\x00]{0,3}".join(re.escape(character.encode()) for character in number)
    found = {"plain, divided or UTF-16": divided}
    wide = [chr(ord(character) + FULL_WIDTH) for character in number if character.isascii()]
    found["full-width"] = b"".join(character.encode() for character in wide)
    found["full-width, escaped"] = b"".join(rb"(?i:\\u%04x)" % ord(character) for character in wide)
    widthless = [character.encode() for character in WIDTHLESS]
    escaped = [rb"(?i:\\u%04x)" % ord(character) for character in WIDTHLESS]
    between = b"(?:" + b"|".join([*map(re.escape, widthless), *escaped, rb"(?i:&#x?[0-9a-f]+;)"]) + b"){0,3}"
    found["divided by characters of no width"] = between.join(re.escape(character.encode()) for character in number)
    found["digits as escapes"] = b"".join(rb"(?i:\\u00|\\x|%%|&#x)(?i:%02x);?" % ord(character) for character in number)
    found["list of byte values"] = rb",\s?".join(b"%d" % ord(character) for character in number)
    found["list of digits"] = rb"[\"']?,\s?[\"']?".join(re.escape(character.encode()) for character in number)
    found["hexadecimal"] = rb"[ :]?".join(b"(?i:%02x)" % ord(character) for character in number)
    found["reversed"] = re.escape(number[::-1].encode())
    found["url-encoded"] = re.escape(quote(number).encode())
    for name, text in {"": number, "spaced, ": _grouped(number, " "), "dashed, ": _grouped(number, "-")}.items():
        for alignment in range(BASE64_ALIGNMENTS):
            found[f"base64, {name}alignment {alignment}"] = _base64_core(text, alignment)
    return {name: re.compile(pattern) for name, pattern in found.items()}


class Canary:
    """One number that nobody may write down."""

    def __init__(self, number: str) -> None:
        self._forms = forms(number)

    def in_bytes(self, content: bytes, place: str) -> list[Leak]:
        """The first leak of each form in the content."""
        hits = ((name, pattern.search(content)) for name, pattern in self._forms.items())
        return [Leak(place, name, hit.start()) for name, hit in hits if hit is not None]

    def in_text(self, text: str, place: str) -> list[Leak]:
        """The first leak of each form in the text."""
        return self.in_bytes(text.encode(errors="surrogatepass"), place)

    def in_file(self, path: Path) -> list[Leak]:
        """The first leak of each form; the file is read in pieces that overlap, so its size does not matter."""
        leaks: dict[str, Leak] = {}
        before, offset = b"", 0
        with path.open("rb") as file:
            while piece := file.read(CHUNK_BYTES):
                window = before + piece
                for leak in self.in_bytes(window, str(path)):
                    leaks.setdefault(leak.form, Leak(leak.place, leak.form, offset - len(before) + leak.offset))
                offset += len(piece)
                before = window[-OVERLAP_BYTES:]
        return list(leaks.values())

    def under(self, folder: Path) -> list[Leak]:
        """The leaks of every file below the folder: databases with their write-ahead logs, logs, everything."""
        return [leak for path in files_under(folder) for leak in self.in_file(path)]


def files_under(folder: Path) -> Iterator[Path]:
    """Every file, in order; sockets and pipes are no files."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def leaks_of(numbers: Iterable[str], folder: Path) -> list[Leak]:
    """The leaks of several numbers below a folder."""
    return [leak for number in numbers for leak in Canary(number).under(folder)]


def _grouped(number: str, divider: str) -> str:
    return divider.join(number[start : start + GROUP_DIGITS] for start in range(0, len(number), GROUP_DIGITS))


def _base64_core(text: str, alignment: int) -> bytes:
    """The characters of base64 that stand for this text alone when so many bytes come before it; either alphabet."""
    encoded = base64.b64encode(bytes(alignment) + text.encode()).rstrip(b"=")
    first = -(-alignment * 8 // 6)
    last = (alignment + len(text)) * 8 // 6
    core = encoded[first:last]
    return b"".join({b"+": b"[+-]", b"/": b"[/_]"}.get(bytes([code]), re.escape(bytes([code]))) for code in core)
