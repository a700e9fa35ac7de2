"""The operators of JsonLogic over values, with the defaults and the oddities of flagd's evaluator."""

import operator
from collections.abc import Callable, Mapping
from itertools import chain
from math import isnan, nan

from payment_core.flags.targeting.coercion import Value, number, text, truthy

Function = Callable[..., Value]


class UnknownOperator(Exception):
    """The rule asks for an operator that nobody defined."""


def equals(left: Value = None, right: Value = None, *_more: Value) -> bool:
    """``==``: of one type by value, lists and objects by identity; else as numbers or as text.

    Raises TypeError for what is no JSON value.
    """
    kind = type(left)
    if kind is type(right):
        return left is right if kind in (list, dict) else bool(left == right)
    if isinstance(left, int | float) or isinstance(right, int | float):
        return number(left) == number(right)
    if left is None or right is None:
        return False
    if isinstance(left, str) and isinstance(right, str | list | dict):
        return left == text(right)
    if isinstance(left, list | dict) and isinstance(right, str | list | dict):
        return text(left) == right
    raise TypeError(f"{kind.__name__} and {type(right).__name__} cannot be compared")


def same(left: Value = None, right: Value = None, *_more: Value) -> bool:
    """``===``, which is Python's equality in flagd-core: 1 is true, and lists are compared by value."""
    return bool(left == right)


def ordered(compare: Callable[[Value, Value], bool]) -> Function:
    """``<`` and its kin: two values, or three in a chain; as numbers if one is a number, else as text if one is."""

    def two(left: Value, right: Value) -> bool:
        if isinstance(left, int | float) or isinstance(right, int | float):
            return compare(number(left), number(right))
        if isinstance(left, str) or isinstance(right, str):
            return compare(text(left), text(right))
        return compare(number(left), number(right))

    def chained(left: Value = None, right: Value = None, third: Value = None, *_more: Value) -> bool:
        return two(left, right) and (third is None or two(right, third))

    return chained


def negation(value: Value = None, *_more: Value) -> bool:
    """``!``."""
    return not truthy(value)


def truth(value: Value = None, *_more: Value) -> bool:
    """``!!``."""
    return truthy(value)


def total(*values: Value) -> int | float:
    """``+``: of numbers; text is read as a number."""
    found: int | float = 0
    for value in values:
        found += number(value)
    return found


def product(*values: Value) -> int | float:
    """``*``."""
    found: int | float = 1
    for value in values:
        found *= number(value)
    return found


def difference(left: Value = None, right: Value = None, *_more: Value) -> int | float:
    """``-``: of two, or one with its sign turned."""
    return -number(left) if right is None else number(left) - number(right)


def quotient(left: Value = None, right: Value = None, *_more: Value) -> int | float:
    """``/``; raises ZeroDivisionError, where JavaScript has an infinity."""
    return number(left) / number(right)


def remainder(left: Value = None, right: Value = None, *_more: Value) -> int | float:
    """``%`` with the sign of the divisor, as Python has it; raises ZeroDivisionError."""
    return number(left) % number(right)


def smallest(*values: Value) -> int | float:
    """``min``; NaN of nothing."""
    return min(map(number, values)) if values else nan


def largest(*values: Value) -> int | float:
    """``max``; NaN of nothing."""
    return max(map(number, values)) if values else nan


def contained(needle: Value = None, haystack: Value = None, *_more: Value) -> bool:
    """``in``: an element of a list, or a part of a text."""
    if isinstance(haystack, list):
        return needle in haystack
    return isinstance(haystack, str) and text(needle) in haystack


def concatenated(*values: Value) -> str:
    """``cat``."""
    return "".join(map(text, values))


def merged(*values: Value) -> list[Value]:
    """``merge``: one list of all elements; what is no list counts as one element."""
    return list(chain.from_iterable(value if isinstance(value, list) else (value,) for value in values))


def part(value: Value = None, start: Value = None, length: Value = None, *_more: Value) -> str:
    """``substr`` by code points; a negative start counts from the end, a negative length leaves that many there."""
    whole = text(value)
    first = _first(number(start), len(whole))
    return whole[first : _end(first, length, len(whole))]


def unchanged(value: Value = None, *_more: Value) -> Value:
    """``log``, which writes nothing here: a context may hold what must not be in a log."""
    return value


def variable(data: Value = None, key: Value = None, default: Value = None) -> Value:
    """``var``: what stands at the path; the default where there is nothing or null, all of the data for no path."""
    if key is None or key == "":
        return data
    if isinstance(key, int | float):
        if isinstance(data, list | str):
            index = -1 if key != key else int(key)  # noqa: PLR0124  # NaN; what is larger than any float is a number
            return data[index] if index == key and 0 <= index < len(data) else default
        if not isinstance(data, dict):
            return default
        data = data.get(key)
        if data is None:
            return default
    return walked(data, text(key).split("."), default)


