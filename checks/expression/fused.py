"""Many expressions over one kind of fact, read by a single call into one tuple."""

import ast
from collections.abc import Callable, Sequence
from typing import Any

from checks.expression.compiled import can_fail, checked_tree, function_of
from checks.expression.types import Kind
from checks.expression.typing_rules import FACT
from checks.facts import Fact

# Made for one fact type and called with that type alone; a slot is a truth value, a number, a text or a key.
FusedReader = Callable[[Any], tuple[Any, ...]]

WHOLE = "*"
"""The key of a window that all facts share."""


class Slots:
    """Collects what is to be read of a fact; equal expressions share a slot.

    A condition that divides by zero is false, a number is None. A key with an empty part is false.
    """

    def __init__(self, fact_type: type[Fact]) -> None:
        self.fact_type = fact_type
        self._trees: list[ast.expr] = []
        self._when_undefined: list[object] = []
        self._slot_by_text: dict[str, int] = {}

    def condition(self, text: str) -> int:
        """The slot of a condition; raises ExpressionError."""
        node, tree, found, checker = checked_tree(text, self.fact_type)
        checker.refuse_unless(node, found, Kind.TRUTH, "a condition is true or false")
        return self._slot(f"condition {ast.unparse(node)}", tree, undefined=False)

    def number(self, text: str) -> int:
        """The slot of a number; raises ExpressionError."""
        node, tree, found, checker = checked_tree(text, self.fact_type)
        checker.refuse_unless(node, found, Kind.NUMBER, "a number is measured")
        return self._slot(f"number {ast.unparse(node)}", tree, undefined=None)

    def field(self, name: str) -> int:
        """The slot of a text field that the fact has."""
        return self._slot(f"field {name}", _field(name), undefined="")

    def key(self, fields: Sequence[str]) -> int:
        """The slot of a window's key: one field as it is, several as a tuple, none as the key of all facts."""
        parts = [_field(name) for name in fields]
        tree: ast.expr = ast.Constant(value=WHOLE)
        if len(parts) == 1:
            tree = parts[0]
        elif parts:
            tree = ast.BoolOp(op=ast.And(), values=[*parts, ast.Tuple(elts=parts, ctx=ast.Load())])
        return self._slot(f"key {' '.join(fields)}", tree, undefined="")

    def compiled(self) -> FusedReader:
        """The function that reads all slots of a fact."""
        all_at_once = function_of(FACT, ast.Tuple(elts=list(self._trees), ctx=ast.Load()))
        if not any(can_fail(tree) for tree in self._trees):
            return all_at_once
        each = [function_of(FACT, tree) for tree in self._trees]
        undefined = list(self._when_undefined)

        def read(fact: Fact) -> tuple[Any, ...]:
            try:
                values: tuple[Any, ...] = all_at_once(fact)
            except ArithmeticError:
                return tuple(_read(one, fact, missing) for one, missing in zip(each, undefined, strict=True))
            return values

        return read

    def _slot(self, text: str, tree: ast.expr, *, undefined: object) -> int:
        slot = self._slot_by_text.get(text)
        if slot is None:
            slot = self._slot_by_text[text] = len(self._trees)
            self._trees.append(tree)
            self._when_undefined.append(undefined)
        return slot


def _read(one: Callable[[Any], object], fact: Fact, undefined: object) -> object:
    try:
        return one(fact)
    except ArithmeticError:
        return undefined


def _field(name: str) -> ast.expr:
    return ast.Attribute(value=ast.Name(id=FACT, ctx=ast.Load()), attr=name, ctx=ast.Load())
