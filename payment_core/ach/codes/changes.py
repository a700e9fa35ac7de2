"""Notification of change codes as data: which fields each one corrects, and where the corrected data has them."""

import re

import msgspec

from payment_core.ach.codes.routing import is_routing_number
from payment_core.ach.codes.transaction_codes import TRANSACTION_CODES
from payment_core.ach.errors import FieldInvalid

CORRECTED_WIDTH = 29

_ACCOUNT, _ROUTING, _NAME, _CODE, _IDENTIFICATION = 17, 9, 22, 2, 22
"""Widths of the fields that are corrected."""


class Correction(msgspec.Struct, frozen=True):
    """What a notification corrects; None: it does not speak of it. The account number is in no repr."""

    account_number: str | None = None
    routing_number: str | None = None
    receiver_name: str | None = None
    transaction_code: int | None = None
    identification: str | None = None

    def __repr__(self) -> str:
        named = [name for name in self.__struct_fields__ if getattr(self, name) is not None]
        return f"Correction({', '.join(named)})"


class ChangeCode(msgspec.Struct, frozen=True):
    """corrects: fields of Correction. positions: where each is in the corrected data, start from 1, and width."""

    code: str
    title: str
    corrects: tuple[str, ...] = ()
    positions: tuple[tuple[int, int], ...] = ()
    refusal: bool = False
    retired: bool = False


CHANGE_CODES: dict[str, ChangeCode] = {
    change.code: change
    for change in (
        ChangeCode("C01", "Account number", ("account_number",), ((1, _ACCOUNT),)),
        ChangeCode("C02", "Routing number", ("routing_number",), ((1, _ROUTING),)),
        ChangeCode(
            "C03", "Routing and account number", ("routing_number", "account_number"), ((1, _ROUTING), (13, _ACCOUNT))
        ),
        ChangeCode("C04", "Receiver's name", ("receiver_name",), ((1, _NAME),)),
        ChangeCode("C05", "Transaction code", ("transaction_code",), ((1, _CODE),)),
        ChangeCode(
            "C06", "Account number and code", ("account_number", "transaction_code"), ((1, _ACCOUNT), (21, _CODE))
        ),
        ChangeCode(
            "C07",
            "Routing number, account number and transaction code",
            ("routing_number", "account_number", "transaction_code"),
            ((1, _ROUTING), (10, _ACCOUNT), (27, _CODE)),
        ),
        ChangeCode("C08", "Receiving institution of an international entry"),
        ChangeCode("C09", "Individual identification", ("identification",), ((1, _IDENTIFICATION),)),
        ChangeCode("C10", "Company name", retired=True),
        ChangeCode("C11", "Company identification", retired=True),
        ChangeCode("C12", "Company name and identification", retired=True),
        ChangeCode("C13", "Addenda format"),
        ChangeCode("C14", "SEC code for an outbound international payment"),
        ChangeCode("C61", "Misrouted notification", refusal=True),
        ChangeCode("C62", "Incorrect trace number", refusal=True),
        ChangeCode("C63", "Incorrect company identification", refusal=True),
        ChangeCode("C64", "Incorrect individual identification", refusal=True),
        ChangeCode("C65", "Corrected data in the wrong format", refusal=True),
        ChangeCode("C66", "Incorrect discretionary data", refusal=True),
        ChangeCode("C67", "Routing number not from the original entry", refusal=True),
        ChangeCode("C68", "Account number not from the original entry", refusal=True),
        ChangeCode("C69", "Incorrect transaction code", refusal=True),
    )
}

_SPLIT_BY_CODE = {
    "C03": re.compile(r"(?P<routing_number>\d{9})\s*(?P<account_number>\S.*)"),
    "C06": re.compile(r"(?P<account_number>\S.*?)\s+(?P<transaction_code>\d\d)"),
    "C07": re.compile(r"(?P<routing_number>\d{9})\s*(?P<account_number>\S.*?)\s*(?P<transaction_code>\d\d)"),
}
"""Banks put the parts at other columns than the rules say; their order and their digits still tell them apart."""


def parse_corrected_data(change_code: str, corrected_data: str) -> Correction | None:
    """The correction, or None when the data is not what the code announces; codes without data give an empty one."""
    change = CHANGE_CODES.get(change_code)
    if change is None:
        return None
    if not change.corrects:
        return Correction()
    parts = _at_positions(change, corrected_data)
    if not _plausible(change, parts):
        split = _SPLIT_BY_CODE.get(change_code)
        match = split.fullmatch(corrected_data.strip()) if split is not None else None
        parts = match.groupdict() if match is not None else {}
        if not _plausible(change, parts):
            return None
    code = parts.get("transaction_code")
    return Correction(
        account_number=parts.get("account_number"),
        routing_number=parts.get("routing_number"),
        receiver_name=parts.get("receiver_name"),
        transaction_code=None if code is None else int(code),
        identification=parts.get("identification"),
    )


def format_corrected_data(change_code: str, correction: Correction) -> str:
    """The corrected data of a code. Raises FieldInvalid when a part is missing or does not fit."""
    change = CHANGE_CODES.get(change_code)
    if change is None:
        raise FieldInvalid(f"{change_code} is no change code")
    data = ""
    for field, (start, width) in zip(change.corrects, change.positions, strict=True):
        value = getattr(correction, field)
        part = "" if value is None else f"{value:02d}" if isinstance(value, int) else value
        if not part or len(part) > width:
            raise FieldInvalid(f"{change_code} needs {field} of at most {width} characters")
        data = f"{data:<{start - 1}}{part}"
    return data


def _at_positions(change: ChangeCode, corrected_data: str) -> dict[str, str]:
    padded = f"{corrected_data:<{CORRECTED_WIDTH}}"
    parts = {
        field: padded[start - 1 : start - 1 + width].strip()
        for field, (start, width) in zip(change.corrects, change.positions, strict=True)
    }
    covered = {position for start, width in change.positions for position in range(start - 1, start - 1 + width)}
    stray = any(character != " " for position, character in enumerate(padded) if position not in covered)
    return {} if stray else parts


def _plausible(change: ChangeCode, parts: dict[str, str]) -> bool:
    """Whether every part is there, without gaps, and numbers are numbers that exist."""
    if any(not parts.get(field) for field in change.corrects):
        return False
    routing_number = parts.get("routing_number")
    if routing_number is not None and not is_routing_number(routing_number):
        return False
    code = parts.get("transaction_code")
    if code is not None and not (code.isdecimal() and int(code) in TRANSACTION_CODES):
        return False
    return len(change.corrects) == 1 or " " not in parts.get("account_number", "")
