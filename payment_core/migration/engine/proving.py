"""Reads a batch back from the store and compares it with the export's side; nothing goes on over a difference."""

from collections.abc import Iterator, Sequence

import msgspec

from payment_core.migration.engine.claiming import Claimant
from payment_core.migration.errors import DifferenceFound
from payment_core.migration.jobs.port import CHANGED_HERE, Job
from payment_core.migration.model import LedgerTotal, MigrationBatch, MigrationRun
from payment_core.migration.names import JobState
from payment_core.migration.proof.sides import Difference, Line, Side, differences, joined, side_differences, side_of
from payment_core.operations.documents import next_of, record_change
from payment_core.origin import Origin
from payment_core.store.port import LedgerStore, Transaction

PROVED, HELD = "proved", "held"
SHOWN_MAX = 5
"""Differences that are told in one sentence; the batch's own record has both sides whole."""


class Compared(msgspec.Struct, frozen=True):
    """Both sides without what was changed here since, and where they differ."""

    source: Side
    target: Side
    found: tuple[Difference, ...]


class BatchProving:
    """Proves batches of one job. No variable of the writing is used: what counts is what another transaction finds."""

    def __init__(self, store: LedgerStore, job: Job, claimant: Claimant, origin: Origin, actor: str) -> None:
        self._store = store
        self._job = job
        self._claimant = claimant
        self._origin = origin
        self._actor = actor

    async def prove(self, mine: MigrationRun, batch: MigrationBatch) -> MigrationRun:
        """The run with the batch proved. Raises DifferenceFound, and then the job is stopped with both sides."""
        compared = await self.compare(batch.lines, batch.ledger, batch.id)
        if not compared.found:
            return await self._store.transact(
                lambda transaction: self._mark(transaction, mine, batch, compared), self._actor
            )
        why = told(batch, compared.found)
        await self._store.transact(lambda transaction: self._hold(transaction, mine, batch, compared, why), self._actor)
        raise DifferenceFound(why)

    async def compare(self, lines: Sequence[Line], ledger: Sequence[LedgerTotal], batch: str) -> Compared:
        """Both sides of some records, and the ledger's totals against what they have to be."""
        names = [line.name for line in lines]

        def look(transaction: Transaction) -> tuple[list[object], list[Difference]]:
            return self._job.find(transaction, names, batch), list(ledger_differences(transaction, ledger))

        found, wrong = await self._store.transact(look, self._actor)
        return compared_sides(lines, await self._job.lines(names, found), wrong)

    def _mark(
        self, transaction: Transaction, mine: MigrationRun, batch: MigrationBatch, compared: Compared
    ) -> MigrationRun:
        run = self._claimant.hold(transaction, mine)
        after = next_of(batch, transaction.now_ms, lines=(), target=compared.target)
        record_change(transaction, self._origin, after, status=PROVED, previous_status="written")
        run = msgspec.structs.replace(
            run,
            proved=batch.number,
            source=joined(run.source, compared.source),
            target=joined(run.target, compared.target),
        )
        transaction.put(run)
        return run

    def _hold(
        self, transaction: Transaction, mine: MigrationRun, batch: MigrationBatch, compared: Compared, why: str
    ) -> None:
        run = self._claimant.hold(transaction, mine)
        after = next_of(batch, transaction.now_ms, target=compared.target)
        record_change(transaction, self._origin, after, status=HELD, previous_status="written")
        transaction.put(
            msgspec.structs.replace(
                run, state=JobState.STOPPED, why=why, lease_until_ms=0, ended_at_ms=transaction.now_ms
            )
        )
        self._claimant.note(transaction, self._job.name.value, "stop", why)


def compared_sides(source: Sequence[Line], target: Sequence[Line | None], wrong: Sequence[Difference] = ()) -> Compared:
    """Both sides; records that were changed here since stand on neither."""
    pairs = [
        (ours, theirs)
        for ours, theirs in zip(source, target, strict=True)
        if theirs is None or theirs.sha256 != CHANGED_HERE
    ]
    ours = side_of(line for line, _ in pairs)
    theirs = side_of(line for _, line in pairs if line is not None)
    found = [*side_differences(ours, theirs), *wrong]
    found += differences([line for line, _ in pairs], [line for _, line in pairs])
    return Compared(ours, theirs, tuple(found))


def ledger_differences(transaction: Transaction, totals: Sequence[LedgerTotal]) -> Iterator[Difference]:
    """Accounts that do not hold what they have to."""
    for total in totals:
        stored = transaction.balances(total.account, total.currency)
        if (stored.debits_posted, stored.credits_posted) != (total.debits, total.credits):
            yield Difference(
                f"{total.account} {total.currency}",
                f"debits {total.debits}, credits {total.credits}",
                f"debits {stored.debits_posted}, credits {stored.credits_posted}",
            )


def told(batch: MigrationBatch, found: Sequence[Difference]) -> str:
    """The batch, where it stood, and the first differences with both sides."""
    shown = "; ".join(f"{one.what}: export {one.source}, here {one.target}" for one in found[:SHOWN_MAX])
    return f"batch {batch.id} ({batch.first} to {batch.last}): {shown}"
