"""The job itself: opening balances, objects, then balance transactions, each held against the object behind it."""

from collections.abc import Iterable, Sequence
from typing import cast

import msgspec

from payment_core.ledger.journals import Move
from payment_core.ledger.recipes import must_post
from payment_core.migration.export.kinds import Kind
from payment_core.migration.export.records import Malformed, Read, Record
from payment_core.migration.export.shapes.balance_transaction import BalanceTransaction
from payment_core.migration.export.shapes.opening_balance import OpeningBalance
from payment_core.migration.jobs.history.bodies import (
    CAUSES,
    POSTED,
    Posted,
    about,
    decoded,
    disagreement,
    encoded,
    exported_line,
    stored_line,
)
from payment_core.migration.jobs.history.openings import before_opening, close_account, may_open, open_account
from payment_core.migration.jobs.history.recipe import (
    OPENED,
    RECIPE,
    REVERSED,
    journal_of,
    moves_of,
    opening_moves,
    reversed_moves,
    totals_after,
)
from payment_core.migration.jobs.port import BatchWork, Prepared, Refused, place_of, refusal_of
from payment_core.migration.jobs.texts import text
from payment_core.migration.model import Historical, LedgerTotal, moved_id
from payment_core.migration.names import JobName, Outcome
from payment_core.migration.proof.sides import Line
from payment_core.store.port import Transaction


class TransactionHistory:
    """What was, is kept as it was: no payment, refund or payout of ours is made of it, and no money moves."""

    name = JobName.TRANSACTION_HISTORY

    async def expect(self, reads: Sequence[Read]) -> list[Line | Refused]:
        """What each object has to be."""
        return [one if isinstance(one, Refused) else one.line for one in map(_prepared, reads)]

    async def prepare(self, reads: Sequence[Read]) -> list[Prepared | Refused]:
        """Check that amounts add up, and work out what is posted."""
        return [_prepared(read) for read in reads]

    def apply(self, transaction: Transaction, one: Prepared, work: BatchWork) -> Outcome | Refused:
        """Keep the object, unless it is here as it is; of one that changes a balance, note its moves."""
        record = cast("Record", one.read)
        body = encoded(record.body)
        known = transaction.get(Historical, one.line.name)
        if known is not None and known.undone_at_ms == 0:
            if place_of(record) < place_of(known):
                return Outcome.OLDER
            if known.body == body:
                return _said_again(transaction, record, known)
        refused = _posted(transaction, record, known, one, work)
        if refused is not None:
            return refused
        transaction.put(
            Historical(
                id=one.line.name,
                body=body,
                about=about(record.body),
                amount=one.line.amount,
                currency=one.line.currency,
                source_hash=record.source_hash,
                occurred_at_ms=record.occurred_at_ms,
                position=record.position,
                moved_at_ms=work.now_ms,
            )
        )
        return Outcome.MOVED if known is None or known.undone_at_ms > 0 else Outcome.UPDATED

    def finish(self, transaction: Transaction, work: BatchWork) -> None:
        """Post what the batch gathered: one journal for each currency."""
        post(transaction, work)

    def find(self, transaction: Transaction, names: Sequence[str], batch: str) -> list[object]:  # noqa: ARG002 - as every job
        """The kept objects."""
        return [transaction.get(Historical, name) for name in names]

    async def lines(self, names: Sequence[str], found: Sequence[object]) -> list[Line | None]:
        """What the kept objects say."""
        stored = cast("Sequence[Historical | None]", found)
        return [
            None if one is None or one.undone_at_ms > 0 else stored_line(name, one)
            for name, one in zip(names, stored, strict=True)
        ]

    def release(self, lost_key: str = "") -> None:
        """No key was used."""

    def take_back(self, transaction: Transaction, name: str, now_ms: int) -> str:
        """Mark the object; its entries are reversed by journals of their own (``reversal``)."""
        known = transaction.get(Historical, name)
        if known is not None and known.undone_at_ms == 0:
            transaction.put(msgspec.structs.replace(known, undone_at_ms=now_ms))
            kind = Kind(name.partition(":")[0])
            if kind is Kind.OPENING_BALANCES:
                close_account(transaction, cast("OpeningBalance", decoded(kind, known.body)), known.currency)
        return ""


