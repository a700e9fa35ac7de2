"""Finds the route of an address: whole addresses in one look-up, those with parameters segment by segment."""

from collections.abc import Iterable
from typing import Generic, TypeVar

from payment_core.http.errors import RoutesConflict

T = TypeVar("T")
Found = tuple[dict[str, T], dict[str, str]]
"""What the address has for each method, and the values of its parameters."""


class _Node(Generic[T]):
    """One segment of the addresses with parameters. parameter: the name and node of a segment that may be anything."""

    __slots__ = ("by_method", "children", "parameter")

    def __init__(self) -> None:
        self.children: dict[str, _Node[T]] = {}
        self.parameter: tuple[str, _Node[T]] | None = None
        self.by_method: dict[str, T] = {}


class Router(Generic[T]):
    """Built once from (method, template, target); a template's ``{name}`` stands for one segment.

    Raises RoutesConflict when two targets want the same method of the same address.
    """

    def __init__(self, targets: Iterable[tuple[str, str, T]]) -> None:
        self._exact: dict[str, dict[str, T]] = {}
        self._root: _Node[T] = _Node()
        for method, template, target in targets:
            by_method = self._place(template) if "{" in template else self._exact.setdefault(template, {})
            if method in by_method:
                raise RoutesConflict(f"{method} {template}")
            by_method[method] = target

    def find(self, path: str) -> Found[T] | None:
        """What there is under this address; a fixed segment wins over a parameter."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact, {}
        values: dict[str, str] = {}
        node = self._root
        for segment in path.split("/")[1:]:
            child = node.children.get(segment)
            if child is None:
                if node.parameter is None:
                    return None
                name, child = node.parameter
                values[name] = segment
            node = child
        return (node.by_method, values) if node.by_method else None

    def _place(self, template: str) -> dict[str, T]:
        node = self._root
        for segment in template.split("/")[1:]:
            if not segment.startswith("{"):
                node = node.children.setdefault(segment, _Node())
                continue
            name = segment.strip("{}")
            if node.parameter is None:
                node.parameter = (name, _Node())
            if node.parameter[0] != name:
                raise RoutesConflict(f"{template}: the parameter is called {node.parameter[0]} elsewhere")
            node = node.parameter[1]
        return node.by_method
