"""Card numbers in text: found where they must be refused, masked where they must not be shown (PCI DSS 3.4.1)."""

import re
import unicodedata

from stdnum import luhn

_SHORTEST, _LONGEST = 13, 19
"""Digits of a card number (ISO/IEC 7812)."""

_WRITTEN = re.compile(r"(?<![0-9A-Za-z])[2-6](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])")
"""As a person writes one: from the ranges that card schemes issue, spaced or dashed, standing alone."""

_HIDDEN = re.compile(r"\d(?:[ \-\u00ad\u200b-\u200d\u2060\ufeff]{0,3}\d){12,}")
"""As one may hide: any run of digits, between spaces, dashes and characters of no width."""


_WIDTHLESS = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
"""Characters that nobody sees between two digits."""


def holds_card_number(text: str) -> bool:
    """Whether the text holds 13 to 19 digits that pass the Luhn check; full-width digits count, no width does not."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_WIDTHLESS)
    written = _WRITTEN.findall(plain)
    return any(luhn.is_valid(re.sub(r"[ -]", "", run)) for run in written)


def mask_card_numbers(text: str) -> str:
    """The text with every run of digits that may hold a card number reduced to its last four.

    Runs that begin with 0 or 1 hold none by themselves: times in milliseconds are left readable.
    """
    return _HIDDEN.sub(_mask, text)


def _mask(run: re.Match[str]) -> str:
    digits = "".join(str(int(character)) for character in run.group() if character.isdigit())
    if not any(
        digits[start] in "23456" and luhn.is_valid(digits[start : start + length])
        for length in range(_SHORTEST, min(_LONGEST, len(digits)) + 1)
        for start in range(len(digits) - length + 1)
    ):
        return run.group()
    return "*" * (len(digits) - 4) + digits[-4:]
