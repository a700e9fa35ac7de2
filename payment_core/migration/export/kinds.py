"""The kinds of records that an export holds, in the order in which they depend on each other."""

from enum import StrEnum


class Kind(StrEnum):
    """A kind of record, named as in the manifest."""

    CUSTOMERS = "customers"
    PAYMENT_METHODS = "payment_methods"
    ACCOUNTS = "accounts"
    BANK_ACCOUNTS = "bank_accounts"
    OPENING_BALANCES = "opening_balances"
    CHARGES = "charges"
    REFUNDS = "refunds"
    DISPUTES = "disputes"
    PAYOUTS = "payouts"
    BALANCE_TRANSACTIONS = "balance_transactions"


SECRET_KINDS = frozenset({Kind.PAYMENT_METHODS, Kind.BANK_ACCOUNTS})
"""Those that may hold card or account numbers: a plain hash of such a record would tell whoever guesses the number."""
