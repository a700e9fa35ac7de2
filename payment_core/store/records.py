"""What a store keeps: records by kind and id, and documents, whose every change is audited and published."""

from functools import cache
from typing import Generic, Literal, TypeVar

import msgspec


class Record(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="kind", omit_defaults=True):
    """One object under its kind (the tag) and id. Subclasses override the properties that they are found by."""

    id: str

    @property
    def due_at_ms(self) -> int:
        """When a sweep has to look at it, in Unix milliseconds; 0 when it need not."""
        return 0

    @property
    def owner(self) -> str:
        """Under what it is listed, besides its kind; empty when it is not."""
        return ""


class Document(Record, frozen=True, gc=False, kw_only=True):
    """A record with a life: each change raises the version by one and leaves one audit row and one event (I10, I11).

    created_at_ms, updated_at_ms: Unix milliseconds.
    """

    version: int = 1
    created_at_ms: int
    updated_at_ms: int


R = TypeVar("R", bound=Record)


@cache
def kind_of(record_type: type[Record]) -> str:
    """The kind a record type is tagged with, for example ``payment``."""
    return str(record_type.__struct_config__.tag)


class Due(msgspec.Struct, Generic[R], frozen=True, gc=False):
    """Records of one kind that are due at the time, the earliest first."""

    record_type: type[R]
    at_ms: int
    limit: int = 100


class Listing(msgspec.Struct, Generic[R], frozen=True, gc=False):
    """Records of one kind in the order of their ids.

    owner: only those listed under it; empty for all. after: the id that the last page ended with; empty for the first.
    order: by id, and so by creation. limit: at most so many.
    """

    record_type: type[R]
    owner: str = ""
    after: str = ""
    limit: int = 100
    order: Literal["ascending", "descending"] = "ascending"


Query = Due[R] | Listing[R]
