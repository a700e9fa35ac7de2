"""Card numbers in text: found where they must be refused, masked where they must not be shown (PCI DSS 3.4.1)."""

import re
import unicodedata
from collections.abc import Sequence

from stdnum import luhn

_SHORTEST, _LONGEST = 13, 19
"""Digits of a card number (ISO/IEC 7812)."""

_WRITTEN = re.compile(r"(?<![0-9A-Za-z])[2-6](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])")
"""As a person writes one: from the ranges that card schemes issue, spaced or dashed, standing alone."""

_HIDDEN = re.compile(r"\d(?:[ \-\u00ad\u200b-\u200d\u2060\ufeff]{0,3}\d){12,}")
"""As one may hide: any run of digits, between spaces, dashes and characters of no width."""

_DOTTED = re.compile(r"(?<!\d)(?<!\d[.\uff0e])\d{4}(?:[.\uff0e]\d{3,6}){2,}(?!\d)")
"""Groups of digits between dots, from the first on."""

_PRINTED = ((4, 4, 4, 4), (4, 4, 4, 4, 3), (4, 6, 5), (4, 6, 4))
"""Digits of each group as cards are printed. Between dots only these: addresses, decimals and ids have others."""

_ISSUED = re.compile(r"[3-6]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720")
"""How the numbers of card schemes begin; versions begin with a year of this century."""

_WIDTHLESS = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
"""Characters that nobody sees between two digits."""


def holds_card_number(text: str) -> bool:
    """Whether the text holds 13 to 19 digits that pass the Luhn check; full-width digits count, no width does not."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_WIDTHLESS)
    written = _WRITTEN.findall(plain)
    if any(luhn.is_valid(re.sub(r"[ -]", "", run)) for run in written):
        return True
    return any(_holds_printed(run.split(".")) for run in _DOTTED.findall(plain))


def mask_card_numbers(text: str) -> str:
    """The text with every run of digits that may hold a card number reduced to its last four.

    Runs that begin with 0 or 1 hold none by themselves: times in milliseconds are left readable.
    """
    return _DOTTED.sub(_mask_dotted, _HIDDEN.sub(_mask, text))


def _mask(run: re.Match[str]) -> str:
    digits = "".join(str(int(character)) for character in run.group() if character.isdigit())
    if not any(
        digits[start] in "23456" and luhn.is_valid(digits[start : start + length])
        for length in range(_SHORTEST, min(_LONGEST, len(digits)) + 1)
        for start in range(len(digits) - length + 1)
    ):
        return run.group()
    return _last_four(digits)


def _mask_dotted(run: re.Match[str]) -> str:
    groups = unicodedata.normalize("NFKC", run.group()).split(".")
    return _last_four("".join(groups)) if _holds_printed(groups) else run.group()


def _holds_printed(groups: Sequence[str]) -> bool:
    """Whether the first groups are a card number as it is printed; an expiry or a code may follow."""
    if _ISSUED.match(groups[0]) is None:
        return False
    parts = (groups[: len(shape)] for shape in _PRINTED)
    return any(tuple(map(len, part)) in _PRINTED and luhn.is_valid("".join(part)) for part in parts)


def _last_four(digits: str) -> str:
    return "*" * (len(digits) - 4) + digits[-4:]
