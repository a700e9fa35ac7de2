"""Words for a fix: the name that was probably meant, and lists that read as prose."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_ALIKE = 0.6
"""difflib's own cut-off: closer than this a slip of the pen, further a different word."""
_COMPARED_LENGTH_MAX = 100
"""A longer word is no slip of the pen, and comparing it takes quadratic time."""


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known name that the word was probably meant to be; None when none is near."""
    if len(word) > _COMPARED_LENGTH_MAX:
        return None
    by_lower = {name.lower(): name for name in known}
    matches = get_close_matches(word.lower(), by_lower, n=1, cutoff=_ALIKE)
    return by_lower[matches[0]] if matches else None


def listed(names: Sequence[str]) -> str:
    """The names as prose: ``a``, ``a and b``, ``a, b and c``."""
    if len(names) <= 1:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
