"""When an episode begins, fires and ends: a time that has to pass without a break begins anew after each break."""

from collections.abc import Sequence

import pytest

from checks.findings import State
from checks.measures.judging.episodes import Episodes
from checks.measures.judging.verdict import Verdict
from tests.unit.checks.conftest import Compile
from tests.unit.checks.rule_text import rule, rules

BAD, BETWEEN, CLEAR, SILENT = Verdict.BREACHING, Verdict.BETWEEN, Verdict.CLEAR, Verdict.NO_DATA
HOLD = rules(rule("{ratio: \"outcome == 'failed'\", window: 60s}", breach="> 2%", clear="< 1% for 2m"))
KEEP = rules(
    rule(
        "{ratio: \"outcome == 'failed'\", window: 60s}",
        breach="> 2%",
        clear="< 1%",
        more="keep_firing_for: 2m",
    )
)


def episodes(compiled: Compile, text: str) -> Episodes:
    (one,) = compiled(text)
    return Episodes(one, silence_is_news=False)


def told(held: Episodes, verdicts: Sequence[tuple[int, Verdict]]) -> list[tuple[int, State]]:
    """What is announced, with the second at which it is."""
    found = [(second, held.judge("green", verdict, second * 1000, second * 1000, "")) for second, verdict in verdicts]
    return [(second, state) for second, state in found if state is not None]


@pytest.mark.parametrize("broken_by", [BAD, BETWEEN, SILENT])
def test_the_time_that_a_key_has_to_be_clear_begins_anew_after_whatever_breaks_it(
    compiled: Compile, broken_by: Verdict
) -> None:
    held = episodes(compiled, HOLD)
    announced = told(held, [(0, BAD), (10, CLEAR), (100, broken_by), (110, CLEAR), (131, CLEAR), (229, CLEAR)])
    assert State.CLEARED not in [state for _, state in announced]
    assert told(held, [(230, CLEAR)]) == [(230, State.CLEARED)]


@pytest.mark.parametrize("broken_by", [BAD, SILENT])
def test_the_time_that_a_rule_goes_on_firing_begins_anew_after_a_breach_and_after_silence(
    compiled: Compile, broken_by: Verdict
) -> None:
    held = episodes(compiled, KEEP)
    announced = told(held, [(0, BAD), (10, CLEAR), (100, broken_by), (110, CLEAR), (131, CLEAR), (229, CLEAR)])
    assert State.CLEARED not in [state for _, state in announced]
    assert told(held, [(230, CLEAR)]) == [(230, State.CLEARED)]


def test_a_rule_goes_on_firing_from_the_first_moment_without_a_breach_also_between_its_limits(
    compiled: Compile,
) -> None:
    held = episodes(compiled, KEEP)
    assert told(held, [(0, BAD), (10, BETWEEN), (129, CLEAR)]) == [(0, State.BREACHED)]
    assert told(held, [(130, CLEAR)]) == [(130, State.CLEARED)]


@pytest.mark.parametrize("text", [HOLD, KEEP])
def test_an_episode_waits_until_right_before_the_moment_at_which_it_may_end(compiled: Compile, text: str) -> None:
    held = episodes(compiled, text)
    told(held, [(0, BAD)])
    assert not held.waits("green", 0), "it is no clearer for waiting"
    told(held, [(10, CLEAR)])
    assert held.waits("green", 129_999)
    assert not held.waits("green", 130_000)
    assert told(held, [(130, CLEAR)]) == [(130, State.CLEARED)]


def test_between_its_limits_it_rests_only_where_the_order_of_facts_cannot_change_what_it_says(
    compiled: Compile,
) -> None:
    pending = episodes(
        compiled, rules(rule("{count: \"outcome == 'failed'\", window: 60s}", breach="> 2", more="for: 10s"))
    )
    told(pending, [(0, BAD)])
    assert pending.rests("green") is True
    for text, before_it_healed in ((HOLD, True), (KEEP, False)):
        held = episodes(compiled, text)
        told(held, [(0, BAD)])
        assert held.rests("green") is before_it_healed
        told(held, [(10, BETWEEN)])
        assert held.rests("green") is True
