"""Conditions that hold for every fact or for none, readings that are always the same, and divisions by zero."""

import ast
from collections.abc import Iterator

from checks.compiled_rule import CompiledRule
from checks.expression.types import field_types
from checks.linting.found import Found, measure_key
from checks.linting.truth import always_holds, constant, divisors_of_zero, never_holds


def conditions(one: CompiledRule) -> Iterator[Found]:
    """What a rule's ``where`` and its measure can never tell apart; sure findings only."""
    types = field_types(one.fact_type)
    where = _tree(one.where.canonical)
    yield from _divisions("where", where)
    if never_holds([where], types):
        yield Found("where", f"no {one.rule.on} can meet this, so {one.rule.id} never has data", "mend the condition")
        return
    if not one.where.always and always_holds([], where, types):
        yield Found("where", f"every {one.rule.on} meets this", "leave where out, or write what was meant")
    if one.condition is not None:
        yield from _condition(one, where, _tree(one.condition.canonical))
    if one.reading is not None:
        yield from _reading(one, _tree(one.reading.canonical))


def _condition(one: CompiledRule, where: ast.expr, condition: ast.expr) -> Iterator[Found]:
    key, types = measure_key(one), field_types(one.fact_type)
    yield from _divisions(key, condition)
    if never_holds([where, condition], types):
        yield Found(key, f"no fact that meets where can meet this, so {one.rule.id} always counts none", _MEND)
    elif always_holds([where], condition, types) and not _counts_everything(one, condition):
        yield Found(key, f"every fact that meets where meets this too, so {one.rule.id} always counts all", _MEND)


def _counts_everything(one: CompiledRule, condition: ast.expr) -> bool:
    """Whether it is how a rule says that it counts all facts: ``count: "true"``."""
    return constant(condition) is True and measure_key(one) in {"measure.count", "measure.rate"}


def _reading(one: CompiledRule, reading: ast.expr) -> Iterator[Found]:
    key = measure_key(one)
    divisions = list(_divisions(key, reading))
    yield from divisions
    if not divisions and not any(isinstance(part, ast.Name) and part.id not in _WORDS for part in ast.walk(reading)):
        yield Found(key, "this reads no field of the fact, so it is always the same", "name what is to be read")


def _divisions(key: str, tree: ast.expr) -> Iterator[Found]:
    for part in divisors_of_zero(tree):
        yield Found(key, f"{ast.unparse(part)} always divides by zero", "divide by a field, or by another number")


def _tree(canonical: str) -> ast.expr:
    return ast.parse(canonical, mode="eval").body


_MEND = "compare it with where: one of the two says what was not meant"
_WORDS = frozenset({"true", "false", "True", "False"})
