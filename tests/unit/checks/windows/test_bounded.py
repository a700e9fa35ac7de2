"""However many keys come, memory has a limit, and what is recent or busy stays exact."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from checks.windows.distinct import Distinct
from checks.windows.own_past import REMEMBERED, OwnPast
from checks.windows.panes import Wheel, pane_length_ms
from checks.windows.rank import REMEMBERED as RANKED
from checks.windows.rank import Ranks
from checks.windows.travel import Places, kilometres

WINDOW_MS = 60_000
SECOND = 1_000


def test_a_full_wheel_forgets_its_oldest_panes_first() -> None:
    wheel = Wheel(WINDOW_MS, max_keys=3)
    for second, key in enumerate("abc"):
        wheel.enter(second)
        wheel.all_facts.add_one(key)
    wheel.all_facts.add_one("b")
    assert wheel.shed() == 1
    assert wheel.all_facts.totals == {"b": 2, "c": 1} or set(wheel.all_facts.totals) == {"b", "c"}
    wheel.enter(2)
    wheel.all_facts.add_one("d")
    assert wheel.all_facts.totals["d"] == 1


def test_a_full_wheel_with_one_pane_forgets_the_quiet_half() -> None:
    wheel = Wheel(WINDOW_MS, max_keys=4)
    wheel.enter(7)
    for key in "aabcccdd":
        wheel.all_facts.add_one(key)
    assert wheel.shed() == 2
    assert set(wheel.all_facts.totals) <= {"a", "c", "d"}
    assert wheel.all_facts.totals["c"] == 3


distinct_steps = st.lists(
    st.tuples(st.integers(0, 200), st.sampled_from("kl"), st.sampled_from("abcde")), min_size=1, max_size=60
)


@given(distinct_steps)
def test_distinct_counts_what_a_list_of_all_facts_says(steps: list[tuple[int, str, str]]) -> None:
    distinct = Distinct(WINDOW_MS, 1_000)
    pane_ms = pane_length_ms(WINDOW_MS)
    kept: list[tuple[int, str, str]] = []
    newest = -1
    for second, key, value in steps:
        pane = second * SECOND // pane_ms
        newest = max(newest, pane)
        distinct.add(key, value, second * SECOND)
        kept.append((pane, key, value))
        live = {(one, other) for at, one, other in kept if at > newest - distinct.pane_count}
        assert distinct.totals == dict(Counter(one for one, _ in live))


@given(distinct_steps)
def test_distinct_never_holds_more_than_its_limit(steps: list[tuple[int, str, str]]) -> None:
    distinct = Distinct(WINDOW_MS, 3)
    for second, key, value in steps:
        distinct.add(key, value, second * SECOND)
        assert 0 <= sum(distinct.totals.values()) <= 3
        assert all(distinct.totals.values())


def test_a_past_is_short_and_the_longest_silent_key_goes_first() -> None:
    past = OwnPast(max_keys=2)
    for number in range(40):
        past.take("a", number)
    assert past.take("a", 99) == tuple(range(40 - REMEMBERED, 40))
    past.take("b", 1)
    past.take("a", 1)
    past.take("c", 1)
    assert past.evicted == 1
    assert past.take("a", 1)[-1] == 1
    assert past.take("b", 1) == ()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 150), st.integers(1, 50)), min_size=1, max_size=80))
def test_a_rank_is_the_share_of_smaller_ones_in_the_window(steps: list[tuple[int, int]]) -> None:
    ranks = Ranks(WINDOW_MS, 10)
    kept: list[tuple[int, int]] = []
    at = 0
    for passed, value in steps:
        at += passed * 100
        kept = [(held_at, held) for held_at, held in kept if held_at > at - WINDOW_MS]
        expected = sum(held < value for _, held in kept) / len(kept) if len(kept) >= 2 else None
        assert ranks.take("k", value, at, 2) == expected
        kept.append((at, value))


def test_ranks_keep_the_latest_and_refuse_keys_beyond_their_limit() -> None:
    ranks = Ranks(WINDOW_MS, 1)
    for number in range(RANKED + 10):
        ranks.take("k", number, 0, 1)
    assert ranks.take("k", 10, 0, 1) == 0
    assert ranks.take("other", 1, 0, 1) is None
    assert ranks.take("k", 1, -WINDOW_MS, 1) is not None
    assert (ranks.refused, ranks.late) == (1, 1)


def test_places_are_bounded_and_distances_are_those_of_the_earth() -> None:
    places = Places(WINDOW_MS, 1, 2)
    for number in range(5):
        places.take(f"k{number}", 0, 1, number + 1)
    assert places.evicted == 3
    assert abs(kilometres(48_856_600, 2_352_200, 40_712_800, -74_006_000) - 5837) < 5
    assert kilometres(90_000_000, 0, -90_000_000, 0) > 20_000
