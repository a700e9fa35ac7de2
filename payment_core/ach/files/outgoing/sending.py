"""Hands a built file to the bank: the intent is written first, and what is not known is asked, never sent again."""

import hashlib

import structlog

from config.ach import Ach
from payment_core.ach.delivery.port import Delivery, DeliveryConflict, Presence
from payment_core.ach.files.content import ContentDamaged, SealedContent
from payment_core.ach.files.model import AchFile
from payment_core.ach.files.moving import move_file, write_file
from payment_core.ach.files.outgoing.planning import settlement_at_submission
from payment_core.ach.files.outgoing.spreading import ACTOR
from payment_core.ach.files.terms import schedule_of
from payment_core.costs.notes import Spending
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction, Work

_log = structlog.get_logger(__name__)

SEND_LEASE_MS = 120_000
"""A file of 10 MB goes to S3 or SFTP in seconds; after this time its sender is taken for dead."""

CONFLICT = "delivery_conflict"
UNKNOWN = "delivery_unknown"


class Sender:
    """Sends the sealed bytes under a name made of their hash, with an operation that never overwrites."""

    def __init__(
        self,
        store: LedgerStore,
        origin: Origin,
        ach: Ach,
        content: SealedContent,
        delivery: Delivery,
        spending: Spending,
    ) -> None:
        self._store = store
        self._origin = origin
        self._ach = ach
        self._content = content
        self._delivery = delivery
        self._spending = spending

    async def send(self, file: AchFile) -> AchFile:
        """A built file handed over: submitted, or still sending when the destination did not answer."""
        file = await self._store.transact(self._intending(file), ACTOR)
        return await self._put(file)

    async def resume(self, file: AchFile) -> AchFile:
        """A file whose sender died: ask whether it is there, and send the same bytes only when it surely is not."""
        presence = await self._delivery.find(file.name, file.sha256)
        match presence:
            case Presence.SAME:
                return await self._store.transact(self.submitting(file.id), ACTOR)
            case Presence.OTHER:
                return await self._hold(file, CONFLICT)
            case Presence.ABSENT:
                if self._ach.files.pickup == "removes" and not file.resend_confirmed:
                    return await self._hold(file, UNKNOWN)
                return await self.send(file)

    def submitting(self, file_id: str) -> Work[AchFile]:
        """Record that the bank has the file; one that is further on already stays there."""

        def work(transaction: Transaction) -> AchFile:
            file = transaction.get(AchFile, file_id)
            if file is None:
                raise ContentDamaged(f"The file {file_id} is gone.")
            if file.status != "sending":
                return file
            self._spending.file_sent(transaction, file.id)
            return move_file(
                transaction,
                self._origin,
                file,
                "submitted",
                submitted_at_ms=transaction.now_ms,
                settles_at_ms=settlement_at_submission(file, transaction.now_ms, schedule_of(self._ach)),
                lease_until_ms=0,
                problem="",
                next_at_ms=transaction.now_ms,
            )

        return work

    def _intending(self, file: AchFile) -> Work[AchFile]:
        """Raises VersionSkipped when another process was faster."""

        def work(transaction: Transaction) -> AchFile:
            lease_until_ms = transaction.now_ms + SEND_LEASE_MS
            return move_file(
                transaction,
                self._origin,
                file,
                "sending",
                attempts=file.attempts + 1,
                lease_until_ms=lease_until_ms,
                next_at_ms=lease_until_ms,
                resend_confirmed=False,
                problem="",
            )

        return work

    async def _put(self, file: AchFile) -> AchFile:
        content = await self._content.load(file.id, file.content, file.content_parts)
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise ContentDamaged(file.id)
        try:
            await self._delivery.put(file.name, content, file.sha256)
        except DeliveryConflict:
            return await self._hold(file, CONFLICT)
        return await self._store.transact(self.submitting(file.id), ACTOR)

    async def _hold(self, file: AchFile, problem: str) -> AchFile:
        """Wait for a person."""
        _log.error("file is held", action="ach_file_held", file_id=file.id, problem=problem)

        def work(transaction: Transaction) -> AchFile:
            return write_file(transaction, self._origin, file, problem=problem, next_at_ms=0)

        return await self._store.transact(work, ACTOR)
