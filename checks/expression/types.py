"""The types of the expression language: number, text and truth, and the type of each field of a fact."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args, get_origin

import msgspec

from checks.facts import Fact


class Kind(StrEnum):
    """What a value can be; there is no null, because a fact's fields are never missing."""

    NUMBER = "number"
    TEXT = "text"
    TRUTH = "truth value"


@dataclass(frozen=True, slots=True)
class Type:
    """A kind, and for text the only values it can have; empty members mean any text. field: its name, if it is one."""

    kind: Kind
    members: tuple[str, ...] = ()
    field: str = ""


NUMBER = Type(Kind.NUMBER)
TEXT = Type(Kind.TEXT)
TRUTH = Type(Kind.TRUTH)

_KINDS: dict[object, Kind] = {int: Kind.NUMBER, float: Kind.NUMBER, str: Kind.TEXT, bool: Kind.TRUTH}


def field_types(fact_type: type[Fact]) -> dict[str, Type]:
    """The type of every field that an expression may read, in the fact's order."""
    found: dict[str, Type] = {}
    for field in msgspec.structs.fields(fact_type):
        if get_origin(field.type) is Literal:
            found[field.encode_name] = Type(Kind.TEXT, get_args(field.type), field.name)
        elif field.type in _KINDS:
            found[field.encode_name] = Type(_KINDS[field.type], (), field.name)
    return found
