"""Pieces of Python that a rule is put together from: trees alone, so that no text of a document is read as code."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from payment_core.flags.targeting.coercion import Value, truthy

AT: Mapping[str, Any] = {"lineno": 1, "col_offset": 0}
"""The place of every node: Python wants one, and there is no text that it could point at."""
DATA = "data"
"""The one argument of every function that a rule becomes."""


class Kind(Enum):
    """What is known of a value before there is one: how it may be tested, and whether it is text already."""

    TRUTH = auto()
    """A boolean or None."""
    TEXT = auto()
    LIST = auto()
    ANY = auto()
    """Python's truth and JsonLogic's may differ."""


_KINDS = {str: Kind.TEXT, bool: Kind.TRUTH, type(None): Kind.TRUTH}


class _Unknown(Enum):
    UNKNOWN = auto()


UNKNOWN: Final = _Unknown.UNKNOWN


@dataclass(frozen=True, slots=True)
class Emitted:
    """A part of a rule. tree: computes it. value: what it always is, or UNKNOWN."""

    tree: ast.expr
    kind: Kind = Kind.ANY
    value: Value = UNKNOWN

    @property
    def known(self) -> bool:
        """Whether it is the same for every context."""
        return self.value is not UNKNOWN


class Code:
    """The functions of one rule, and what they name."""

    def __init__(self) -> None:
        self._namespace: dict[str, object] = {"__builtins__": {}}
        self._names: dict[int, str] = {}
        self._functions: list[ast.stmt] = []
        self._made = 0

    def fresh(self) -> str:
        """A name that nothing else has."""
        self._made += 1
        return f"n{self._made}"

    def named(self, thing: object) -> ast.expr:
        """A reference to this very object."""
        name = self._names.get(id(thing))
        if name is None:
            name = self._names[id(thing)] = self.fresh()
            self._namespace[name] = thing
        return load(name)

    def known(self, value: Value) -> Emitted:
        """What is the same for every context. A list is made anew each time, an object is always the same one."""
        if isinstance(value, list):
            parts: list[ast.expr] = [self.known(item).tree for item in value]
            return Emitted(listing(parts), Kind.LIST, value)
        if isinstance(value, dict):
            return Emitted(self.named(value), Kind.ANY, value)
        return Emitted(constant(value), _KINDS.get(type(value), Kind.ANY), value)

    def call(self, function: object, *arguments: ast.expr) -> ast.expr:
        """A call of a function of ours."""
        return ast.Call(func=self.named(function), args=list(arguments), keywords=[], **AT)

    def test(self, part: Emitted) -> Emitted:
        """Whether the part is true, as JsonLogic has it."""
        if part.known:
            return self.known(truthy(part.value))
        return Emitted(self.call(truthy, part.tree) if part.kind is Kind.ANY else part.tree, Kind.TRUTH)

    def function(self, name: str, body: list[ast.stmt]) -> None:
        """Add a function of the data."""
        arguments = ast.arguments(
            posonlyargs=[], args=[ast.arg(arg=DATA, **AT)], kwonlyargs=[], kw_defaults=[], defaults=[]
        )
        self._functions.append(ast.FunctionDef(name=name, args=arguments, body=body, decorator_list=[], **AT))

    def run(self) -> dict[str, object]:
        """Everything that is named, with the functions made."""
        module = ast.Module(body=self._functions, type_ignores=[])
        exec(compile(module, "<targeting>", "exec"), self._namespace)  # noqa: S102  # a tree of whitelisted nodes
        return self._namespace


def load(name: str) -> ast.expr:
    """The value of a name."""
    return ast.Name(id=name, ctx=ast.Load(), **AT)


def store(name: str) -> ast.Name:
    """Where a value gets a name."""
    return ast.Name(id=name, ctx=ast.Store(), **AT)


def constant(value: Value) -> ast.expr:
    """A value of the document, or None."""
    return ast.Constant(value, **AT)


def listing(parts: list[ast.expr]) -> ast.expr:
    """A new list."""
    return ast.List(elts=parts, ctx=ast.Load(), **AT)


def attribute(owner: ast.expr, name: str) -> ast.expr:
    """An attribute."""
    return ast.Attribute(value=owner, attr=name, ctx=ast.Load(), **AT)


def returning(tree: ast.expr) -> ast.stmt:
    """The end of a function."""
    return ast.Return(value=tree, **AT)


def when(test: ast.expr, body: list[ast.stmt]) -> ast.stmt:
    """Statements under a condition."""
    return ast.If(test=test, body=body, orelse=[], **AT)


def keep(name: str, tree: ast.expr) -> ast.expr:
    """The value of a tree, kept under a name for what comes after it."""
    return ast.NamedExpr(target=store(name), value=tree, **AT)


def choose(test: ast.expr, yes: ast.expr, no: ast.expr) -> ast.expr:
    """One or the other."""
    return ast.IfExp(test=test, body=yes, orelse=no, **AT)


def compare(left: ast.expr, how: ast.cmpop, right: ast.expr) -> ast.expr:
    """A comparison as Python makes it."""
    return ast.Compare(left=left, ops=[how], comparators=[right], **AT)


def method(owner: ast.expr, name: str, *arguments: ast.expr) -> ast.expr:
    """A call of a method."""
    return ast.Call(func=attribute(owner, name), args=list(arguments), keywords=[], **AT)


def both(tests: Sequence[ast.expr]) -> ast.expr:
    """All of them, in their order; at least one."""
    return tests[0] if len(tests) == 1 else ast.BoolOp(op=ast.And(), values=list(tests), **AT)


def either(tests: Sequence[ast.expr]) -> ast.expr:
    """One of them, in their order; at least one."""
    return tests[0] if len(tests) == 1 else ast.BoolOp(op=ast.Or(), values=list(tests), **AT)


def negated(tree: ast.expr) -> ast.expr:
    """The opposite."""
    return ast.UnaryOp(op=ast.Not(), operand=tree, **AT)