def reversal(transaction: Transaction, names: Iterable[str], work: BatchWork) -> None:
    """Note the moves that take back what these objects posted; books are never deleted, only reversed."""
    for name in names:
        kind = Kind(name.partition(":")[0])
        known = transaction.get(Historical, name) if kind in POSTED else None
        if known is not None and known.undone_at_ms == 0:
            body = cast("Posted", decoded(kind, known.body))
            work.recipe = _recipe_of(body)
            work.moves.setdefault(known.currency, []).extend(reversed_moves(_moves_of(body)))


def post(transaction: Transaction, work: BatchWork, *, is_reversal: bool = False) -> None:
    """Post what was noted, one journal for each currency, and note what the accounts have to hold afterwards."""
    totals: list[LedgerTotal] = []
    journals: list[str] = []
    for currency in sorted(work.moves):
        moves = work.moves[currency]
        if not moves:
            continue
        accounts = {account for move in moves for account in (move.debit, move.credit)}
        before = {(account, currency): transaction.balances(account, currency).copy() for account in accounts}
        recipe = REVERSED[work.recipe] if is_reversal else work.recipe
        journal = journal_of(f"{work.batch}:{currency}", work.batch, currency, moves, recipe)
        must_post(transaction, journal)
        totals.extend(totals_after(before, currency, moves))
        journals.append(journal.id)
    work.ledger, work.journals = tuple(totals), tuple(journals)


def _prepared(read: Read) -> Prepared | Refused:
    if isinstance(read, Malformed):
        return refusal_of(read)
    body = read.body
    if isinstance(body, BalanceTransaction) and body.amount - body.fee != body.net:
        detail = f"{body.amount} less {body.fee} is not {body.net} {body.currency.upper()}."
        return Refused(read, "does_not_add_up", detail)
    return Prepared(read, exported_line(read), _moves_of(body) if isinstance(body, Posted) else ())


def _posted(
    transaction: Transaction, record: Record, known: Historical | None, one: Prepared, work: BatchWork
) -> Refused | None:
    """Note what an object posts, or why it cannot; most post nothing."""
    body, currency = record.body, one.line.currency
    if not isinstance(body, Posted):
        return None
    if isinstance(body, OpeningBalance):
        refused = may_open(transaction, record, known, currency)
        if refused is not None:
            return refused
        open_account(transaction, body, currency)
    else:
        refused = before_opening(transaction, record, currency)
        if refused is not None:
            return refused
        wrong = _wrong(transaction, body)
        if wrong != "":
            return Refused(record, "amounts_disagree", wrong)
        if known is not None and known.undone_at_ms == 0:
            before = cast("BalanceTransaction", decoded(Kind.BALANCE_TRANSACTIONS, known.body))
            work.moves.setdefault(known.currency, []).extend(reversed_moves(moves_of(before)))
    work.recipe = _recipe_of(body)
    work.moves.setdefault(currency, []).extend(cast("tuple[Move, ...]", one.material))
    return None


def _moves_of(body: Posted) -> tuple[Move, ...]:
    return opening_moves(body) if isinstance(body, OpeningBalance) else moves_of(body)


def _recipe_of(body: Posted) -> str:
    return OPENED if isinstance(body, OpeningBalance) else RECIPE


def _wrong(transaction: Transaction, body: BalanceTransaction) -> str:
    found = CAUSES.get(body.type)
    source = text(body.source)
    if found is None or source == "":
        return ""
    kind, _ = found
    cause = transaction.get(Historical, moved_id(kind, source))
    return "" if cause is None or cause.undone_at_ms > 0 else disagreement(body, decoded(kind, cause.body))


def _said_again(transaction: Transaction, record: Record, known: Historical) -> Outcome:
    if place_of(record) != place_of(known):
        transaction.put(msgspec.structs.replace(known, occurred_at_ms=record.occurred_at_ms, position=record.position))
    return Outcome.UNCHANGED
