"""The process's counts as Prometheus metrics, built when they are scraped."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from payment_core.metrics.counts import Counts
from payment_core.metrics.domain_metrics import domain_families
from payment_core.origin import Origin


class CoreCollector(Collector):
    """Reads the counts. outbox_unsent: events that no queue has taken yet, of all processes on the database.

    None when the store did not say: then the metric is left out, because a 0 would be taken for all is well.
    processor_ms: processor time that the process has used since it started.
    """

    def __init__(self, counts: Counts, origin: Origin, outbox_unsent: int | None, processor_ms: int) -> None:
        self._counts = counts
        self._origin = origin
        self._outbox_unsent = outbox_unsent
        self._processor_ms = processor_ms

    def collect(self) -> Iterable[Metric]:
        """Every metric of the payment core."""
        yield from self._gauges()
        yield from self._counters()
        yield self._request_seconds()
        commits = HistogramMetricFamily(
            "till_core_commit_seconds",
            "Duration of a durable commit of a group of writes. Alert when the 99th percentile exceeds 0.1 s.",
        )
        commits.add_metric([], self._counts.commits.cumulative(), self._counts.commits.sum_seconds)
        yield commits
        yield from domain_families(self._counts.domains)

    def _gauges(self) -> Iterable[Metric]:
        info = GaugeMetricFamily(
            "till_core_info",
            "Always 1; says which release runs in which environment and region.",
            labels=["version", "environment", "region"],
        )
        info.add_metric([self._origin.release, self._origin.environment, self._origin.region], 1)
        yield info
        if self._outbox_unsent is not None:
            yield GaugeMetricFamily(
                "till_core_outbox_unsent",
                "Events in the outbox that the queue has not taken. Alert when it grows for 5 minutes.",
                value=self._outbox_unsent,
            )
        yield GaugeMetricFamily(
            "till_core_requests_in_flight",
            "Requests that have begun and not ended, the one that asks included. Nothing is taken away under them.",
            value=self._counts.in_flight,
        )

    def _counters(self) -> Iterable[Metric]:
        payments = CounterMetricFamily(
            "till_core_payments",
            "Payment attempts that ended in this process, by outcome and rail. Alert on the share of failed.",
            labels=["outcome", "rail"],
        )
        for (outcome, rail), count in self._counts.payments.items():
            payments.add_metric([outcome, rail], count)
        yield payments
        webhooks = CounterMetricFamily(
            "till_core_webhook_attempts",
            "Attempts to deliver a webhook that ended in this process, by outcome. Alert on any increase of dead.",
            labels=["outcome"],
        )
        for outcome, count in self._counts.webhooks.items():
            webhooks.add_metric([outcome], count)
        yield webhooks
        for name, help_text, value in (
            ("till_core_commit_writes", "Writes made durable; divided by commits it is the group.", "commit_writes"),
            ("till_core_events_published", "Events written to the outbox by this process.", "events_published"),
            ("till_core_relay_sent", "Events that the queue took from this process.", "relay_sent"),
            (
                "till_core_relay_failures",
                "Sends that the queue refused or did not answer; each is retried. Alert when it rises for 5 minutes.",
                "relay_failures",
            ),
        ):
            yield CounterMetricFamily(name, help_text, value=getattr(self._counts, value))
        yield CounterMetricFamily(
            "till_core_processor_seconds",
            "Processor time of this process; it can use one core. Alert when it rises by 0.9 a second for 5 minutes.",
            value=self._processor_ms / 1000,
        )

    def _request_seconds(self) -> Metric:
        family = HistogramMetricFamily(
            "till_core_request_seconds",
            "Duration of HTTP requests by route and status. Alert when the 99th percentile of payments exceeds 0.5 s.",
            labels=["route", "status"],
        )
        for (route, status), histogram in self._counts.requests.items():
            family.add_metric([route, str(status)], histogram.cumulative(), histogram.sum_seconds)
        return family


def exposition(counts: Counts, origin: Origin, outbox_unsent: int | None, processor_ms: int) -> bytes:
    """The metrics in Prometheus's text format; see CoreCollector."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(CoreCollector(counts, origin, outbox_unsent, processor_ms))
    return generate_latest(registry)
