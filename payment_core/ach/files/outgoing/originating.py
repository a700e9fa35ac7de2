"""Puts entries into the queue for the next file, takes them out again, and presents or reverses those of a sent one."""

from datetime import timedelta
from enum import StrEnum
from typing import Protocol, assert_never

import msgspec

from payment_core.ach.calendar import REVERSAL_BANKING_DAYS_MAX, add_banking_days, local_time
from payment_core.ach.codes.descriptions import RETRY_PAYMENT, REVERSAL
from payment_core.ach.codes.returns import RETRIES_MAX, RETRY_DAYS_MAX
from payment_core.ach.codes.routing import is_routing_number
from payment_core.ach.files.model import AccountType, AchEntry, EntryDirection, EntryPurpose, SecCode
from payment_core.ach.files.moving import EntryMover, told_cents
from payment_core.answers import Explanation
from payment_core.errors import CoreError
from payment_core.identifiers import new_id
from payment_core.operations.documents import next_of, record_change
from payment_core.origin import Origin
from payment_core.store.port import Transaction

ENTRY_CENTS_MAX = 9_999_999_999
"""Ten digits: $99,999,999.99 (entry detail, field Amount)."""

NAME_WIDTH, IDENTIFICATION_WIDTH, DESCRIPTION_WIDTH = 22, 15, 10
"""Entry detail, individual name and identification; batch header, company entry description."""


class EntryUnusable(CoreError):
    """The entry could not be written into a file, so it was not queued."""


class EntryRefusal(StrEnum):
    """Why an entry cannot be taken back, in order of precedence."""

    ENTRY_NOT_FOUND = "entry_not_found"
    ENTRY_IN_FILE = "entry_in_file"
    ENTRY_NOT_SENT = "entry_not_sent"
    ENTRY_NOT_A_PAYOUT = "entry_not_a_payout"
    ENTRY_MOVED_NO_MONEY = "entry_moved_no_money"
    ENTRY_REVERSED_ALREADY = "entry_reversed_already"
    REVERSAL_TOO_LATE = "reversal_too_late"


def explain_entry(refusal: EntryRefusal) -> Explanation:
    """The refusal as callers see it."""
    status = 404 if refusal is EntryRefusal.ENTRY_NOT_FOUND else 409
    match refusal:
        case EntryRefusal.ENTRY_NOT_FOUND:
            title, detail = "No such entry", "There is no ACH entry with this id."
        case EntryRefusal.ENTRY_IN_FILE:
            title, detail = "In a file", "The entry is in a file already; it can be reversed once it was sent."
        case EntryRefusal.ENTRY_NOT_SENT:
            title, detail = "Not sent", "Only an entry that was sent can be reversed; cancel this one instead."
        case EntryRefusal.ENTRY_NOT_A_PAYOUT:
            title, detail = "Not a payout", "Only a payout's entry is reversed; refund the payment instead."
        case EntryRefusal.ENTRY_MOVED_NO_MONEY:
            title, detail = "No money moved", "A returned or canceled entry has nothing to reverse."
        case EntryRefusal.ENTRY_REVERSED_ALREADY:
            title, detail = "Reversed already", "A reversal of this entry is under way or done."
        case EntryRefusal.REVERSAL_TOO_LATE:
            days = REVERSAL_BANKING_DAYS_MAX
            title, detail = "Too late", f"A reversal is sent within {days} banking days of settlement."
        case _:
            assert_never(refusal)
    return Explanation(title, status, detail)


class Account(Protocol):
    """What an entry needs of a bank account; ``payment_core.providers.model.BankAccount``."""

    @property
    def id(self) -> str:
        """Of the account."""
        ...

    @property
    def token(self) -> str:
        """Of the number in the vault."""
        ...

    @property
    def routing_number(self) -> str:
        """Of the bank, nine digits."""
        ...

    @property
    def account_type(self) -> AccountType:
        """Checking or savings."""
        ...


def originate(
    transaction: Transaction,
    origin: Origin,
    *,
    direction: EntryDirection,
    sec: SecCode,
    purpose: EntryPurpose,
    subject_id: str,
    bank_account: Account,
    amount_cents: int,
    name: str,
    description: str,
    individual_id: str = "",
    same_day: bool = False,
    not_before_ms: int = 0,
) -> AchEntry:
    """Queue an entry for the next file. amount_cents: 0 for a prenote and for nothing else.

    name: of the receiver; what the record has no room or no character for is left out. Raises EntryUnusable.
    """
    receiver = printable(name)[:NAME_WIDTH].strip()
    fault = _fault(direction, sec, purpose, bank_account.routing_number, amount_cents, receiver, description)
    if fault != "":
        raise EntryUnusable(fault)
    entry = AchEntry(
        id=new_id("ent", transaction.now_ms),
        created_at_ms=transaction.now_ms,
        updated_at_ms=transaction.now_ms,
        direction=direction,
        sec=sec,
        purpose=purpose,
        subject_id=subject_id,
        bank_account_id=bank_account.id,
        bank_token=bank_account.token,
        routing_number=bank_account.routing_number,
        account_type=bank_account.account_type,
        amount_cents=amount_cents,
        individual_id=printable(individual_id)[:IDENTIFICATION_WIDTH].strip(),
        individual_name=receiver,
        description=description,
        same_day=same_day,
        not_before_ms=max(transaction.now_ms, not_before_ms),
    )
    queue_entry(transaction, origin, entry)
    return entry


