"""Every metric of the daemon: its name, what it means, and how it is read from the view at scrape."""

import asyncio
from collections import Counter
from collections.abc import Iterable

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar
from starlette.requests import Request
from starlette.responses import Response

from daemon.http.channel_metrics import CHANNEL_METRICS, channel_values
from daemon.http.histogram import Histogram
from daemon.http.measured.flag_metrics import FLAG_METRICS, flag_values
from daemon.http.measured.public_metrics import PUBLIC_METRICS, public_values
from daemon.http.measured.scaling_metrics import SCALING_METRICS, scaling_values
from daemon.http.metric_name import MetricName, Values
from daemon.http.options import HttpOptions
from daemon.http.tally import JournalTally
from daemon.senses.metric_outlet import STATUS_VALUES
from daemon.view.shape import SystemView
from remediation.errors import JournalError
from remediation.escalation.chain import ChainState
from remediation.guardrails.approvals import waiting_by_change
from remediation.response import response_of
from remediation.state import State

log = structlog.get_logger()

ON_LOOP_SAMPLES = 300
"""Up to about 10 ms of rendering; more is rendered in a thread, so that a scrape never holds the loop."""


BUILD_INFO = MetricName("till_build_info", "gauge", "Always 1; the label tells the daemon's version.", ("version",))
READY = MetricName("till_ready", "gauge", "1 when /readyz answers 200, otherwise 0.")
OBSERVE_ONLY = MetricName("till_observe_only", "gauge", "1 while automatic actions are switched off.")
HELD = MetricName("till_automation_held", "gauge", "1 while a person or a storm holds automation.", ("by",))
APPROVALS = MetricName("till_approvals_waiting", "gauge", "Questions that wait for people, by change.", ("change",))
LOOP_LAG = MetricName(
    "till_event_loop_lag_seconds", "gauge", "How late the event loop ran its latest timer; absent when not measured."
)
CONSUMED = MetricName("till_facts_consumed_total", "counter", "Distinct facts taken over, by source.", ("source",))
DUPLICATES = MetricName(
    "till_facts_duplicate_total", "counter", "Facts delivered again and not counted again, by source.", ("source",)
)
QUARANTINED = MetricName(
    "till_messages_quarantined_total", "counter", "Messages that could not be used, by source.", ("source",)
)
LAST_FACT = MetricName(
    "till_source_last_fact_timestamp_seconds",
    "gauge",
    "Unix time of the source's newest fact; absent until one came.",
    ("source",),
)
STALE = MetricName("till_source_stale", "gauge", "1 while the source is silent for too long.", ("source",))
PAYMENTS = MetricName(
    "till_payments_total",
    "counter",
    "Payment attempts seen since the start, by environment and outcome.",
    ("environment", "outcome"),
)
WEIGHT = MetricName(
    "till_traffic_weight_ratio",
    "gauge",
    "Share of traffic that DNS sends to the environment, 0 to 1; absent until it was read.",
    ("environment",),
)
LEDGER = MetricName(
    "till_ledger_balanced",
    "gauge",
    "1 when every ledger invariant held at the last check; absent before the first.",
    (),
)
RULE_KEYS = MetricName(
    "till_rule_keys", "gauge", "Keys of the rule that are breached, cleared or without data.", ("rule", "state")
)
FINDINGS = MetricName(
    "till_findings_total", "counter", "Findings in the journal, by rule and state.", ("rule", "state")
)
DECISIONS = MetricName(
    "till_decisions_total", "counter", "Decisions in the journal, by reason and action.", ("reason", "action")
)
ACTIONS = MetricName(
    "till_actions_total", "counter", "Actions that ended, by what the world said after.", ("action", "outcome")
)
CAUSE_TO_CALL = MetricName(
    "till_cause_to_call_seconds",
    "histogram",
    "From the event time of the fact that breached a rule to the first mitigating call.",
)
ROLLBACK_STAGES = MetricName(
    "till_rollback_stage_seconds",
    "histogram",
    "From the first payment that a release failed to each stage of its rollback.",
    ("stage",),
)
ROLLBACK_EXPOSED = MetricName(
    "till_rollback_exposed_dollars", "histogram", "What a release took or failed to take until its last payment."
)
INCIDENTS = MetricName(
    "till_incidents_open", "gauge", "Incidents that are not resolved, by severity (1 is critical).", ("severity",)
)
ARCHIVED = MetricName(
    "till_archive_facts_total", "counter", "Facts that the archive wrote or dropped; absent without one.", ("outcome",)
)
TRACES = MetricName(
    "till_traces_total", "counter", "Decisions told to a trace collector or dropped; absent without one.", ("outcome",)
)
ARCHIVE_BYTES = MetricName("till_archive_bytes", "gauge", "Size of the archive's files; absent without an archive.")
LATE = MetricName("till_facts_late_total", "counter", "Facts older than a window that wanted them; once per window.")
SKEWED = MetricName("till_facts_skewed_total", "counter", "Facts stamped more than 5 s in the future, counted at now.")
EVICTED = MetricName(
    "till_rule_keys_evicted_total", "counter", "Facts and episodes for which a rule's max_keys left no room."
)
RELOADED = MetricName("till_config_reload_success", "gauge", "1 while the configuration's files can be used, else 0.")
RELOADED_AT = MetricName(
    "till_config_reload_success_timestamp_seconds", "gauge", "Unix time of the start or the last reload that succeeded."
)
STATE_AT = MetricName(
    "till_state_kept_timestamp_seconds", "gauge", "Unix time of the newest snapshot of the rules' state; absent before."
)
STATE_BYTES = MetricName("till_state_bytes", "gauge", "Size of the newest snapshot; absent before the first.")
STATE_FAILURES = MetricName("till_state_failures_total", "counter", "Snapshots that could not be written.")
STATE_UNUSABLE = MetricName("till_state_unusable_total", "counter", "Faults of the snapshots that this start found.")
COMPONENT = MetricName(
    "till_component_healthy",
    "gauge",
    "1 healthy, 0.5 degraded, 0 unhealthy at the latest health check; absent when unknown.",
    ("component", "environment", "check"),
)
OUTLET_DATA = MetricName(
    "till_cloudwatch_data_total", "counter", "Health data for CloudWatch, by what became of them.", ("outcome",)
)
OUTLET_FAILURES = MetricName(
    "till_cloudwatch_failures_total", "counter", "Calls that CloudWatch refused, for now or for good.", ("kind",)
)
OVERDUE = MetricName(
    "till_incidents_overdue",
    "gauge",
    "Open incidents that nobody took on within the time of their severity (1 is critical).",
    ("severity",),
)
HELD_INCIDENTS = MetricName(
    "till_incidents_held",
    "gauge",
    "Open incidents that nobody is told of: silenced, in maintenance, explained.",
)
NOTICES = MetricName(
    "till_notices_waiting", "gauge", "Notices to people that no channel took yet, by severity.", ("severity",)
)
SILENCES = MetricName("till_silences_in_force", "gauge", "Silences that keep people from being told now.")
JOURNAL = MetricName("till_journal_entries_total", "counter", "Entries in the journal.")

