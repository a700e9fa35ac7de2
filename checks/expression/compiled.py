"""Checked expressions as code objects over the fact's Struct."""

import ast
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from checks.expression.source import Source
from checks.expression.types import Kind, Type, field_types
from checks.expression.typing_rules import FACT, Checker
from checks.facts import Fact, kind_of

# These are made for one fact type and called with that type alone, which the type system cannot say.
Predicate = Callable[[Any], bool]
Selector = Callable[[Sequence[Any]], list[Any]]
Reader = Callable[[Any], Any]

_FACTS = "facts"


@dataclass(frozen=True, slots=True)
class Condition:
    """predicate: whether a fact meets it; a division by zero does not. canonical: equal texts mean equal conditions.

    select: those of many facts that meet it, in their order, without a call for each. always: it holds for every fact.
    opposite: the condition that holds exactly where this one does not, when this one is a plain ``!=``.
    terms: the conditions that must all hold, when this one is an ``and`` of several and none can divide by zero.
    """

    predicate: Predicate
    select: Selector
    canonical: str
    always: bool = False
    opposite: str = ""
    terms: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class ValueExpression:
    """read: the value for a fact, of the type; None where it divides by zero or is no finite number.

    read_all: the values for many facts, in their order, as ``read`` gives them.
    """

    read: Reader
    read_all: Selector
    type: Type
    canonical: str


def compile_condition(text: str, fact_type: type[Fact]) -> Condition:
    """Compile a condition over the fields of the fact; raises ExpressionError with the place of the mistake."""
    node, tree, found, checker = checked_tree(text, fact_type)
    checker.refuse_unless(node, found, Kind.TRUTH, "a condition is true or false")
    always = isinstance(tree, ast.Constant) and tree.value is True
    predicate = _function(tree)
    select = _selector(tree)
    if can_fail(tree):
        predicate = _false_when_undefined(predicate)
        return Condition(predicate, _select_by(predicate), ast.unparse(node), always)
    terms: tuple[Condition, ...] = ()
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        terms = tuple(compile_condition(ast.unparse(part), fact_type) for part in node.values)
    return Condition(predicate, select, ast.unparse(node), always, _opposite(node), terms)


def compile_value(text: str, fact_type: type[Fact]) -> ValueExpression:
    """Compile a reading over the fields of the fact; raises ExpressionError with the place of the mistake."""
    node, tree, found, _ = checked_tree(text, fact_type)
    read = _none_when_undefined(_function(tree))
    read_all = _each(read) if can_fail(tree) else _comprehension(tree, [])
    return ValueExpression(read, read_all, found, ast.unparse(node))


def read_fields(fields: Sequence[str]) -> Selector:
    """Read fields, by their names in the Struct, of many facts: one value each for one field, a tuple for several."""
    fact = ast.Name(id=FACT, ctx=ast.Load())
    values: list[ast.expr] = [ast.Attribute(value=fact, attr=field, ctx=ast.Load()) for field in fields]
    return _comprehension(values[0] if len(values) == 1 else ast.Tuple(elts=values, ctx=ast.Load()), [])


def checked_tree(text: str, fact_type: type[Fact]) -> tuple[ast.expr, ast.expr, Type, Checker]:
    """The text's tree, the tree that reads the fact, its type and who checked it; raises ExpressionError."""
    source = Source(text)
    node = source.parse()
    checker = Checker(source, field_types(fact_type), kind_of(fact_type))
    tree, found = checker.check(node)
    return node, tree, found, checker


def _function(tree: ast.expr) -> Reader:
    return function_of(FACT, tree)


def _selector(tree: ast.expr) -> Selector:
    """All matching facts in one comprehension: the condition is written into the loop."""
    return _comprehension(ast.Name(id=FACT, ctx=ast.Load()), [tree])


def _comprehension(element: ast.expr, conditions: list[ast.expr]) -> Selector:
    each = ast.comprehension(
        target=ast.Name(id=FACT, ctx=ast.Store()), iter=ast.Name(id=_FACTS, ctx=ast.Load()), ifs=conditions, is_async=0
    )
    return function_of(_FACTS, ast.ListComp(elt=element, generators=[each]))


def function_of(argument: str, body: ast.expr) -> Reader:
    """A function of one argument whose body is a checked tree."""
    arguments = ast.arguments(posonlyargs=[], args=[ast.arg(arg=argument)], kwonlyargs=[], kw_defaults=[], defaults=[])
    module = ast.fix_missing_locations(ast.Expression(body=ast.Lambda(args=arguments, body=body)))
    code = compile(module, "<expression>", "eval")
    made: Reader = eval(code, {"__builtins__": {}})  # noqa: S307  # the tree holds whitelisted nodes only
    return made


def _each(read: Reader) -> Selector:
    return lambda facts: [read(fact) for fact in facts]


def _select_by(predicate: Predicate) -> Selector:
    return lambda facts: [fact for fact in facts if predicate(fact)]


def _opposite(node: ast.expr) -> str:
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(node.ops[0], ast.NotEq):
        return ""
    return ast.unparse(ast.Compare(left=node.left, ops=[ast.Eq()], comparators=node.comparators))


def can_fail(tree: ast.expr) -> bool:
    """Whether the tree holds arithmetic, which may divide by zero."""
    return any(isinstance(node, ast.BinOp) for node in ast.walk(tree))


def _false_when_undefined(run: Reader) -> Predicate:
    def predicate(fact: Fact) -> bool:
        try:
            return bool(run(fact))
        except ArithmeticError:
            return False

    return predicate


def _none_when_undefined(run: Reader) -> Reader:
    def read(fact: Fact) -> object:
        try:
            value = run(fact)
        except ArithmeticError:
            return None
        if isinstance(value, float) and not math.isfinite(value):
            return None
        return value

    return read
