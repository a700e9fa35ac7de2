"""What stands in braces in a command and is filled in from a run's parameters, word by word and never by a shell."""

import re
from collections.abc import Iterable, Mapping, Sequence

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]{0,29})\}", re.ASCII)
_BRACE = re.compile(r"[{}]")


def placeholders_of(words: Iterable[str]) -> frozenset[str]:
    """The names of all parameters that the words want."""
    return frozenset(name for word in words for name in _PLACEHOLDER.findall(word))


def stray_brace(words: Iterable[str]) -> str:
    """The first word with a brace that belongs to no placeholder; empty when there is none."""
    return next((word for word in words if _BRACE.search(_PLACEHOLDER.sub("", word))), "")


def filled(words: Sequence[str], parameters: Mapping[str, str]) -> tuple[str, ...]:
    """The words with every parameter in its place. Raises KeyError for one that has no value."""
    return tuple(_PLACEHOLDER.sub(lambda found: parameters[found.group(1)], word) for word in words)
