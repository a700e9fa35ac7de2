"""The core verifies its own trail beside payments: in small steps within a share of the time, and over restarts."""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
import structlog

from payment_core.audit.chain import ChainWalks, Finding, Place
from payment_core.audit.contents import FINDINGS_MAX, Expected, check_documents
from payment_core.audit.errors import RootUnreadable
from payment_core.audit.following import FollowedTrail, ShardFollower, ShardPlace
from payment_core.audit.progress import PROGRESS_ID, AuditProgress, Verification
from payment_core.audit.roots import RootArchive, anchors_of, check_roots, read_roots
from payment_core.audit.scanning import DocumentScan
from payment_core.audit.signing import Checker
from payment_core.audit.sums import DocumentSums, bucket_of, unpacked
from payment_core.clock import Clock
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.trail import AuditRow
from payment_core.store.writing import JOURNAL_KIND

log = structlog.get_logger()

EVERY_SECONDS = 1.0
"""From one turn to the next; a turn takes its share of this."""

KEEP_EVERY_MS = 10_000
"""What a restart repeats at most, beside the documents, which are read from the first one again."""

HELD_MS = 60_000
"""A process that says nothing for so long has died, and another one goes on."""

AGAIN_MS = 3_600_000
"""A trail that something is wrong with is verified anew after so long: it may have been put right."""

LOOKS = 2
"""At what differs: only what both find is wrong, since payments go on meanwhile."""

ACTOR = "job:audit-verification"


class AuditedStore(FollowedTrail, LedgerStore, Protocol):
    """A store that is verified and that remembers how far."""


class _Walked:
    """What was walked so far, in memory. scan: of the documents, once the end of the trail was reached."""

    def __init__(self, progress: AuditProgress) -> None:
        self.progress = progress
        self.sums = unpacked(progress.sums) if progress.sums else DocumentSums()
        self.kinds = set(progress.kinds)
        self.shards: dict[int, ShardFollower] = {}
        self.scan: DocumentScan | None = None
        self.looks = 0
        self.roots = 0
        self.kept_at_ms: float | None = None
        self.dirty = False

    def take(self, row: AuditRow) -> None:
        """Note a row that was found good."""
        self.dirty = True
        self.sums.take(row)
        if row.kind != JOURNAL_KIND:
            self.kinds.add(row.kind)
        if self.scan is not None:
            self.scan.take(row)

    def kept(self) -> AuditProgress:
        """As it is remembered."""
        places = tuple(self.shards[shard].place for shard in sorted(self.shards))
        return msgspec.structs.replace(
            self.progress, places=places, kinds=tuple(sorted(self.kinds)), sums=self.sums.packed()
        )


