"""Fifty incidents, and a process that dies at any entry of the journal: no step is lost, and none is done twice."""

import random
from functools import lru_cache

from hypothesis import given, settings
from hypothesis import strategies as st

from remediation.folds import fold
from remediation.journal.escalation_kinds import SilenceAdded
from remediation.journal.incident_kinds import IncidentAcknowledged
from remediation.journal.kinds import Body
from tests.unit.remediation.escalation.playing import MINUTE_MS, play, shipped, steps, waits
from tests.unit.remediation.incidents.telling import Told, breach, clear
from tests.unit.remediation.worlds import NOW_MS

INCIDENTS = 50
UNTIL_MS = NOW_MS + 100 * MINUTE_MS
ESCALATION = shipped()


@lru_cache(maxsize=1)
def acts() -> tuple[tuple[int, str, Body], ...]:
    """What the world does, by minute: breaches, people who take them on, one silence, and ends."""
    chance = random.Random(8)  # noqa: S311 - the same story in each run.
    silence = SilenceAdded(
        matchers=("rule=~rule-1.",),
        starts_at_ms=NOW_MS + 10 * MINUTE_MS,
        ends_at_ms=NOW_MS + 40 * MINUTE_MS,
        comment="known",
    )
    told: list[tuple[int, str, Body]] = [(1, "ana", silence)]
    for number in range(INCIDENTS):
        rule, severity, part = f"rule-{number}", chance.choice(("critical", "high", "medium")), f"part-{number % 37}"
        begins = chance.randint(0, 30)
        told.append((begins, "daemon", breach(rule, severity, subject=part)))
        if chance.random() < 1 / 2:
            told.append((begins + chance.randint(5, 60), "daemon", clear(rule, severity, subject=part)))
    told += [
        (chance.randint(20, 70), f"bob-{place}", IncidentAcknowledged(incident_id=f"inc-{place}"))
        for place in range(2, 60, 3)
    ]
    return tuple(sorted(told, key=lambda one: one[0]))


def live(told: Told) -> Told:
    """From where the journal stands until all is told; what the world has done is in the journal."""
    said = {(entry.at_ms, entry.actor, bytes(entry.body)) for entry in told.entries}
    for minute, by, body in acts():
        at_ms = NOW_MS + minute * MINUTE_MS
        if at_ms < told.at_ms:
            continue
        play(told, ESCALATION, at_ms)
        told.at_ms = at_ms
        entry = Told(at_ms=at_ms).say(body, by=by).entries[-1]
        if (at_ms, by, bytes(entry.body)) not in said:
            told.say(body, by=by)
    play(told, ESCALATION, UNTIL_MS)
    return told


@lru_cache(maxsize=1)
def whole() -> Told:
    """The life in which nobody died."""
    return live(Told())


def test_there_is_something_to_lose() -> None:
    assert len(steps(whole())) > 40
    assert len(whole().state.escalation.chains) > 20
    assert len(whole().state.escalation.silences) == 1


@settings(max_examples=10, deadline=None)
@given(share=st.floats(0, 1))
def test_a_death_at_any_entry_loses_no_step_and_repeats_none(share: float) -> None:
    kept = whole().entries[: max(1, round(share * len(whole().entries)))]
    again = live(Told(at_ms=kept[-1].at_ms, state=fold(kept), entries=list(kept)))
    # Of what is due at the same moment any may be first.
    assert sorted(steps(again)) == sorted(steps(whole()))
    assert len(set(steps(again))) == len(steps(again))
    assert list(waits(again)) == []
    assert again.state.escalation.silences == whole().state.escalation.silences
