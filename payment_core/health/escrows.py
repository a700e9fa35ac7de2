"""Holds every escrow against its account in the ledger, and finds timers that the sweep has not looked at."""

from collections.abc import Mapping

from payment_core.escrow.model import Escrow, EscrowTimer
from payment_core.health.checking import Checked, judged
from payment_core.ledger.accounts import ESCROW_HELD, OWNER_MARK
from payment_core.operations.call import Call
from payment_core.store.port import Books, LedgerStore, Transaction
from payment_core.store.records import Due, Listing
from payment_core.store.walking import every, every_account

OVERDUE_MS = 60_000
"""The sweep looks every 5 s at up to 100 timers; one that is a minute late is stuck."""
PAGE = 500
ESCROWS_MAX = 20_000
"""The newest ones: reading them takes a second or two, and the answer says when there are more."""
ACTOR = "health:escrow-manager"

_HELD = f"{ESCROW_HELD.name}{OWNER_MARK}"


class EscrowCheck:
    """I7: what an escrow holds is what was funded, less released, less refunded, and lies in its own account."""

    def __init__(self, store: LedgerStore, books: Books) -> None:
        self._store = store
        self._books = books

    async def __call__(self, _call: Call) -> Checked:
        """Compare all, look twice at what differs, and ask for timers that are overdue."""
        said, complete = await self._said()
        in_ledger = await self._in_ledger(list(said))
        suspects = [escrow_id for escrow_id, held in said.items() if in_ledger.get(escrow_id, 0) != held]
        if complete:
            suspects += await self._unsaid(said)
        wrong = [found for escrow_id in suspects if (found := await self._really_wrong(escrow_id))]
        # A clock of the store's own: the transaction's, as the sweep reads it.
        now_ms = await self._store.transact(lambda transaction: transaction.now_ms, ACTOR)
        stuck = await self._store.query(Due(EscrowTimer, now_ms - OVERDUE_MS, PAGE))
        late = [f"the timer of {timer.id} is {(now_ms - timer.due_at_ms) // 1000} s overdue" for timer in stuck]
        some = "" if complete else f", the newest {ESCROWS_MAX} of more"
        return judged(
            (*wrong, *late), (), f"{len(said)} escrows hold {sum(said.values())} cents, as the ledger says{some}"
        )

    async def _said(self) -> tuple[dict[str, int], bool]:
        """What each escrow says that it holds, and whether all were read."""
        newest = every(self._store, Listing(Escrow, limit=PAGE, order="descending"), ESCROWS_MAX + 1)
        said = {escrow.id: escrow.held_cents async for escrow in newest}
        return said, len(said) <= ESCROWS_MAX

    async def _in_ledger(self, escrow_ids: list[str]) -> dict[str, int]:
        """What the accounts of these escrows hold."""
        found: dict[str, int] = {}
        for first in range(0, len(escrow_ids), PAGE):
            keys = [(ESCROW_HELD.of(escrow_id), "USD") for escrow_id in escrow_ids[first : first + PAGE]]
            rows = await self._books.accounts_of(keys)
            found |= {row.account_id.removeprefix(_HELD): row.balances.balance_cents("credit") for row in rows}
        return found

    async def _unsaid(self, said: Mapping[str, int]) -> list[str]:
        """Escrows that hold money and are none of these."""
        return [
            escrow_id
            async for row in every_account(self._books, _HELD)
            if row.balances.balance_cents("credit") and (escrow_id := row.account_id.removeprefix(_HELD)) not in said
        ]

    async def _really_wrong(self, escrow_id: str) -> str:
        """What is wrong with it at one moment; empty when it had only moved between the two readings."""

        def work(transaction: Transaction) -> tuple[int | None, int]:
            escrow = transaction.get(Escrow, escrow_id)
            balances = transaction.balances(ESCROW_HELD.of(escrow_id))
            return None if escrow is None else escrow.held_cents, balances.balance_cents("credit")

        says, lies = await self._store.transact(work, ACTOR)
        if says == lies or (says is None and lies == 0):
            return ""
        told = "does not exist" if says is None else f"says {says} cents"
        return f"escrow {escrow_id} {told}, its account holds {lies} cents"
