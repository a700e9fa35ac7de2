"""What the domains counted as Prometheus metrics; every label has few values, which none of the callers chooses."""

from collections.abc import Iterable, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from payment_core.fraud.scorer import FraudCounts
from payment_core.metrics.domain_counts import DomainCounts, JobCounts, Stock
from payment_core.metrics.flag_metrics import flag_families
from payment_core.metrics.migration_metrics import migration_families
from payment_core.vault.keys.cache import CacheCounts
from payment_core.vault.vault import VaultCounts


def domain_families(domains: DomainCounts) -> Iterable[Metric]:
    """Every metric of the domains."""
    yield from _fraud(domains.fraud)
    windows = domains.windows
    uncounted = {
        "clamped": windows.clamped,
        "evicted": windows.evicted,
        "late": windows.late,
        "unobserved": domains.fraud.unobserved,
    }
    yield _counter(
        "till_core_fraud_uncounted",
        "Facts that fraud windows did not count as they came, by reason. Alert when evicted rises for an hour.",
        "reason",
        uncounted,
    )
    yield GaugeMetricFamily(
        "till_core_fraud_list_entries",
        "Entries on the block and allow lists of this process, those of the file included.",
        value=len(domains.lists),
    )
    yield from _vault(domains.vault, domains.keys)
    yield from _jobs(domains.jobs)
    if domains.flags is not None:
        yield from flag_families(domains.flags)
    if domains.migration is not None:
        yield from migration_families(domains.migration)
    yield from _stock(domains.stock)


def _fraud(counts: FraudCounts) -> Iterable[Metric]:
    yield _counter(
        "till_core_fraud_decisions",
        "Payments and payouts that were scored, by decision. Alert when the share of block or review doubles.",
        "decision",
        counts.decisions,
    )
    matches = CounterMetricFamily(
        "till_core_fraud_matches",
        "Rules that matched, by rule and mode; shadow rules decide nothing.",
        labels=["rule", "mode"],
    )
    for mode, by_rule in (("enforce", counts.matches), ("shadow", counts.shadow_matches)):
        for rule, count in by_rule.items():
            matches.add_metric([rule, mode], count)
    yield matches
    yield CounterMetricFamily(
        "till_core_fraud_unavailable",
        "Requests that had no score, or whose name was not screened, and are reviewed. Alert on any increase.",
        value=counts.unavailable,
    )


def _vault(vault: VaultCounts, keys: CacheCounts) -> Iterable[Metric]:
    operations = {
        "tokenized": vault.tokenized,
        "detokenized": vault.detokenized,
        "refused": vault.refused,
        "shredded": vault.shredded,
    }
    yield _counter(
        "till_core_vault_operations",
        "What was done with card and account numbers, by operation. Alert on any increase of refused.",
        "operation",
        operations,
    )
    events = {
        "made": keys.made,
        "opened": keys.opened,
        "sealing_hit": keys.sealing_hits,
        "opening_hit": keys.opening_hits,
        "opening_miss": keys.opening_misses,
        "waited": keys.waits,
        "evicted": keys.evictions,
        "failed": keys.failures,
    }
    yield _counter(
        "till_core_vault_keys",
        "Data keys by event; made and opened are calls of the key service. Alert on any increase of failed.",
        "event",
        events,
    )


def _jobs(jobs: JobCounts) -> Iterable[Metric]:
    yield _counter("till_core_job_runs", "Looks of background jobs for work, by job.", "job", jobs.runs)
    yield _counter("till_core_job_work", "What background jobs did, by job.", "job", jobs.work)
    yield _counter(
        "till_core_job_faults",
        "Looks of background jobs that failed, by job; each is tried again. Alert when it rises for 5 minutes.",
        "job",
        jobs.faults,
    )


def _stock(stock: Stock) -> Iterable[Metric]:
    yield _gauge(
        "till_core_waiting",
        "What was accepted and not yet given to a rail, by object, 1,000 at most. Alert when above 0 in normal mode.",
        "object",
        stock.waiting,
    )
    yield GaugeMetricFamily(
        "till_core_holds_overdue",
        "Money set aside for longer than it should be, 1,000 holds at most. Alert when above 0 for 15 minutes.",
        value=stock.overdue_holds,
    )
    yield _gauge(
        "till_core_ach_files",
        "The newest 200 ACH files by status. Alert on rejected, and when built stays for an hour.",
        "status",
        stock.ach_files,
    )


def _counter(name: str, text: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def _gauge(name: str, text: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family
