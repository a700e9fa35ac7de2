"""Makes returns, notifications of change, dishonored and contested returns from the entries that they answer."""

from collections.abc import Mapping

import msgspec

from payment_core.ach.building.builder import make_batch
from payment_core.ach.building.entries import trace_number
from payment_core.ach.codes.changes import Correction, format_corrected_data
from payment_core.ach.codes.routing import RDFI_WIDTH, check_digit
from payment_core.ach.codes.transaction_codes import EntryKind, of_kind
from payment_core.ach.model import AchFile, Batch, Entry
from payment_core.ach.records.addenda import ChangeAddenda, ReturnAddenda
from payment_core.ach.records.addenda98 import Addenda98
from payment_core.ach.records.addenda99 import Addenda99
from payment_core.ach.records.addenda99_contested import Addenda99Contested
from payment_core.ach.records.addenda99_dishonored import Addenda99Dishonored
from payment_core.ach.records.batch_header import BatchHeader
from payment_core.ach.records.corporate_entry import CorporateEntry
from payment_core.ach.records.entry_detail import EntryDetail


class OriginalUnusable(Exception):
    """The original entry does not allow what should be derived from it."""


class Answering(msgspec.Struct, frozen=True):
    """Who answers, and with which traces. institution_id: 8 digits of the bank that answers.

    settlement_day: day of the year on which the answer settles, three digits, or blank.
    """

    institution_id: str
    first_sequence: int
    settlement_day: str = ""


def return_entry(original: Entry, code: str, trace: str, *, date_of_death: str = "", information: str = "") -> Entry:
    """The return of an entry to its originator's bank, with its amount. Raises OriginalUnusable."""
    addenda = Addenda99(code, original.trace_number, date_of_death, original.rdfi_id, information, trace)
    return _answer(original, trace, addenda, original.amount_cents)


def change_entry(original: Entry, code: str, correction: Correction, trace: str) -> EntryDetail:
    """The notification that an entry's data is wrong; it moves no money. Raises OriginalUnusable, FieldInvalid."""
    data = format_corrected_data(code, correction)
    addenda = Addenda98(code, original.trace_number, original.rdfi_id, data, trace)
    answer = _answer(original, trace, addenda, 0)
    if isinstance(answer, EntryDetail):
        return answer
    # A notification is COR whatever the original's class, so it never has the CTX layout.
    return EntryDetail(
        answer.transaction_code,
        answer.rdfi_id,
        answer.check_digit,
        answer.account_number,
        0,
        answer.identification,
        answer.receiver_name,
        answer.discretionary_data,
        1,
        trace,
        answer.addenda,
    )


def dishonored_entry(returned: Entry, code: str, settlement_day: str, trace: str, information: str = "") -> Entry:
    """The refusal of a return, sent back to the receiver's bank. Raises OriginalUnusable."""
    answered = returned.addenda[0] if returned.addenda else None
    if not isinstance(answered, Addenda99):
        raise OriginalUnusable("only a return can be dishonored")
    addenda = Addenda99Dishonored(
        return_code=code,
        original_trace=answered.original_trace,
        original_rdfi_id=answered.original_rdfi_id,
        return_trace=answered.trace_number,
        return_settlement_day=settlement_day,
        return_reason=answered.return_code[1:],
        information=information,
        trace_number=trace,
    )
    return _answer(returned, trace, addenda, returned.amount_cents)


def contested_entry(
    dishonored: Entry, code: str, *, returned_date: str, original_day: str, dishonored_day: str, trace: str
) -> Entry:
    """The receiver's bank insists on its return. Days of the year, returned_date YYMMDD. Raises OriginalUnusable."""
    answered = dishonored.addenda[0] if dishonored.addenda else None
    if not isinstance(answered, Addenda99Dishonored):
        raise OriginalUnusable("only a dishonored return can be contested")
    addenda = Addenda99Contested(
        return_code=code,
        original_trace=answered.original_trace,
        original_returned_date=returned_date,
        original_rdfi_id=answered.original_rdfi_id,
        original_settlement_day=original_day,
        return_trace=answered.return_trace,
        return_settlement_day=answered.return_settlement_day,
        return_reason=answered.return_reason,
        dishonored_trace=answered.trace_number,
        dishonored_settlement_day=dishonored_day,
        dishonored_reason=answered.return_code[1:],
        trace_number=trace,
    )
    return _answer(dishonored, trace, addenda, dishonored.amount_cents)


def return_batches(file: AchFile, code_by_trace: Mapping[str, str], answering: Answering) -> list[Batch]:
    """Returns of some entries of a file, in batches like the originals'. code_by_trace: return code by trace."""
    batches: list[Batch] = []
    sequence = answering.first_sequence
    for batch in file.batches:
        entries: list[Entry] = []
        for original in batch.entries:
            code = code_by_trace.get(original.trace_number)
            if code is not None:
                entries.append(return_entry(original, code, trace_number(answering.institution_id, sequence)))
                sequence += 1
        if entries:
            header = answer_header(batch.header, answering, len(batches) + 1)
            batches.append(make_batch(header, entries))
    return batches


def change_batches(
    file: AchFile, change_by_trace: Mapping[str, tuple[str, Correction]], answering: Answering
) -> list[Batch]:
    """Notifications of change for some entries of a file, in COR batches. change_by_trace: code and correction."""
    batches: list[Batch] = []
    sequence = answering.first_sequence
    for batch in file.batches:
        entries: list[Entry] = []
        for original in batch.entries:
            change = change_by_trace.get(original.trace_number)
            if change is not None:
                entries.append(change_entry(original, *change, trace_number(answering.institution_id, sequence)))
                sequence += 1
        if entries:
            header = answer_header(batch.header, answering, len(batches) + 1)
            batches.append(make_batch(msgspec.structs.replace(header, sec_code="COR"), entries))
    return batches


def answer_header(header: BatchHeader, answering: Answering, batch_number: int) -> BatchHeader:
    """The header of an answer: the original's, with the answering institution, number and settlement day."""
    return msgspec.structs.replace(
        header,
        odfi_id=answering.institution_id,
        batch_number=batch_number,
        settlement_day=answering.settlement_day,
    )


def _answer(original: Entry, trace: str, addenda: ReturnAddenda | ChangeAddenda, amount_cents: int) -> Entry:
    """The original back to where it came from: its trace's institution receives, its account stays."""
    code = of_kind(original.transaction_code, EntryKind.RETURN)
    if code is None:
        raise OriginalUnusable(f"code {original.transaction_code} has no return")
    receiver = original.trace_number[:RDFI_WIDTH]
    changed: dict[str, object] = {"addenda_count": 1} if isinstance(original, CorporateEntry) else {}
    return msgspec.structs.replace(
        original,
        transaction_code=code,
        rdfi_id=receiver,
        check_digit=check_digit(receiver),
        amount_cents=amount_cents,
        addenda_indicator=1,
        trace_number=trace,
        addenda=(addenda,),
        **changed,
    )
