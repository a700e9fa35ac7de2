"""What fired and for how long: a firing ends when it is clear, and silence alone ends none."""

import pytest

from checks.findings import Finding, State
from checks.replay import firings as firings_module
from checks.replay.firings import Firing, Firings, RuleTotals


def finding(state: State, at_ms: int, *, key: str = "green", no_data: str = "hold") -> Finding:
    return Finding(
        rule_id="one",
        family="sla",
        state=state,
        key={"environment": key},
        value=None,
        breach="> 2%",
        samples=0,
        window_seconds=0.0,
        at_ms=at_ms,
        fact_id="",
        severity="high",
        mode="enforce",
        do=(),
        runbook="r",
        no_data=no_data,
    )


def seen(*findings: Finding, until_ms: int = 100) -> Firings:
    found = Firings()
    found.take(findings)
    found.end(until_ms)
    return found


def test_a_firing_lasts_from_its_breach_until_it_is_clear_whatever_is_said_in_between() -> None:
    found = seen(
        finding(State.BREACHED, 10),
        finding(State.BREACHED, 12),
        finding(State.NO_DATA, 15),
        finding(State.BREACHED, 20),
        finding(State.CLEARED, 30),
        finding(State.CLEARED, 35),
        finding(State.BREACHED, 50),
        finding(State.CLEARED, 51),
    )
    green = {"environment": "green"}
    assert found.listed == [Firing("one", green, 10, 30), Firing("one", green, 50, 51)]
    assert found.totals == {"one": RuleTotals(fired=2, firing_ms=21)}


def test_what_still_fires_is_added_up_until_now_for_each_key() -> None:
    found = seen(finding(State.BREACHED, 10), finding(State.BREACHED, 40, key="blue"), finding(State.CLEARED, 30))
    assert [(firing.key["environment"], firing.ended_ms) for firing in found.listed] == [("green", 30), ("blue", 0)]
    assert found.totals == {"one": RuleTotals(fired=2, firing_ms=20 + 60, now=1)}


@pytest.mark.parametrize(("no_data", "fired"), [("hold", 0), ("breach", 0), ("page", 1)])
def test_a_silence_fires_only_where_the_rule_pages_for_it(no_data: str, fired: int) -> None:
    assert len(seen(finding(State.NO_DATA, 10, no_data=no_data)).listed) == fired


def test_a_clock_that_went_back_takes_no_time_away() -> None:
    assert seen(finding(State.BREACHED, 10), finding(State.CLEARED, 5)).totals["one"].firing_ms == 0
    assert seen(finding(State.BREACHED, 10), until_ms=5).totals["one"].firing_ms == 0


def test_beyond_the_limit_firings_are_counted_and_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firings_module, "EPISODES_MAX", 2)
    found = seen(*(finding(State.BREACHED, at_ms, key=str(at_ms)) for at_ms in range(5)))
    assert (len(found.listed), found.left_out, found.totals["one"].fired) == (2, 3, 5)
