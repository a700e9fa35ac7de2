"""Common shapes of a rule as the few instructions that they need; what is rare falls back on the operator itself."""

import ast
from collections.abc import Callable, Mapping, Sequence

from payment_core.flags.targeting.code import (
    AT,
    Code,
    Emitted,
    Kind,
    attribute,
    choose,
    compare,
    constant,
    keep,
    load,
    method,
    negated,
)
from payment_core.flags.targeting.coercion import text
from payment_core.flags.targeting.operators import PLAIN, equals

Shortcut = Callable[[Code, Sequence[Emitted]], Emitted | None]
"""From the arguments to the part, or None when they have not the shape."""

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ORDERS: Mapping[str, type[ast.cmpop]] = {"<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE}


def equality(code: Code, arguments: Sequence[Emitted]) -> Emitted | None:
    """A value against a text, a whole number or a boolean of the document: values of its type need no conversion."""
    if len(arguments) != 2:  # noqa: PLR2004  # a comparison has two sides
        return None
    left, right = arguments
    part, fixed = (left, right) if right.known else (right, left)
    if not fixed.known or type(fixed.value) not in {str, int, bool}:
        return None
    if part.kind is Kind.TEXT and type(fixed.value) is str:
        return Emitted(compare(part.tree, ast.Eq(), fixed.tree), Kind.TRUTH)
    name = code.fresh()
    fast = compare(load(name), ast.Eq(), fixed.tree)
    slow = code.call(equals, load(name), fixed.tree)
    return Emitted(_if_of(code, part, name, type(fixed.value), fast, slow), Kind.TRUTH)


def inequality(code: Code, arguments: Sequence[Emitted]) -> Emitted | None:
    """The opposite of `equality`."""
    found = equality(code, arguments)
    return None if found is None else Emitted(negated(found.tree), Kind.TRUTH)


def _strict(how: type[ast.cmpop]) -> Shortcut:
    """``===`` and ``!==``, which are Python's own."""

    def shortcut(_: Code, arguments: Sequence[Emitted]) -> Emitted | None:
        if len(arguments) != 2:  # noqa: PLR2004  # a comparison has two sides
            return None
        left, right = arguments
        return Emitted(compare(left.tree, how(), right.tree), Kind.TRUTH)

    return shortcut


def _ordering(sign: str) -> Shortcut:
    """``<`` and its kin between a value and a whole number of the document."""

    def shortcut(code: Code, arguments: Sequence[Emitted]) -> Emitted | None:
        if len(arguments) != 2:  # noqa: PLR2004  # a comparison has two sides
            return None
        left, right = arguments
        part, fixed, seen = (left, right, sign) if right.known else (right, left, _MIRRORED[sign])
        if not fixed.known or type(fixed.value) is not int:
            return None
        name = code.fresh()
        fast = compare(load(name), _ORDERS[seen](), fixed.tree)
        slow = code.call(PLAIN[seen], load(name), fixed.tree)
        return Emitted(_if_of(code, part, name, int, fast, slow), Kind.TRUTH)

    return shortcut


def membership(code: Code, arguments: Sequence[Emitted]) -> Emitted | None:
    """``in`` a list of the document, which is then made once, or looked up when all of it is text."""
    if len(arguments) != 2 or not arguments[1].known or type(arguments[1].value) is not list:  # noqa: PLR2004
        return None
    part, listed = arguments[0], arguments[1].value
    slow_list = code.named(listed)
    if not all(type(item) is str for item in listed):
        return Emitted(compare(part.tree, ast.In(), slow_list), Kind.TRUTH)
    name = code.fresh()
    fast = compare(load(name), ast.In(), code.named(frozenset(listed)))
    slow = compare(load(name), ast.In(), slow_list)
    return Emitted(_if_of(code, part, name, str, fast, slow), Kind.TRUTH)


def concatenation(code: Code, arguments: Sequence[Emitted]) -> Emitted:
    """``cat`` as a formatted string."""
    parts: list[ast.expr] = []
    for part in arguments:
        if part.known:
            parts.append(constant(text(part.value)))
        else:
            parts.append(ast.FormattedValue(value=as_text(code, part), conversion=-1, **AT))
    return Emitted(ast.JoinedStr(values=parts, **AT), Kind.TEXT)


def as_text(code: Code, part: Emitted) -> ast.expr:
    """The text of a part."""
    if part.kind is Kind.TEXT:
        return part.tree
    name = code.fresh()
    return _if_of(code, part, name, str, load(name), code.call(text, load(name)))


def _affix(sign: str, call: str) -> Shortcut:
    """``starts_with`` and ``ends_with`` a text of the document."""

    def shortcut(code: Code, arguments: Sequence[Emitted]) -> Emitted | None:
        if len(arguments) != 2 or type(arguments[1].value) is not str:  # noqa: PLR2004  # a text and its part
            return None
        part, affix = arguments
        name = code.fresh()
        slow = code.call(PLAIN[sign], load(name), affix.tree)
        return Emitted(_if_of(code, part, name, str, method(load(name), call, affix.tree), slow), Kind.TRUTH)

    return shortcut


def _if_of(code: Code, part: Emitted, name: str, kind: type, fast: ast.expr, slow: ast.expr) -> ast.expr:
    """The fast way for values of exactly this type, under a name that both ways use."""
    type_of = attribute(keep(name, part.tree), "__class__")
    return choose(compare(type_of, ast.Is(), code.named(kind)), fast, slow)


SHORTCUTS: Mapping[str, Shortcut] = {
    "==": equality,
    "!=": inequality,
    "===": _strict(ast.Eq),
    "!==": _strict(ast.NotEq),
    **{sign: _ordering(sign) for sign in _ORDERS},
    "in": membership,
    "cat": concatenation,
    "starts_with": _affix("starts_with", "startswith"),
    "ends_with": _affix("ends_with", "endswith"),
}

KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("==", "!=", "===", "!==", "<", "<=", ">", ">=", "!", "!!", "in"), Kind.TRUTH),
    **dict.fromkeys(("starts_with", "ends_with", "sem_ver", "all", "some", "none"), Kind.TRUTH),
    **dict.fromkeys(("cat", "substr"), Kind.TEXT),
    **dict.fromkeys(("merge", "missing", "missing_some", "filter", "map"), Kind.LIST),
}
"""What an operator gives whatever it is given."""
