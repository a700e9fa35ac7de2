"""The reconciliation: every kind from both ends, every account, the trail, the ledger, and what waits."""

from collections import Counter
from collections.abc import Mapping

from payment_core.clock import Clock
from payment_core.ledger.accounts import HISTORY_BALANCE
from payment_core.ledger.verify import LedgerVerifier
from payment_core.migration.engine.source import Source
from payment_core.migration.export.kinds import Kind
from payment_core.migration.jobs.audit_trail import TRAIL_HEAD, page_sha256
from payment_core.migration.jobs.history.bodies import POSTED
from payment_core.migration.jobs.history.openings import BEFORE_OPENING
from payment_core.migration.jobs.history.recipe import balance_account
from payment_core.migration.jobs.port import Job
from payment_core.migration.model import Quarantined, TrailHead, TrailPage
from payment_core.migration.names import JobName
from payment_core.migration.proof.sides import Difference
from payment_core.migration.reconciling.folding import Differences, KindFold
from payment_core.migration.reconciling.model import (
    AccountResult,
    KindResult,
    QuarantineReason,
    Reconciliation,
    TrailResult,
)
from payment_core.migration.reconciling.walking import PAGE, Balances, OnRead, Walks
from payment_core.store.port import Books, LedgerStore
from payment_core.store.records import Listing
from payment_core.store.trail import GENESIS
from payment_core.store.walking import every, every_account

TRAIL_PAGES = 20
"""Of one query: a page of the trail is some 50 KB."""


class Reconciling:
    """Nothing that the jobs remember of themselves is believed: neither counts, nor sums, nor hashes of batches."""

    def __init__(
        self, *, store: LedgerStore, books: Books, jobs: Mapping[JobName, Job], clock: Clock, actor: str
    ) -> None:
        self._store = store
        self._books = books
        self._jobs = jobs
        self._clock = clock
        self._actor = actor

    async def reconcile(self, source: Source, on_read: OnRead) -> Reconciliation:
        """Every record of the export against every row of the store. Raises ExportError, and what the vault raises."""
        began_at_ms = self._clock.now_ms()
        differences = Differences()
        walks = Walks(self._store, self._jobs, self._actor)
        kinds: list[KindResult] = []
        for kind in Kind:
            fold = KindFold(kind, differences)
            occurred_at_ms = await walks.exported(kind, source, fold, on_read)
            await walks.rows(kind, fold, occurred_at_ms)
            kinds.append(fold.result())
        quarantine, waiting = await self._quarantine()
        accounts = await self._accounts(walks, waiting, differences)
        trail = await self._trail(sum(source.records(kind) for kind in Kind), differences)
        balanced = await self._ledger(differences)
        right = differences.count == 0
        return Reconciliation(
            export=source.identity,
            began_at_ms=began_at_ms,
            ended_at_ms=self._clock.now_ms(),
            right=right,
            complete=right and not quarantine,
            kinds=tuple(kinds),
            accounts=accounts,
            trail=trail,
            ledger_balanced=balanced,
            quarantine=quarantine,
            difference_count=differences.count,
            differences=tuple(differences.kept),
        )

    async def _accounts(self, walks: Walks, waiting: Balances, differences: Differences) -> tuple[AccountResult, ...]:
        here = {
            row.key: row.balances.balance_cents(HISTORY_BALANCE.normal_side)
            async for row in every_account(self._books, HISTORY_BALANCE.of(""))
        }
        found = []
        for key in sorted({*here, *walks.exported_balances, *walks.fed_balances, *waiting}):
            exported = walks.exported_balances.get(key, 0) + walks.fed_balances.get(key, 0)
            stored = here.get(key, 0)
            if exported != stored:
                differences.add(Difference(f"{key[0]} {key[1]}", str(exported), str(stored)))
            found.append(
                AccountResult(
                    account=key[0], currency=key[1], exported=exported, here=stored, waiting=waiting.get(key, 0)
                )
            )
        return tuple(found)

    async def _quarantine(self) -> tuple[tuple[QuarantineReason, ...], Balances]:
        """What waits by kind and reason, and of which balances; what an opening balance holds is in none of these."""
        counts: Counter[tuple[Kind, str]] = Counter()
        balances: Balances = {}
        for job in JobName:
            async for entry in every(self._store, Listing(Quarantined, owner=job.value, limit=PAGE)):
                counts[entry.source_kind, entry.reason] += 1
                if entry.source_kind in POSTED and entry.currency != "" and entry.reason != BEFORE_OPENING:
                    key = (balance_account(entry.account), entry.currency)
                    balances[key] = balances.get(key, 0) + entry.amount
        reasons = tuple(
            QuarantineReason(kind=kind, reason=reason, records=counts[kind, reason]) for kind, reason in sorted(counts)
        )
        return reasons, balances

    async def _trail(self, promised: int, differences: Differences) -> TrailResult:
        """Each page follows the one before it; all of them together hold at least every record of the export."""
        head = await self._store.read(TrailHead, TRAIL_HEAD)
        end = GENESIS if head is None else head.sha256
        pages, entries, previous, first_bad, ends = 0, 0, GENESIS, "", end == GENESIS
        walk = every(self._store, Listing(TrailPage, limit=TRAIL_PAGES))
        async for page in walk:
            pages += 1
            entries += len(page.entries)
            right = page.previous_sha256 == previous and page.sha256 == page_sha256(previous, page.entries)
            if not right and first_bad == "":
                first_bad = page.id
            previous = page.sha256
            # Whoever goes on with it meanwhile writes behind this end.
            ends = ends or previous == end
        if not ends:
            differences.add(Difference("trail end", end[:16], f"{previous[:16]}, so its last pages are gone"))
            first_bad = first_bad if first_bad != "" else "its end"
        elif first_bad != "":
            differences.add(Difference("trail", "each page follows the one before it", f"{first_bad} does not"))
        if entries < promised:
            differences.add(Difference("trail entries", str(promised), str(entries)))
        return TrailResult(pages=pages, entries=entries, intact=first_bad == "", first_bad=first_bad)

    async def _ledger(self, differences: Differences) -> bool:
        report = await LedgerVerifier(self._books, self._store).check_all()
        for violation in report.violations:
            differences.add(Difference(f"ledger {violation.subject}", violation.invariant, violation.detail))
        return report.balanced
