"""The metrics of channels: what each took and failed at, and since when one takes nothing."""

from daemon.channels.opened import Channels
from daemon.http.metric_name import MetricName, Values
from daemon.incidents.parts import IncidentParts

ATTEMPTS = MetricName(
    "till_channel_attempts_total",
    "counter",
    "Notices handed to a channel since the start, by outcome.",
    ("channel", "outcome"),
)
FAILING = MetricName(
    "till_channel_failing_seconds", "gauge", "How long a channel has taken nothing; 0 while it works.", ("channel",)
)
HEARD = MetricName(
    "till_webhooks_heard_total",
    "counter",
    "Webhooks of other systems about incidents since the start, by what became of them.",
    ("channel", "outcome"),
)
CHANNEL_METRICS = (ATTEMPTS, FAILING, HEARD)
OUTCOMES = ("delivered", "failed")


def channel_values(channels: Channels | None, incidents: IncidentParts | None, now_ms: int) -> dict[MetricName, Values]:
    """Everything, read now; without a value where there are no channels."""
    if channels is None or incidents is None:
        return {metric: {} for metric in CHANNEL_METRICS}
    outbox = channels.outbox
    setbacks = {name: outbox.setbacks.of(name) for name in outbox.names}
    return {
        ATTEMPTS: {
            (name, outcome): outbox.tally.counts[name, outcome] for name in outbox.names for outcome in OUTCOMES
        },
        FAILING: {
            (name,): 0.0 if setback is None else (now_ms - setback.since_ms) / 1000
            for name, setback in setbacks.items()
        },
        HEARD: dict(incidents.outside.counts),
    }
