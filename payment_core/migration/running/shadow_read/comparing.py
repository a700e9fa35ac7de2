"""Two sides of one object, field by field: equal, or which fields differ, told by keyed hashes alone."""

import hashlib
import hmac
from collections.abc import Mapping

import msgspec

from payment_core.migration.running.ports import OldObject
from payment_core.migration.running.shadow_read.evidence import Outcome

EXISTS = "exists"
"""The field of an object that one side has and the other has not."""


class FieldDifference(msgspec.Struct, frozen=True, gc=False):
    """A field whose values differ. ours, theirs: HMAC-SHA-256 of each, in hexadecimal."""

    field: str
    ours: str
    theirs: str


class Compared(msgspec.Struct, frozen=True, gc=False):
    """What a comparison found. differences: none unless the outcome is differing or missing."""

    outcome: Outcome
    differences: tuple[FieldDifference, ...] = ()


def compare(ours: Mapping[str, str] | None, theirs: OldObject | None, key: bytes) -> Compared | None:
    """Hold one side against the other; None for what is gone on both, where nothing was compared.

    ours: None for what is gone here. key: of the hashes, at least 32 bytes.
    """
    there = theirs is not None and not theirs.deleted
    if ours is None or theirs is None or not there:
        if (ours is not None) == there:
            return None
        gone = FieldDifference(EXISTS, _hash(str(ours is not None), key), _hash(str(there), key))
        return Compared(Outcome.MISSING, (gone,))
    differing = tuple(
        FieldDifference(field, _hash(value, key), _hash(theirs.fields.get(field, ""), key))
        for field, value in ours.items()
        if value != theirs.fields.get(field, "")
    )
    return Compared(Outcome.DIFFERING if differing else Outcome.EQUAL, differing)


def _hash(value: str, key: bytes) -> str:
    return hmac.digest(key, value.encode(), hashlib.sha256).hex()
