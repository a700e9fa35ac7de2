"""The routes of the ledger: balances, journals, and the proof that it holds."""

from enum import StrEnum
from typing import Protocol, assert_never

import msgspec

from payment_core.answers import Answer, Explanation, ok
from payment_core.errors import UnknownAccount
from payment_core.http.routes import PAGE, QueryParameter, Route
from payment_core.http.tables.events import SEQUENCE
from payment_core.ledger.accounts import ACCOUNTS, CHART, OWNER_MARK, Account, Side, account_of
from payment_core.ledger.posting import Balances
from payment_core.ledger.trial_balance import TrialBalance, TrialBalances
from payment_core.ledger.verify import LedgerReport
from payment_core.operations.call import Call
from payment_core.store.port import AccountKey, Books, LedgerStore, PostedJournal
from payment_core.store.totals import LineTotal

_SCOPE = "ledger:read"
ACCOUNTS_MAX = 1000
"""Accounts in one answer: about 200 KB."""

SCANNED_MAX = 10_000
"""Journals that one question reads through; the answer says where the next one goes on."""
_SCAN = 1000

SHARDED_PLACE = r"^[0-9]{0,600}$"
"""A store in shards counts in all of them at once: 48 bits for each."""


class ReadingRefusal(StrEnum):
    """Why nothing of the ledger is shown."""

    ACCOUNT_NOT_FOUND = "account_not_found"


def explain_ledger(refusal: ReadingRefusal) -> Explanation:
    """The refusal as callers see it."""
    match refusal:
        case ReadingRefusal.ACCOUNT_NOT_FOUND:
            return Explanation("Account not found", 404, "The chart of accounts has no such account.")
        case _:
            assert_never(refusal)


class BalanceView(msgspec.Struct, frozen=True, kw_only=True):
    """An account's totals in cents. balance_cents: posted, growing on the normal side.

    available_cents: the balance without what is set aside against it.
    """

    account: str
    currency: str
    normal_side: Side
    debits_cents: int
    credits_cents: int
    debits_pending_cents: int
    credits_pending_cents: int
    balance_cents: int
    available_cents: int


class LedgerView(msgspec.Struct, frozen=True):
    """Balances by account. next_after: what to ask ``after`` for the next ones; empty when these were the last."""

    accounts: list[BalanceView]
    next_after: str


