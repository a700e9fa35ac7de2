"""The metrics of flags: what is killed or ramped, and who serves the newest version."""

from daemon.flags.parts import FlagParts
from daemon.http.metric_name import MetricName, Values
from remediation.flags.document import flags_of

VERSION = MetricName("till_flags_version", "gauge", "Version of the document of flags that every process should serve.")
KILLED = MetricName("till_flag_killed", "gauge", "1 while the flag serves its safe default to everybody.", ("flag",))
RAMPED = MetricName("till_flag_ramp_ratio", "gauge", "Share of the customers that a ramp has reached.", ("flag",))
PROCESSES = MetricName("till_flag_processes", "gauge", "Payment core processes by what they serve.", ("state",))
CONNECTED = MetricName("till_flag_broker_connected", "gauge", "1 while documents of flags reach the broker.")
UNREADABLE = MetricName("till_flag_reports_unreadable_total", "counter", "Reports of processes that nobody can mean.")

FLAG_METRICS = (VERSION, KILLED, RAMPED, PROCESSES, CONNECTED, UNREADABLE)
WHOLE = 100
"""Percent."""


def flag_values(parts: FlagParts | None, now_ms: int) -> dict[MetricName, Values]:
    """Everything, read now; without a value where no flags are kept."""
    if parts is None:
        return {metric: {} for metric in FLAG_METRICS}
    book = parts.changes.book
    rows = parts.followers.rows(book.version, now_ms)
    status = parts.publisher.status
    return {
        VERSION: {(): book.version},
        KILLED: {(flag,): book.of(flag).killed is not None for flag in flags_of(book)},
        RAMPED: {(flag,): ramp.percent / WHOLE for flag, ramp in book.ramps.items()},
        PROCESSES: {
            ("current",): sum(one.live and one.follows for one in rows),
            ("lagging",): sum(one.live and one.lags for one in rows),
            ("straying",): sum(one.live and one.strays for one in rows),
            ("silent",): sum(not one.live for one in rows),
        },
        CONNECTED: {(): status.connected} if status.broker else {},
        UNREADABLE: {(): parts.publisher.unreadable_reports},
    }
