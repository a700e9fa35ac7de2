"""What reading an export yields: records, what is none, and the place from which to go on."""

from enum import StrEnum

import msgspec

from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.shapes.account import Account, BankAccount
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.charge import Charge
from payment_core.migration.export.shapes.customer import Customer
from payment_core.migration.export.shapes.dispute import Dispute
from payment_core.migration.export.shapes.opening_balance import OpeningBalance
from payment_core.migration.export.shapes.payment_method import PaymentMethod
from payment_core.migration.export.shapes.payout import Payout
from payment_core.migration.export.shapes.refund import Refund

Body = (
    Customer
    | PaymentMethod
    | Account
    | BankAccount
    | OpeningBalance
    | Charge
    | Refund
    | Dispute
    | Payout
    | BalanceTransaction
)

BODY_BY_KIND: dict[Kind, type[Body]] = {
    Kind.CUSTOMERS: Customer,
    Kind.PAYMENT_METHODS: PaymentMethod,
    Kind.ACCOUNTS: Account,
    Kind.BANK_ACCOUNTS: BankAccount,
    Kind.OPENING_BALANCES: OpeningBalance,
    Kind.CHARGES: Charge,
    Kind.REFUNDS: Refund,
    Kind.DISPUTES: Dispute,
    Kind.PAYOUTS: Payout,
    Kind.BALANCE_TRANSACTIONS: BalanceTransaction,
}


class Position(msgspec.Struct, frozen=True, gc=False, order=True):
    """How far a kind's files were read. A record's position is the one to go on *after* it; a checkpoint keeps it.

    file: the place of the file among those of its kind, from 0. record: records read of it. offset: bytes read of it,
    to go on at once; 0 when it is not known, and the records are then counted again.
    """

    file: int = 0
    record: int = 0
    offset: int = 0


START = Position()


class Reason(StrEnum):
    """Why something in an export is no record."""

    TOO_LONG = "too_long"
    NOT_TEXT = "not_text"
    NOT_JSON = "not_json"
    NOT_CSV = "not_csv"
    UNKNOWN_OBJECT = "unknown_object"
    MISSING_FIELD = "missing_field"
    WRONG_FIELD = "wrong_field"
    INCOMPLETE = "incomplete"
    DOES_NOT_ADD_UP = "does_not_add_up"
    CARD_NUMBER_IN_TEXT = "card_number_in_text"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One object of the processor. id: the processor's. file: where it stood, or the event that told it.

    source_hash: SHA-256 of the record as it was sent, without blanks between its parts, in hexadecimal; keyed
    (HMAC-SHA-256) where it may hold a card or account number, so that nobody can try numbers against it.
    occurred_at_ms: when the object was as it is here, Unix milliseconds: the export's, or the event's.
    is_removed: it was deleted, or detached from its owner.
    """

    kind: Kind
    id: str
    body: Body
    source_hash: str
    position: Position
    file: str
    occurred_at_ms: int
    is_removed: bool = False

    @property
    def origin(self) -> str:
        """File and number of the record, from 1."""
        return f"{self.file}:{self.position.record}"


class Malformed(msgspec.Struct, frozen=True, kw_only=True):
    """What stood where a record should be. detail: what is wrong with it and where, never its values.

    id: the processor's, when it could be read; else empty. source_hash, occurred_at_ms: as of a record.
    """

    kind: Kind
    reason: Reason
    detail: str
    source_hash: str
    position: Position
    file: str
    occurred_at_ms: int
    id: str = ""

    @property
    def origin(self) -> str:
        """File and number of the record, from 1."""
        return f"{self.file}:{self.position.record}"


Read = Record | Malformed