def walked(data: Value, steps: list[str] | tuple[str, ...], default: Value) -> Value:
    """What stands at the end of these steps through objects, lists and text; the default where there is nothing."""
    for step in steps:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list | str):
            if step == "length":
                return len(data)
            index = _index(step)
            if index is None or index >= len(data):
                return default
            data = data[index]
        else:
            return default
    return default if data is None else data


def absent(data: Value, *keys: Value) -> list[Value]:
    """``missing``: the paths, given as arguments or as one list, where there is nothing, null or an empty text."""
    paths = keys[0] if keys and isinstance(keys[0], list) else keys
    return [path for path in paths if variable(data, path) in (None, "")]


def too_many_absent(data: Value, needed: Value = 0, keys: Value = None, *_more: Value) -> list[Value]:
    """``missing_some``: nothing where as many as needed are there, else those that are missing."""
    if not isinstance(keys, list):
        return []
    missing = absent(data, keys)
    return [] if len(keys) - len(missing) >= number(needed) else missing


def kept(items: Value, test: Function) -> list[Value]:
    """``filter``."""
    return [item for item in items if truthy(test(item))] if isinstance(items, list) else []


def mapped(items: Value, make: Function) -> list[Value]:
    """``map``."""
    return [make(item) for item in items] if isinstance(items, list) else []


def reduced(items: Value, fold: Function, initial: Value) -> Value:
    """``reduce``; the initial value is taken as it is written, as flagd-core does."""
    if not isinstance(items, list):
        return initial
    state = {"accumulator": initial}
    for item in items:
        state["current"] = item
        state["accumulator"] = fold(state)
    return state["accumulator"]


def every(items: Value, test: Function) -> bool:
    """``all``, which is false of an empty list."""
    return isinstance(items, list) and bool(items) and all(truthy(test(item)) for item in items)


def some(items: Value, test: Function) -> bool:
    """``some``."""
    return isinstance(items, list) and any(truthy(test(item)) for item in items)


def nowhere(items: Value, test: Function) -> bool:
    """``none``."""
    return not some(items, test)


def starts_with(*values: Value) -> bool | None:
    """``starts_with``, of flagd: None unless it is given two texts."""
    match values:
        case [str() as whole, str() as beginning]:
            return whole.startswith(beginning)
    return None


def ends_with(*values: Value) -> bool | None:
    """``ends_with``, of flagd: None unless it is given two texts."""
    match values:
        case [str() as whole, str() as end]:
            return whole.endswith(end)
    return None


def refuse(name: str, *_values: Value) -> Value:
    """What an operator does that nobody defined; raises UnknownOperator."""
    raise UnknownOperator(f"there is no operator {name!r}")


def _first(start: float, length: int) -> int:
    if isnan(start):
        return 0
    if start < 0:
        return 0 if -start >= length else length - int(-start)
    return min(int(start), length)


def _end(first: int, length: Value, whole: int) -> int:
    if length is None:
        return whole
    wanted = number(length)
    if isnan(wanted):
        return first
    size = int(wanted)
    return max(first, whole + size) if size < 0 else first + size


def _index(step: str) -> int | None:
    """A position as JavaScript writes it: no sign, no leading zero, no other script's digits."""
    try:
        index = int(step, 10)
    except ValueError:
        return None
    return index if index >= 0 and step == str(index) else None


PLAIN: Mapping[str, Function] = {
    "==": equals,
    "!=": lambda *values: not equals(*values),
    "===": same,
    "!==": lambda *values: not same(*values),
    "<": ordered(operator.lt),
    "<=": ordered(operator.le),
    ">": ordered(operator.gt),
    ">=": ordered(operator.ge),
    "!": negation,
    "!!": truth,
    "+": total,
    "*": product,
    "-": difference,
    "/": quotient,
    "%": remainder,
    "min": smallest,
    "max": largest,
    "in": contained,
    "cat": concatenated,
    "merge": merged,
    "substr": part,
    "log": unchanged,
    "starts_with": starts_with,
    "ends_with": ends_with,
}
"""Operators that know only their arguments."""

OVER_DATA: Mapping[str, Function] = {"var": variable, "missing": absent, "missing_some": too_many_absent}
"""Operators that read the data too, as their first argument."""

OVER_ITEMS: Mapping[str, Function] = {
    "filter": kept,
    "map": mapped,
    "all": every,
    "some": some,
    "none": nowhere,
}
"""Operators that apply their second argument to each element of the first."""
