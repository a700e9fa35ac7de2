"""A fact as one line of JSON, and back; no line holds a card number, whatever somebody typed into a text."""

from operator import attrgetter
from typing import Any

import msgspec

from checks.facts import FACT_TYPES, AnyFact, Fact
from checks.redaction.card_numbers import mask_card_numbers

LINE_BYTES_MAX = 64 * 1024
"""Facts are smaller than 2 KiB; a longer line is another kind of file."""

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(AnyFact)


class LineUnreadable(Exception):
    """The line is no fact."""


def _texts_of(fact_type: type[Fact]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(fact_type) if field.type is str)


_TEXTS = {fact_type: _texts_of(fact_type) for fact_type in FACT_TYPES}
_READERS: dict[type[Fact], Any] = {fact_type: attrgetter(*texts) for fact_type, texts in _TEXTS.items()}


def line_of(fact: Fact) -> bytes:
    """The fact as JSON with a line break; digits that may be a card number are masked in every text of it."""
    return _ENCODER.encode(_masked(fact)) + b"\n"


def fact_of(line: bytes) -> Fact:
    """The fact of a line. Raises LineUnreadable, which names no part of the line, because it may be anything."""
    if len(line) > LINE_BYTES_MAX:
        raise LineUnreadable(f"the line is longer than {LINE_BYTES_MAX} bytes")
    try:
        fact: Fact = _DECODER.decode(line)
    except msgspec.MsgspecError as fault:
        raise LineUnreadable(f"the line is no fact: {fault}") from fault
    return fact


def _masked(fact: Fact) -> Fact:
    texts: tuple[str, ...] = _READERS[type(fact)](fact)
    # A line break between two texts keeps their digits apart; nearly always there is nothing to mask.
    whole = "\n".join(texts)
    if mask_card_numbers(whole) == whole:
        return fact
    named = dict(zip(_TEXTS[type(fact)], texts, strict=True))
    return msgspec.structs.replace(fact, **{name: mask_card_numbers(text) for name, text in named.items()})
