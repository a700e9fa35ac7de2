"""Amounts in whole units with decimals, as reports write them, to the integer minor units that the API has."""

import re

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

_AMOUNT = re.compile(r"([+-]?)([0-9]{1,15})(?:\.([0-9]{1,9}))?")


class AmountUnreadable(ValueError):
    """The text is no amount of the currency."""


def decimals_of(currency: str) -> int:
    """How many decimals amounts of a currency have; ISO 4217 in lower case."""
    if currency in ZERO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def minor_units(text: str, currency: str) -> int:
    """The amount, exactly; raises AmountUnreadable, also for one with more decimals than the currency has."""
    written = _AMOUNT.fullmatch(text)
    if written is None or currency == "":
        raise AmountUnreadable
    sign, whole, fraction = written.groups(default="")
    decimals = decimals_of(currency)
    if len(fraction.rstrip("0")) > decimals:
        raise AmountUnreadable
    amount = int(whole + fraction[:decimals].ljust(decimals, "0"))
    return -amount if sign == "-" else amount


def major_text(amount: int, currency: str) -> str:
    """An amount of minor units as people write it: ``-12.30 usd``."""
    decimals = decimals_of(currency)
    sign, digits = "-" if amount < 0 else "", f"{abs(amount):0{decimals + 1}d}"
    whole = digits if decimals == 0 else f"{digits[:-decimals]}.{digits[-decimals:]}"
    return f"{sign}{whole} {currency}"
