"""The job that applies return files, each item exactly once, and adds up what became of them."""

import asyncio

import structlog

from payment_core.ach.files.content import SealedContent
from payment_core.ach.files.incoming.answering import Answering, PrepareCorrection, Verdict, applicable
from payment_core.ach.files.incoming.model import ItemOutcome, ReturnFile, ReturnItem
from payment_core.ach.files.incoming.receiving import notices_in
from payment_core.ach.files.model import AchEntry, TraceOwner
from payment_core.ach.reading.notices import ChangeNotice, ReturnNotice
from payment_core.errors import CoreError
from payment_core.operations.documents import next_of, record_change
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction, Work
from payment_core.store.records import Due, Listing
from payment_core.store.walking import every

_log = structlog.get_logger(__name__)

ACTOR = "sweep:ach-returns"
FILES_PER_RUN = 5
ITEMS_PAGE = 100
RETRY_MS = 60_000

Notice = ReturnNotice | ChangeNotice


class ReturnsJob:
    """An item is done when its record exists, which is written with its effects; so a run goes on where one died."""

    def __init__(
        self,
        store: LedgerStore,
        origin: Origin,
        content: SealedContent,
        answering: Answering,
        prepare_correction: PrepareCorrection,
    ) -> None:
        self._store = store
        self._origin = origin
        self._content = content
        self._answering = answering
        self._prepare_correction = prepare_correction

    async def run_once(self, now_ms: int) -> int:
        """How many items were dealt with."""
        done = 0
        for file in await self._store.query(Due(ReturnFile, now_ms, FILES_PER_RUN)):
            try:
                done += await self._apply(file)
            except CoreError as fault:
                _log.error(
                    "return file did not go on", action="ach_returns_stuck", file_id=file.id, fault=type(fault).__name__
                )
                await self._store.transact(self._later(file.id), ACTOR)
        return done

    async def _apply(self, file: ReturnFile) -> int:
        body = await self._content.load(file.id, file.content, file.content_parts)
        notices = await asyncio.to_thread(notices_in, body)
        items: list[Notice] = [*notices.returns, *notices.changes]
        known = {item.id for item in await self._items(file.id)}
        done = waiting = 0
        for index, notice in enumerate(items):
            item_id = f"{file.id}.{index:07d}"
            if item_id in known:
                continue
            try:
                await self._deal_with(file, item_id, notice)
                done += 1
            except CoreError as fault:
                waiting += 1
                _log.error(
                    "return item was not applied",
                    action="ach_return_item_stuck",
                    item_id=item_id,
                    fault=type(fault).__name__,
                )
        if waiting:
            await self._store.transact(self._later(file.id), ACTOR)
        else:
            await self._store.transact(self._finishing(file.id, await self._items(file.id)), ACTOR)
        return done

    async def _deal_with(self, file: ReturnFile, item_id: str, notice: Notice) -> None:
        if isinstance(notice, ReturnNotice):
            await self._store.transact(self._returning(file.id, item_id, notice), ACTOR)
            return
        correct = await self._correction(notice)
        await self._store.transact(self._changing(file.id, item_id, notice, correct), ACTOR)

    async def _correction(self, notice: ChangeNotice) -> Work[object] | None:
        correction = applicable(notice)
        owner = await self._store.read(TraceOwner, notice.original_trace)
        entry = None if owner is None else await self._store.read(AchEntry, owner.entry_id)
        if correction is None or entry is None:
            return None
        return await self._prepare_correction(entry.bank_account_id, notice.change_code, correction)

    def _returning(self, file_id: str, item_id: str, notice: ReturnNotice) -> Work[None]:
        def work(transaction: Transaction) -> None:
            if transaction.get(ReturnItem, item_id) is None:
                verdict = self._answering.apply_return(transaction, notice, file_id)
                _record(transaction, file_id, item_id, notice, verdict)

        return work

    def _changing(self, file_id: str, item_id: str, notice: ChangeNotice, correct: Work[object] | None) -> Work[None]:
        def work(transaction: Transaction) -> None:
            if transaction.get(ReturnItem, item_id) is None:
                verdict = self._answering.apply_change(transaction, notice, correct, file_id)
                _record(transaction, file_id, item_id, notice, verdict)

        return work

    async def _items(self, file_id: str) -> list[ReturnItem]:
        return [item async for item in every(self._store, Listing(ReturnItem, owner=file_id, limit=ITEMS_PAGE))]

    def _finishing(self, file_id: str, items: list[ReturnItem]) -> Work[None]:
        def work(transaction: Transaction) -> None:
            file = transaction.get(ReturnFile, file_id)
            if file is None or file.status == "applied":
                return
            after = next_of(
                file,
                transaction.now_ms,
                status="applied",
                next_at_ms=0,
                applied=_count(items, "applied"),
                duplicates=_count(items, "duplicate"),
                quarantined=_count(items, "quarantined"),
                cases=_count(items, "case"),
                applied_cents=_sum(items, "applied"),
                duplicate_cents=_sum(items, "duplicate"),
                quarantined_cents=_sum(items, "quarantined"),
                case_cents=_sum(items, "case"),
            )
            record_change(
                transaction,
                self._origin,
                after,
                status=after.status,
                previous_status=file.status,
                amount_cents=after.applied_cents,
            )

        return work

    def _later(self, file_id: str) -> Work[None]:
        def work(transaction: Transaction) -> None:
            file = transaction.get(ReturnFile, file_id)
            if file is not None and file.status == "received":
                after = next_of(file, transaction.now_ms, next_at_ms=transaction.now_ms + RETRY_MS)
                record_change(transaction, self._origin, after, status=file.status)

        return work


def _record(transaction: Transaction, file_id: str, item_id: str, notice: Notice, verdict: Verdict) -> None:
    returned = isinstance(notice, ReturnNotice)
    transaction.put(
        ReturnItem(
            id=item_id,
            return_file_id=file_id,
            item_kind="return" if returned else "change",
            code=notice.code.code if isinstance(notice, ReturnNotice) else notice.change_code,
            original_trace=notice.original_trace,
            trace_number=notice.trace_number,
            amount_cents=notice.amount_cents if isinstance(notice, ReturnNotice) else 0,
            entry_id=verdict.entry_id,
            outcome=verdict.outcome,
            reason=verdict.reason,
            at_ms=transaction.now_ms,
        )
    )


def _count(items: list[ReturnItem], outcome: ItemOutcome) -> int:
    return sum(item.outcome == outcome for item in items)


def _sum(items: list[ReturnItem], outcome: ItemOutcome) -> int:
    return sum(item.amount_cents for item in items if item.outcome == outcome)
