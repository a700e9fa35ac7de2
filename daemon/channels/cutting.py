"""Cuts text to what a receiver takes, with a mark where it was cut."""

import json
from collections.abc import Callable

MARK = " [cut]"


def cut(text: str, length_max: int) -> str:
    """At most so many characters; the mark is among them."""
    return text if len(text) <= length_max else text[: length_max - len(MARK)] + MARK


def cut_bytes(text: str, bytes_max: int) -> str:
    """At most so many bytes as JSON in ASCII; the mark is among them."""
    return cut_to(text, lambda some: len(json.dumps(some)) <= bytes_max)


def cut_to(text: str, fits: Callable[[str], bool]) -> str:
    """As much of its beginning as fits together with the mark. fits: what holds of a text holds of its beginnings."""
    if fits(text):
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(text[:middle] + MARK) else (low, middle - 1)
    return text[:low] + MARK


def in_one_line(text: str) -> str:
    """Without line breaks and other control characters, which would begin a header or an escape of their own."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def readable(text: str) -> str:
    """The same with its line breaks; what no encoding holds is a question mark."""
    kept = "".join(letter if letter.isprintable() or letter in "\n\t" else " " for letter in text)
    return kept.encode("utf-8", "replace").decode("utf-8")
