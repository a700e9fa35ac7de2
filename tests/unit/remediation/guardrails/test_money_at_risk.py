"""How much money may meet a fault, in whole cents."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.guardrails import MoneyAtRisk
from remediation.folds import apply
from remediation.guardrails.folds import without_risk
from remediation.guardrails.money_at_risk import (
    Flow,
    RiskKind,
    at_risk_cents,
    risked_cents,
    share_back_percent,
    weigh,
)
from remediation.guardrails.state import RiskState
from remediation.journal.entry import GENESIS_HASH, seal
from remediation.journal.guardrail_kinds import MoneyRisked
from remediation.journal.kinds import draft
from remediation.state import HOUR_MS, ActionState, State
from tests.unit.remediation.worlds import NOW_MS

BUSY = Flow(payments=6_000, amount_cents=6_000 * 5_000, window_ms=60_000)
"""100 payments a second of $50."""
POLICY = MoneyAtRisk(stage_cents=1_000_000, action_cents=500_000, hour_cents=1_500_000, detect_within=10.0)


@pytest.mark.parametrize(
    ("share_percent", "detect_ms", "cents"),
    [(5, 10_000, 250_000), (100, 1_000, 500_000), (0, 10_000, 0), (5, 0, 0), (5, -1, 0), (1, 1, 5), (1, 0, 0)],
)
def test_it_is_payments_times_share_times_mean_times_time(share_percent: int, detect_ms: int, cents: int) -> None:
    assert at_risk_cents(BUSY, share_percent, detect_ms) == cents


@pytest.mark.parametrize(
    "flow",
    [
        None,
        Flow(payments=0, amount_cents=0, window_ms=60_000),
        Flow(payments=1, amount_cents=1, window_ms=0),
    ],
)
def test_without_payments_the_figure_is_not_known(flow: Flow | None) -> None:
    assert at_risk_cents(flow, 5, 10_000) is None
    assert weigh(RiskKind.STAGE, "x", flow, 5, state=State(), policy=POLICY, now_ms=NOW_MS) is None


@pytest.mark.parametrize("share_percent", [-1, 101])
def test_a_share_that_is_none_is_an_error(share_percent: int) -> None:
    with pytest.raises(ValueError, match="a share of"):
        at_risk_cents(BUSY, share_percent, 1)


@settings(deadline=None)
@given(st.integers(1, 10**6), st.integers(0, 10**12), st.integers(1, 10**6), st.integers(0, 100), st.integers(0, 10**7))
def test_the_figure_is_exact_and_rounded_up(
    payments: int, amount_cents: int, window_ms: int, share_percent: int, detect_ms: int
) -> None:
    flow = Flow(payments=payments, amount_cents=amount_cents, window_ms=window_ms)
    exact = (
        Fraction(payments, window_ms)
        * Fraction(share_percent, 100)
        * Fraction(amount_cents, payments)
        * Fraction(detect_ms)
    )
    cents = at_risk_cents(flow, share_percent, detect_ms)
    assert cents is not None
    assert 0 <= cents - exact < 1


@pytest.mark.parametrize(
    ("kind", "share_percent", "spent_cents", "allowed"),
    [
        (RiskKind.STAGE, 20, 0, True),
        (RiskKind.STAGE, 21, 0, False),
        (RiskKind.ACTION, 10, 0, True),
        (RiskKind.ACTION, 11, 0, False),
        # What is left of the hour counts as well.
        (RiskKind.STAGE, 20, 500_000, True),
        (RiskKind.STAGE, 20, 500_001, False),
        (RiskKind.STAGE, 1, 1_500_000, False),
        (RiskKind.STAGE, 0, 9_999_999, True),
    ],
)
def test_both_limits_hold(kind: RiskKind, share_percent: int, spent_cents: int, allowed: bool) -> None:
    state = State(risked=(RiskState(NOW_MS - 1, spent_cents), RiskState(NOW_MS - HOUR_MS, 10**9)))
    risked = weigh(kind, "x", BUSY, share_percent, state=state, policy=POLICY, now_ms=NOW_MS)
    assert risked is not None
    assert risked.allowed is allowed
    assert risked.limit_cents >= 0


def test_of_an_hour_that_is_used_up_not_a_cent_is_left() -> None:
    cent = Flow(payments=1, amount_cents=1, window_ms=10_000)
    state = State(risked=(RiskState(NOW_MS - 1, 2_000_000),))
    risked = weigh(RiskKind.STAGE, "x", cent, 100, state=state, policy=POLICY, now_ms=NOW_MS)
    assert risked is not None
    assert (risked.cents, risked.limit_cents, risked.allowed) == (1, 0, False)


def test_what_people_allowed_goes_through_and_counts() -> None:
    risked = weigh(RiskKind.STAGE, "x", BUSY, 100, state=State(), policy=POLICY, now_ms=NOW_MS, approved=True)
    assert risked is not None
    assert (risked.cents, risked.limit_cents, risked.allowed) == (5_000_000, 1_000_000, True)


def folded(state: State, cents: int, at_ms: int, *, allowed: bool = True) -> State:
    body = MoneyRisked(
        subject="x",
        cents=cents,
        limit_cents=0,
        payments=1,
        amount_cents=1,
        window_ms=1,
        share_percent=1,
        detect_ms=1,
        allowed=allowed,
    )
    sequence = state.sequence + 1
    return apply(
        state, seal(draft(body, actor="ada", at_ms=at_ms), sequence=sequence, epoch=1, previous_hash=GENESIS_HASH)
    )


def test_an_hour_counts_what_was_let_through_and_nothing_else() -> None:
    state = folded(folded(folded(State(), 5, NOW_MS - HOUR_MS), 7, NOW_MS - 10), 11, NOW_MS, allowed=False)
    assert risked_cents(state, NOW_MS) == 7
    assert risked_cents(state, NOW_MS + HOUR_MS) == 0
    assert len(folded(state, 1, NOW_MS).risked) == 2


def test_what_was_not_let_through_after_all_counts_no_longer() -> None:
    state = State(risked=(RiskState(NOW_MS, 5, "dec-1"), RiskState(NOW_MS, 7, "dec-2")))
    assert without_risk(state, "dec-1").risked == (RiskState(NOW_MS, 7, "dec-2"),)


def taken(action: str, arguments: dict[str, str], before: dict[str, str]) -> ActionState:
    return ActionState(
        decision_id="dec-1",
        sequence=1,
        action=action,
        target="dns:payments.tillwatch.test",
        key="",
        arguments=arguments,
        cause_at_ms=NOW_MS,
        decided_at_ms=NOW_MS,
        before=before,
    )


@pytest.mark.parametrize(
    ("action", "arguments", "before", "share"),
    [
        ("rollback.traffic", {"from_environment": "green"}, {"blue": "50", "green": "50", "region": "us-east-1"}, 50),
        ("rollback.traffic", {"from_environment": "green"}, {"blue": "2", "green": "1"}, 34),
        ("rollback.traffic", {"from_environment": "green"}, {"blue": "0", "green": "255"}, 100),
        ("rollback.traffic", {"from_environment": "green"}, {"blue": "0", "green": "0"}, 0),
        ("evacuate.region", {"region": "us-east-1"}, {"us-east-1": "200", "us-west-2": "50"}, 80),
        ("rollback.traffic", {"from_environment": "red"}, {"blue": "50", "green": "50"}, 0),
        ("kill.switch", {}, {"mode": "normal"}, None),
    ],
)
def test_the_share_that_comes_back_is_of_all_weights(
    action: str, arguments: dict[str, str], before: dict[str, str], share: int | None
) -> None:
    assert share_back_percent(taken(action, arguments, before)) == share
