"""Which scheme issues a card number, by its first digits (ISO/IEC 7812 and the schemes' published ranges)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Brand:
    """A card scheme: its name in records and events, and how many digits its numbers have."""

    name: str
    lengths: frozenset[int]


VISA = Brand("visa", frozenset({13, 16, 19}))
MASTERCARD = Brand("mastercard", frozenset({16}))
AMEX = Brand("amex", frozenset({15}))
DISCOVER = Brand("discover", frozenset(range(16, 20)))
DINERS = Brand("diners", frozenset(range(14, 20)))
JCB = Brand("jcb", frozenset(range(16, 20)))
UNIONPAY = Brand("unionpay", frozenset(range(16, 20)))
MAESTRO = Brand("maestro", frozenset(range(13, 20)))
UNKNOWN = Brand("unknown", frozenset(range(13, 20)))

_RANGES: tuple[tuple[str, str, Brand], ...] = (
    ("300", "305", DINERS),
    ("3095", "3095", DINERS),
    ("34", "34", AMEX),
    ("3528", "3589", JCB),
    ("36", "36", DINERS),
    ("37", "37", AMEX),
    ("38", "39", DINERS),
    ("4", "4", VISA),
    ("50", "50", MAESTRO),
    ("51", "55", MASTERCARD),
    ("56", "58", MAESTRO),
    ("2221", "2720", MASTERCARD),
    ("6011", "6011", DISCOVER),
    ("62", "62", UNIONPAY),
    ("644", "649", DISCOVER),
    ("65", "65", DISCOVER),
    ("81", "81", UNIONPAY),
    ("6", "6", MAESTRO),
)
"""First and last prefix of each range, both included; the first range that holds the number counts."""


def brand_of(digits: str) -> Brand:
    """The scheme of a number, by its first digits; UNKNOWN when no range holds it."""
    for first, last, brand in _RANGES:
        if first <= digits[: len(first)] <= last:
            return brand
    return UNKNOWN
