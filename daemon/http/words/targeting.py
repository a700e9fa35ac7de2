"""A flag's targeting rule in words, one line for each of its branches; pure."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

_COMPARED = {
    "==": "is",
    "===": "is",
    "!=": "is not",
    "!==": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
    "in": "is in",
    "starts_with": "starts with",
    "ends_with": "ends with",
}
_JOINED = {"and": " and ", "or": " or "}
BARE_SHARES = 1
"""A share without a weight weighs this much."""


def targeting_lines(rule: object) -> tuple[str, ...]:
    """``if country is US: on`` and so on; what has no words of its own is shown as it is written."""
    return tuple(_lines(rule)) if rule else ()


def _lines(rule: object) -> Iterator[str]:
    operator, arguments = _operation(rule)
    if operator != "if":
        yield f"everybody: {_said(rule)}"
        return
    while len(arguments) > 1:
        condition, answer, *arguments = arguments
        yield f"if {_said(condition)}: {_said(answer)}"
        nested, further = _operation(arguments[0]) if len(arguments) == 1 else ("", [])
        if nested == "if":
            arguments = further
    if arguments:
        yield f"otherwise: {_said(arguments[0])}"


def _operation(rule: object) -> tuple[str, list[object]]:
    """The name and the arguments; an empty name for what is no operation."""
    if not isinstance(rule, Mapping) or len(rule) != 1:
        return "", []
    name, arguments = next(iter(rule.items()))
    return str(name), list(arguments) if isinstance(arguments, list) else [arguments]


def _said(rule: object) -> str:
    operator, arguments = _operation(rule)
    said = _operated(operator, arguments)
    if said:
        return said
    return rule if isinstance(rule, str) else msgspec.json.encode(rule).decode()


def _operated(operator: str, arguments: list[object]) -> str:
    """An operation in words; empty for one that has none."""
    said = ""
    match operator, len(arguments):
        case "var", _:
            said = _variable(arguments)
        case "!", 1:
            said = f"not {_said(arguments[0])}"
        case "!!", 1:
            said = f"{_said(arguments[0])} is set"
        case "sem_ver", 3:
            said = f"version {_said(arguments[0])} {arguments[1]} {_said(arguments[2])}"
        case "fractional", _:
            said = _shares(arguments)
        case (("and" | "or"), _):
            said = "(" + _JOINED[operator].join(_said(one) for one in arguments) + ")"
        case _, (2 | 3) if operator in _COMPARED:
            said = f" {_COMPARED[operator]} ".join(_said(one) for one in arguments)
    return said


def _variable(arguments: Sequence[object]) -> str:
    name = str(arguments[0]) if arguments else ""
    return "all that is known" if name == "" else name


def _shares(arguments: Sequence[object]) -> str:
    """``on for 10 %, off for 90 % by customer_id``."""
    keyed = bool(arguments) and not isinstance(arguments[0], list)
    shares = [one for one in arguments[1 if keyed else 0 :] if isinstance(one, list) and one]
    weights = [one[1] if len(one) > 1 and isinstance(one[1], int | float) else BARE_SHARES for one in shares]
    total = sum(weights)
    if total <= 0:
        return msgspec.json.encode({"fractional": arguments}).decode()
    parts = ", ".join(
        f"{_said(one[0])} for {100 * weight / total:g} %" for one, weight in zip(shares, weights, strict=True)
    )
    return parts + (f" by {_said(arguments[0])}" if keyed else "")
