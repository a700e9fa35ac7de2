"""Cuts text to what a receiver takes, with a mark where it was cut."""

import json

MARK = " [cut]"


def cut(text: str, length_max: int) -> str:
    """At most so many characters; the mark is among them."""
    return text if len(text) <= length_max else text[: length_max - len(MARK)] + MARK


def cut_bytes(text: str, bytes_max: int) -> str:
    """At most so many bytes as JSON in ASCII; the mark is among them."""
    if _size(text) <= bytes_max:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _size(text[:middle] + MARK) <= bytes_max else (low, middle - 1)
    return text[:low] + MARK


def _size(text: str) -> int:
    return len(json.dumps(text))
