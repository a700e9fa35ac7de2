"""Batch descriptions that mean something to the network, and those that a class of payment must carry."""

from datetime import date
from enum import StrEnum

import msgspec

from payment_core.ach.codes.transaction_codes import Direction

REVERSAL = "REVERSAL"
RETRY_PAYMENT = "RETRY PYMT"
MICRO_ENTRY = "ACCTVERIFY"

MICRO_ENTRY_CENTS_BELOW = 100
"""A micro-entry is less than one dollar."""


class Marker(StrEnum):
    """What a recognized description says about its entries."""

    NONE = "none"
    MICRO_ENTRY = "micro_entry"
    REVERSAL = "reversal"
    RETRY = "retry"


_MARKERS = {REVERSAL: Marker.REVERSAL, RETRY_PAYMENT: Marker.RETRY, MICRO_ENTRY: Marker.MICRO_ENTRY}


def marker_of(description: str) -> Marker:
    """The marker of a batch description, whatever its case."""
    return _MARKERS.get(description.strip().upper(), Marker.NONE)


class Purpose(StrEnum):
    """What a batch pays for, where the rules ask for a description."""

    OTHER = "other"
    WAGES = "wages"
    ECOMMERCE = "ecommerce"


class DescriptionRule(msgspec.Struct, frozen=True):
    """words: beginnings of other descriptions that give the purpose away when a file is read."""

    purpose: Purpose
    sec_code: str
    direction: Direction
    description: str
    effective_from: date
    words: tuple[str, ...]


DESCRIPTION_RULES = (
    DescriptionRule(
        Purpose.WAGES,
        "PPD",
        Direction.CREDIT,
        "PAYROLL",
        date(2026, 3, 20),
        ("SALARY", "SALARIES", "WAGE", "PAYCHECK", "PAY CHECK", "PAY ROLL", "DIR DEP", "DIRECT DEP", "DIRDEP", "PAYRL"),
    ),
    DescriptionRule(
        Purpose.ECOMMERCE,
        "WEB",
        Direction.DEBIT,
        "PURCHASE",
        date(2026, 3, 20),
        ("ONLINE PUR", "WEB PURCH", "WEBPURCH", "ECOMM", "E-COMM", "ECHECKOUT", "SHOPPING", "PURCH", "PURCAHSE"),
    ),
)
"""Nacha's rule of 2026-03-20; data, so that another date or word is one line."""


def required_description(sec_code: str, direction: Direction, purpose: Purpose, effective: date) -> str | None:
    """The description that a batch of this purpose must carry, or None."""
    for rule in DESCRIPTION_RULES:
        if (rule.purpose, rule.sec_code, rule.direction) == (purpose, sec_code, direction):
            return rule.description if effective >= rule.effective_from else None
    return None


def suspected_rule(sec_code: str, direction: Direction, description: str, effective: date) -> DescriptionRule | None:
    """The rule that a read description seems to break: it says the purpose in other words."""
    upper = description.strip().upper()
    for rule in DESCRIPTION_RULES:
        applies = (rule.sec_code, rule.direction) == (sec_code, direction) and effective >= rule.effective_from
        if applies and upper.startswith(rule.words) and not upper.startswith(rule.description):
            return rule
    return None
