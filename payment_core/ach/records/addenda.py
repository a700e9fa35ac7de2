"""Which layout an addenda record (7) has: its type code decides, and for 98 and 99 its reason code."""

from typing import Any

from payment_core.ach.layout import Layout, Report
from payment_core.ach.records.addenda05 import ADDENDA05, Addenda05
from payment_core.ach.records.addenda98 import ADDENDA98, Addenda98
from payment_core.ach.records.addenda98_refused import ADDENDA98_REFUSED, Addenda98Refused
from payment_core.ach.records.addenda99 import ADDENDA99, Addenda99
from payment_core.ach.records.addenda99_contested import ADDENDA99_CONTESTED, Addenda99Contested
from payment_core.ach.records.addenda99_dishonored import ADDENDA99_DISHONORED, Addenda99Dishonored
from payment_core.ach.records.addenda_other import ADDENDA_OTHER, AddendaOther

Addenda = Addenda05 | Addenda98 | Addenda98Refused | Addenda99 | Addenda99Dishonored | Addenda99Contested | AddendaOther
ReturnAddenda = Addenda99 | Addenda99Dishonored | Addenda99Contested
ChangeAddenda = Addenda98 | Addenda98Refused

DISHONORED_CODES = frozenset({"R61", "R62", "R67", "R68", "R69", "R70"})
CONTESTED_CODES = frozenset({"R71", "R72", "R73", "R74", "R75", "R76", "R77"})
REFUSED_CODES = frozenset(f"C6{digit}" for digit in range(1, 10))

_LAYOUT_BY_TYPE: dict[type[Addenda], Layout[Any]] = {
    Addenda05: ADDENDA05,
    Addenda98: ADDENDA98,
    Addenda98Refused: ADDENDA98_REFUSED,
    Addenda99: ADDENDA99,
    Addenda99Dishonored: ADDENDA99_DISHONORED,
    Addenda99Contested: ADDENDA99_CONTESTED,
    AddendaOther: ADDENDA_OTHER,
}


def format_addenda(addenda: Addenda) -> str:
    """The record's 94 characters. Raises FieldInvalid."""
    return _LAYOUT_BY_TYPE[type(addenda)].format(addenda)


def parse_addenda(line: str, report: Report) -> Addenda:
    """The record in the layout that its type and reason code ask for."""
    addenda: Addenda = _layout(line).parse(line, report)
    return addenda


def _layout(line: str) -> Layout[Any]:
    type_code, reason = line[1:3], line[3:6].upper()
    if type_code == "05":
        return ADDENDA05
    if type_code == "98":
        return ADDENDA98_REFUSED if reason in REFUSED_CODES else ADDENDA98
    if type_code != "99":
        return ADDENDA_OTHER
    if reason in DISHONORED_CODES:
        return ADDENDA99_DISHONORED
    return ADDENDA99_CONTESTED if reason in CONTESTED_CODES else ADDENDA99
