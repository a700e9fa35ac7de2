"""What can be wrong with a card or a bank account that somebody typed, in order of precedence."""

from enum import StrEnum
from typing import assert_never


class CardProblem(StrEnum):
    """Why a card is refused before anything is done with it."""

    NOT_DIGITS = "number_not_digits"
    LENGTH = "number_length"
    CHECK_DIGIT = "number_check_digit"
    CVC = "cvc"
    EXPIRY_MONTH = "expiry_month"
    EXPIRED = "expired"
    EXPIRY_TOO_FAR = "expiry_too_far"
    HOLDER = "holder"


class AccountProblem(StrEnum):
    """Why a bank account is refused before anything is done with it."""

    ROUTING = "routing_number"
    LENGTH = "account_length"
    CHARACTERS = "account_characters"


def card_sentence(problem: CardProblem) -> str:  # noqa: PLR0911  # one sentence for each problem
    """What to tell whoever typed it; never the number."""
    match problem:
        case CardProblem.NOT_DIGITS:
            return "The card number has characters that are not digits; spaces and dashes may divide it."
        case CardProblem.LENGTH:
            return "The card number has too few or too many digits for its brand."
        case CardProblem.CHECK_DIGIT:
            return "The card number's check digit is wrong; a digit was mistyped."
        case CardProblem.CVC:
            return "The verification code is not 3 or 4 digits."
        case CardProblem.EXPIRY_MONTH:
            return "The expiry month is not 1 to 12, or the year has not four digits."
        case CardProblem.EXPIRED:
            return "The card has expired."
        case CardProblem.EXPIRY_TOO_FAR:
            return "The expiry year is too far ahead to be one."
        case CardProblem.HOLDER:
            return "The holder's name is empty, longer than 64 characters or holds a card number."
        case _:
            assert_never(problem)


def account_sentence(problem: AccountProblem) -> str:
    """What to tell whoever typed it; never the number."""
    match problem:
        case AccountProblem.ROUTING:
            return "The routing number is not nine digits with a right check digit."
        case AccountProblem.LENGTH:
            return "The account number has not 1 to 17 characters."
        case AccountProblem.CHARACTERS:
            return "The account number has characters other than letters, digits and hyphens."
        case _:
            assert_never(problem)
