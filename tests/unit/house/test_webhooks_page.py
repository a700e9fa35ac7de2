"""The page about webhooks shows what the code sends, and what it takes with what it makes of it."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from checks.facts import AlertReported
from daemon.incidents.outside.desk import Heard
from daemon.incidents.outside.pagerduty import _ACTS, Done, done_in
from daemon.translate.alertmanager import alerts_of, translate_alert
from tests.unit.house.webhook_examples import examples

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "webhooks.md").read_text("utf-8")


def part(heading: str) -> str:
    """What stands below a heading."""
    return PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def block(heading: str) -> str:
    """Its block of JSON, or its only one."""
    blocks = re.findall(r"```(json)?\n(.*?)\n```", part(heading), re.DOTALL)
    chosen: str = next((text for kind, text in blocks if kind), blocks[0][1])
    return chosen


@pytest.mark.parametrize("heading", examples())
def test_what_is_shown_is_what_is_sent(heading: str) -> None:
    assert block(heading) == examples()[heading]


def test_the_facts_of_the_shown_alerts_are_those_that_are_named() -> None:
    alerts, _ = alerts_of(block("Alertmanager in").encode())
    facts = [fact for alert in alerts for fact in translate_alert(alert).facts]
    rows = [
        f"| `{fact.id}` | `{fact.subject}` | `{fact.status}` | `{fact.severity}` |"
        for fact in facts
        if isinstance(fact, AlertReported)
    ]
    assert len(rows) == 2
    assert all(row in part("Alertmanager in") for row in rows)


def test_the_shown_webhook_of_pagerduty_is_understood() -> None:
    done = done_in(block("PagerDuty in").encode())
    assert isinstance(done, Done)
    assert (done.act, done.dedup_key, done.who) == ("acknowledge", "inc-25:1", "Ann Engineer")


def test_every_event_and_every_outcome_is_on_the_page() -> None:
    text = part("PagerDuty in")
    assert set(_ACTS) <= set(re.findall(r"`([a-z_.]+)`", text))
    assert set(re.findall(r"(?m)^\| `(\w+)` \|", text)) == {*get_args(Heard), "unusable", "unsigned"}


def test_blocks_of_json_are_json() -> None:
    blocks = re.findall(r"```json\n(.*?)\n```", PAGE, re.DOTALL)
    assert len(blocks) == 9
    assert all(json.loads(text) for text in blocks)
