"""Whether a condition can hold at all, and whether it can fail: sure answers only, for fields against constants."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import add, mod, mul, sub, truediv

from checks.expression.types import Kind, Type

Constant = str | float | bool
Literal = tuple[ast.expr, bool]
"""A part of a condition, and whether it has to fail."""

_TRUTHS = {"true": True, "True": True, "false": False, "False": False}
_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_MIRRORED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
}

_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: add,
    ast.Sub: sub,
    ast.Mult: mul,
    ast.Div: truediv,
    ast.Mod: mod,
}


@dataclass(slots=True)
class _Domain:
    """What a field may still be. allowed: None is anything. lowest, highest: and whether the bound is left out."""

    allowed: set[Constant] | None = None
    excluded: set[Constant] = field(default_factory=set)
    lowest: tuple[float, bool] | None = None
    highest: tuple[float, bool] | None = None

    def narrow(self, operator: type[ast.cmpop], values: tuple[Constant, ...]) -> None:
        """Keep what meets the comparison."""
        if operator in (ast.Eq, ast.In):
            self.allowed = set(values) if self.allowed is None else self.allowed & set(values)
        elif operator in (ast.NotEq, ast.NotIn):
            self.excluded |= set(values)
        elif isinstance(values[0], int | float):
            number = float(values[0])
            if operator in (ast.Gt, ast.GtE):
                bound = (number, operator is ast.Gt)
                self.lowest = bound if self.lowest is None else max(self.lowest, bound)
            else:
                # Of two equal bounds the one that leaves itself out is the narrower.
                bound = (number, operator is ast.Lt)
                self.highest = (
                    bound if self.highest is None else min(self.highest, bound, key=lambda one: (one[0], not one[1]))
                )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        if self.allowed is not None:
            return not any(value not in self.excluded and self._within(value) for value in self.allowed)
        if self.lowest is None or self.highest is None:
            return False
        if self.lowest[0] == self.highest[0]:
            return self.lowest[1] or self.highest[1] or self.lowest[0] in self.excluded
        return self.lowest[0] > self.highest[0]

    def _within(self, value: Constant) -> bool:
        if isinstance(value, str | bool):
            return True
        above = self.lowest is None or value > self.lowest[0] or (value == self.lowest[0] and not self.lowest[1])
        below = self.highest is None or value < self.highest[0] or (value == self.highest[0] and not self.highest[1])
        return above and below


def never_holds(conditions: Iterable[ast.expr], types: Mapping[str, Type]) -> bool:
    """Whether it is certain that no fact meets all of the conditions."""
    return _refuted([(condition, False) for condition in conditions], types)


def always_holds(given: Iterable[ast.expr], condition: ast.expr, types: Mapping[str, Type]) -> bool:
    """Whether it is certain that each fact that meets what is given meets the condition too."""
    return _refuted([*((one, False) for one in given), (condition, True)], types)


def _refuted(literals: Iterable[Literal], types: Mapping[str, Type]) -> bool:
    """Whether the literals cannot all hold: one is false, a field has no value left, or a choice has no way out."""
    parts = [part for literal in literals for part in _parts(*literal)]
    domains: dict[str, _Domain] = {}
    choices: list[list[Literal]] = []
    for node, negated in parts:
        truth = constant(node)
        if isinstance(truth, bool):
            if truth is negated:
                return True
        elif isinstance(node, ast.BoolOp):
            choices.append([(value, negated) for value in node.values])
        else:
            comparison = _comparison(node, types, negated=negated)
            if comparison is not None:
                name, operator, values = comparison
                domains.setdefault(name, _domain_of(types[name])).narrow(operator, values)
    if any(domain.is_empty for domain in domains.values()):
        return True
    simple = [(node, negated) for node, negated in parts if not isinstance(node, ast.BoolOp)]
    return any(all(_refuted([*simple, choice], types) for choice in some) for some in choices)


def _parts(node: ast.expr, negated: bool) -> Iterator[Literal]:  # noqa: FBT001 - a literal is a pair.
    """The parts of a condition that all have to hold, or all to fail, for the whole to do so."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield from _parts(node.operand, not negated)
    elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And) is not negated:
        for value in node.values:
            yield from _parts(value, negated)
    elif isinstance(node, ast.Compare) and len(node.ops) > 1 and not negated:
        lefts = [node.left, *node.comparators]
        for left, operator, right in zip(lefts, node.ops, node.comparators, strict=False):
            yield ast.Compare(left=left, ops=[operator], comparators=[right]), False
    else:
        yield node, negated


def _comparison(
    node: ast.expr, types: Mapping[str, Type], *, negated: bool
) -> tuple[str, type[ast.cmpop], tuple[Constant, ...]] | None:
    """A field against constants, as field, operator and values; None for anything else."""
    if isinstance(node, ast.Name) and node.id in types:
        return node.id, ast.Eq, (not negated,)
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return None
    left, operator, right = node.left, type(node.ops[0]), node.comparators[0]
    if not isinstance(left, ast.Name) and operator in _MIRRORED:
        left, operator, right = right, _MIRRORED[operator], left
    if not isinstance(left, ast.Name) or left.id not in types:
        return None
    written = right.elts if isinstance(right, ast.Tuple | ast.List) else [right]
    values = tuple(value for value in map(constant, written) if value is not None)
    if len(values) != len(written) or not values:
        return None
    return left.id, _OPPOSITE[operator] if negated else operator, values


def _domain_of(found: Type) -> _Domain:
    if found.kind is Kind.TRUTH:
        return _Domain(allowed={True, False})
    return _Domain(allowed=set(found.members) if found.members else None)


def constant(node: ast.expr) -> Constant | None:
    """The value of an expression that reads no field; None when it reads one, or has no value."""
    if isinstance(node, ast.Name):
        return _TRUTHS.get(node.id)
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int | float):
        return node.value
    if any(isinstance(part, ast.Name) and part.id not in _TRUTHS for part in ast.walk(node)):
        return None
    try:
        return _computed(node)
    except (ArithmeticError, TypeError):
        return None


def _computed(node: ast.expr) -> Constant | None:
    """Arithmetic and comparison of constants."""
    if isinstance(node, ast.UnaryOp):
        operand = constant(node.operand)
        if isinstance(node.op, ast.Not):
            return None if operand is None else not operand
        return -operand if isinstance(operand, int | float) and isinstance(node.op, ast.USub) else operand
    if isinstance(node, ast.BinOp):
        left, right = constant(node.left), constant(node.right)
        if not isinstance(left, int | float) or not isinstance(right, int | float):
            return None
        return _ARITHMETIC[type(node.op)](left, right)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _compared(constant(node.left), type(node.ops[0]), constant(node.comparators[0]))
    return None


def _compared(left: Constant | None, operator: type[ast.cmpop], right: Constant | None) -> bool | None:
    if left is None or right is None or isinstance(left, str) is not isinstance(right, str):
        return None
    if operator in (ast.Eq, ast.NotEq):
        return (left == right) is (operator is ast.Eq)
    if isinstance(left, str) or isinstance(right, str):
        return None
    return {
        ast.Lt: left < right,
        ast.LtE: left <= right,
        ast.Gt: left > right,
        ast.GtE: left >= right,
    }.get(operator)


def divisors_of_zero(node: ast.expr) -> Iterator[ast.expr]:
    """Every division whose divisor is always zero."""
    for part in ast.walk(node):
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Div | ast.Mod) and constant(part.right) == 0:
            yield part
