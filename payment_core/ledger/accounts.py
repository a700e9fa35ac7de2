"""The accounts of the ledger: what each one means, its normal side, and whether it may go below zero."""

from typing import Literal

import msgspec

Side = Literal["debit", "credit"]


class Account(msgspec.Struct, frozen=True):
    """normal_side: the side that makes the balance grow."""

    id: str
    normal_side: Side
    meaning: str
    may_go_negative: bool = False


RAIL_CLEARING = Account("rail_clearing", "debit", "what the rails owe us for captured payments, less refunds they paid")
CUSTOMER_ESCROW = Account("customer_escrow", "credit", "captured money held until it is released to the provider")
PLATFORM_FEE = Account("platform_fee", "credit", "our part of every capture, less what refunds gave back")
REFUNDS_PAYABLE = Account("refunds_payable", "credit", "refunds promised to payers that the rail has not settled yet")

ACCOUNTS = (RAIL_CLEARING, CUSTOMER_ESCROW, PLATFORM_FEE, REFUNDS_PAYABLE)
