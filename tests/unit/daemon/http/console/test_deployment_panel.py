"""The panel says what a deployment does, what it waits for, what would end it, who asked, and how the way back is."""

from typing import cast

import httpx
import pytest
from msgspec.structs import replace

from daemon.http.app import create_app
from daemon.http.console.deployment_rows import GATE_ROWS, STOPS, announced, deployment_panel
from daemon.http.console.rollback_rows import rollback_panel
from daemon.storage.quarantine import Quarantine
from remediation.deployment.findings import GateState
from remediation.deployment.run import RunOutcome
from remediation.guardrails.state import Answer, ApprovalState
from remediation.journal.aftermath_kinds import RollbackMeasured
from remediation.rollback.model import RollbackKind, RollbackRun, RollbackStep, StepResult, StepStatus
from remediation.state import State
from tests.unit.daemon.http.conftest import RememberingSink
from tests.unit.daemon.http.deploying import ID, gate, options_with, running_at
from tests.unit.daemon.http.fake_view import NOW_MS, FakeView, token_of

XSS = "<img src=x onerror=alert(1)>"


def test_what_speaks_against_the_release_stands_first_and_what_passed_is_folded() -> None:
    readings = (
        gate("sound"),
        gate("waits", GateState.WAITING),
        gate("watched", GateState.BREACHED, shadow=True),
        gate("dark", GateState.NO_DATA),
        gate("bad", GateState.BREACHED),
    )
    panel = deployment_panel([running_at("watch-5", *readings)], State(), NOW_MS)
    assert panel is not None
    assert [row.gate for row in panel.gates] == ["bad", "dark", "waits", "watched"]
    assert [row.gate for row in panel.passed] == ["sound"]
    assert panel.gates[0].samples == "19 of 51"


def test_gates_beyond_those_that_fit_are_counted() -> None:
    readings = [gate(f"gate-{number}", GateState.WAITING) for number in range(GATE_ROWS + 3)]
    panel = deployment_panel([running_at("watch-5", *readings)], State(), NOW_MS)
    assert panel is not None
    assert (len(panel.gates), panel.gates_hidden) == (GATE_ROWS, 3)


def test_phases_before_are_done_the_ones_after_to_come_and_after_its_end_not_done() -> None:
    view = running_at("watch-5")
    panel = deployment_panel([view], State(), NOW_MS)
    assert panel is not None
    assert [phase.state for phase in panel.phases] == ["done"] * 4 + ["now", "ahead"]
    assert (panel.step, panel.does, panel.stops) == ("watch-5", "5 % on green 2.0.0, beside 1.0.0", STOPS)
    ended = replace(view, run=replace(view.run, outcome=RunOutcome.ROLLED_BACK, stopped=RunOutcome.ROLLED_BACK))
    panel = deployment_panel([ended], State(), NOW_MS)
    assert panel is not None
    assert [phase.state for phase in panel.phases] == ["done"] * 4 + ["left", "left"]
    assert (panel.state, panel.tone, panel.stops, panel.gates) == ("rolled back", "breached", "", ())


@pytest.mark.parametrize(
    ("changes", "held", "state"),
    [
        ({}, "", "running"),
        ({"paused_at_ms": NOW_MS, "paused_by": "bob"}, "", "paused"),
        ({}, "a source is dark", "held"),
        ({"stopped": RunOutcome.ABORTED}, "", "unwinding: aborted"),
        ({"outcome": RunOutcome.SUCCEEDED}, "", "succeeded"),
    ],
)
def test_where_it_stands_is_one_word(changes: dict[str, object], held: str, state: str) -> None:
    view = replace(running_at("watch-5", **changes), held=held)
    panel = deployment_panel([view], State(), NOW_MS)
    assert panel is not None
    assert panel.state == state
    assert held in panel.waits


def test_past_the_point_of_no_return_nothing_is_said_to_take_it_back() -> None:
    panel = deployment_panel([running_at("watch-5", no_return="audit-trail")], State(), NOW_MS)
    assert panel is not None
    assert "audit-trail has begun" in panel.stops


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "0 of 1 approved it: tillwatch approvals approve apr-8"),
        ({"given": (Answer(by="eve", at_ms=NOW_MS),)}, "approved by eve"),
        ({"refused_by": "eve"}, "refused by eve"),
    ],
)
def test_who_approved_it_is_said(changes: dict[str, object], words: str) -> None:
    asked = ApprovalState(
        id="apr-8",
        change="rollout",
        subject=ID,
        digest="d",
        what="2.0.0",
        requested_by="ann",
        needed=1,
        asked_at_ms=NOW_MS,
        expires_at_ms=NOW_MS + 1000,
    )
    state = State(approvals={"apr-8": replace(asked, **changes)})
    panel = deployment_panel([running_at("check.approval")], state, NOW_MS)
    assert panel is not None
    assert panel.approved == words


def test_one_that_is_on_its_way_is_shown_before_a_newer_one_that_ended() -> None:
    going, over = running_at("watch-5"), running_at("bake", outcome=RunOutcome.SUCCEEDED)
    panel = deployment_panel([over, going], State(), NOW_MS)
    assert panel is not None
    assert panel.step == "watch-5"
    assert deployment_panel([], State(), NOW_MS) is None