class AccountTotalView(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts of one line of the chart together, in cents; fields as of a balance. owners: accounts in it."""

    account: str
    meaning: str
    currency: str
    normal_side: Side
    owners: int
    debits_cents: int
    credits_cents: int
    debits_pending_cents: int
    credits_pending_cents: int
    balance_cents: int


class TrialBalanceView(msgspec.Struct, frozen=True, kw_only=True):
    """The chart from its first line to its last; a line that nothing was posted to is zero. All debits are all credits.

    began_at_ms, ended_at_ms: between these moments it was so, Unix milliseconds; it is read again when reading is
    cheap enough, so they can be some time ago. at_one_moment: true when no payment moved during the reading; false on
    DynamoDB, where accounts are read one after the other, and sums may differ by what moved.
    """

    accounts: list[AccountTotalView]
    began_at_ms: int
    ended_at_ms: int
    at_one_moment: bool


class MoveView(msgspec.Struct, frozen=True):
    """Money from one account's debit to another's credit; see the journal phases for what it means when."""

    debit: str
    credit: str
    amount_cents: int
    phase: str
    hold_id: str


class JournalView(msgspec.Struct, frozen=True, kw_only=True):
    """One posting. place: in the order of posting, a number of any length. reference: the object it is about."""

    place: str
    at_ms: int
    id: str
    recipe: str
    reference: str
    currency: str
    moves: list[MoveView]


class JournalPage(msgspec.Struct, frozen=True):
    """Journals in the order of posting. next_after: where to go on; empty at the end.

    With a reference a page can be empty and still have a next one: so far none was found.
    """

    journals: list[JournalView]
    next_after: str


class Verifier(Protocol):
    """Proves the ledger."""

    async def verify(self) -> LedgerReport:
        """Check every invariant now."""
        ...


class _Ledger:
    """The handlers."""

    def __init__(self, store: LedgerStore, books: Books, verifier: Verifier, trial_balances: TrialBalances) -> None:
        self._store = store
        self._books = books
        self._verifier = verifier
        self._trial_balances = trial_balances

    async def accounts(self, call: Call, _body: None) -> Answer:
        """Balances by account, in order."""
        limit = int(call.query["limit"])
        rows = await self._books.accounts(_place(str(call.query["after"])), limit + 1)
        shown = rows[:limit]
        next_after = f"{shown[-1].account_id}:{shown[-1].currency}" if len(rows) > limit else ""
        return ok(LedgerView([_view(row.account_id, row.currency, row.balances) for row in shown], next_after))

    async def trial_balance(self, _call: Call, _body: None) -> Answer:
        """Totals by line of the chart and currency."""
        return ok(_trial_balance(await self._trial_balances.read()))

    async def account(self, call: Call, _body: None) -> Answer | StrEnum:
        """One account, also one that nothing was posted to."""
        account_id = OWNER_MARK.join(call.path[name] for name in ("account", "owner") if name in call.path)
        try:
            account_of(account_id)
        except UnknownAccount:
            return ReadingRefusal.ACCOUNT_NOT_FOUND
        return ok(_view(account_id, "USD", await self._store.account(account_id)))

    async def journals(self, call: Call, _body: None) -> Answer:
        """Journals after a place, all or those of one object."""
        limit, reference = int(call.query["limit"]), str(call.query["reference"])
        place = int(f"0{call.query['after']}")
        found: list[PostedJournal] = []
        read = 0
        while len(found) < limit and read < SCANNED_MAX:
            posted = await self._books.journals(place, limit if reference == "" else _SCAN)
            read += len(posted)
            for journal in posted:
                place = journal.sequence
                if reference in {"", journal.journal.reference}:
                    found.append(journal)
                    if len(found) == limit:
                        break
            if not posted:
                return ok(JournalPage([_journal(each) for each in found], ""))
        return ok(JournalPage([_journal(each) for each in found], str(place)))

    async def verification(self, _call: Call, _body: None) -> Answer:
        """Whether every invariant holds now."""
        return ok(await self._verifier.verify())


def ledger_routes(
    *,
    store: LedgerStore,
    books: Books,
    verifier: Verifier,
    trial_balances: TrialBalances,
    place_pattern: str = SEQUENCE,
) -> tuple[Route, ...]:
    """Balances, one account, journals, verification. place_pattern: what the place of a journal looks like."""
    ledger = _Ledger(store, books, verifier, trial_balances)
    after, _ = PAGE
    return (
        Route(
            method="GET",
            path="/v1/ledger",
            scope=_SCOPE,
            summary="Balances by account",
            handler=ledger.accounts,
            answer=LedgerView,
            query=(
                after,
                QueryParameter("limit", "accounts in the answer", "integer", ACCOUNTS_MAX, least=1, most=ACCOUNTS_MAX),
            ),
        ),
        Route(
            method="GET",
            path="/v1/ledger/trial_balance",
            scope=_SCOPE,
            summary="Totals by line of the chart of accounts",
            handler=ledger.trial_balance,
            answer=TrialBalanceView,
        ),
        *(
            Route(
                method="GET",
                path=path,
                scope=_SCOPE,
                summary=summary,
                handler=ledger.account,
                answer=BalanceView,
                explain=explain_ledger,
            )
            for path, summary in (
                ("/v1/ledger/accounts/{account}", "The balance of one of the platform's accounts"),
                ("/v1/ledger/accounts/{account}/{owner}", "The balance of one owner's account"),
            )
        ),
        Route(
            method="GET",
            path="/v1/ledger/journals",
            scope=_SCOPE,
            summary="Journals in the order of posting",
            handler=ledger.journals,
            answer=JournalPage,
            query=(
                QueryParameter("after", "the place that the last answer ended with", pattern=place_pattern),
                QueryParameter("limit", "journals in the answer", "integer", 100, least=1, most=1000),
                QueryParameter("reference", "only those about the object with this id"),
            ),
        ),
        Route(
            method="GET",
            path="/v1/ledger/verification",
            scope=_SCOPE,
            summary="The ledger's invariants, checked now",
            handler=ledger.verification,
            answer=LedgerReport,
        ),
    )


def _view(account_id: str, currency: str, balances: Balances) -> BalanceView:
    side = account_of(account_id).normal_side
    return BalanceView(
        account=account_id,
        currency=currency,
        normal_side=side,
        debits_cents=balances.debits_posted,
        credits_cents=balances.credits_posted,
        debits_pending_cents=balances.debits_pending,
        credits_pending_cents=balances.credits_pending,
        balance_cents=balances.balance_cents(side),
        available_cents=balances.available_cents(side),
    )


def _place(text: str) -> AccountKey:
    """Where the last answer ended, as it said itself."""
    account_id, mark, currency = text.rpartition(":")
    return (account_id, currency) if mark else (text, "")


def _trial_balance(read: TrialBalance) -> TrialBalanceView:
    """By currency within each line; a line that nothing was posted to is zero, what no chart has comes last."""
    by_line: dict[str, list[LineTotal]] = {account.name: [] for account in ACCOUNTS}
    for total in read.totals.lines:
        by_line.setdefault(total.line, []).append(total)
    return TrialBalanceView(
        accounts=[
            _total(CHART.get(name, Account(name, "debit", "no chart of accounts has this line")), total)
            for name, totals in by_line.items()
            for total in (totals or [LineTotal(name, "USD", 0, Balances())])
        ],
        began_at_ms=read.began_at_ms,
        ended_at_ms=read.ended_at_ms,
        at_one_moment=read.totals.at_one_moment,
    )


def _total(account: Account, total: LineTotal) -> AccountTotalView:
    balances = total.balances
    return AccountTotalView(
        account=account.name,
        meaning=account.meaning,
        currency=total.currency,
        normal_side=account.normal_side,
        owners=total.accounts,
        debits_cents=balances.debits_posted,
        credits_cents=balances.credits_posted,
        debits_pending_cents=balances.debits_pending,
        credits_pending_cents=balances.credits_pending,
        balance_cents=balances.balance_cents(account.normal_side),
    )


def _journal(posted: PostedJournal) -> JournalView:
    journal = posted.journal
    return JournalView(
        place=str(posted.sequence),
        at_ms=posted.at_ms,
        id=journal.id,
        recipe=journal.recipe,
        reference=journal.reference,
        currency=journal.currency,
        moves=[
            MoveView(move.debit, move.credit, move.amount_cents, move.phase, move.hold_id) for move in journal.moves
        ],
    )
