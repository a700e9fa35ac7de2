"""Return codes as data: what each one means, how long the receiver's bank has, and what we do about it."""

from enum import StrEnum

import msgspec


class ReturnAction(StrEnum):
    """What the payment core does when the return arrives."""

    RETRY = "retry"
    DISABLE_ACCOUNT = "disable_account"
    DISPUTE_LOST = "dispute_lost"
    HOLD_AND_CONTACT = "hold_and_contact"
    OPERATIONS_CASE = "operations_case"
    FREEZE_COMPLIANCE = "freeze_compliance"
    PAGE = "page"
    PARSE_AND_CASE = "parse_and_case"


class ReturnFamily(StrEnum):
    """Which return-rate limit counts it: unauthorized 0.5 %, administrative 3 %, all together 15 % in 60 days."""

    UNAUTHORIZED = "unauthorized"
    ADMINISTRATIVE = "administrative"
    OTHER = "other"


class ReturnStage(StrEnum):
    """Whose answer it is: the receiver's bank returns, the originator's dishonors, the receiver's contests."""

    RETURN = "return"
    DISHONORED = "dishonored"
    CONTESTED = "contested"


class Timeframe(StrEnum):
    """Until when it must be sent, counted from the settlement of what it answers."""

    TWO_BANKING_DAYS = "two_banking_days"
    FIVE_BANKING_DAYS = "five_banking_days"
    SIXTY_CALENDAR_DAYS = "sixty_calendar_days"


class ReturnCode(msgspec.Struct, frozen=True):
    """One code. title: a short sentence for a person."""

    code: str
    title: str
    action: ReturnAction
    family: ReturnFamily = ReturnFamily.OTHER
    timeframe: Timeframe = Timeframe.TWO_BANKING_DAYS
    stage: ReturnStage = ReturnStage.RETURN