def test_a_release_that_events_told_of_is_shown_unless_it_was_asked_for_here(view: FakeView) -> None:
    told = announced(view.folded, [], NOW_MS)
    assert told is not None
    newest = list(view.folded.deployments.values())[-1]
    assert (told.id, told.version) == (newest.id, newest.version)
    rolled_back = {newest.id: replace(newest, rolled_back=True)}
    told = announced(State(deployments=rolled_back), [], NOW_MS)
    assert told is not None
    assert (told.state, told.tone) == ("rolled back", "breached")
    asked = running_at("watch-5")
    own = {asked.run.id: replace(newest, id=asked.run.id)}
    assert announced(State(deployments=own), [asked], NOW_MS) is None
    assert announced(State(), [], NOW_MS) is None


def measured(name: str, *, drill: bool, verified_ms: int, detail: str = "") -> RollbackMeasured:
    at = NOW_MS - 3_600_000
    return RollbackMeasured(
        deployment_id=name,
        decision_id="",
        onset_at_ms=at,
        evidence_at_ms=at + 20_000,
        decided_at_ms=at + 20_005,
        commanded_at_ms=at + 20_090,
        verified_at_ms=at + verified_ms if verified_ms else 0,
        last_payment_at_ms=0,
        exposed_payments=120,
        exposed_cents=9_000_00,
        failed_payments=11,
        failed_cents=800_00,
        drill=drill,
        detail=detail,
    )


def test_a_way_back_that_was_never_tried_or_failed_since_is_not_called_rehearsed() -> None:
    good = measured("drill-1", drill=True, verified_ms=21_005)
    bad = measured("drill-2", drill=True, verified_ms=0, detail="blue is not healthy")
    cases = {
        (): ("never", False),
        (bad,): ("never with success: blue is not healthy", False),
        (good,): ("60 min ago, in 1.0 s", True),
        (good, bad): ("60 min ago, in 1.0 s; it failed since: blue is not healthy", False),
    }
    for drills, said in cases.items():
        panel = rollback_panel(State(rollbacks={one.deployment_id: one for one in drills}), NOW_MS)
        assert (panel.rehearsal, panel.is_rehearsed) == said


def test_the_last_rollback_has_its_stages_each_since_the_one_before_without_those_never_reached() -> None:
    real = measured("dep-1", drill=False, verified_ms=21_000)
    drill = measured("drill-2", drill=True, verified_ms=1)
    panel = rollback_panel(State(rollbacks={"dep-1": real, "drill-2": drill}), NOW_MS)
    assert "120 payments went through it, 11 failed" in panel.measured
    assert [(row.words, row.after) for row in panel.stages] == [
        ("first evidence", "20 s"),
        ("decided", "+5 ms"),
        ("command sent", "+85 ms"),
        ("seen in effect", "+910 ms"),
    ]


def test_a_rollback_by_hand_shows_each_step_and_which_one_is_at_work() -> None:
    run = RollbackRun(
        id="rb-9",
        kind=RollbackKind.EMERGENCY,
        deployment_id=ID,
        asked_by="ann",
        reason="charged twice",
        asked_at_ms=NOW_MS,
        steps={
            RollbackStep.FLAGS: StepResult(status=StepStatus.NOTHING, detail="no flag"),
            RollbackStep.HOLD: StepResult(status=StepStatus.DONE, detail="verified: holding"),
        },
    )
    panel = rollback_panel(State(manual_rollbacks={"rb-9": run}), NOW_MS)
    assert panel.by_hand == "rb-9 (emergency), asked by ann: under way"
    assert [(step.words, step.state) for step in panel.steps] == [
        ("flags", "nothing"),
        ("hold", "done"),
        ("traffic", "now"),
    ]
    over = replace(run, ended_at_ms=NOW_MS)
    assert rollback_panel(State(manual_rollbacks={"rb-9": over}), NOW_MS).by_hand.endswith("partial")


async def test_the_page_has_the_panel_without_a_script_and_escapes_what_the_world_said(view: FakeView) -> None:
    hostile = replace(running_at("watch-5", gate(XSS, GateState.WAITING), gate("sound")), held=XSS)
    app = create_app(view, RememberingSink(), cast("Quarantine", None), options_with(view, hostile))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://till.test",
        headers={"authorization": f"Bearer {token_of('viewer')}"},
    ) as client:
        page = (await client.get(f"/console/deployments/{ID}")).text
        missing = (await client.get("/console/deployments/dep-nothing")).status_code
        rows = (await client.get("/console/deployments")).text
    panel = page.split('id="panel-deployment">')[1]
    assert "<img" not in page
    assert panel.split("</section>")[0].count("&lt;img src=x") == 3
    assert missing == 404
    assert f'href="/console/deployments/{ID}"' in rows
    assert 'aria-current="step"' in panel
    assert "1 passed" in panel
    assert "rehearsed" in panel
