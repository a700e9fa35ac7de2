"""A file for people and for JSON: totals, and its records with account numbers masked."""

from typing import Any

import msgspec

from payment_core.ach.building.totals import HASH_MODULUS, entry_totals
from payment_core.ach.codes.transaction_codes import TRANSACTION_CODES
from payment_core.ach.model import AchFile, Batch, Entry
from payment_core.ach.records.addenda import Addenda
from payment_core.ach.records.addenda05 import Addenda05
from payment_core.ach.records.addenda98 import Addenda98
from payment_core.ach.records.addenda98_refused import Addenda98Refused
from payment_core.ach.records.addenda99 import Addenda99
from payment_core.ach.records.addenda99_contested import Addenda99Contested
from payment_core.ach.records.addenda99_dishonored import Addenda99Dishonored

SHOWN_DIGITS = 4
"""What of an account number may be shown."""

_RETURNS = (Addenda99, Addenda99Dishonored, Addenda99Contested)
_CHANGES = (Addenda98, Addenda98Refused)


class FileSummary(msgspec.Struct, frozen=True):
    """What the entries of a file come to; amounts in cents. returns: with dishonored and contested ones."""

    batches: int
    entries: int
    entry_addenda_count: int
    entry_hash: int
    debit_cents: int
    credit_cents: int
    returns: int
    notifications_of_change: int


def summarize(file: AchFile) -> FileSummary:
    """Computed from the entries, not read from the controls."""
    totals = [entry_totals(batch.entries) for batch in file.batches]
    addenda = [addenda for batch in file.batches for entry in batch.entries for addenda in entry.addenda]
    return FileSummary(
        batches=len(file.batches),
        entries=sum(len(batch.entries) for batch in file.batches),
        entry_addenda_count=sum(part.entry_addenda_count for part in totals),
        entry_hash=sum(part.entry_hash for part in totals) % HASH_MODULUS,
        debit_cents=sum(part.debit_cents for part in totals),
        credit_cents=sum(part.credit_cents for part in totals),
        returns=sum(isinstance(record, _RETURNS) for record in addenda),
        notifications_of_change=sum(isinstance(record, _CHANGES) for record in addenda),
    )


def masked(account_number: str) -> str:
    """The last 4 characters of an account number behind stars; of a shorter one nothing."""
    trimmed = account_number.strip()
    return f"****{trimmed[-SHOWN_DIGITS:]}" if len(trimmed) > SHOWN_DIGITS else "****"


def file_view(file: AchFile) -> dict[str, Any]:
    """The file as plain values; nothing in it has a whole account number."""
    return {
        "header": msgspec.to_builtins(file.header),
        "batches": [_batch_view(batch) for batch in file.batches],
        "control": msgspec.to_builtins(file.control),
    }


def _batch_view(batch: Batch) -> dict[str, Any]:
    return {
        "header": msgspec.to_builtins(batch.header),
        "entries": [entry_view(entry) for entry in batch.entries],
        "control": msgspec.to_builtins(batch.control),
    }


def entry_view(entry: Entry) -> dict[str, Any]:
    """One entry, masked; its addenda by type."""
    known = TRANSACTION_CODES.get(entry.transaction_code)
    return {
        "transaction_code": entry.transaction_code,
        "direction": "unknown" if known is None else known.direction,
        "account_type": "unknown" if known is None else known.account_type,
        "kind": "unknown" if known is None else known.kind,
        "routing_number": entry.rdfi_id + entry.check_digit,
        "account_number": masked(entry.account_number),
        "amount_cents": entry.amount_cents,
        "identification": entry.identification,
        "receiver_name": entry.receiver_name,
        "discretionary_data": entry.discretionary_data,
        "trace_number": entry.trace_number,
        "addenda": [_addenda_view(addenda) for addenda in entry.addenda],
    }


def _addenda_view(addenda: Addenda) -> dict[str, Any]:
    """Corrected data and free text can hold account numbers, so their length stands for them."""
    if isinstance(addenda, Addenda05):
        return {"type": "05", "sequence": addenda.sequence, "characters": len(addenda.payment_information)}
    if isinstance(addenda, _CHANGES):
        view: dict[str, Any] = msgspec.to_builtins(addenda)
        view["corrected_data"] = masked(addenda.corrected_data)
        return {"type": "98", **view}
    if isinstance(addenda, _RETURNS):
        view = msgspec.to_builtins(addenda)
        if view.get("information"):
            view["information"] = f"{len(view['information'])} characters"
        return {"type": "99", **view}
    return {"type": addenda.type_code, "characters": len(addenda.content)}