_TITLES_BY_ACTION: dict[ReturnAction, dict[str, str]] = {
    ReturnAction.RETRY: {
        "R01": "Insufficient funds",
        "R09": "Uncollected funds",
    },
    ReturnAction.DISABLE_ACCOUNT: {
        "R02": "Account closed",
        "R03": "No account, or unable to locate it",
        "R04": "Invalid account number structure",
        "R12": "Account sold to another institution",
        "R13": "Invalid routing number, or institution does not take part",
        "R20": "Account does not allow such transactions",
        "R28": "Routing number check digit error",
    },
    ReturnAction.DISPUTE_LOST: {
        "R05": "Corporate debit to a consumer account that was not authorized",
        "R07": "Authorization revoked by the customer",
        "R10": "Originator not known, or not authorized to debit",
        "R11": "Entry not in accordance with the authorization's terms",
        "R29": "Corporate customer says that it was not authorized",
        "R51": "Item or its RCK entry is ineligible or improper",
    },
    ReturnAction.HOLD_AND_CONTACT: {
        "R08": "Payment stopped",
        "R38": "Stop payment on the source document",
        "R52": "Stop payment on the item of an RCK entry",
    },
    ReturnAction.OPERATIONS_CASE: {
        "R06": "Returned at the ODFI's request",
        "R31": "Permissible return of a corporate entry",
        "R61": "Misrouted return",
        "R62": "Return of an erroneous or reversing debit",
        "R67": "Duplicate return",
        "R68": "Untimely return",
        "R69": "Field errors in the return",
        "R70": "Permissible return not accepted, or not requested",
        "R71": "Misrouted dishonored return",
        "R72": "Untimely dishonored return",
        "R73": "The original return was timely",
        "R74": "Corrected return",
        "R75": "The return was not a duplicate",
        "R76": "No errors found in the return",
        "R77": "Dishonored return of R62 not accepted",
    },
    ReturnAction.FREEZE_COMPLIANCE: {
        "R14": "Representative payee deceased or unable to continue",
        "R15": "Beneficiary or account holder deceased",
        "R16": "Account frozen, or returned on an OFAC instruction",
        "R23": "Credit refused by the receiver",
    },
    ReturnAction.PAGE: {
        "R17": "File record edit criteria, or questionable account number",
        "R18": "Improper effective entry date",
        "R19": "Amount field error",
        "R21": "Invalid company identification",
        "R22": "Invalid individual id number",
        "R24": "Duplicate entry",
        "R25": "Addenda error",
        "R26": "Mandatory field error",
        "R27": "Trace number error",
    },
    ReturnAction.PARSE_AND_CASE: {
        "R30": "Institution takes no part in check truncation",
        "R32": "Institution cannot settle the entry",
        "R33": "Return of an XCK entry",
        "R34": "Institution's participation is limited",
        "R35": "Improper debit entry",
        "R36": "Improper credit entry",
        "R37": "Source document presented for payment",
        "R39": "Improper source document",
        "R40": "Enrollment returned by a federal agency",
        "R41": "Enrollment: invalid transaction code",
        "R42": "Enrollment: routing number or check digit error",
        "R43": "Enrollment: invalid account number",
        "R44": "Enrollment: invalid individual id number",
        "R45": "Enrollment: invalid name",
        "R46": "Enrollment: invalid representative payee indicator",
        "R47": "Enrollment: duplicate",
        "R50": "State law affects acceptance of RCK",
        "R53": "Item and its RCK entry both presented",
        "R80": "International entry: coding error",
        "R81": "International entry: no participant in the program",
        "R82": "International entry: invalid foreign institution",
        "R83": "International entry: foreign institution cannot settle",
        "R84": "International entry: not processed by the gateway",
        "R85": "Outbound international payment coded incorrectly",
        "R90": "Returned for compliance with sanctions",
    },
}
_FAMILY_BY_CODE = dict.fromkeys(("R05", "R07", "R10", "R11", "R29", "R51"), ReturnFamily.UNAUTHORIZED) | dict.fromkeys(
    ("R02", "R03", "R04"), ReturnFamily.ADMINISTRATIVE
)
_SIXTY_DAYS = frozenset({"R05", "R07", "R10", "R11", "R33", "R37", "R38", "R51", "R52", "R53"})
_DISHONORED_FIRST, _CONTESTED_FIRST, _CONTESTED_LAST = "R61", "R71", "R77"

DEATH_CODES = frozenset({"R14", "R15"})
"""The codes that may carry a date of death."""

RETRIES_MAX = 2
"""An entry returned with R01 or R09 may be presented twice more, as RETRY PYMT."""

RETRY_DAYS_MAX = 180
"""Calendar days from the settlement of the original entry within which it may be presented again."""


def stage_of(code: str) -> ReturnStage:
    """Whose answer a code is: R61 to R70 dishonor a return, R71 to R77 contest that."""
    if _CONTESTED_FIRST <= code <= _CONTESTED_LAST:
        return ReturnStage.CONTESTED
    return ReturnStage.DISHONORED if _DISHONORED_FIRST <= code < _CONTESTED_FIRST else ReturnStage.RETURN


def _timeframe(code: str) -> Timeframe:
    if code in _SIXTY_DAYS:
        return Timeframe.SIXTY_CALENDAR_DAYS
    return Timeframe.FIVE_BANKING_DAYS if stage_of(code) is ReturnStage.DISHONORED else Timeframe.TWO_BANKING_DAYS


RETURN_CODES: dict[str, ReturnCode] = {
    code: ReturnCode(
        code, title, action, _FAMILY_BY_CODE.get(code, ReturnFamily.OTHER), _timeframe(code), stage_of(code)
    )
    for action, title_by_code in _TITLES_BY_ACTION.items()
    for code, title in sorted(title_by_code.items())
}


def return_code(code: str) -> ReturnCode:
    """What to do about a code; one that is in no table is parsed and becomes a case for a person."""
    known = RETURN_CODES.get(code)
    if known is not None:
        return known
    return ReturnCode(code, "Not in the table", ReturnAction.PARSE_AND_CASE, stage=stage_of(code))
