"""A number of units that something asks for, and how it is said."""

from math import ceil

import msgspec

from remediation.scaling.model import Source

_ROUNDING = 1e-9
"""What arithmetic of floats adds to a whole number is no further unit."""


class Need(msgspec.Struct, frozen=True):
    """So many units, who asks for them, and because of what."""

    units: int
    source: Source
    words: str


def whole_units(units: float) -> int:
    """The least whole number of units that is enough."""
    return max(0, ceil(units - _ROUNDING))


def dollars(microdollars: int) -> str:
    """An amount for a person, to a tenth of a cent: ``$0.158``."""
    thousandths = (microdollars + 500) // 1_000
    return f"${thousandths // 1000}.{thousandths % 1000:03d}"
