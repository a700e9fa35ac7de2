"""Posts journals to balances: pure, all moves of a chain or none, two-phase, limits counted pessimistically."""

from collections.abc import Callable
from typing import Literal, assert_never

import msgspec

from payment_core.ledger.accounts import account_of
from payment_core.ledger.journals import Journal, LedgerRefusal, Move, Phase
from payment_core.store.records import Record

HoldState = Literal["pending", "posted", "voided", "expired"]

_RESOLVED = {
    "posted": LedgerRefusal.HOLD_ALREADY_POSTED,
    "voided": LedgerRefusal.HOLD_ALREADY_VOIDED,
    "expired": LedgerRefusal.HOLD_ALREADY_EXPIRED,
}


class Balances(msgspec.Struct, gc=False):
    """The four totals of an account in cents; they only ever grow, but for pending, which falls when it is resolved."""

    debits_posted: int = 0
    credits_posted: int = 0
    debits_pending: int = 0
    credits_pending: int = 0

    def copy(self) -> "Balances":
        """Another one with the same totals."""
        return Balances(self.debits_posted, self.credits_posted, self.debits_pending, self.credits_pending)

    def balance_cents(self, normal_side: Literal["debit", "credit"]) -> int:
        """What is posted, growing on the normal side."""
        net = self.credits_posted - self.debits_posted
        return net if normal_side == "credit" else -net

    def available_cents(self, normal_side: Literal["debit", "credit"]) -> int:
        """What can still be taken: posted, less what is pending against it, without what is pending in its favour."""
        if normal_side == "credit":
            return self.credits_posted - self.debits_posted - self.debits_pending
        return self.debits_posted - self.credits_posted - self.credits_pending


class Hold(Record, frozen=True, gc=False, kw_only=True, tag="hold"):
    """Money set aside by a PENDING move until it is resolved, which happens exactly once.

    posted_cents: what POST took of it. expires_at_ms: 0 when it never expires. It is due when it expires.
    """

    debit: str
    credit: str
    currency: str
    amount_cents: int
    state: HoldState = "pending"
    posted_cents: int = 0
    expires_at_ms: int = 0
    reference: str = ""

    @property
    def due_at_ms(self) -> int:
        """When the sweep has to expire it."""
        return self.expires_at_ms if self.state == "pending" else 0


LoadBalances = Callable[[str, str], Balances]
LoadHold = Callable[[str], Hold | None]


class Posting:
    """The effect of one journal, worked out on copies: balances by (account, currency) and holds by id.

    sharded: whether hot accounts lie in shards, whose balances say nothing about the limit of the whole.
    """

    def __init__(
        self, journal: Journal, now_ms: int, load_balances: LoadBalances, load_hold: LoadHold, *, sharded: bool = False
    ) -> None:
        self.balances: dict[tuple[str, str], Balances] = {}
        self.holds: dict[str, Hold] = {}
        self._journal = journal
        self._now_ms = now_ms
        self._load_balances = load_balances
        self._load_hold = load_hold
        self._sharded = sharded

    def run(self) -> LedgerRefusal | None:
        """Work the chain out; a refusal means that nothing of it may be applied."""
        if not self._journal.moves:
            return LedgerRefusal.JOURNAL_EMPTY
        for move in self._journal.moves:
            refusal = self._apply(move)
            if refusal is not None:
                return refusal
        for (account_id, _), balances in self.balances.items():
            account = account_of(account_id)
            watched = not account.may_go_negative and not (account.hot and self._sharded)
            if watched and balances.available_cents(account.normal_side) < 0:
                return LedgerRefusal.EXCEEDS_BALANCE
        return None

    def _apply(self, move: Move) -> LedgerRefusal | None:
        if move.amount_cents <= 0:
            return LedgerRefusal.AMOUNT_NOT_POSITIVE
        if move.debit == move.credit:
            return LedgerRefusal.ACCOUNTS_MUST_DIFFER
        match move.phase:
            case Phase.POSTED:
                self._of(move.debit).debits_posted += move.amount_cents
                self._of(move.credit).credits_posted += move.amount_cents
                return None
            case Phase.PENDING:
                return self._hold(move)
            case Phase.POST | Phase.VOID | Phase.EXPIRE:
                return self._resolve(move)
            case _:
                assert_never(move.phase)

    def _hold(self, move: Move) -> LedgerRefusal | None:
        if move.hold_id == "":
            return LedgerRefusal.HOLD_ID_MISSING
        if self._find(move.hold_id) is not None:
            return LedgerRefusal.HOLD_EXISTS
        self._of(move.debit).debits_pending += move.amount_cents
        self._of(move.credit).credits_pending += move.amount_cents
        self.holds[move.hold_id] = Hold(
            id=move.hold_id,
            debit=move.debit,
            credit=move.credit,
            currency=self._journal.currency,
            amount_cents=move.amount_cents,
            expires_at_ms=move.expires_at_ms,
            reference=self._journal.reference,
        )
        return None

    def _resolve(self, move: Move) -> LedgerRefusal | None:
        hold = self._find(move.hold_id)
        if hold is None:
            return LedgerRefusal.HOLD_NOT_FOUND
        if (hold.debit, hold.credit, hold.currency) != (move.debit, move.credit, self._journal.currency):
            return LedgerRefusal.HOLD_HAS_OTHER_ACCOUNTS
        refusal = self._unresolvable(hold, move)
        if refusal is not None:
            return refusal
        debit, credit = self._of(move.debit), self._of(move.credit)
        debit.debits_pending -= hold.amount_cents
        credit.credits_pending -= hold.amount_cents
        if move.phase is Phase.POST:
            debit.debits_posted += move.amount_cents
            credit.credits_posted += move.amount_cents
            hold = msgspec.structs.replace(hold, state="posted", posted_cents=move.amount_cents)
        else:
            hold = msgspec.structs.replace(hold, state="voided" if move.phase is Phase.VOID else "expired")
        self.holds[hold.id] = hold
        return None

    def _unresolvable(self, hold: Hold, move: Move) -> LedgerRefusal | None:
        """Why this hold cannot be resolved by this move."""
        if hold.state != "pending":
            return _RESOLVED[hold.state]
        over = 0 < hold.expires_at_ms <= self._now_ms
        if move.phase is Phase.EXPIRE and not over:
            return LedgerRefusal.HOLD_NOT_YET_EXPIRED
        if move.phase is Phase.POST and over:
            return LedgerRefusal.HOLD_ALREADY_EXPIRED
        return LedgerRefusal.EXCEEDS_HOLD if move.amount_cents > hold.amount_cents else None

    def _of(self, account_id: str) -> Balances:
        key = (account_id, self._journal.currency)
        balances = self.balances.get(key)
        if balances is None:
            balances = self.balances[key] = self._load_balances(*key).copy()
        return balances

    def _find(self, hold_id: str) -> Hold | None:
        known = self.holds.get(hold_id)
        return self._load_hold(hold_id) if known is None else known