def cancel_entry(transaction: Transaction, mover: EntryMover, entry_id: str) -> AchEntry | EntryRefusal:
    """Take an entry out of the queue; one that a file has claimed stays in it."""
    entry = transaction.get(AchEntry, entry_id)
    if entry is None:
        return EntryRefusal.ENTRY_NOT_FOUND
    if entry.status != "queued":
        return EntryRefusal.ENTRY_IN_FILE
    return mover.move(transaction, entry, "canceled")


def may_retry(entry: AchEntry, now_ms: int) -> bool:
    """Whether a returned debit may be presented again: twice at most, within 180 days of the first settlement."""
    first = local_time(entry.first_settles_at_ms).date()
    within = local_time(now_ms).date() <= first + timedelta(days=RETRY_DAYS_MAX)
    return entry.direction == "debit" and entry.purpose == "payment" and entry.attempt < RETRIES_MAX and within


def another_presentation(transaction: Transaction, entry: AchEntry) -> AchEntry:
    """The same debit once more, as RETRY PYMT; not queued yet."""
    return msgspec.structs.replace(
        _copy(transaction, entry, description=RETRY_PAYMENT),
        attempt=entry.attempt + 1,
        retries_entry_id=entry.id,
        first_settles_at_ms=entry.first_settles_at_ms,
    )


def reverse_entry(transaction: Transaction, origin: Origin, entry_id: str) -> AchEntry | EntryRefusal:
    """Queue the opposite of an entry that was sent by mistake, as REVERSAL, within 5 banking days of settlement."""
    entry = transaction.get(AchEntry, entry_id)
    if entry is None:
        return EntryRefusal.ENTRY_NOT_FOUND
    refusal = _irreversible(entry, transaction.now_ms)
    if refusal is not None:
        return refusal
    opposite: EntryDirection = "debit" if entry.direction == "credit" else "credit"
    reversal = msgspec.structs.replace(
        _copy(transaction, entry, description=REVERSAL), direction=opposite, purpose="reversal", subject_id=entry.id
    )
    queue_entry(transaction, origin, reversal)
    marked = next_of(entry, transaction.now_ms, reversal_entry_id=reversal.id)
    record_change(transaction, origin, marked, status=marked.status, previous_status=entry.status)
    return reversal


def queue_entry(transaction: Transaction, origin: Origin, entry: AchEntry) -> None:
    """Let the next file take a new entry."""
    record_change(transaction, origin, entry, status=entry.status, amount_cents=told_cents(entry))


def printable(text: str) -> str:
    """The text in the characters that a record holds (ASCII 0x20 to 0x7E); others are left out."""
    return " ".join("".join(character for character in text if " " <= character <= "~").split())


def _irreversible(entry: AchEntry, now_ms: int) -> EntryRefusal | None:
    if entry.status in {"queued", "claimed", "built"}:
        return EntryRefusal.ENTRY_NOT_SENT
    if entry.purpose != "payout":
        # Nobody books the reversal of another purpose, and the bank's books would differ from ours.
        return EntryRefusal.ENTRY_NOT_A_PAYOUT
    if entry.status in {"returned", "canceled"}:
        return EntryRefusal.ENTRY_MOVED_NO_MONEY
    if entry.reversal_entry_id != "":
        return EntryRefusal.ENTRY_REVERSED_ALREADY
    last = add_banking_days(local_time(entry.settles_at_ms).date(), REVERSAL_BANKING_DAYS_MAX)
    return EntryRefusal.REVERSAL_TOO_LATE if local_time(now_ms).date() > last else None


def _fault(
    direction: EntryDirection,
    sec: SecCode,
    purpose: EntryPurpose,
    routing_number: str,
    amount_cents: int,
    name: str,
    description: str,
) -> str:
    if not is_routing_number(routing_number):
        return "Its routing number does not exist."
    if (amount_cents == 0) != (purpose == "prenote") or not 0 <= amount_cents <= ENTRY_CENTS_MAX:
        return f"Its amount is not 1 to {ENTRY_CENTS_MAX} cents, or 0 for a prenote."
    if name.strip(" 0") == "":
        return "It names no receiver."
    if description.strip(" 0") == "" or len(description) > DESCRIPTION_WIDTH or printable(description) != description:
        return f"Its description is not 1 to {DESCRIPTION_WIDTH} printable characters."
    if sec == "TEL" and direction == "credit":
        return "TEL has debits alone."
    return ""


def _copy(transaction: Transaction, entry: AchEntry, *, description: str) -> AchEntry:
    """A queued entry to the same account with the same amount."""
    return AchEntry(
        id=new_id("ent", transaction.now_ms),
        created_at_ms=transaction.now_ms,
        updated_at_ms=transaction.now_ms,
        direction=entry.direction,
        sec=entry.sec,
        purpose=entry.purpose,
        subject_id=entry.subject_id,
        bank_account_id=entry.bank_account_id,
        bank_token=entry.bank_token,
        routing_number=entry.routing_number,
        account_type=entry.account_type,
        amount_cents=entry.amount_cents,
        individual_id=entry.individual_id,
        individual_name=entry.individual_name,
        description=description,
        not_before_ms=transaction.now_ms,
    )
