"""Who finds room where only so many keys are held: first come, first served."""

from collections.abc import Collection, Iterable
from typing import TypeVar

K = TypeVar("K")


def admitted(keys: Iterable[K], held: Collection[K], max_keys: int) -> set[K]:
    """The keys that are held already or still find room beside them, each once, in the order in which they come."""
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
