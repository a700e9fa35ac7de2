"""Tries whether a card number gets through what writes lines: with a canary in every form that people write one."""

import unicodedata
from collections.abc import Callable

CANARY = "4242424242424242"
"""A test number that no issuer gives out."""

_FULL_WIDTH = str.maketrans("0123456789", "".join(chr(0xFF10 + digit) for digit in range(10)))
_GROUPS = [CANARY[start : start + 4] for start in range(0, len(CANARY), 4)]

FORMS = {
    "plain": CANARY,
    "spaced": " ".join(_GROUPS),
    "dashed": "-".join(_GROUPS),
    "dotted": ".".join(_GROUPS),
    "full width": CANARY.translate(_FULL_WIDTH),
    "split by characters of no width": "\u200b".join(_GROUPS),
    "in JSON": f'{{"pan":"{CANARY}","note":"typed into the wrong field"}}',
}


def leaks(write: Callable[[str], str]) -> tuple[str, ...]:
    """The names of the forms in which the canary can still be read from what ``write`` makes of a text."""
    return tuple(name for name, text in FORMS.items() if CANARY in _digits(write(f"customer typed {text}")))


def _digits(line: str) -> str:
    return "".join(character for character in unicodedata.normalize("NFKC", line) if character.isdigit())
