"""What words to the outside may leave open: a closed list, and nothing in it holds an account or an amount."""

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from types import MappingProxyType
from typing import Literal

from config.model import refusal

Shape = Literal["moment", "duration", "count", "name", "sentence"]
"""``sentence`` is what a person gives; the others come from the journal and from ``status-page.yaml``."""

PLACEHOLDERS: Mapping[str, Shape] = MappingProxyType(
    {
        "company": "name",
        "support": "name",
        "page": "name",
        "components": "name",
        "began": "moment",
        "ended": "moment",
        "lasted": "duration",
        "starts": "moment",
        "ends": "moment",
        "payments": "count",
        "failed_payments": "count",
        "detail": "sentence",
    }
)
AT_THE_END = frozenset({"ended", "lasted", "payments", "failed_payments"})
"""Known once an incident is over; what was exposed is counted then."""
COUNTED = frozenset({"payments", "failed_payments"})
OF_MAINTENANCE = frozenset({"starts", "ends"})
DETAIL_LENGTH_MAX = 500

_MANY_DIGITS = re.compile(r"(?:\d[ .-]?){8,}", re.ASCII)
_MAILBOX = re.compile(r"[^\s@]+@[^\s@]+", re.ASCII)
_INTERNAL = re.compile(
    r"\b(?:inc|dec|dep|und|sil|mnt|apr)-[0-9a-f]+|\b(?i:inc|sil|mnt|com|upd|rb)-[0-9]+|\b(?i:dep)-[\w.+-]+-[0-9]+"
    r"|\barn:aws|\b(?:\d{1,3}\.){3}\d{1,3}\b",
    re.ASCII,
)
"""At the begin of a sentence a name has a capital letter; ``Dec-5`` and ``Apr-5`` are days, though."""
_AMOUNT = re.compile(r"[$€£]\s?\d|\b\d[\d,.]*\s?(?:USD|EUR|cents|dollars)\b", re.ASCII | re.IGNORECASE)
_FORBIDDEN = (
    (_MANY_DIGITS, "so many digits that they may be a number of an account or a card"),
    (_MAILBOX, "what looks like somebody's e-mail address"),
    (_INTERNAL, "a name that only means something inside"),
    (_AMOUNT, "an amount of money"),
)


def fields_of(text: str) -> Iterator[str]:
    """The names in braces. Raises refusal for braces that do not match, and for anything but a plain name in them."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError as fault:
        raise refusal(f"the braces cannot be read: {fault}", "write {name}, and {{ for a brace itself") from fault
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if form or conversion or not name.isidentifier():
            raise refusal(f"{{{name}}} is more than a name", "write {began} and no dot, index or format")
        yield name


def fault_of(text: str) -> str:
    """What in these words must not go outside, empty when nothing is found; no search finds everything."""
    return next((what for pattern, what in _FORBIDDEN if pattern.search(text) is not None), "")
