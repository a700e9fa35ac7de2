"""What the domains counted is what a scrape shows, and what lies in the store is counted within limits."""

from payment_core.ach.files.model import FILE_RECORDS
from payment_core.assembly.stock_taking import HOLD_GRACE_MS, StockTaking
from payment_core.ledger.posting import Hold
from payment_core.metrics.counts import Counts
from payment_core.metrics.domain_counts import MigrationSeen, Stock
from payment_core.metrics.process_metrics import exposition
from payment_core.migration.running.counts import RunningCounts
from payment_core.migration.running.standing import Found
from payment_core.origin import Origin
from payment_core.payments.model import Waiting
from payment_core.store.memory import MemoryStore
from payment_core.store.port import Transaction
from payment_core.store.stage import Registry

NOW_MS = 1_795_690_800_000


class StillClock:
    """Time stands still."""

    def now_ms(self) -> int:
        return NOW_MS

    def monotonic_ms(self) -> float:
        return 0.0


class Windows:
    """Windows that did not count everything."""

    late, evicted, clamped = 1, 2, 3


def shown(counts: Counts) -> dict[str, float]:
    """Every sample of the domains by its name and labels."""
    text = exposition(counts, Origin("blue", "1.0.0", "us-east-1"), 0, 1_500).decode()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_a_scrape_shows_what_the_domains_counted() -> None:
    counts = Counts()
    domains = counts.domains
    domains.fraud.decisions["block"] = 4
    domains.fraud.matches["many-declines"] = 5
    domains.fraud.shadow_matches["tried"] = 6
    domains.fraud.unavailable = 7
    domains.fraud.unobserved = 8
    domains.windows = Windows()
    domains.vault.refused = 9
    domains.keys.made = 10
    domains.keys.sealing_hits = 11
    domains.jobs.runs["recovery"], domains.jobs.work["recovery"], domains.jobs.faults["recovery"] = 12, 13, 14
    domains.stock = Stock({"payment": 15}, 16, {"built": 17})
    found = shown(counts)
    assert {
        'till_core_fraud_decisions_total{decision="block"}': 4,
        'till_core_fraud_matches_total{mode="enforce",rule="many-declines"}': 5,
        'till_core_fraud_matches_total{mode="shadow",rule="tried"}': 6,
        "till_core_fraud_unavailable_total": 7,
        'till_core_fraud_uncounted_total{reason="unobserved"}': 8,
        'till_core_fraud_uncounted_total{reason="late"}': 1,
        'till_core_fraud_uncounted_total{reason="evicted"}': 2,
        'till_core_fraud_uncounted_total{reason="clamped"}': 3,
        'till_core_vault_operations_total{operation="refused"}': 9,
        'till_core_vault_keys_total{event="made"}': 10,
        'till_core_vault_keys_total{event="sealing_hit"}': 11,
        'till_core_job_runs_total{job="recovery"}': 12,
        'till_core_job_work_total{job="recovery"}': 13,
        'till_core_job_faults_total{job="recovery"}': 14,
        'till_core_waiting{object="payment"}': 15,
        "till_core_holds_overdue": 16,
        'till_core_ach_files{status="built"}': 17,
    }.items() <= found.items()


async def test_what_waits_and_what_is_overdue_is_counted_by_what_it_is() -> None:
    store = MemoryStore(registry=Registry((Waiting, Hold, *FILE_RECORDS)), producer="blue", clock=StillClock())

    def work(transaction: Transaction) -> None:
        for record_id in ("pay_1", "pay_2", "cap_1"):
            transaction.put(Waiting(id=record_id, since_ms=NOW_MS))
        for number, late_ms in enumerate((HOLD_GRACE_MS, HOLD_GRACE_MS - 1)):
            expires_at_ms = NOW_MS - late_ms
            hold = Hold(
                id=f"h{number}", debit="a", credit="b", currency="USD", amount_cents=1, expires_at_ms=expires_at_ms
            )
            transaction.put(hold)

    await store.transact(work, "key:test")
    kept: list[Stock] = []
    assert await StockTaking(store, kept.append).run_once(NOW_MS) == 0
    assert kept == [Stock({"payment": 2, "capture": 1, "refund": 0}, 1, {})]


def test_what_nobody_knows_of_a_migration_is_absent_and_not_zero() -> None:
    counts, told = Counts(), RunningCounts()
    told.told["create", "told"] = 3
    told.compared["differing"] = 2
    look = Found(
        evidence=None,
        open_differences=2,
        lag_ms=None,
        cursor=None,
        waiting=4,
        waiting_ms=1_500,
        jobs_left=(),
        no_return=None,
    )
    counts.domains.migration = MigrationSeen(told, lambda: look)
    found = shown(counts)
    assert found['till_migration_old_calls_total{outcome="told",verb="create"}'] == 3
    assert found['till_migration_compared_total{outcome="differing"}'] == 2
    assert found["till_migration_oldest_write_seconds"] == 1.5
    assert found["till_migration_open_differences"] == 2
    assert "till_migration_lag_seconds" not in found
    counts.domains.migration = MigrationSeen(told, lambda: None)
    assert "till_migration_writes_waiting" not in shown(counts)
