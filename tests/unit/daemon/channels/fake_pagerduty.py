"""PagerDuty as its pages describe it: refuses what breaks its rules, limits each key, has one alert for each key."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from payment_core.webhooks.ports import Sent

PER_MINUTE = 120
EVENT_BYTES_MAX = 512 * 1024
SUMMARY_LENGTH_MAX = 1024
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")


@dataclass
class FakePagerDuty:
    """Sender. now_ms: its clock. away: whether connections are refused. broken: rules that somebody broke.

    alerts: state of each alert. taken: what was accepted, in order, with its time.

    Source: https://developer.pagerduty.com/docs/events-api-v2-overview
    """

    now_ms: Callable[[], int]
    away: bool = False
    limited: int = 0
    broken: list[str] = field(default_factory=list)
    alerts: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    tries: list[int] = field(default_factory=list)
    _window: deque[int] = field(default_factory=deque)

    async def send(self, url: str, headers: dict[str, str], body: bytes) -> Sent:
        """See Sender."""
        del headers
        self.tries.append(self.now_ms())
        if self.away:
            return Sent(0, "ConnectError")
        return Sent(self.answer(url.partition("://")[2].partition("/")[2], body))

    def answer(self, path: str, body: bytes) -> int:
        """The status of one request."""
        if path != "v2/enqueue":
            return 404
        now_ms = self.now_ms()
        while self._window and self._window[0] <= now_ms - 60_000:
            self._window.popleft()
        if len(self._window) >= PER_MINUTE:
            self.limited += 1
            return 429
        self._window.append(now_ms)
        event = json.loads(body)
        faults = list(_faults(event, len(body)))
        self.broken += faults
        if faults:
            return 400
        self.taken.append((now_ms, event))
        key, action = event["dedup_key"], event["event_action"]
        if action == "trigger" or key in self.alerts:
            self.alerts[key] = action
        return 202

    def told(self, action: str = "trigger") -> list[str]:
        """The keys of what was accepted, in order."""
        return [event["dedup_key"] for _, event in self.taken if event["event_action"] == action]


def _faults(event: dict[str, Any], size: int) -> list[str]:
    payload = event.get("payload", {})
    trigger = event.get("event_action") == "trigger"
    summary = payload.get("summary", "")
    rules = {
        "routing_key": bool(event.get("routing_key")),
        "event_action": event.get("event_action") in ACTIONS,
        "dedup_key": 0 < len(event.get("dedup_key", "")) <= 255,
        "size": size <= EVENT_BYTES_MAX,
        "summary": not trigger or 0 < len(summary) <= SUMMARY_LENGTH_MAX,
        "source": not trigger or bool(payload.get("source")),
        "severity": not trigger or payload.get("severity") in SEVERITIES,
    }
    return [name for name, kept in rules.items() if not kept]
