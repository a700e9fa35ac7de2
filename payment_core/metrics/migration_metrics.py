"""What leaving the old processor counted as Prometheus metrics."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from payment_core.metrics.domain_counts import MigrationSeen
from payment_core.migration.running.standing import Found

MS_PER_SECOND = 1000


def migration_families(seen: MigrationSeen) -> Iterable[Metric]:
    """Every metric of it; gauges only once it was looked, because nothing seen is not zero."""
    counts = seen.counts
    calls = CounterMetricFamily(
        "till_migration_old_calls",
        "Calls that tell the old processor what changed here, by verb and outcome. Alert on any increase of refused.",
        labels=["verb", "outcome"],
    )
    for (verb, outcome), count in counts.told.items():
        calls.add_metric([verb, outcome], count)
    yield calls
    for name, text, label, by_value in (
        (
            "compared",
            "Shadow reads by outcome. Alert on differing and missing.",
            "outcome",
            counts.compared,
        ),
        ("not_compared", "Reads that were not compared, by reason.", "reason", counts.dropped),
        ("events", "Events of the old processor by what became of them. Alert on unreadable.", "became", counts.events),
        ("reads", "Reads of cards and accounts by the side they were answered from.", "side", counts.answered),
    ):
        family = CounterMetricFamily(f"till_migration_{name}", text, labels=[label])
        for value, count in by_value.items():
            family.add_metric([value], count)
        yield family
    found = seen.found()
    if found is not None:
        yield from _standing(found)


def _standing(found: Found) -> Iterable[Metric]:
    if found.lag_ms is not None:
        yield GaugeMetricFamily(
            "till_migration_lag_seconds",
            "How far changes of the old processor are behind; absent while nobody knows. Alert above 1 for a minute.",
            value=found.lag_ms / MS_PER_SECOND,
        )
    yield GaugeMetricFamily(
        "till_migration_writes_waiting",
        "Writes that the old processor was not told, 1,000 at most. Alert above 0 for five minutes.",
        value=found.waiting,
    )
    yield GaugeMetricFamily(
        "till_migration_oldest_write_seconds",
        "Since when the oldest of them waits.",
        value=found.waiting_ms / MS_PER_SECOND,
    )
    yield GaugeMetricFamily(
        "till_migration_open_differences",
        "Fields that the two sides do not agree on. Alert above 0.",
        value=found.open_differences,
    )
    evidence = found.evidence
    yield GaugeMetricFamily(
        "till_migration_cut_over_allowed",
        "1 once everything that is asked for before a cut-over was shown.",
        value=0 if evidence is None or evidence.allowed_at_ms == 0 else 1,
    )
