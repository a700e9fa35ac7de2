"""Alerts of Prometheus Alertmanager, as its webhook (version 4) carries them: one fact for each, firing or resolved."""

from typing import Literal

import msgspec

from checks.facts import AlertReported, Severity
from checks.redaction.card_numbers import mask_card_numbers
from daemon.errors import Untranslatable
from daemon.translate.envelope import cut, decode, milliseconds
from daemon.translate.message import Translation
from daemon.translate.soundness import unsound

MAX_ALERTS = 1_000
"""In one request: Alertmanager groups, and cuts off at `max_alerts` where that is set."""
OURS = "tillwatch"
"""The label ``source`` of what our own channel sends: an incident that comes back would be an incident about itself."""
_LABELS_MAX = 64
_SUBJECT_LENGTH_MAX = 200
_NEVER = "0001-01-01"
"""How Go writes a time that is none."""
_SEVERITY: dict[str, Severity] = {
    "critical": "critical",
    "page": "critical",
    "emergency": "critical",
    "fatal": "critical",
    "p1": "critical",
    "sev1": "critical",
    "high": "high",
    "error": "high",
    "major": "high",
    "p2": "high",
    "sev2": "high",
    "medium": "medium",
    "warning": "medium",
    "warn": "medium",
    "minor": "medium",
    "p3": "medium",
    "sev3": "medium",
    "low": "low",
    "info": "low",
    "none": "low",
    "p4": "low",
    "p5": "low",
}
UNLABELLED: Severity = "medium"
"""Of an alert whose severity says nothing that is known: told, and nobody is woken as for a critical one."""
_ABOUT_ALL = frozenset({"alertname", "severity", "source", "region", "prometheus", "monitor", "replica"})
"""Labels that do not say which of several alerts of one name it is."""
_SPOKEN_FOR = str.maketrans({",": ";", "=": ":"})
"""A finding's subject is written as pairs; what was observed must not look like one."""


class AlertmanagerAlert(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename="camel"):
    """One alert of a webhook. fingerprint: of its labels. ends_at: Go's time that is none while it fires.

    Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
    """

    status: Literal["firing", "resolved"]
    labels: dict[str, str]
    starts_at: str
    ends_at: str = ""
    fingerprint: str
    annotations: dict[str, str] = {}


class AlertmanagerGroup(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename="camel"):
    """A webhook. truncated_alerts: how many Alertmanager left out."""

    version: Literal["4"]
    alerts: list[msgspec.Raw]
    truncated_alerts: int = 0


_GROUP = msgspec.json.Decoder(AlertmanagerGroup)
_ALERT = msgspec.json.Decoder(AlertmanagerAlert)


def alerts_of(body: bytes) -> tuple[list[bytes], int]:
    """The alerts of a webhook, and how many were left out. Raises Untranslatable when it is none of version 4."""
    group = decode(_GROUP, body)
    if len(group.alerts) > MAX_ALERTS:
        raise Untranslatable(f"It holds {len(group.alerts)} alerts; the limit is {MAX_ALERTS}.")
    return [bytes(alert) for alert in group.alerts], group.truncated_alerts


def translate_alert(body: bytes) -> Translation:
    """The fact of one alert; told again, it is the same one. Raises Untranslatable."""
    alert = decode(_ALERT, body)
    name = alert.labels.get("alertname", "")
    if not name:
        raise Untranslatable("labels.alertname is missing.")
    if len(alert.labels) > _LABELS_MAX:
        raise Untranslatable(f"It has {len(alert.labels)} labels; the limit is {_LABELS_MAX}.")
    if alert.labels.get("source") == OURS:
        return Translation((), ignored="an alert of our own")
    began_ms, at_ms = _times(alert)
    fact = AlertReported(
        id=f"alertmanager:{cut(alert.fingerprint)}:{began_ms}:{alert.status}",
        at_ms=at_ms,
        subject=_subject(alert, name),
        status=alert.status,
        severity=_SEVERITY.get(alert.labels.get("severity", "").strip().lower(), UNLABELLED),
        alert=_clean(name),
        summary=_clean(alert.annotations.get("summary", alert.annotations.get("description", ""))),
    )
    reason = unsound(fact)
    if reason:
        raise Untranslatable(f"{reason}.")
    return Translation((fact,))


def _times(alert: AlertmanagerAlert) -> tuple[int, int]:
    """When it began, and the time of the fact: when it began, or when it was over."""
    if not alert.fingerprint:
        raise Untranslatable("fingerprint is empty.")
    began_ms = milliseconds(alert.starts_at, "startsAt")
    if alert.status == "firing":
        return began_ms, began_ms
    if not alert.ends_at or alert.ends_at.startswith(_NEVER):
        raise Untranslatable("endsAt is missing, though the alert is resolved.")
    ended_ms = milliseconds(alert.ends_at, "endsAt")
    if ended_ms < began_ms:
        raise Untranslatable("endsAt is before startsAt.")
    return began_ms, ended_ms


def _subject(alert: AlertmanagerAlert, name: str) -> str:
    """What a person knows it by, and of its fingerprint enough that no two are taken for one."""
    which = " ".join(f"{label}:{value}" for label, value in sorted(alert.labels.items()) if label not in _ABOUT_ALL)
    words = _clean(f"{name} {which}".strip()).translate(_SPOKEN_FOR)
    return f"{words[:_SUBJECT_LENGTH_MAX].strip()} {alert.fingerprint[:16].translate(_SPOKEN_FOR)}"


def _clean(text: str) -> str:
    """In one line, without card numbers, as much as a person needs."""
    return cut(mask_card_numbers("".join(letter if letter.isprintable() else " " for letter in text)))
