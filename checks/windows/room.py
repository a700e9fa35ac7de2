"""Who finds room where only so many keys are held, and who is forgotten to make some."""

from collections.abc import Collection, Iterable
from itertools import islice
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

_SHED_SHARE = 16
"""A 16th of all keys goes at once, so that a flood of new ones does not make room for each."""


def admitted(keys: Iterable[K], held: Collection[K], max_keys: int) -> set[K]:
    """The keys that are held already or still find room beside them, each once, first come, first served."""
    room = max_keys - len(held)
    found: set[K] = set()
    for key in keys:
        if key in found:
            continue
        if key in held:
            found.add(key)
        elif room > 0:
            found.add(key)
            room -= 1
    return found


def make_room(held: dict[K, V], max_keys: int) -> int:
    """Forget the first keys, which are those longest silent, when there is no room for another; returns how many."""
    if len(held) < max_keys:
        return 0
    silent = list(islice(held, max(1, max_keys // _SHED_SHARE)))
    for key in silent:
        del held[key]
    return len(silent)
