"""The job that takes every file one step further: built, sent, settled, and its entries with it."""

import structlog

from config.ach import Ach
from payment_core.ach.files.model import AchFile
from payment_core.ach.files.moving import move_file, write_file
from payment_core.ach.files.outgoing.building import Builder
from payment_core.ach.files.outgoing.claiming import close_file
from payment_core.ach.files.outgoing.sending import Sender
from payment_core.ach.files.outgoing.spreading import ACTOR, Spreader, is_spread
from payment_core.errors import CoreError, VersionSkipped
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction, Work
from payment_core.store.records import Due

_log = structlog.get_logger(__name__)

FILES_PER_RUN = 20
RETRY_MS = 60_000
STEPS_MAX = 8
"""From claiming to settled there are fewer; more would be a loop."""

UNACKNOWLEDGED = "acknowledgement_missing"


class FileJob:
    """Safe to run in several processes: each step is conditional on the version that it began with."""

    def __init__(
        self, store: LedgerStore, origin: Origin, ach: Ach, builder: Builder, sender: Sender, spreader: Spreader
    ) -> None:
        self._store = store
        self._origin = origin
        self._ach = ach
        self._builder = builder
        self._sender = sender
        self._spreader = spreader

    async def run_once(self, now_ms: int) -> int:
        """How many files went on."""
        moved = 0
        for file in await self._store.query(Due(AchFile, now_ms, FILES_PER_RUN)):
            try:
                after = await self.advance(file, now_ms)
            except VersionSkipped:
                _log.info("another process moved the file", action="ach_file_raced", file_id=file.id)
            except CoreError as fault:
                _log.error(
                    "file did not go on",
                    action="ach_file_stuck",
                    file_id=file.id,
                    status=file.status,
                    fault=type(fault).__name__,
                )
                await self._later(file.id, type(fault).__name__)
            else:
                moved += after.version != file.version
                if after.problem == UNACKNOWLEDGED:
                    _log.error("bank has not acknowledged a file", action="ach_unacknowledged", file_id=file.id)
        return moved

    async def advance(self, file: AchFile, now_ms: int) -> AchFile:
        """The file as far as it goes now. Raises CoreError."""
        for _ in range(STEPS_MAX):
            if not 0 < file.next_at_ms <= now_ms:
                return file
            after = await self._step(file, now_ms)
            if after.version == file.version:
                return after
            file = after
        return file

    async def _step(  # noqa: PLR0911  # one line for each state
        self, file: AchFile, now_ms: int
    ) -> AchFile:
        if not is_spread(file):
            return await self._spreader.spread(file)
        match file.status:
            case "claiming":
                closed = await self._store.transact(
                    lambda transaction: close_file(transaction, self._origin, file.id), ACTOR
                )
                return file if closed is None else closed
            case "building":
                return await self._builder.build(file, now_ms)
            case "built":
                return await self._sender.send(file)
            case "sending":
                return await self._sender.resume(file)
            case "submitted" | "acknowledged":
                return await self._store.transact(self._settling(file), ACTOR)
            case "rejected" | "settled" | "abandoned":
                return file

    def _settling(self, file: AchFile) -> Work[AchFile]:
        def work(transaction: Transaction) -> AchFile:
            if transaction.now_ms < file.settles_at_ms:
                return write_file(transaction, self._origin, file, next_at_ms=file.settles_at_ms)
            if file.status == "submitted" and self._ach.files.acknowledgement == "required":
                return write_file(transaction, self._origin, file, problem=UNACKNOWLEDGED, next_at_ms=0)
            return move_file(transaction, self._origin, file, "settled", problem="", next_at_ms=transaction.now_ms)

        return work

    async def _later(self, file_id: str, problem: str) -> None:
        """Look at it again in a minute; what has its own time to be looked at keeps it."""

        def work(transaction: Transaction) -> None:
            file = transaction.get(AchFile, file_id)
            if file is not None and 0 < file.next_at_ms <= transaction.now_ms:
                write_file(transaction, self._origin, file, problem=problem, next_at_ms=transaction.now_ms + RETRY_MS)

        await self._store.transact(work, ACTOR)
