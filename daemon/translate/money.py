"""Amounts of money as other systems write them, turned into integers without ever being a float."""

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from daemon.errors import Untranslatable

MICROCENTS_PER_UNIT = 100_000_000
"""100 cents of 1,000,000 microcents each."""

_LARGEST_UNITS = Decimal(90_000_000_000)
"""Above this the microcents would not fit into 64 bits."""
_WRITTEN = re.compile(r"^(-?)\$(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?$", re.ASCII)


def microcents(amount: Decimal, path: str) -> int:
    """Microcents of an amount in whole currency units; what lies below a microcent is rounded to even."""
    if not amount.is_finite() or abs(amount) > _LARGEST_UNITS:
        raise Untranslatable(f"{path} is not an amount of money: {str(amount)[:40]}.")
    try:
        return int((amount * MICROCENTS_PER_UNIT).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    except InvalidOperation:
        raise Untranslatable(f"{path} has too many digits: {str(amount)[:40]}.") from None


def microcents_from_dollars(text: str, path: str) -> int:
    """Microcents of ``$1,234.56``; any other form is refused, because a misread separator is a factor of 100."""
    match = _WRITTEN.match(text.strip())
    if match is None:
        raise Untranslatable(f"{path} is not an amount in dollars: {text[:40]!r}.")
    sign, whole, fraction = match.groups(default="")
    return microcents(Decimal(f"{sign}{whole.replace(',', '')}{fraction}"), path)
