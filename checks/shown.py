"""Values as a person reads them."""

from config.rules.slo import Tier

SECOND_MS = 1000


def number(value: float) -> str:
    """At most four significant digits, and no exponent for what people count."""
    return f"{value:,.0f}" if abs(value) >= SECOND_MS or value == int(value) else f"{value:.4g}"


def share(value: float) -> str:
    """A share of 1 as a percentage."""
    return f"{value * 100:.3g} %"


def milliseconds(value: float) -> str:
    """A time in milliseconds, in seconds from one second on."""
    return f"{value / SECOND_MS:.3g} s" if value >= SECOND_MS else f"{value:.3g} ms"


def length(seconds: float) -> str:
    """A length of time in the largest unit that leaves no fraction: ``5 m``, ``30 d``, ``90 s``."""
    for unit, unit_seconds in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= unit_seconds and not seconds % unit_seconds:
            return f"{seconds / unit_seconds:g} {unit}"
    return f"{seconds:g} s"


def tier(one: Tier) -> str:
    """The limit of a tier of an objective."""
    return f"> {one.factor:g} times the budget over {length(one.long)} and {length(one.short)}"
