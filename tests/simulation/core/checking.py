"""Proves after every act what can be proved of what is new: I1 to I4 and I10 to I14 on a store with one order."""

from collections import Counter
from collections.abc import Iterator

import msgspec

from payment_core.ledger.accounts import account_of
from payment_core.ledger.posting import Balances
from payment_core.ledger.rebuild import Fold, balances_of, read_on
from payment_core.store.trail import GENESIS
from payment_core.store.walking import every_account
from tests.simulation.core.acts import CARDS
from tests.simulation.core.transitions import is_allowed
from tests.simulation.core.world import CoreWorld

PAGE = 10_000


class Checking:
    """Reads on from where it stopped. numbers: of cards and accounts, which must stand nowhere.

    incremental: whether the store keeps one order; of one in shards only changes and logs are looked at here.
    """

    def __init__(self, world: CoreWorld, numbers: list[str], *, incremental: bool) -> None:
        self._incremental = incremental
        self._world = world
        self._numbers = numbers
        self._fold = Fold()
        self._rows = 0
        self._head = GENESIS
        self._changes = 0
        self._place = ""
        self._events: Counter[str] = Counter()
        self._told = 0
        self._logged = 0

    async def new_violations(self) -> list[str]:
        """One sentence for each invariant that the last act broke."""
        if not self._incremental:
            return [*self._transitions(), *self._logs()]
        before = self._fold.last
        return [
            *await self._ledger(),
            *await self._trail(),
            *await self._outbox(),
            *self._transitions(),
            *await self._journal_texts(before),
            *self._logs(),
        ]

    async def _ledger(self) -> list[str]:
        store = self._world.store
        await read_on(store, self._fold)
        found = [f"{wrong.invariant}: {wrong.subject}: {wrong.detail}" for wrong in self._fold.violations]
        rows = balances_of([row async for row in every_account(store)])
        total = pending = 0
        for (account_id, currency), balances in rows.items():
            account = account_of(account_id)
            total += balances.debits_posted - balances.credits_posted
            pending += balances.debits_pending - balances.credits_pending
            if balances != self._fold.balances.get((account_id, currency), Balances()):
                found.append(f"I3: {account_id} is not what its journals sum to")
            if not account.may_go_negative and balances.available_cents(account.normal_side) < 0:
                found.append(f"I4: {account_id} is overdrawn")
        found += [f"I3: {key[0]} has journals and no row" for key in self._fold.balances if key not in rows]
        if (total, pending) != (0, 0):
            found.append(f"I2: the accounts are off by {total}, {pending} pending")
        return found

    async def _trail(self) -> list[str]:
        """I11, I12: the rows follow one another, one for each change that was committed."""
        found: list[str] = []
        rows = await self._world.store.audit(0, self._rows, PAGE)
        for position, row in enumerate(rows, start=self._rows + 1):
            if row.sequence != position or row.previous_sha256 != self._head:
                found.append(f"I12: audit row {position} does not follow the one before it")
            self._head = row.sha256()
            self._changes += row.kind != "journal"
            found += self._leaks(msgspec.json.encode(row), f"audit row {position}")
        self._rows += len(rows)
        heads = await self._world.store.audit_heads()
        if self._rows and heads != [(0, self._rows, self._head)]:
            found.append("I12: the head of the audit trail is not its last row")
        if self._changes != self._world.observed.changed:
            found.append(f"I11: {self._world.observed.changed} changes and {self._changes} audit rows")
        return found

    async def _outbox(self) -> list[str]:
        """I11, I13, I14: one event for each change, once, with whole amounts."""
        found: list[str] = []
        rows = await self._world.store.events(self._place, PAGE)
        for row in rows:
            fact = msgspec.json.decode(row.body)
            self._events[fact["id"]] += 1
            if self._events[fact["id"]] > 1:
                found.append(f"I11: event {fact['id']} was told twice")
            for name, value in fact.items():
                if name.endswith(("_cents", "_microcents")) and type(value) is not int:
                    found.append(f"I13: {fact['id']} has {name} = {value!r}")
            found += self._leaks(row.body, f"event {fact['id']}")
            self._place = row.place
        self._told += len(rows)
        if self._told != self._world.observed.changed:
            found.append(f"I11: {self._world.observed.changed} changes and {self._told} events")
        return found

    def _transitions(self) -> Iterator[str]:
        """I10: each version is one more, and no status was reached that the table does not lead to."""
        changes, self._world.observed.changes = self._world.observed.changes, []
        for change in changes:
            if change.version != change.previous_version + 1:
                yield f"I10: {change.kind} {change.id} went from {change.previous_version} to {change.version}"
            if not is_allowed(change.kind, change.before, change.after):
                yield f"I10: {change.kind} {change.id} went from {change.before or 'nothing'} to {change.after}"

    async def _journal_texts(self, before: int) -> list[str]:
        found: list[str] = []
        for posted in await self._world.store.journals(before, PAGE):
            found += self._leaks(msgspec.json.encode(posted.journal), f"journal {posted.journal.id}")
        return found

    def _logs(self) -> Iterator[str]:
        lines, self._world.logs.lines = self._world.logs.lines, []
        for line in lines:
            yield from self._leaks(line, "a log line")
        yield from self._world.logs.wrong

    def _leaks(self, body: bytes, place: str) -> Iterator[str]:
        """I14: no number of a card or an account, as it is; the canaries of the end look for other forms."""
        if any(number.encode() in body for number in (*CARDS, *self._numbers)):
            yield f"I14: {place} holds a number"
