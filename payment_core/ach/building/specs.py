"""What a caller says about a file that is to be built; the builder adds numbers, traces, counts and totals."""

from collections.abc import Callable
from datetime import date, datetime

import msgspec

from payment_core.ach.codes.descriptions import Purpose
from payment_core.ach.codes.transaction_codes import AccountType


class FileSpec(msgspec.Struct, frozen=True):
    """created_at: wall clock in New York. odfi_id: 8 digits, for traces and batches. modifier: new for each file."""

    immediate_destination: str
    immediate_origin: str
    odfi_id: str
    created_at: datetime
    modifier: str = "A"
    destination_name: str = ""
    origin_name: str = ""
    reference_code: str = ""


class BatchSpec(msgspec.Struct, frozen=True):
    """The grouping key: entries with equal specs share a batch, any difference makes another one."""

    company_name: str
    company_id: str
    sec_code: str
    description: str
    effective_date: date
    service_class: int
    descriptive_date: str = ""
    discretionary_data: str = ""
    purpose: Purpose = Purpose.OTHER


class EntrySpec(msgspec.Struct, frozen=True):
    """trace_sequence: 1 to 9,999,999, allocated by the caller, unique in the file. addenda: texts of type 05."""

    transaction_code: int
    routing_number: str
    account_number: str
    amount_cents: int
    receiver_name: str
    trace_sequence: int
    identification: str = ""
    discretionary_data: str = ""
    addenda: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"EntrySpec(transaction_code={self.transaction_code}, trace_sequence={self.trace_sequence})"


class Offset(msgspec.Struct, frozen=True):
    """The originator's own account, against which each batch is balanced.

    next_sequence: allocates the offset's trace, above those of its batch and unique in the file.
    """

    routing_number: str
    account_number: str
    next_sequence: Callable[[], int]
    account_type: AccountType = AccountType.CHECKING
    identification: str = ""

    def __repr__(self) -> str:
        return f"Offset(account_type={self.account_type!r})"