METRICS = (
    BUILD_INFO,
    READY,
    OBSERVE_ONLY,
    HELD,
    APPROVALS,
    LOOP_LAG,
    CONSUMED,
    DUPLICATES,
    QUARANTINED,
    LAST_FACT,
    STALE,
    PAYMENTS,
    WEIGHT,
    LEDGER,
    RULE_KEYS,
    FINDINGS,
    DECISIONS,
    ACTIONS,
    CAUSE_TO_CALL,
    ROLLBACK_STAGES,
    ROLLBACK_EXPOSED,
    INCIDENTS,
    OVERDUE,
    HELD_INCIDENTS,
    NOTICES,
    SILENCES,
    JOURNAL,
    LATE,
    SKEWED,
    EVICTED,
    RELOADED,
    RELOADED_AT,
    STATE_AT,
    STATE_BYTES,
    STATE_FAILURES,
    STATE_UNUSABLE,
    ARCHIVED,
    ARCHIVE_BYTES,
    TRACES,
    COMPONENT,
    OUTLET_DATA,
    OUTLET_FAILURES,
    *FLAG_METRICS,
    *SCALING_METRICS,
    *CHANNEL_METRICS,
    *PUBLIC_METRICS,
)
"""All of them, in the order in which they are exposed."""


class MetricsPage:
    """``/metrics``: reads the view at scrape; nothing is counted on the way of an event."""

    def __init__(self, view: SystemView, options: HttpOptions) -> None:
        self._view = view
        self._options = options
        self._journal = JournalTally()
        # Two scrapes at a time would count the same entries.
        self._one_at_a_time = asyncio.Lock()

    async def show(self, request: Request) -> Response:
        """Prometheus text, or OpenMetrics when the scraper asks for it."""
        async with self._one_at_a_time:
            try:
                await self._journal.catch_up(self._view)
            except JournalError as fault:
                # The other metrics are needed most when the journal is broken.
                log.warning("journal not read for metrics", action="metrics_journal", fault=str(fault))
        families = self._families()
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Read(families))
        if sum(len(family.samples) for family in families) > ON_LOOP_SAMPLES:
            text = await asyncio.to_thread(encode, registry)
        else:
            text = encode(registry)
        return Response(text, headers={"content-type": content_type})

    def _families(self) -> list[Metric]:
        values = (
            self._ruled() | self._system() | self._sources() | self._journaled() | self._archived() | self._traced()
        )
        values |= self._sensed() | flag_values(self._options.flags, self._view.now_ms())
        values |= scaling_values(self._options.scaling)
        values |= channel_values(self._options.channels, self._options.incidents, self._view.now_ms())
        values |= public_values(self._options.public, self._view.state().public)
        families = [_family(metric, values[metric]) for metric in METRICS if metric in values]
        stages = self._journal.rollback_stages
        families.append(_histogram(CAUSE_TO_CALL, {(): self._journal.cause_to_call}))
        families.append(_histogram(ROLLBACK_STAGES, {(name,): one for name, one in stages.items()}))
        families.append(_histogram(ROLLBACK_EXPOSED, {(): self._journal.exposed_dollars}))
        return families

    def _sensed(self) -> dict[MetricName, Values]:
        outlet = self._options.outlet()
        found: dict[MetricName, Values] = {
            COMPONENT: {
                (fact.subject, fact.environment, fact.check): STATUS_VALUES[fact.status]
                for fact in self._options.probed()
                if fact.status in STATUS_VALUES
            }
        }
        if outlet is not None:
            found[OUTLET_DATA] = {("published",): outlet.published, ("dropped",): outlet.dropped}
            found[OUTLET_FAILURES] = {("throttled",): outlet.throttled, ("refused",): outlet.failed}
        return found

    def _system(self) -> dict[MetricName, Values]:
        view, state, traffic = self._view, self._view.state(), self._view.traffic()
        severities: Counter[tuple[str, ...]] = Counter({("1",): 0, ("2",): 0, ("3",): 0})
        open_roots = [one for one in state.incidents.values() if one.is_counted_open]
        severities.update((str(one.severity),) for one in open_roots)
        overdue: Counter[tuple[str, ...]] = Counter({("1",): 0, ("2",): 0, ("3",): 0})
        overdue.update(
            (str(one.severity),)
            for one in open_roots
            if response_of(one, self._options.severities, view.now_ms()).overdue
        )
        keys: Counter[tuple[str, ...]] = Counter((reading.rule_id, reading.state.value) for reading in view.readings())
        lag = self._options.loop_lag_seconds()
        ledger = self._options.ledger()
        return {
            LEDGER: {} if ledger is None else {(): ledger.balanced},
            BUILD_INFO: {(self._options.version,): 1},
            READY: {(): view.ready()[0]},
            OBSERVE_ONLY: {(): view.observe_only()},
            HELD: {("person",): state.stopped is not None, ("storm",): state.storm is not None and state.storm.lasts},
            APPROVALS: waiting_by_change(state, view.now_ms()),
            LOOP_LAG: {} if lag is None else {(): lag},
            INCIDENTS: severities,
            OVERDUE: overdue,
            **_telling(state, view.now_ms()),
            RULE_KEYS: keys,
            WEIGHT: {(name,): weight / 100 for name, weight in traffic.weights.items() if traffic.read_at_ms > 0},
            JOURNAL: {(): state.sequence},
        }

    def _sources(self) -> dict[MetricName, Values]:
        sources = self._view.sources()
        heard = [source for source in sources if source.last_fact_at_ms > 0]
        return {
            CONSUMED: {(source.name,): source.consumed for source in sources},
            DUPLICATES: {(source.name,): source.duplicates for source in sources},
            QUARANTINED: {(source.name,): source.quarantined for source in sources},
            STALE: {(source.name,): source.stale for source in sources},
            LAST_FACT: {(source.name,): source.last_fact_at_ms / 1000 for source in heard},
        }

    def _ruled(self) -> dict[MetricName, Values]:
        status = self._options.rules_status()
        if status is None:
            return {}
        kept = status.state_kept_at_ms > 0
        return {
            LATE: {(): status.late},
            SKEWED: {(): status.skewed},
            EVICTED: {(): status.evicted},
            RELOADED: {(): status.reload_success},
            RELOADED_AT: {(): status.reload_succeeded_at_ms / 1000},
            STATE_AT: {(): status.state_kept_at_ms / 1000} if kept else {},
            STATE_BYTES: {(): status.state_bytes} if kept else {},
            STATE_FAILURES: {(): status.state_failures},
            STATE_UNUSABLE: {(): status.state_unusable},
        }

    def _journaled(self) -> dict[MetricName, Values]:
        return {
            PAYMENTS: self._view.payment_totals(),
            FINDINGS: self._journal.findings,
            DECISIONS: self._journal.decisions,
            ACTIONS: self._journal.actions,
        }

    def _traced(self) -> dict[MetricName, Values]:
        told = self._options.traces()
        return {} if told is None else {TRACES: {("sent",): told[0], ("dropped",): told[1]}}

    def _archived(self) -> dict[MetricName, Values]:
        status = self._options.archive()
        if status is None:
            return {}
        return {
            ARCHIVED: {("written",): status.written, ("dropped",): status.dropped},
            ARCHIVE_BYTES: {(): status.kept.size_bytes},
        }


