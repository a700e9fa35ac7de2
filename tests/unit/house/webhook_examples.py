"""What the page about webhooks shows: each payload as the code makes it of one notice, one change, one trial."""

import json

from daemon.channels.change_words import Change
from daemon.channels.kinds.alertmanager import group_of
from daemon.channels.kinds.letter import letter_of, message_of
from daemon.channels.kinds.pagerduty import event_of
from daemon.channels.kinds.pagerduty_changes import change_event_of
from daemon.channels.kinds.slack import text_of
from daemon.channels.kinds.sms import number_request, topic_request
from daemon.channels.kinds.sms_text import sms_of
from daemon.channels.kinds.teams import message_of as card_of
from daemon.channels.kinds.webhook import document_of
from remediation.escalation.notices import Notice, Target

AT_MS = 1_795_687_200_000
"""2026-11-26T10:00:00Z."""
NOTICE = Notice(
    incident_id="inc-25",
    generation=1,
    kind="trigger",
    severity=1,
    title="critical: payment-failure-rate for us-east-1 · blue (inc-25)",
    body="payment-failure-rate: 6.1 % of 480 payments failed\ntake it on: tillwatch incidents ack inc-25",
    step=1,
    target=Target(person="vp-engineering", channel="chat"),
    trace_id="4bf92f3577b34da6a3ce929d0e0e4736",
    about="payment-failure-rate for us-east-1 · blue (inc-25)",
    labels={
        "region": "us-east-1",
        "environment": "blue",
        "id": "inc-25",
        "rule": "payment-failure-rate",
        "family": "sla",
        "severity": "critical",
        "runbook": "payment-failures",
    },
    began_at_ms=AT_MS - 8_000,
)
CHANGE = Change(
    sequence=812,
    at_ms=AT_MS,
    summary="flag direct-ach-transfers: kill, the bank is away by ann",
    by="ann",
    details={"flag": "direct-ach-transfers", "change": "kill", "reason": "the bank is away", "journal_entry": "812"},
)


def examples() -> dict[str, str]:
    """By the heading of the page; text as it stands in the block below it."""
    topic = topic_request(NOTICE, NOTICE.id, "arn:aws:sns:us-east-1:123456789012:till-notices", sms_of(NOTICE, 1))
    letter = message_of(letter_of(NOTICE, NOTICE.id, "vp@example.com"), "tillwatch@example.com", AT_MS)
    return {
        "PagerDuty out": _json({"routing_key": "…", **event_of(NOTICE, NOTICE.id, AT_MS)}),
        "PagerDuty change events": _json({"routing_key": "…", **change_event_of(CHANGE)}),
        "Slack out": _json({"text": text_of(NOTICE, "<!subteam^S0123>")}),
        "Teams out": _json(card_of(NOTICE, "vp@example.com")),
        "Webhook out": _json(document_of(NOTICE, "vp", AT_MS)),
        "Alertmanager out": _json(group_of(NOTICE, NOTICE.id, "alerts", AT_MS)),
        "E-mail out": "\n".join(letter.as_string().splitlines()),
        "SMS out": _json([number_request("+15550100123", sms_of(NOTICE, 1), "Tillwatch"), topic]),
    }


WIDTH = 150


def _json(document: object, depth: int = 0) -> str:
    """What fits into a line stands in one."""
    line = json.dumps(document, ensure_ascii=False)
    if len(line) + 2 * depth <= WIDTH or not isinstance(document, dict | list):
        return line
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(document, list):
        return "[\n" + ",\n".join(f"{inner}{_json(one, depth + 1)}" for one in document) + f"\n{outer}]"
    rows = [f"{inner}{json.dumps(name)}: {_json(value, depth + 1)}" for name, value in document.items()]
    return "{\n" + ",\n".join(rows) + f"\n{outer}}}"
