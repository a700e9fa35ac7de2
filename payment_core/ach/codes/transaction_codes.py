"""Transaction codes as data: account type, direction and what kind of entry they mark."""

from enum import StrEnum

import msgspec


class AccountType(StrEnum):
    """What the receiver's account is."""

    CHECKING = "checking"
    SAVINGS = "savings"
    GENERAL_LEDGER = "general_ledger"
    LOAN = "loan"


class Direction(StrEnum):
    """Where the money goes, seen from the receiver's account."""

    CREDIT = "credit"
    DEBIT = "debit"


class EntryKind(StrEnum):
    """live moves money; prenote tests the account; zero_dollar carries remittance text; return also marks NOCs."""

    LIVE = "live"
    PRENOTE = "prenote"
    ZERO_DOLLAR = "zero_dollar"
    RETURN = "return"


class TransactionCode(msgspec.Struct, frozen=True, gc=False):
    """One code of positions 2-3 of an entry."""

    code: int
    account_type: AccountType
    direction: Direction
    kind: EntryKind


_FIRST_BY_ACCOUNT_TYPE = {
    AccountType.CHECKING: 20,
    AccountType.SAVINGS: 30,
    AccountType.GENERAL_LEDGER: 40,
    AccountType.LOAN: 50,
}
_KINDS = (EntryKind.RETURN, EntryKind.LIVE, EntryKind.PRENOTE, EntryKind.ZERO_DOLLAR)


def _codes() -> dict[int, TransactionCode]:
    codes: dict[int, TransactionCode] = {}
    for account_type, first in _FIRST_BY_ACCOUNT_TYPE.items():
        for offset, kind in enumerate(_KINDS, start=1):
            codes[first + offset] = TransactionCode(first + offset, account_type, Direction.CREDIT, kind)
            if account_type is not AccountType.LOAN:
                codes[first + offset + 5] = TransactionCode(first + offset + 5, account_type, Direction.DEBIT, kind)
    for code, kind in ((55, EntryKind.LIVE), (56, EntryKind.RETURN)):
        codes[code] = TransactionCode(code, AccountType.LOAN, Direction.DEBIT, kind)
    return codes


TRANSACTION_CODES = _codes()
"""By code. Loan accounts are debited by 55 alone, and only to reverse."""

LOAN_REVERSAL = 55


def code_for(account_type: AccountType, direction: Direction, kind: EntryKind) -> int | None:
    """The code of this combination, or None: a loan account has no debit prenote."""
    for known in TRANSACTION_CODES.values():
        if (known.account_type, known.direction, known.kind) == (account_type, direction, kind):
            return known.code
    return None


def of_kind(transaction_code: int, kind: EntryKind) -> int | None:
    """The code for the same account, but of another kind; None if there is none."""
    known = TRANSACTION_CODES.get(transaction_code)
    return None if known is None else code_for(known.account_type, known.direction, kind)