class _Read(Collector):
    """What was read at scrape, for the encoder."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """The families, once read."""
        return self._families


def _family(metric: MetricName, values: Values) -> Metric:
    shape = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = shape(metric.name, metric.help, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


def _histogram(metric: MetricName, histograms: dict[tuple[str, ...], Histogram]) -> Metric:
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, histogram in histograms.items():
        family.add_metric(labels, _exemplified(histogram), sum_value=histogram.sum)
    return family


def _exemplified(histogram: Histogram) -> list[tuple[str, float] | tuple[str, float, Exemplar]]:
    """Its buckets; exemplars are in OpenMetrics alone, and only a scraper that asks for it gets them."""
    return [
        (bound, count)
        if example is None
        else (bound, count, Exemplar({"trace_id": example.trace_id}, example.value, example.at_seconds))
        for (bound, count), example in zip(histogram.buckets(), histogram.examples(), strict=True)
    ]


def _telling(state: State, now_ms: int) -> dict[MetricName, Values]:
    book = state.escalation
    waiting: Counter[tuple[str, ...]] = Counter({("1",): 0, ("2",): 0, ("3",): 0})
    waiting.update((str(one.notice.severity),) for one in book.waiting)
    return {
        HELD_INCIDENTS: {(): sum(one.state is ChainState.HELD for one in book.chains.values())},
        NOTICES: waiting,
        SILENCES: {(): sum(one.holds(now_ms) for one in book.silences.values())},
    }
