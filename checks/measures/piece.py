"""The facts of one batch that fall into one pane, with what several windows want to know of them."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from checks.expression import Condition
from checks.facts import Fact
from checks.windows import Key


class Piece:
    """Answers each question about its facts once, whoever asks. Facts stand in order of event time."""

    __slots__ = ("_counted", "_keys", "_matches", "_selected", "facts")

    def __init__(self, facts: Sequence[Fact]) -> None:
        self.facts = facts
        self._selected: dict[str, Sequence[Fact]] = {}
        self._keys: dict[tuple[str, ...], list[Key]] = {}
        self._counted: dict[tuple[str, ...], Counter[Key]] = {}
        self._matches: dict[tuple[str, tuple[str, ...]], list[Key]] = {}

    def selected(self, condition: Condition) -> Sequence[Fact]:
        """The facts that meet a condition."""
        found = self._selected.get(condition.canonical)
        if found is None:
            found = self._selected[condition.canonical] = condition.select(self.facts)
        return found

    def keys(self, per: tuple[str, ...], key_of: Callable[[Any], Key]) -> list[Key]:
        """The key of each fact."""
        found = self._keys.get(per)
        if found is None:
            found = self._keys[per] = list(map(key_of, self.facts))
        return found

    def counted(self, per: tuple[str, ...], key_of: Callable[[Any], Key]) -> Counter[Key]:
        """How many facts each key has; not to be changed."""
        found = self._counted.get(per)
        if found is None:
            found = self._counted[per] = Counter(self.keys(per, key_of))
        return found

    def matches(self, condition: Condition, per: tuple[str, ...], key_of: Callable[[Any], Key]) -> list[Key]:
        """The key of each fact that meets a condition."""
        name = (condition.canonical, per)
        found = self._matches.get(name)
        if found is None:
            found = self._matches[name] = list(map(key_of, self.selected(condition)))
        return found
