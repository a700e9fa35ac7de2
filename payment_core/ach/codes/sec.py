"""Standard entry classes as data: which accounts, directions and addenda each one allows."""

from functools import cache

import msgspec

from payment_core.ach.codes.descriptions import Marker
from payment_core.ach.codes.transaction_codes import (
    LOAN_REVERSAL,
    TRANSACTION_CODES,
    AccountType,
    Direction,
    EntryKind,
)

_CONSUMER = frozenset({AccountType.CHECKING, AccountType.SAVINGS, AccountType.LOAN})
_DEPOSIT = frozenset({AccountType.CHECKING, AccountType.SAVINGS})
_ANY_ACCOUNT = frozenset(AccountType)
_BOTH = frozenset(Direction)
CORPORATE_ADDENDA_MAX = 9_999


class EntryClass(msgspec.Struct, frozen=True):
    """addenda_max: of type 05. zero_dollar: remittance text without money. payment_type: positions 77-78 are R or S."""

    sec_code: str
    account_types: frozenset[AccountType]
    directions: frozenset[Direction]
    addenda_max: int
    zero_dollar: bool = False
    payment_type: bool = False
    corporate_layout: bool = False
    change: bool = False


ENTRY_CLASSES = {
    entry_class.sec_code: entry_class
    for entry_class in (
        EntryClass("PPD", _CONSUMER, _BOTH, 1),
        EntryClass("CCD", _ANY_ACCOUNT, _BOTH, 1, zero_dollar=True),
        EntryClass("CTX", _ANY_ACCOUNT, _BOTH, CORPORATE_ADDENDA_MAX, zero_dollar=True, corporate_layout=True),
        EntryClass("WEB", _DEPOSIT, _BOTH, 1, payment_type=True),
        EntryClass("TEL", _DEPOSIT, frozenset({Direction.DEBIT}), 0, payment_type=True),
        EntryClass("COR", _ANY_ACCOUNT, _BOTH, 0, change=True),
    )
}
"""What this codec supports in full; any other class is read and answered with unsupported_sec."""


@cache
def allowed_codes(sec_code: str, marker: Marker) -> frozenset[int]:
    """Transaction codes that the class allows. A reversal may go against the class's direction, and debit a loan."""
    entry_class = ENTRY_CLASSES[sec_code]
    reversing = marker is Marker.REVERSAL
    allowed = set()
    for known in TRANSACTION_CODES.values():
        if entry_class.change:
            if known.kind is EntryKind.RETURN:
                allowed.add(known.code)
            continue
        if (
            known.account_type in entry_class.account_types
            and (reversing or known.kind is EntryKind.RETURN or known.direction in entry_class.directions)
            and (known.kind is not EntryKind.ZERO_DOLLAR or entry_class.zero_dollar)
            and (known.code != LOAN_REVERSAL or reversing)
        ):
            allowed.add(known.code)
    return frozenset(allowed)
