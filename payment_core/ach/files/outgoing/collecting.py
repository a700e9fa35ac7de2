"""The job that begins files when their time has come and puts the waiting entries into them."""

import structlog

from config.ach import Ach
from payment_core.ach.files.model import AchEntry, AchFile
from payment_core.ach.files.moving import EntryMover
from payment_core.ach.files.outgoing.claiming import CHUNK_ENTRIES, claim_chunk, close_file, open_file
from payment_core.ach.files.outgoing.planning import FilePlan, due_groups
from payment_core.ach.files.outgoing.spreading import ACTOR
from payment_core.ach.files.terms import schedule_of
from payment_core.errors import CoreError
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction, Work
from payment_core.store.records import Due

_log = structlog.get_logger(__name__)


class CollectingJob:
    """What it leaves half done after a crash is found by the next run, or closed by FileJob when the lease is over."""

    def __init__(self, store: LedgerStore, origin: Origin, mover: EntryMover, ach: Ach) -> None:
        self._store = store
        self._origin = origin
        self._mover = mover
        self._ach = ach
        self._schedule = schedule_of(ach)

    async def run_once(self, now_ms: int) -> int:
        """How many entries went into files."""
        entries = await self._store.query(Due(AchEntry, now_ms, self._ach.files.entries_max))
        groups = due_groups(entries, now_ms, self._schedule, self._ach.hours.build_ahead_minutes)
        claimed = 0
        for plan, members in groups:
            try:
                claimed += await self._collect(plan, members)
            except CoreError as fault:
                _log.error(
                    "entries could not be put into a file", action="ach_collecting_failed", fault=type(fault).__name__
                )
        return claimed

    async def _collect(self, plan: FilePlan, members: list[AchEntry]) -> int:
        file = await self._store.transact(self._opening(plan), ACTOR)
        if file is None:
            _log.error("the day has no file id modifier left", action="ach_modifiers_exhausted", waiting=len(members))
            return 0
        claimed = 0
        for start in range(0, len(members), CHUNK_ENTRIES):
            ids = [entry.id for entry in members[start : start + CHUNK_ENTRIES]]
            taken = await self._store.transact(self._claiming(file.id, ids), ACTOR)
            if taken < 0:
                break
            claimed += taken
        await self._store.transact(self._closing(file.id), ACTOR)
        return claimed

    def _opening(self, plan: FilePlan) -> Work[AchFile | None]:
        return lambda transaction: open_file(transaction, self._origin, self._ach, plan)

    def _claiming(self, file_id: str, entry_ids: list[str]) -> Work[int]:
        return lambda transaction: claim_chunk(transaction, self._mover, file_id, entry_ids)

    def _closing(self, file_id: str) -> Work[AchFile | None]:
        def work(transaction: Transaction) -> AchFile | None:
            return close_file(transaction, self._origin, file_id)

        return work
