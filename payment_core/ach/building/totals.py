"""What entries add up to, and the controls that say so."""

from collections.abc import Iterable

import msgspec

from payment_core.ach.codes.transaction_codes import TRANSACTION_CODES, Direction
from payment_core.ach.errors import FieldInvalid
from payment_core.ach.model import Batch, Entry, record_count
from payment_core.ach.records.batch_control import BatchControl
from payment_core.ach.records.batch_header import BatchHeader
from payment_core.ach.records.file_control import FileControl

HASH_MODULUS = 10**10
BLOCKING_FACTOR = 10

DEBIT_CODES = frozenset(code for code, known in TRANSACTION_CODES.items() if known.direction is Direction.DEBIT)


class Totals(msgspec.Struct, frozen=True, gc=False):
    """Entries and addenda counted, RDFI ids hashed, cents by direction."""

    entry_addenda_count: int
    entry_hash: int
    debit_cents: int
    credit_cents: int


def entry_totals(entries: Iterable[Entry]) -> Totals:
    """The totals of a batch. An unknown transaction code counts as a credit. Raises FieldInvalid on a bad RDFI id."""
    count = hashed = debit_cents = credit_cents = 0
    for entry in entries:
        count += 1 + len(entry.addenda)
        try:
            hashed += int(entry.rdfi_id)
        except ValueError:
            raise FieldInvalid("rdfi_id must be 8 digits") from None
        if entry.transaction_code in DEBIT_CODES:
            debit_cents += entry.amount_cents
        else:
            credit_cents += entry.amount_cents
    return Totals(count, hashed % HASH_MODULUS, debit_cents, credit_cents)


def batch_control(header: BatchHeader, totals: Totals) -> BatchControl:
    """The control that belongs to a header and its entries' totals."""
    return BatchControl(
        service_class=header.service_class,
        entry_addenda_count=totals.entry_addenda_count,
        entry_hash=totals.entry_hash,
        debit_cents=totals.debit_cents,
        credit_cents=totals.credit_cents,
        company_id=header.company_id,
        authentication_code="",
        odfi_id=header.odfi_id,
        batch_number=header.batch_number,
    )


def block_count(records: int) -> int:
    """Blocks of 10 that so many records fill, the last one padded."""
    return -(-records // BLOCKING_FACTOR)


def file_control(batches: tuple[Batch, ...]) -> FileControl:
    """The control that belongs to batches whose controls are right."""
    controls = [batch.control for batch in batches]
    return FileControl(
        batch_count=len(batches),
        block_count=block_count(record_count(batches)),
        entry_addenda_count=sum(control.entry_addenda_count for control in controls),
        entry_hash=sum(control.entry_hash for control in controls) % HASH_MODULUS,
        debit_cents=sum(control.debit_cents for control in controls),
        credit_cents=sum(control.credit_cents for control in controls),
    )
