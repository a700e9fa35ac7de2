"""Opening balances: one for each account and currency, before anything else of it, and nothing older beside it."""

from typing import cast

import msgspec

from payment_core.migration.export.records import Record
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.opening_balance import OpeningBalance
from payment_core.migration.jobs.history.bodies import decoded
from payment_core.migration.jobs.history.recipe import balance_account, owner_of
from payment_core.migration.jobs.port import Refused
from payment_core.migration.model import Historical, Opened
from payment_core.store.port import Transaction

BEFORE_OPENING, SECOND_OPENING, ALREADY_POSTED = "before_opening", "second_opening", "already_posted"
"""Reasons: the opening balance holds it already; there is another one; part of the history is in the ledger."""


def may_open(transaction: Transaction, record: Record, known: Historical | None, currency: str) -> Refused | None:
    """Why an opening balance that is not here as it is cannot be posted; None when it can."""
    body = cast("OpeningBalance", record.body)
    if known is not None and known.undone_at_ms == 0:
        first = cast("OpeningBalance", decoded(record.kind, known.body))
        here = f"the account opened with {first.amount} as of {first.as_of}"
        detail = f"It says {body.amount} {currency} as of {body.as_of}, {here}."
        return Refused(record, SECOND_OPENING, detail)
    posted = transaction.balances(balance_account(body.account), currency)
    if posted.debits_posted != posted.credits_posted:
        detail = "History of the account is in the ledger, and nobody knows how much of it the opening balance holds."
        return Refused(record, ALREADY_POSTED, detail)
    return None


def open_account(transaction: Transaction, body: OpeningBalance, currency: str) -> None:
    """Note since when the account's history counts."""
    account = owner_of(body.account)
    known = transaction.get(Opened, account)
    as_of = {} if known is None else known.as_of
    transaction.put(Opened(id=account, as_of={**as_of, currency: body.as_of}))


def close_account(transaction: Transaction, body: OpeningBalance, currency: str) -> None:
    """Forget it again: the opening balance was taken back."""
    account = owner_of(body.account)
    known = transaction.get(Opened, account)
    if known is None or currency not in known.as_of:
        return
    as_of = {other: at for other, at in known.as_of.items() if other != currency}
    if as_of:
        transaction.put(msgspec.structs.replace(known, as_of=as_of))
    else:
        transaction.delete(Opened, account)


def before_opening(transaction: Transaction, record: Record, currency: str) -> Refused | None:
    """Why a balance transaction is not posted: it is in its account's opening balance. None when it is not."""
    body = cast("BalanceTransaction", record.body)
    opened = transaction.get(Opened, owner_of(body.account))
    if opened is None or body.created >= opened.since(currency):
        return None
    detail = f"It is of {body.created}, and its account opened with a balance as of {opened.since(currency)}."
    return Refused(record, BEFORE_OPENING, detail)
