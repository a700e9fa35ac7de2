"""What flags did in this process as Prometheus metrics; labels come from the code and from signed documents alone."""

from collections import Counter
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from payment_core.flags.serving import Flags

MS = 1000


def flag_families(flags: Flags) -> Iterable[Metric]:
    """Every metric of flags."""
    counts = flags.counts
    yield GaugeMetricFamily(
        "till_core_flags_version",
        "Version of the document that is served, 0 for the packaged one. Alert when processes differ for 1 minute.",
        value=flags.serving.version,
    )
    age_ms = flags.age_ms()
    if age_ms is not None:
        yield GaugeMetricFamily(
            "till_core_flags_age_seconds",
            "Since the daemon last sealed the document that is served, which it does each minute. Alert above 300.",
            value=age_ms / MS,
        )
    if counts.lag_ms is not None:
        yield GaugeMetricFamily(
            "till_core_flags_lag_seconds",
            "From the sealing of the newest change to its being served. Alert above 1.",
            value=counts.lag_ms / MS,
        )
    if counts.connected is not None:
        yield GaugeMetricFamily(
            "till_core_flags_connected",
            "1 while the broker of flags is connected. Alert on 0 for 1 minute.",
            value=int(counts.connected),
        )
    yield CounterMetricFamily(
        "till_core_flags_applied", "Flag documents that were taken over since the start.", value=counts.applied
    )
    yield CounterMetricFamily(
        "till_core_flags_unkept",
        "Flag documents that could not be written to disk or read from it. Alert on any increase.",
        value=counts.unkept,
    )
    yield from _labelled(flags)


def _labelled(flags: Flags) -> Iterable[Metric]:
    counts = flags.counts
    for name, text, label, by_value in (
        (
            "till_core_flags_ignored",
            "Flag documents that were not taken over, by reason. Alert on any increase of forged or unknown_key.",
            "reason",
            counts.ignored,
        ),
        (
            "till_core_flags_polls",
            "Looks for a newer document over HTTP, by how they ended. Alert when failed rises for 5 minutes.",
            "outcome",
            counts.polls,
        ),
    ):
        family = CounterMetricFamily(name, text, labels=[label])
        for value, count in by_value.items():
            family.add_metric([value], count)
        yield family
    yield _by_flag(
        "till_core_flags_evaluations", "Answers of flags, by flag and variant.", "variant", counts.evaluations
    )
    yield _by_flag(
        "till_core_flags_safe_defaults",
        "Answers that were the safe default for want of a usable one, by flag and reason. Alert on any increase.",
        "reason",
        counts.safe_defaults,
    )


def _by_flag(name: str, text: str, label: str, counts: Counter[tuple[str, str]]) -> Metric:
    family = CounterMetricFamily(name, text, labels=["flag", label])
    for values, count in counts.items():
        family.add_metric(values, count)
    return family
