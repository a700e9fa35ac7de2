"""What a received file tells us: returns, dishonored and contested returns, and notifications of change."""

from typing import assert_never

import msgspec

from payment_core.ach.building.totals import DEBIT_CODES
from payment_core.ach.codes.changes import Correction, parse_corrected_data
from payment_core.ach.codes.returns import ReturnCode, return_code
from payment_core.ach.codes.transaction_codes import Direction
from payment_core.ach.model import AchFile
from payment_core.ach.records.addenda05 import Addenda05
from payment_core.ach.records.addenda98 import Addenda98
from payment_core.ach.records.addenda98_refused import Addenda98Refused
from payment_core.ach.records.addenda99 import Addenda99
from payment_core.ach.records.addenda99_contested import Addenda99Contested
from payment_core.ach.records.addenda99_dishonored import Addenda99Dishonored
from payment_core.ach.records.addenda_other import AddendaOther


class ReturnNotice(msgspec.Struct, frozen=True):
    """One returned entry. original_trace: of our entry. trace_number: of the return, which makes it unique.

    direction: of the original. settlement_day: day of the year, or blank. information: the bank's remarks.
    """

    code: ReturnCode
    original_trace: str
    trace_number: str
    amount_cents: int
    direction: Direction
    sec_code: str
    company_id: str
    settlement_day: str
    date_of_death: str
    information: str


class ChangeNotice(msgspec.Struct, frozen=True):
    """One notification of change. correction: None when its data cannot be read. refused_code: C61 to C69, or blank."""

    change_code: str
    original_trace: str
    trace_number: str
    company_id: str
    correction: Correction | None
    refused_code: str = ""


class Notices(msgspec.Struct, frozen=True):
    """In the order of the file."""

    returns: tuple[ReturnNotice, ...]
    changes: tuple[ChangeNotice, ...]


def notices_of(file: AchFile) -> Notices:
    """Everything in the file that answers an entry of ours."""
    returns: list[ReturnNotice] = []
    changes: list[ChangeNotice] = []
    for batch in file.batches:
        header = batch.header
        for entry in batch.entries:
            for addenda in entry.addenda:
                match addenda:
                    case Addenda99() | Addenda99Dishonored() | Addenda99Contested():
                        direction = Direction.DEBIT if entry.transaction_code in DEBIT_CODES else Direction.CREDIT
                        returns.append(
                            ReturnNotice(
                                code=return_code(addenda.return_code),
                                original_trace=addenda.original_trace,
                                trace_number=entry.trace_number,
                                amount_cents=entry.amount_cents,
                                direction=direction,
                                sec_code=header.sec_code,
                                company_id=header.company_id,
                                settlement_day=header.settlement_day,
                                date_of_death=addenda.date_of_death if isinstance(addenda, Addenda99) else "",
                                information="" if isinstance(addenda, Addenda99Contested) else addenda.information,
                            )
                        )
                    case Addenda98() | Addenda98Refused():
                        changes.append(
                            ChangeNotice(
                                change_code=addenda.change_code,
                                original_trace=addenda.original_trace,
                                trace_number=entry.trace_number,
                                company_id=header.company_id,
                                correction=parse_corrected_data(addenda.change_code, addenda.corrected_data),
                                refused_code=addenda.refused_code if isinstance(addenda, Addenda98Refused) else "",
                            )
                        )
                    case Addenda05() | AddendaOther():
                        continue
                    case _:
                        assert_never(addenda)
    return Notices(tuple(returns), tuple(changes))
