"""Records that are elements of one JSON array, by itself or within an object around it."""

import json
import re

import msgspec

from payment_core.migration.export.errors import FileTruncated, FileUnreadable
from payment_core.migration.export.framing.piece import RECORD_BYTES_MAX, TOO_LONG, Flaw, Piece
from payment_core.migration.export.records import Reason

LISTS = frozenset({"data", "customers", "accounts"})
"""Keys of the array: of the API's list object, and of transfer files."""

AROUND_CHARACTERS_MAX = 65_536
"""What may stand before the array and behind it."""

# Latin-1 gives each byte one character, so that places in the text are places in the file.
_ENCODING = "latin-1"
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\]]', re.DOTALL)
_NEXT = re.compile(r'[^"{}\[\]]*+(?:"(?:[^"\\]++|\\.)*+"[^"{}\[\]]*+)*+([{}\[\]])', re.DOTALL)
_BETWEEN = re.compile(r"[^ \t\r\n,]")
_PLAIN = re.compile(r"[^,\[\]{}]*(?=[,\]])")
_decode = json.JSONDecoder(strict=False).raw_decode


class Elements:
    """A Framer of a JSON array. start: bytes of the file before this; above 0 the array has begun before it."""

    def __init__(self, start: int = 0) -> None:
        self._text = ""
        self._at = start
        self._began_here = start == 0
        self._around = "[" if start > 0 else None
        self._tail: str | None = None
        self._skipping: _Skipping | None = None

    def feed(self, chunk: bytes) -> list[Piece]:
        """The elements that ended in this chunk. Raises FileUnreadable where no array is."""
        self._text += chunk.decode(_ENCODING)
        if self._around is None and not self._open():
            return []
        return self._elements()

    def finish(self) -> list[Piece]:
        """Nothing; raises FileTruncated where the array or what is around it does not end.

        Where reading went on amid the file, what stands before the array is not known; it was read the first time.
        """
        if self._around is None or self._tail is None:
            raise FileTruncated("The JSON array does not end.")
        self._tail += self._text
        self._text = ""
        if self._began_here:
            _check(self._around + "]" + self._tail)
        return []

    def _open(self) -> bool:
        """Find the array; False when more of the file is needed."""
        text = self._text.removeprefix("\xef\xbb\xbf")
        blank = len(self._text) - len(text.lstrip())
        place = blank if self._text[blank : blank + 1] == "[" else _array_in(self._text, blank)
        if place is None:
            if len(self._text) > AROUND_CHARACTERS_MAX:
                raise FileUnreadable("It is no JSON array, nor an object with one under data or customers.")
            return False
        self._around = self._text[blank : place + 1]
        self._at = place + 1
        self._text = self._text[place + 1 :]
        return True

    def _elements(self) -> list[Piece]:
        if self._tail is not None:
            if len(self._text) + len(self._tail) > AROUND_CHARACTERS_MAX:
                raise FileUnreadable("Too much follows the end of its JSON array.")
            return []
        pieces: list[Piece] = []
        text, place = self._text, self._skipped(0)
        while self._skipping is None and (place := _behind_blanks(text, place)) < len(text):
            if text[place] == "]":
                self._tail = ""
                place += 1
                break
            end = _end_of(text, place)
            if end is not None and end - place <= RECORD_BYTES_MAX:
                pieces.append(Piece(text[place:end].rstrip().encode(_ENCODING), self._at + end))
                place = end
            elif len(text) - place > RECORD_BYTES_MAX:
                raw = text[place : place + RECORD_BYTES_MAX].encode(_ENCODING)
                pieces.append(Piece(raw, 0, Flaw(Reason.TOO_LONG, TOO_LONG)))
                self._skipping = _Skipping()
                place = self._skipped(place)
            else:
                break
        self._at += place
        self._text = text[place:]
        return pieces

    def _skipped(self, place: int) -> int:
        """The place behind the element that is skipped, if one is."""
        if self._skipping is not None:
            place = self._skipping.go_on(self._text, place)
            if self._skipping.is_over:
                self._skipping = None
        return place


class _Skipping:
    """Finds the end of an element without keeping it."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_text = False
        self._escaped = False
        self.is_over = False

    def go_on(self, text: str, place: int) -> int:
        """The place behind the element, or the end of the text."""
        for at in range(place, len(text)):
            character = text[at]
            if self._in_text:
                if self._escaped:
                    self._escaped = False
                elif character == "\\":
                    self._escaped = True
                elif character == '"':
                    self._in_text = False
            elif character == '"':
                self._in_text = True
            elif character in "{[":
                self._depth += 1
            elif character in "}]":
                self._depth -= 1
                if self._depth == 0:
                    self.is_over = True
                    return at + 1
        return len(text)


def _behind_blanks(text: str, place: int) -> int:
    """The place of the next element or bracket."""
    found = _BETWEEN.search(text, place)
    return len(text) if found is None else found.start()


def _end_of(text: str, place: int) -> int | None:
    """The place behind the element; None when it does not end in this text."""
    try:
        end = _decode(text, place)[1]
    except (ValueError, RecursionError):
        return _bracket_end(text, place)
    # A number at the text's end may go on in the next chunk.
    return end if end < len(text) or text[end - 1] in '}]"' else None


def _bracket_end(text: str, place: int) -> int | None:
    """The place behind an element that cannot be decoded, by its brackets alone."""
    if text[place] not in "{[":
        plain = _PLAIN.match(text, place)
        # At least one character, so that reading always goes on.
        return None if plain is None else max(plain.end(), place + 1)
    depth = 0
    while (found := _NEXT.match(text, place)) is not None:
        place = found.end()
        depth += 1 if found.group(1) in "{[" else -1
        if depth == 0:
            return place
    return None


def _array_in(text: str, begin: int) -> int | None:
    """The place of the array under one of the known keys of the object that begins here."""
    depth, key = 0, ""
    for token in _TOKEN.finditer(text, begin):
        word = token.group()
        if word[0] == '"':
            key = word[1:-1] if depth == 1 else key
        elif word in "{[":
            if word == "[" and depth == 1 and key in LISTS:
                return token.start()
            depth += 1
        else:
            depth -= 1
    return None


def _check(around: str) -> None:
    try:
        wrapper = msgspec.json.decode(around.encode(_ENCODING))
    except msgspec.MsgspecError as error:
        raise FileTruncated(f"What is around the JSON array does not end as it should: {error}.") from error
    if isinstance(wrapper, dict) and wrapper.get("has_more") is True:
        raise FileTruncated("It says has_more: it is one page of a list, not all of it.")
