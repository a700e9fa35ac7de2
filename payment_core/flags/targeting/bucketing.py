"""flagd's ``fractional``: a key is hashed to a place between 0 and 1, and each variant has a stretch of that line."""

import struct
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

import cbor2
import mmh3

from payment_core.flags.targeting.coercion import Value

WEIGHTS_MAX = 2**31 - 1
"""The largest sum of weights: flagd's limit."""
_TEXT, _LIST_OF_TWO = 0x60, b"\x82"
_SIZE_IN_HEAD = 24
"""A shorter text has its length in the first byte."""
_INTEGERS = range(-(2**63), 2**64)
"""Whole numbers with a point are hashed as integers where CBOR has one for them."""


class Shares(NamedTuple):
    """variants: any value. ends: where each one's stretch ends, in units of weight, ascending; the last is the sum."""

    variants: tuple[Value, ...]
    ends: tuple[int, ...]


def fractional(data: Value, *arguments: Value) -> Value:
    """The variant of the key's side: murmur3 (x86, 32 bits, seed 0) of its canonical CBOR (RFC 8949, 4.2.1).

    That is flagd's third dialect; every evaluator that speaks it gives a key the same side. data: the context.
    arguments: a key, then ``[variant, weight]`` or ``[variant]``; the shorthand has no key and takes flag and
    targetingKey. None without a usable key or with shares that are none.
    """
    if not arguments:
        return None
    if isinstance(arguments[0], list | tuple):
        targeting_key, flag = data.get("targetingKey"), data.get("$flagd", {}).get("flagKey", "")
        return share_of_customer(flag, targeting_key, shares(arguments))
    return share_of(arguments[0], shares(arguments[1:]))


def shares(pairs: Sequence[Value]) -> Shares | None:
    """The stretches that these pairs ask for; None when they ask for none. A weight below 0 is 0."""
    variants, weights = [], []
    for pair in pairs:
        match pair:
            case [variant]:
                weight: Value = 1
            case [variant, weight]:
                pass
            case _:
                return None
        if not isinstance(weight, int) or isinstance(weight, bool):
            return None
        variants.append(variant)
        weights.append(max(0, weight))
    ends = tuple(accumulate(weights))
    return Shares(tuple(variants), ends) if ends and 0 < ends[-1] <= WEIGHTS_MAX else None


def share_of(key: Value, split: Shares | None) -> Value:
    """The variant for a key of any type; None without a key, for one that CBOR does not have, or without shares."""
    if key is None or split is None:
        return None
    try:
        encoded = _text(key) if type(key) is str else cbor2.dumps(_whole(key), canonical=True)
    except Exception:  # noqa: BLE001  # whatever makes a key unusable, a depth or a type, has one answer
        return None
    return split.variants[bisect_right(split.ends, mmh3.hash(encoded, signed=False) * split.ends[-1] >> 32)]


def share_of_customer(flag: str, targeting_key: Value, split: Shares | None) -> Value:
    """The variant for a flag and a targetingKey, as the shorthand has it; None unless the key is a text."""
    if split is None or not isinstance(targeting_key, str) or not targeting_key:
        return None
    return share_of([flag, targeting_key], split)


def encodable(text: str) -> bool:
    """Whether it can be hashed: JSON may hold halves of characters, which UTF-8 has not."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def prepared(split: Shares, flag: str | None = None) -> Callable[[str], Value]:
    """`share_of` for keys that are texts, with a flag for its targetingKeys: the hot path of a rollout.

    Everything that does not depend on the key is done here.
    """
    beginning = b"" if flag is None else _LIST_OF_TWO + _text(flag)
    (variants, ends), heads = split, _HEADS
    total = ends[-1]

    def choose(key: str) -> Value:
        try:
            body = key.encode()
        except UnicodeEncodeError:
            return None
        size = len(body)
        encoded = beginning + (heads[size] if size < _PREPARED else _head(size)) + body
        # By position, which a function in C takes fastest: seed, signed.
        return variants[bisect_right(ends, mmh3.hash(encoded, 0, False) * total >> 32)]  # noqa: FBT003

    return choose


def _text(value: str) -> bytes:
    """A text in CBOR: its length in as few bytes as hold it, then UTF-8. Raises UnicodeEncodeError."""
    body = value.encode()
    size = len(body)
    return (_HEADS[size] if size < _PREPARED else _head(size)) + body


def _head(size: int) -> bytes:
    if size < _SIZE_IN_HEAD:
        return bytes((_TEXT + size,))
    for code, kind in ((24, ">BB"), (25, ">BH"), (26, ">BI")):
        if size < 1 << 8 * struct.calcsize(kind[2]):
            return struct.pack(kind, _TEXT + code, size)
    return struct.pack(">BQ", _TEXT + 27, size)


def _whole(value: Value) -> Value:
    """The same with integers in place of numbers whose point says nothing."""
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    if isinstance(value, float) and value.is_integer() and int(value) in _INTEGERS:
        return int(value)
    return value


_PREPARED = 256
_HEADS = tuple(_head(size) for size in range(_PREPARED))
