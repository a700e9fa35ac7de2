"""Books that count what is read of them, and in which payments happen between two readings."""

from collections.abc import Sequence

from payment_core.ledger.journals import Journal
from payment_core.store.memory import MemoryStore
from payment_core.store.port import AccountKey, AccountRow, PostedJournal
from payment_core.store.records import Query, R
from payment_core.store.totals import Totals
from tests.unit.payment_core.ledger.ledger_world import memory_store, post


class CountingBooks(MemoryStore):
    """Counts what is read, and lets payments happen between two readings."""

    read_journals = 0
    read_accounts: list[AccountKey]
    meanwhile: list[Journal]

    async def journals(self, after: int, limit: int) -> list[PostedJournal]:
        found = await super().journals(after, limit)
        self.read_journals += len(found)
        return found

    async def accounts_of(self, keys: Sequence[AccountKey]) -> list[AccountRow]:
        found = await super().accounts_of(keys)
        self.read_accounts += [row.key for row in found]
        if self.meanwhile:
            await post(self, self.meanwhile.pop())
        return found


class TornBooks(CountingBooks):
    """Adds accounts up while payments move: the bank is read after one, the others before it."""

    async def totals(self) -> Totals:
        before = await MemoryStore.totals(self)
        if self.meanwhile:
            await post(self, self.meanwhile.pop())
        after = {(line.line, line.currency): line for line in (await MemoryStore.totals(self)).lines}
        lines = tuple(after["bank", "USD"] if line.line == "bank" else line for line in before.lines)
        return Totals(lines, at_one_moment=False)


def counting_books(kind: type[CountingBooks] = CountingBooks) -> CountingBooks:
    books = kind.__new__(kind)
    books.__dict__.update(memory_store().__dict__)
    books.meanwhile, books.read_accounts = [], []
    return books


class MovingHolds:
    """Stored holds, with journals that are posted before a page of them is read, or after it."""

    def __init__(
        self, store: MemoryStore, *, before: tuple[Journal, ...] = (), after: tuple[Journal, ...] = ()
    ) -> None:
        self._store = store
        self._before, self._after = list(before), list(after)
        self.pages = 0

    async def query(self, query: Query[R]) -> list[R]:
        self.pages += 1
        if self._before:
            await post(self._store, self._before.pop())
        found = await self._store.query(query)
        if self._after:
            await post(self._store, self._after.pop())
        return found
