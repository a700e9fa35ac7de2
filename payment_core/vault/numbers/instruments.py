"""A card and a bank account as they are when they may be used: checked, whole and never printed."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from stdnum.us import rtn

from checks.redaction.card_numbers import holds_card_number
from payment_core.vault.numbers.problems import AccountProblem, CardProblem
from payment_core.vault.numbers.sensitive import AccountNumber, Pan

AccountType = Literal["checking", "savings"]

HOLDER_CHARACTERS_MAX = 64
EXPIRY_YEARS_MAX = 20
"""Issuers print at most about ten years; twice that is a typing error."""
_MONTHS = 12
_YEAR_MIN, _YEAR_MAX = 2000, 2999


@dataclass(frozen=True, slots=True)
class Card:
    """A card without its verification code. expiry_year: four digits. holder: as printed on it, empty when not given.

    The holder's name is cardholder data (PCI DSS 3.2): it is sealed with the number and left out of the repr.
    """

    pan: Pan
    expiry_month: int
    expiry_year: int
    holder: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class BankAccount:
    """A US bank account. routing_number: the nine digits of the ABA number, which is public."""

    routing_number: str
    account_number: AccountNumber
    account_type: AccountType


def card_of(  # noqa: PLR0911  # one line for each problem, in order of precedence
    *, number: str, expiry_month: int, expiry_year: int, now_ms: int, holder: str | None = None
) -> Card | CardProblem:
    """The card that somebody typed, or its first problem. now_ms: Unix epoch; a card is good to its month's end."""
    pan = Pan.parse(number)
    if isinstance(pan, CardProblem):
        return pan
    if not (1 <= expiry_month <= _MONTHS and _YEAR_MIN <= expiry_year <= _YEAR_MAX):
        return CardProblem.EXPIRY_MONTH
    today = datetime.fromtimestamp(now_ms / 1000, UTC)
    if (expiry_year, expiry_month) < (today.year, today.month):
        return CardProblem.EXPIRED
    if expiry_year > today.year + EXPIRY_YEARS_MAX:
        return CardProblem.EXPIRY_TOO_FAR
    if holder is None:
        return Card(pan, expiry_month, expiry_year)
    name = holder.strip()
    if not 1 <= len(name) <= HOLDER_CHARACTERS_MAX or holds_card_number(name):
        return CardProblem.HOLDER
    return Card(pan, expiry_month, expiry_year, name)


def bank_account_of(
    *, routing_number: str, account_number: str, account_type: AccountType
) -> BankAccount | AccountProblem:
    """The account that somebody typed, or its first problem."""
    routing = routing_number.strip()
    # All zeros have a right check digit and are no bank.
    if not (routing.isascii() and routing.isdigit() and rtn.is_valid(routing) and routing.strip("0") != ""):
        return AccountProblem.ROUTING
    account = AccountNumber.parse(account_number)
    if isinstance(account, AccountProblem):
        return account
    return BankAccount(routing, account, account_type)
