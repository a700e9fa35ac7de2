"""The chart of accounts: what each account means, its normal side, and whether it may go below zero."""

from functools import lru_cache
from types import MappingProxyType
from typing import Literal

import msgspec

from payment_core.errors import UnknownAccount

Side = Literal["debit", "credit"]

OWNER_MARK = "/"
"""Between the account's name and its owner: ``provider_available/pro_1``."""


class Account(msgspec.Struct, frozen=True):
    """One line of the chart.

    normal_side: the side that makes the balance grow. may_go_negative: whether it may fall below zero.
    owned: one account for each owner instead of one for the platform.
    hot: nearly every payment posts to it, so a store whose rows are contended keeps it in shards. A shard cannot watch
    the limit of the whole, so there the recipes keep it and the verification checks it.
    """

    name: str
    normal_side: Side
    meaning: str
    may_go_negative: bool = False
    owned: bool = False
    hot: bool = False

    def of(self, owner: str) -> str:
        """The id of this owner's account."""
        return f"{self.name}{OWNER_MARK}{owner}"


RAIL_CLEARING = Account(
    "rail_clearing",
    "debit",
    "what the rails owe us for captured payments, less refunds and disputes they paid",
    may_go_negative=True,
    hot=True,
)
BANK = Account("bank", "debit", "our money at the bank", may_go_negative=True, hot=True)
CUSTOMER_ESCROW = Account(
    "customer_escrow", "credit", "captured money held for one provider until it is released", owned=True
)
PLATFORM_FEE = Account("platform_fee", "credit", "our part of every capture, less what refunds gave back", hot=True)
REFUNDS_PAYABLE = Account(
    "refunds_payable", "credit", "refunds promised to payers that the rail has not paid yet", hot=True
)
ESCROW_HELD = Account("escrow_held", "credit", "money of one escrow until its conditions hold", owned=True)
PROVIDER_AVAILABLE = Account("provider_available", "credit", "what one provider can be paid", owned=True)
PROVIDER_RESERVE = Account(
    "provider_reserve", "debit", "what one provider owes us after a late return or a lost dispute", owned=True
)
PAYOUT_IN_FLIGHT = Account("payout_in_flight", "credit", "payouts given to the bank and not settled yet", hot=True)
DISPUTES_HELD = Account("disputes_held", "credit", "money set aside while a dispute is open", hot=True)
DISPUTES_LOST = Account("disputes_lost", "credit", "lost disputes that the rail has not taken from us yet", hot=True)
FEE_EXPENSE = Account("fee_expense", "debit", "what rails and banks charged us", hot=True)
HISTORY_BALANCE = Account(
    "history_balance",
    "debit",
    "what the old processor held for one of its accounts, by its opening balance and the migrated transactions",
    may_go_negative=True,
    owned=True,
)
HISTORY_FLOW = Account(
    "history_flow",
    "credit",
    "what those balances opened with and what changed them, one for each kind: past, and never paid out from here",
    may_go_negative=True,
    owned=True,
)

ACCOUNTS = (
    RAIL_CLEARING,
    BANK,
    CUSTOMER_ESCROW,
    PLATFORM_FEE,
    REFUNDS_PAYABLE,
    ESCROW_HELD,
    PROVIDER_AVAILABLE,
    PROVIDER_RESERVE,
    PAYOUT_IN_FLIGHT,
    DISPUTES_HELD,
    DISPUTES_LOST,
    FEE_EXPENSE,
    HISTORY_BALANCE,
    HISTORY_FLOW,
)
CHART = MappingProxyType({account.name: account for account in ACCOUNTS})


@lru_cache(maxsize=10_000)
def account_of(account_id: str) -> Account:
    """The chart's line of an account id; raises UnknownAccount."""
    name, mark, owner = account_id.partition(OWNER_MARK)
    account = CHART.get(name)
    if account is None or (mark != "", owner != "") != (account.owned, account.owned):
        raise UnknownAccount(account_id)
    return account
