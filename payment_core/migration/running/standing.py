"""Keeps the books of comparisons, and works out each second what cut-over rests on."""

import msgspec

from payment_core.migration.model import MigrationRun
from payment_core.migration.names import JobName, JobState
from payment_core.migration.running.cut_over import CutOver, Standing
from payment_core.migration.running.model import (
    CURSOR_ID,
    EVIDENCE_ID,
    NO_RETURN_ID,
    FeedCursor,
    JobWish,
    NoReturn,
    OldWrite,
    ShadowEvidence,
)
from payment_core.migration.running.shadow_read.differences import Differences
from payment_core.migration.running.shadow_read.evidence import Tally, counted, stated, wanting
from payment_core.migration.running.shadow_read.reading import ShadowReads
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Listing

ACTOR = "sweep:migration-standing"
WAITING_MAX = 1_000
"""Writes that wait are counted up to here."""
JOBS_MAX = 32
NOT_BEGUN = frozenset({JobState.NEW, JobState.UNDONE})
"""States in which nothing of a job is here."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is so at one moment. lag_ms: None when it is not known. waiting_ms: of the oldest write that waits."""

    evidence: ShadowEvidence | None
    open_differences: int
    lag_ms: int | None
    cursor: FeedCursor | None
    waiting: int
    waiting_ms: int
    jobs_left: tuple[str, ...]
    no_return: NoReturn | None

    @property
    def wanting(self) -> tuple[str, ...]:
        """What is still to be shown before anybody is cut over."""
        return self.wanting_but("")

    def wanting_but(self, job: str) -> tuple[str, ...]:
        """The same, if this job did not have to be done."""
        return wanting(
            self.evidence,
            open_differences=self.open_differences,
            lag_ms=self.lag_ms,
            waiting=self.waiting,
            jobs_left=tuple(one for one in self.jobs_left if one != job),
        )


class StandingLooks:
    """A job, and what the doors are answered from. last: what the job saw at its last look."""

    def __init__(self, *, store: LedgerStore, shadow: ShadowReads, differences: Differences, cut_over: CutOver) -> None:
        self._store = store
        self._shadow = shadow
        self._differences = differences
        self._cut_over = cut_over
        self.last: Found | None = None

    async def run_once(self, now_ms: int) -> int:
        """Book what was compared, look at what differed once more, and see whether cut-over is allowed."""
        again = await self._shadow.look_again(now_ms)
        tally = self._shadow.taken()
        if tally != Tally():
            await self._store.transact(lambda transaction: _book(transaction, tally), ACTOR)
        found = self.last = await self.look(now_ms)
        evidence = found.evidence
        if evidence is not None and evidence.allowed_at_ms == 0 and not found.wanting:
            evidence = await self._store.transact(_allow, ACTOR)
        self._cut_over.standing = Standing(
            wanting=found.wanting,
            allowed=evidence is not None and evidence.allowed_at_ms > 0,
            no_return=found.no_return,
        )
        return again + tally.compared

    async def look(self, now_ms: int) -> Found:
        """What is so now."""
        cursor = await self._store.read(FeedCursor, CURSOR_ID)
        writes = await self._store.query(Listing(OldWrite, owner="waiting", limit=WAITING_MAX))
        known = cursor is not None and cursor.caught_up_at_ms > 0
        return Found(
            evidence=await self._store.read(ShadowEvidence, EVIDENCE_ID),
            open_differences=await self._differences.load(),
            lag_ms=max(0, now_ms - cursor.caught_up_at_ms) if cursor is not None and known else None,
            cursor=cursor,
            waiting=len(writes),
            waiting_ms=max((now_ms - one.waiting_since_ms for one in writes), default=0),
            jobs_left=await self._jobs_left(),
            no_return=await self._store.read(NoReturn, NO_RETURN_ID),
        )

    async def state(self, stated_ms: int, least: int, actor: str) -> ShadowEvidence:
        """Ask for reads to be equal for so long, and so many of them."""

        def work(transaction: Transaction) -> ShadowEvidence:
            known = transaction.get(ShadowEvidence, EVIDENCE_ID)
            after = stated(ShadowEvidence(id=EVIDENCE_ID) if known is None else known, stated_ms, least)
            transaction.put(after)
            return after

        return await self._store.transact(work, actor)

    async def _jobs_left(self) -> tuple[str, ...]:
        """Jobs that somebody wants or began, also from the command line, and that are not done."""
        wishes = {wish.id: wish for wish in await self._store.query(Listing(JobWish, limit=JOBS_MAX))}
        left = []
        for job in JobName:
            wish, run = wishes.get(job.value), await self._store.read(MigrationRun, job.value)
            state = JobState.NEW if run is None else run.state
            is_through = state in NOT_BEGUN | {JobState.DONE} if wish is None else wish.is_done(state)
            if not is_through:
                left.append(job.value)
        return tuple(left)


def _book(transaction: Transaction, tally: Tally) -> None:
    known = transaction.get(ShadowEvidence, EVIDENCE_ID)
    evidence = ShadowEvidence(id=EVIDENCE_ID) if known is None else known
    transaction.put(counted(evidence, tally, transaction.now_ms))


def _allow(transaction: Transaction) -> ShadowEvidence | None:
    """What was shown once stays shown: who was cut over is not cut back by a later look, but by a person."""
    evidence = transaction.get(ShadowEvidence, EVIDENCE_ID)
    if evidence is not None and evidence.allowed_at_ms == 0:
        evidence = msgspec.structs.replace(evidence, allowed_at_ms=transaction.now_ms)
        transaction.put(evidence)
    return evidence
