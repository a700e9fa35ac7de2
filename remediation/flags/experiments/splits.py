"""Who gets which variant by the draw: read from a flag's own JSON, or why its variants cannot be compared."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

DRAWN_BY = "targetingKey"
"""The customer; see `remediation.flags.document`."""
_NOT_DRAWN_BY = frozenset({"$flagd.flagKey"})
VARIANTS_MAX = 20
"""Variants of a flag that are told apart; more share too little of the payments to be told of."""


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """Customers are drawn to these variants. shares: of each, they sum to 1. control: what others are held against."""

    shares: dict[str, float]
    control: str

    @property
    def is_compared(self) -> bool:
        """Whether there are payments of the control and of another variant to compare."""
        return self.shares[self.control] > 0 and sum(share > 0 for share in self.shares.values()) > 1


class NoSplit(msgspec.Struct, frozen=True, kw_only=True):
    """The variants' payments are not drawn alike, so no difference between them is the variants'. why: a sentence."""

    why: str


def split_of(flag: Mapping[str, Any]) -> Split | NoSplit:
    """How customers are drawn, from a flag in flagd's format. Anything but a plain draw by customer is none.

    Where targeting looks at a payment first, and draws afterwards, those who were not drawn are other people, and
    nothing on a payment says who was.
    """
    targeting = flag.get("targeting")
    default = str(flag.get("defaultVariant", ""))
    if flag.get("state") != "ENABLED":
        return NoSplit(why="the flag is disabled")
    if not targeting:
        return NoSplit(why=f"everybody gets {default}")
    if not isinstance(targeting, Mapping) or set(targeting) != {"fractional"}:
        return NoSplit(why="targeting decides who gets what, so the customers of the variants are not drawn alike")
    arguments = targeting["fractional"]
    if not isinstance(arguments, list) or not arguments:
        return NoSplit(why="nobody is drawn to any variant")
    if not isinstance(arguments[0], list):
        drawn_by = set(_variables(arguments[0])) - _NOT_DRAWN_BY
        if drawn_by != {DRAWN_BY}:
            return NoSplit(why="the draw is by something else than the customer")
        arguments = arguments[1:]
    return _shares(arguments, default)


def _shares(arguments: list[Any], default: str) -> Split | NoSplit:
    weights: dict[str, int] = {}
    for argument in arguments:
        name, weight = (argument[0], argument[1] if len(argument) > 1 else 1) if isinstance(argument, list) else ("", 0)
        if not isinstance(name, str) or not isinstance(weight, int) or weight < 0:
            return NoSplit(why="the shares of the draw are not plain numbers")
        weights[name] = weights.get(name, 0) + weight
    total = sum(weights.values())
    if not total or not 1 < len(weights) <= VARIANTS_MAX:
        return NoSplit(why=f"the draw is between {len(weights)} variants, and 2 to {VARIANTS_MAX} are compared")
    # The last one is what a ramp goes away from.
    control = default if default in weights else next(reversed(weights))
    return Split(shares={name: weight / total for name, weight in weights.items()}, control=control)


def _variables(expression: object) -> Iterator[str]:
    """The names of the variables that an expression reads."""
    if isinstance(expression, Mapping):
        for operator, operand in expression.items():
            if operator == "var":
                yield str(operand[0] if isinstance(operand, list) and operand else operand)
            else:
                yield from _variables(operand)
    elif isinstance(expression, list):
        for part in expression:
            yield from _variables(part)
