"""The lists of one process: those of the file and those of the store together, kept in step with the store."""

import structlog

from checks.scoring.lists import ListEntry, Lists
from payment_core.fraud.list_model import ACTIVE, FraudListEntry, place_id, scored_entry
from payment_core.store.port import LedgerStore
from payment_core.store.records import Listing
from payment_core.store.walking import every

log = structlog.get_logger()

PAGE = 500


class RuntimeLists:
    """Changes the scorer's lists. Of two entries of one value, one in the file and one in the store, the longer counts.

    lists: the scorer's, which begin with the entries of the file.
    """

    def __init__(self, store: LedgerStore, lists: Lists) -> None:
        self._store = store
        self._lists = lists
        self._filed = {_place(entry): entry for entry in lists}
        self._used: dict[str, FraudListEntry] = {}
        self._holders: dict[str, str] = {}

    async def run_once(self, now_ms: int) -> int:
        """Job: read all entries again and drop what is over; returns how many changes the events had not brought."""
        known = dict(self._used)
        found = await self._active()
        changed = [entry for entry_id, entry in found.items() if self._used.get(entry_id) != entry]
        for entry in changed:
            self._use(entry)
        gone = [entry_id for entry_id in known if entry_id not in found]
        # An entry may have come by event while its page was read, so what is missing is looked at itself.
        for entry_id in gone:
            await self.look_at(entry_id)
        self._lists.expire(now_ms)
        return len(changed) + len(gone)

    async def look_at(self, entry_id: str) -> None:
        """Take over one entry as it is now."""
        entry = await self._store.read(FraudListEntry, entry_id)
        if entry is not None and entry.status == "active":
            self._use(entry)
        else:
            self._drop(entry_id)

    async def _active(self) -> dict[str, FraudListEntry]:
        listing = Listing(FraudListEntry, owner=ACTIVE, limit=PAGE)
        return {entry.id: entry async for entry in every(self._store, listing)}

    def _use(self, entry: FraudListEntry) -> None:
        self._used[entry.id] = entry
        self._holders[place_id(entry.list, entry.of, entry.value)] = entry.id
        scored = scored_entry(entry)
        filed = self._filed.get(_place(scored))
        longer = filed is not None and filed.expires_at_ms >= scored.expires_at_ms
        self._lists.add(filed if filed is not None and longer else scored)

    def _drop(self, entry_id: str) -> None:
        entry = self._used.pop(entry_id, None)
        if entry is None:
            return
        place = place_id(entry.list, entry.of, entry.value)
        if self._holders.get(place) != entry_id:
            # A newer entry of the value came first.
            return
        del self._holders[place]
        self._lists.remove(entry.list, entry.of, entry.value)
        filed = self._filed.get(place)
        if filed is not None:
            self._lists.add(filed)


def _place(entry: ListEntry) -> str:
    return place_id(entry.list, entry.kind, entry.value)
