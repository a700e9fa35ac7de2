"""Ramps as duties: what the next move is becomes a finding, an end, or patience."""

import pytest

from checks.findings import State
from config.flags import FlagPolicy, Flags, RampStep
from daemon.flags import ramps as module
from remediation.flags.model import FlagChange
from remediation.flags.ramping import Advance, Done, Hold, Move, TakeBack
from remediation.flags.telling import CONDITION_RULE, RAMP_RULE, goes_back
from tests.unit.daemon.flags.flag_house import DOCUMENT, FlagHouse, flag_house

STEPS = Flags(defaults=FlagPolicy(ramp=(RampStep(percent=5), RampStep(percent=100))))


async def ramping(move: Move, patch: pytest.MonkeyPatch) -> FlagHouse:
    """A ramp of payouts to off is under way, and this is its next move."""
    one = await flag_house(STEPS)
    await one.done(FlagChange.RAMP, variant="off")
    patch.setattr(module, "next_move", lambda *_: move)
    return one


async def test_a_ramp_without_anything_counted_waits_and_says_so() -> None:
    one = await flag_house(STEPS)
    await one.done(FlagChange.RAMP, variant="off")
    await one.parts.ramps.tick()
    assert one.found == []
    move = one.parts.ramps.moves["payouts"]
    assert isinstance(move, Hold)
    assert "nothing was counted" in move.detail


async def test_what_has_its_evidence_becomes_a_finding_that_opens_no_incident(monkeypatch: pytest.MonkeyPatch) -> None:
    one = await ramping(Advance(percent=100, detail="enough", readings=()), monkeypatch)
    await one.parts.ramps.tick()
    [finding] = one.found
    assert (finding.rule_id, finding.do, finding.flag) == (RAMP_RULE, ("flags.ramp",), "payouts")
    assert (finding.key["percent"], finding.severity) == ("100", "low")


async def test_what_is_bad_becomes_a_finding_that_is_alarming(monkeypatch: pytest.MonkeyPatch) -> None:
    one = await ramping(TakeBack(reason="error_ratio 5 %", readings=()), monkeypatch)
    await one.parts.ramps.tick()
    [finding] = one.found
    assert (finding.rule_id, finding.do, finding.severity) == (CONDITION_RULE, ("flags.revert",), "high")


async def test_a_ramp_that_is_done_serves_its_variant_to_everybody_without_a_ramp(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = await ramping(Done(detail="all of it", readings=()), monkeypatch)
    await one.parts.ramps.tick()
    assert one.parts.changes.book.ramps == {}
    assert one.served() == {**DOCUMENT["flags"]["payouts"], "defaultVariant": "off"}
    [_, over] = await one.entries("flag.changed")
    assert (over.actor, over.fields["what"]) == ("daemon", "finish")
    await one.parts.ramps.tick()
    assert one.parts.ramps.moves == {}


async def test_a_ramp_that_waits_for_a_person_makes_the_component_degraded(monkeypatch: pytest.MonkeyPatch) -> None:
    one = await ramping(Hold(detail="its time is used up", held=True), monkeypatch)
    await one.parts.ramps.tick()
    assert one.parts.ramps.held == {"payouts": "its time is used up"}
    one.reports("core-1")
    one.parts.publisher._connected = True
    fact = one.parts.health.look(one.parts.changes.book, one.now_ms)
    assert (fact.status, "its time is used up" in fact.detail) == ("degraded", True)


async def test_a_killed_flag_is_not_ramped_and_an_incident_of_a_ramp_ends_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = await ramping(Advance(percent=100, detail="enough", readings=()), monkeypatch)
    await one.writer.append(goes_back("payouts", why="bad", samples=1, now_ms=one.now_ms))
    await one.done(FlagChange.KILL)
    await one.parts.ramps.tick()
    [cleared] = one.found
    assert (cleared.rule_id, cleared.state) == (CONDITION_RULE, State.CLEARED)
