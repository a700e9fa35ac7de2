"""What holds automation is said on top of the console and in its timeline, with who and why."""

import dataclasses

import pytest
from msgspec.structs import replace
from starlette.requests import Request

from daemon.http.console.compose import build_page
from daemon.http.metrics import MetricsPage
from daemon.http.words.sentences import Tone, sentence
from remediation.folds import apply
from remediation.guardrails.state import StopState, StormState
from remediation.journal.entry import GENESIS_HASH, seal
from remediation.journal.guardrail_kinds import (
    GUARDRAIL_TYPE_BY_KIND,
    ApprovalAsked,
    ApprovalGiven,
    ApprovalRefused,
    AutomationResumed,
    AutomationStopped,
    GuardrailBody,
    MoneyRisked,
    StormBegan,
    StormEnded,
    UndoAsked,
)
from remediation.journal.kinds import draft
from tests.unit.daemon.http.fake_view import NOW_MS, FakeView
from tests.unit.daemon.http.story import bad_canary, options

RISKED = MoneyRisked(
    subject="dep-1: shift-5",
    cents=123_405,
    limit_cents=100_000,
    payments=6_000,
    amount_cents=1,
    window_ms=60_000,
    share_percent=5,
    detect_ms=1,
    allowed=False,
)
ASKED = ApprovalAsked(
    change="rollout", subject="dep-1", digest="d", what="2.0.0", requested_by="ada", needed=2, expires_at_ms=NOW_MS
)
SAID: list[tuple[GuardrailBody, Tone, str, str]] = [
    (AutomationStopped(reason="looking"), "bad", "Automation was stopped.", "looking"),
    (AutomationResumed(reason="seen"), "good", "Automation may act again.", "seen"),
    (StormBegan(why="much", actions=1, incidents=2, reversals=3), "bad", "Automation stopped itself.", "much"),
    (StormEnded(why="calm"), "good", "The storm is over, automation may act again.", "calm"),
    (ASKED, "unknown", "Waits for people: 2.0.0.", "2 needed, asked by ada, until Nov 23 19:00:00 UTC"),
    (ApprovalGiven(approval_id="apr-1", digest="d", note="ok"), "good", "apr-1 was approved.", "ok"),
    (ApprovalRefused(approval_id="apr-1", reason="no"), "bad", "apr-1 was refused.", "no"),
    (RISKED, "unknown", "$1,234.05 at risk in dep-1: shift-5, more than is allowed.", "limit $1,000.00; 6"),
    (replace(RISKED, allowed=True), "plain", "$1,234.05 at risk in dep-1: shift-5, let through.", "limit $1,000.00"),
    (UndoAsked(undo_id="und-1", decision_id="dec-1", reason="wrong", key="k"), "act", "About to take dec-1 back.", "w"),
]


@pytest.mark.parametrize(("body", "tone", "text", "detail"), SAID)
def test_each_entry_is_a_sentence(body: GuardrailBody, tone: str, text: str, detail: str) -> None:
    entry = seal(draft(body, actor="ada", at_ms=NOW_MS), sequence=1, epoch=1, previous_hash=GENESIS_HASH)
    said = sentence(entry, {})
    assert (said.tone, said.text) == (tone, text)
    assert said.detail.startswith(detail)


def test_every_kind_has_a_sentence_here() -> None:
    assert {type(body) for body, *_ in SAID} == set(GUARDRAIL_TYPE_BY_KIND.values())


def safe_view() -> FakeView:
    """The story after its end: every incident resolved, nothing breached."""
    view = bad_canary()
    view.rule_readings = [one for one in view.rule_readings if one.state.value == "cleared"]
    view.folded = replace(view.folded, incidents={})
    return view


@pytest.mark.parametrize(
    ("stopped", "storm", "told"),
    [
        (StopState(by="ada", reason="looking at the rail", at_ms=NOW_MS), None, "Ada stopped automation: looking at"),
        (None, StormState(why="4 different actions", began_at_ms=NOW_MS), "Automation stopped itself: 4 different"),
    ],
)
def test_the_console_says_on_top_what_holds_automation(
    stopped: StopState | None, storm: StormState | None, told: str
) -> None:
    view = safe_view()
    view.folded = replace(view.folded, stopped=stopped, storm=storm)
    shown = build_page(view, options(view)).verdict
    assert shown.level != "safe"
    assert told in shown.detail
    incident = bad_canary()
    incident.folded = replace(incident.folded, stopped=stopped, storm=storm)
    shown = build_page(incident, options(incident)).verdict
    assert shown.level == "incident"
    assert told in shown.detail


def test_a_storm_that_is_over_holds_nothing() -> None:
    view = safe_view()
    view.folded = replace(view.folded, storm=StormState(why="x", began_at_ms=NOW_MS - 2, ended_at_ms=NOW_MS - 1))
    assert "stopped itself" not in build_page(view, options(view)).verdict.detail


async def test_metrics_say_what_holds_automation_and_how_much_waits_for_people() -> None:
    view = safe_view()
    asked = seal(
        draft(replace(ASKED, expires_at_ms=NOW_MS + 1), actor="ada", at_ms=NOW_MS),
        sequence=1,
        epoch=1,
        previous_hash=GENESIS_HASH,
    )
    view.folded = apply(replace(view.folded, stopped=StopState(by="ada", reason="x", at_ms=NOW_MS)), asked)
    text = bytes((await MetricsPage(view, options(view)).show(Request({"type": "http", "headers": []}))).body).decode()
    assert 'till_automation_held{by="person"} 1.0' in text
    assert 'till_automation_held{by="storm"} 0.0' in text
    assert 'till_approvals_waiting{change="rollout"} 1.0' in text
    assert 'till_approvals_waiting{change="repeat"} 0.0' in text


@pytest.mark.parametrize("wrong", ["an incident", "a breach", "a stale source", "nothing"])
def test_a_stop_is_on_top_of_the_page_whatever_else_is_wrong(wrong: str) -> None:
    view = bad_canary()
    view.folded = replace(view.folded, stopped=StopState(by="ada", reason="looking at the rail", at_ms=NOW_MS))
    if wrong != "an incident":
        view.folded = replace(view.folded, incidents={})
    if wrong not in {"an incident", "a breach"}:
        view.rule_readings = view.rule_readings[1:]
    if wrong == "a stale source":
        view.source_rows = [dataclasses.replace(row, stale=True) for row in view.source_rows]
    top = build_page(view, options(view)).verdict
    assert top.level == ("incident" if wrong in {"an incident", "a breach"} else "unknown")
    assert "stopped automation: looking at the rail." in top.detail