class AuditVerification:
    """Job: walks the trail to its end, holds every document against it, then follows what is written.

    every_ms: from the begin of one verification from the first row to that of the next. share: of the time at most.
    name: of this process.
    """

    def __init__(
        self,
        *,
        store: AuditedStore,
        archive: RootArchive,
        checker: Checker | None,
        clock: Clock,
        name: str,
        every_ms: int,
        share: float,
    ) -> None:
        self._store = store
        self._archive = archive
        self._checker = checker
        self._clock = clock
        self._name = name
        self._every_ms = every_ms
        self._turn_ms = share * EVERY_SECONDS * 1000
        self._walked: _Walked | None = None
        self._idle_until_ms = 0

    async def run_once(self, now_ms: int) -> int:
        """Go on for a turn. It is no work that leaves any: what is left has its next turn."""
        walked = self._walked if self._walked is not None else await self._take_over(now_ms)
        until_ms = self._clock.monotonic_ms() + self._turn_ms
        while walked is not None:
            if self._is_due(walked.progress, now_ms):
                walked = await self._opened(_begun(walked.progress, now_ms), now_ms)
            more = await self._step(walked, now_ms)
            walked = await self._keep(walked, now_ms)
            if not more or self._clock.monotonic_ms() >= until_ms:
                break
        self._walked = walked
        return 0

    async def _take_over(self, now_ms: int) -> _Walked | None:
        """Go on where whoever had the work left it; None while another process has it."""
        if now_ms < self._idle_until_ms:
            return None
        progress = await self._store.transact(self._hold(now_ms, None), ACTOR)
        if progress.holder != self._name:
            self._idle_until_ms = now_ms + KEEP_EVERY_MS
            return None
        return await self._opened(progress, now_ms)

    async def _opened(self, progress: AuditProgress, now_ms: int) -> _Walked:
        """The places to go on from, with the roots that are held against what follows them."""
        walked = _Walked(progress)
        try:
            roots = await read_roots(self._archive)
            wrong = check_roots(roots, self._checker)
        except RootUnreadable as error:
            roots, wrong = [], [Finding("daily roots", str(error))]
        anchors = anchors_of(roots)
        walked.roots = len(roots)
        places = {place.chain.shard: place for place in progress.places}
        heads = {shard for shard, _, _ in await self._store.audit_heads()}
        for shard in sorted({*places, *heads, *(anchor.shard for anchor in anchors)}):
            place = places.get(shard, ShardPlace(Place(shard)))
            walked.shards[shard] = ShardFollower(self._store, place, anchors)
        if wrong:
            self._end(walked, now_ms, wrong)
        return walked

    def _is_due(self, progress: AuditProgress, now_ms: int) -> bool:
        """Whether a verification from the first row has to begin."""
        last = progress.last
        if progress.began_at_ms > 0:
            return False
        if last is None:
            return True
        return now_ms >= (last.ended_at_ms + AGAIN_MS if last.findings else last.began_at_ms + self._every_ms)

    async def _step(self, walked: _Walked, now_ms: int) -> bool:
        """Do one page of what there is to do; False when there is nothing more."""
        progress = walked.progress
        if progress.began_at_ms == 0 and progress.last is not None and progress.last.findings:
            return False
        for follower in await self._followers(walked):
            stepped = await follower.step(walked.take)
            if isinstance(stepped, Finding):
                self._end(walked, now_ms, [stepped])
                return False
            if stepped:
                return True
        walked.progress = msgspec.structs.replace(progress, followed_at_ms=now_ms)
        return progress.began_at_ms > 0 and await self._scan(walked, now_ms)

    async def _followers(self, walked: _Walked) -> list[ShardFollower]:
        """Of every shard, also of one that began meanwhile."""
        for shard, _, _ in await self._store.audit_heads():
            if shard not in walked.shards:
                walked.shards[shard] = ShardFollower(self._store, ShardPlace(Place(shard)), ())
        return list(walked.shards.values())

    async def _scan(self, walked: _Walked, now_ms: int) -> bool:
        """A page of documents; behind the last one the verification is over."""
        if walked.scan is None:
            walked.scan = DocumentScan(walked.sums, walked.kinds)
        if await walked.scan.step(self._store):
            return True
        # The trail was walked to its end after the last page, so every row that any page knew of was taken.
        differing = walked.scan.differing()
        if not differing:
            self._end(walked, now_ms, [])
            return False
        walked.looks += 1
        found = await self._exactly(differing)
        if not found and walked.looks < LOOKS:
            walked.scan = None
            return True
        what = "documents and rows do not come to the same, and none of them was found wrong by itself"
        self._end(walked, now_ms, found if found else [Finding("documents", what)])
        return False

    async def _exactly(self, buckets: frozenset[int]) -> list[Finding]:
        """Which documents of these buckets are not as their rows left them, at each of several looks."""
        lasting: list[Finding] = []
        for look in range(LOOKS):
            expected = Expected()
            wrong = await ChainWalks(self._store, (), _only(buckets, expected)).walk()
            wrong += expected.findings
            wrong += await check_documents(
                self._store, expected, lambda kind, document_id: bucket_of(kind, document_id) in buckets
            )
            before = {finding.place for finding in lasting}
            lasting = wrong if look == 0 else [finding for finding in wrong if finding.place in before]
        return lasting

    def _end(self, walked: _Walked, now_ms: int, findings: Sequence[Finding]) -> None:
        """Remember what came of it. Something that is found wrong while rows are followed ends a verification, too."""
        progress = walked.kept()
        last = Verification(
            began_at_ms=progress.began_at_ms if progress.began_at_ms > 0 else now_ms,
            ended_at_ms=self._clock.now_ms(),
            rows=progress.rows,
            documents=0 if walked.scan is None else walked.scan.documents,
            roots=walked.roots,
            findings=tuple(findings[:FINDINGS_MAX]),
        )
        walked.progress = msgspec.structs.replace(progress, began_at_ms=0, last=last)
        walked.scan, walked.dirty, walked.kept_at_ms = None, True, None
        if findings:
            log.error("the audit trail is not as it was written", action="audit_broken", first_bad=findings[0].place)
        else:
            log.info("the audit trail is as it was written", action="audit_verified", rows=last.rows)

    async def _keep(self, walked: _Walked, now_ms: int) -> _Walked | None:
        """Write down now and then how far it is; None when another process has the work meanwhile."""
        if walked.kept_at_ms is not None:
            passed_ms = self._clock.monotonic_ms() - walked.kept_at_ms
            if passed_ms < (KEEP_EVERY_MS if walked.dirty else HELD_MS / 2):
                return walked
        kept = await self._store.transact(self._hold(now_ms, walked.kept()), ACTOR)
        if kept.holder != self._name:
            return None
        walked.dirty, walked.kept_at_ms = False, self._clock.monotonic_ms()
        return walked

    def _hold(self, now_ms: int, ours: AuditProgress | None) -> Callable[[Transaction], AuditProgress]:
        """Take the work, or go on with ours; what is stored stays when another process has it."""

        def work(transaction: Transaction) -> AuditProgress:
            stored = transaction.get(AuditProgress, PROGRESS_ID)
            found = AuditProgress(id=PROGRESS_ID) if stored is None else stored
            is_ours = found.holder == self._name
            if not is_ours and (ours is not None or found.held_until_ms > now_ms):
                return found
            held = msgspec.structs.replace(
                found if ours is None else ours, holder=self._name, held_until_ms=now_ms + HELD_MS
            )
            transaction.put(held)
            return held

        return work


def _begun(progress: AuditProgress, now_ms: int) -> AuditProgress:
    """From the first row of every shard."""
    return msgspec.structs.replace(progress, began_at_ms=now_ms, places=(), kinds=(), sums=b"")


def _only(buckets: frozenset[int], expected: Expected) -> Callable[[AuditRow], None]:
    """What takes rows of documents of these buckets, and of all others no more than their kind."""

    def seen(row: AuditRow) -> None:
        if row.kind != JOURNAL_KIND:
            expected.kinds.add(row.kind)
            if bucket_of(row.kind, row.id) in buckets:
                expected.take(row)

    return seen
