"""Values that may be used but not seen: every way of printing one is masked, and reveal() is the only door."""

import hmac
from typing import NoReturn, Self

from stdnum import luhn

from payment_core.vault.errors import MalformedNumber
from payment_core.vault.numbers.brands import Brand, brand_of
from payment_core.vault.numbers.problems import AccountProblem, CardProblem, account_sentence, card_sentence

PAN_DIGITS_MIN, PAN_DIGITS_MAX = 13, 19
"""ISO/IEC 7812-1; the shortest that a scheme issues is 13."""

ACCOUNT_CHARACTERS_MAX = 17
"""NACHA entry detail record, field 5, DFI Account Number."""

CVC_DIGITS = (3, 4)
"""American Express prints four, the others three."""

BIN_DIGITS = 6
LAST_DIGITS = 4
"""PCI DSS 3.4.1: no more than the BIN and the last four are displayed."""

HIDDEN_CHARACTERS_MIN = 4
"""Of a short account number the last four may be all of it: at least this many stay hidden."""


class Sensitive:
    """A string that no log, message, event or error shows, and that neither JSON, msgpack nor pickle takes."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The value itself; whoever calls this answers for where it goes."""
        return self._text

    def masked(self) -> str:
        """What may be shown of it."""
        return "*" * LAST_DIGITS

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.masked()})"

    def __str__(self) -> str:
        return self.masked()

    def __format__(self, specification: str) -> str:
        return format(self.masked(), specification)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    # A hash of so few possible values could be turned back into the value.
    __hash__ = None  # type: ignore[assignment]  # this is how Python spells "not hashable"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        message = f"{type(self).__name__} is neither pickled nor copied"
        raise TypeError(message)

    def __getstate__(self) -> NoReturn:
        message = f"{type(self).__name__} gives no state away"
        raise TypeError(message)


class Pan(Sensitive):
    """A primary account number: 13 to 19 digits that pass the Luhn check. Raises MalformedNumber, without the value."""

    __slots__ = ()

    def __init__(self, digits: str) -> None:
        problem = pan_problem(digits)
        if problem is not None:
            raise MalformedNumber(card_sentence(problem))
        super().__init__(digits)

    @classmethod
    def parse(cls, text: str) -> Self | CardProblem:
        """The number as a person writes one, in groups divided by single spaces or dashes, or what is wrong with it."""
        digits = text.strip().replace(" ", "").replace("-", "")
        problem = pan_problem(digits)
        return cls(digits) if problem is None else problem

    @property
    def brand(self) -> Brand:
        """The scheme that issues such numbers."""
        return brand_of(self._text)

    @property
    def bin6(self) -> str:
        """The first six digits."""
        return self._text[:BIN_DIGITS]

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self._text[-LAST_DIGITS:]

    def masked(self) -> str:
        """First six and last four digits."""
        return f"{self.bin6}{'*' * (len(self._text) - BIN_DIGITS - LAST_DIGITS)}{self.last4}"


class AccountNumber(Sensitive):
    """A US bank account number: 1 to 17 letters, digits and hyphens. Raises MalformedNumber, without the value."""

    __slots__ = ()

    def __init__(self, characters: str) -> None:
        problem = account_problem(characters)
        if problem is not None:
            raise MalformedNumber(account_sentence(problem))
        super().__init__(characters)

    @classmethod
    def parse(cls, text: str) -> Self | AccountProblem:
        """The number, or what is wrong with it; spaces around it are dropped."""
        characters = text.strip()
        problem = account_problem(characters)
        return cls(characters) if problem is None else problem

    @property
    def last4(self) -> str:
        """The last characters, four at most, and so few that at least four stay hidden; may be empty."""
        shown = min(LAST_DIGITS, max(0, len(self._text) - HIDDEN_CHARACTERS_MIN))
        return self._text[len(self._text) - shown :]

    def normalized(self) -> str:
        """The same account in one spelling: capital letters, no hyphens. As secret as the number itself."""
        return self._text.upper().replace("-", "")

    def masked(self) -> str:
        """The last characters."""
        return f"****{self.last4}"


class Cvc(Sensitive):
    """A card's verification code. It lives in the request alone: PCI DSS 3.3.1 forbids keeping it, even encrypted."""

    __slots__ = ()

    def __init__(self, digits: str) -> None:
        if not (_is_digits(digits) and len(digits) in CVC_DIGITS):
            raise MalformedNumber(card_sentence(CardProblem.CVC))
        super().__init__(digits)

    @classmethod
    def parse(cls, text: str) -> Self | CardProblem:
        """The code, or what is wrong with it."""
        return cls(text) if _is_digits(text) and len(text) in CVC_DIGITS else CardProblem.CVC


def pan_problem(digits: str) -> CardProblem | None:
    """What keeps the text from being a card number; the first problem in order of precedence."""
    if not _is_digits(digits):
        return CardProblem.NOT_DIGITS
    brand = brand_of(digits)
    if not (PAN_DIGITS_MIN <= len(digits) <= PAN_DIGITS_MAX and len(digits) in brand.lengths):
        return CardProblem.LENGTH
    # A run of zeros passes Luhn, and no scheme issues from 0.
    if not luhn.is_valid(digits) or digits[0] == "0":
        return CardProblem.CHECK_DIGIT
    return None


def account_problem(characters: str) -> AccountProblem | None:
    """What keeps the text from being an account number; the first problem in order of precedence."""
    if not 1 <= len(characters) <= ACCOUNT_CHARACTERS_MAX:
        return AccountProblem.LENGTH
    if not (characters.isascii() and characters.replace("-", "").isalnum()):
        return AccountProblem.CHARACTERS
    return None


def _is_digits(text: str) -> bool:
    # str.isdigit alone lets full-width and superscript digits pass.
    return text.isascii() and text.isdigit()
