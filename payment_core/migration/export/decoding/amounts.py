"""Amounts in whole units with decimals, as reports write them, to the integer minor units that the API has."""

from decimal import Decimal, InvalidOperation

ZERO_DECIMALS = frozenset(
    {
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "ugx",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    }
)
"""Currencies whose amounts the processor writes in whole units."""

THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
"""Currencies with thousandths."""

DIGITS_MAX = 20


class AmountUnreadable(ValueError):
    """The text is no amount of the currency."""


def decimals_of(currency: str) -> int:
    """How many decimals amounts of a currency have; ISO 4217 in lower case."""
    if currency in ZERO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def minor_units(text: str, currency: str) -> int:
    """The amount, exactly; raises AmountUnreadable, also for one with more decimals than the currency has."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise AmountUnreadable from None
    if currency == "" or not amount.is_finite() or len(text) > DIGITS_MAX:
        raise AmountUnreadable
    scaled = amount.scaleb(decimals_of(currency))
    if scaled != scaled.to_integral_value():
        raise AmountUnreadable
    return int(scaled)


def major_text(amount: int, currency: str) -> str:
    """An amount of minor units as people write it: ``-12.30 usd``."""
    decimals = decimals_of(currency)
    sign, digits = "-" if amount < 0 else "", f"{abs(amount):0{decimals + 1}d}"
    whole = digits if decimals == 0 else f"{digits[:-decimals]}.{digits[-decimals:]}"
    return f"{sign}{whole} {currency}"
