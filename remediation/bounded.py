"""Mappings that forget when they grow too large."""

from collections.abc import Callable
from typing import TypeVar

Kept = TypeVar("Kept")


def bounded(kept: dict[str, Kept], limit: int, expendable: Callable[[Kept], bool]) -> dict[str, Kept]:
    """The same, without the oldest expendable one, or the oldest at all, when there is one too many."""
    if len(kept) > limit:
        del kept[next((name for name, one in kept.items() if expendable(one)), next(iter(kept)))]
    return kept
