"""Values as a person reads them."""

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
