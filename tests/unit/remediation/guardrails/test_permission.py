"""What holds a change that no rule decides on."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.calendars.calendar import Calendar, CalendarWindow
from config.calendars.freeze import Freeze
from config.policy import GuardPolicy, Policy
from remediation.aiming.capacity import SCALE_ACTIONS
from remediation.aiming.flag import FLAGS_RAMP
from remediation.decide import ACTIONS
from remediation.decisions import Reason
from remediation.guardrails.changes import REDUCES_HARM, Change, change_of
from remediation.guardrails.permission import withheld
from remediation.guardrails.state import StopState, StormState
from remediation.state import State, TargetState
from tests.unit.remediation.worlds import NOW_MS

HERE = "environment:us-east-1/green"
STOP = StopState(by="ada", reason="looking", at_ms=NOW_MS)
STORM = StormState(why="much", began_at_ms=NOW_MS)
BUSY = {"scale:us-east-1/green": TargetState(running="run-1")}
ALWAYS = CalendarWindow(cron="0 0 * * *", zone="UTC", lasts=86_400.0)
CLOSED = Policy(calendars=(Calendar(name="always", kind="freeze", windows=(ALWAYS,)),))
FROZEN = Policy(
    guard=GuardPolicy(
        freezes=(
            Freeze(
                start=datetime.fromtimestamp(NOW_MS / 1000 - 5, UTC),
                end=datetime.fromtimestamp(NOW_MS / 1000 + 5, UTC),
                reason="sales",
            ),
        )
    )
)
OPEN = Policy(calendars=())


@pytest.mark.parametrize(
    ("change", "state", "policy", "reason"),
    [
        (Change.ROLLOUT, State(), OPEN, None),
        (Change.ROLLOUT, State(stopped=STOP), OPEN, Reason.STOPPED),
        (Change.SAFETY, State(stopped=STOP), OPEN, Reason.STOPPED),
        (Change.ROLLOUT, State(storm=STORM), OPEN, Reason.STORM),
        (Change.SAFETY, State(storm=STORM), OPEN, None),
        (Change.ROLLOUT, State(), CLOSED, Reason.FROZEN),
        (Change.SAFETY, State(), CLOSED, None),
        (Change.SAFETY, State(), FROZEN, Reason.FROZEN),
        (Change.SCALE_IN, State(targets=BUSY), OPEN, Reason.ACTION_IN_PROGRESS),
        (Change.SCALE_IN, State(stopped=STOP, storm=STORM, targets=BUSY), CLOSED, Reason.STOPPED),
        (Change.ROLLOUT, State(), Policy(guard=GuardPolicy(observe_only=True), calendars=()), None),
    ],
)
def test_the_first_reason_is(change: Change, state: State, policy: Policy, reason: Reason | None) -> None:
    held = withheld(change, HERE, state, policy, NOW_MS)
    assert (None if held is None else held[0]) is reason
    if held is not None:
        assert held[1]


def test_what_changes_nothing_needs_no_lock() -> None:
    assert withheld(Change.ROLLOUT, "", State(targets=BUSY), OPEN, NOW_MS) is None


@settings(deadline=None)
@given(st.text(max_size=20))
def test_every_action_is_some_sort_of_change_and_what_nobody_knows_waits(action: str) -> None:
    known = action in {*ACTIONS, "undo"}
    assert known or change_of(action) is Change.MAINTENANCE


def test_every_automatic_action_of_today_only_takes_harm_away() -> None:
    # A ramp is asked for by a person, and goes on by its evidence; capacity has limits of its own.
    assert {change_of(action) for action in ACTIONS - {FLAGS_RAMP} - SCALE_ACTIONS} <= REDUCES_HARM
