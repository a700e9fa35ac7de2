"""Sums that are kept, made when asked for, or given up in between say what a recount says."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.windows import arrivals
from checks.windows.arrivals import Arrivals

PANES = 5
keys = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=5)
steps = st.lists(
    st.tuples(st.sampled_from(["add", "count", "ask", "take back", "forget", "drop"]), st.integers(0, 3), keys),
    max_size=25,
)


@pytest.mark.parametrize("few", [0, 2, 100])
@settings(deadline=None, max_examples=60)
@given(steps=steps, max_keys=st.sampled_from([4, 8, 12, 1_000]))
def test_totals_equal_a_recount(few: int, steps: list[tuple[str, int, list[str]]], max_keys: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(arrivals, "FEW", few)
        counted, panes, newest = Arrivals(max_keys), dict[int, Counter[str]](), PANES
        for what, back, some in steps:
            pane = newest - back
            if what in {"add", "count"}:
                if what == "add":
                    counted.add(pane, some)
                else:
                    counted.add_counted(pane, Counter(some))
                panes.setdefault(pane, Counter()).update(some)
            elif what == "take back" and panes.get(pane, Counter())[some[0]]:
                counted.take_back(pane, some[0], 1)
                panes[pane] -= Counter(some[:1])
            elif what == "forget":
                counted.forget(set(some))
                panes = {at: Counter({k: n for k, n in held.items() if k not in some}) for at, held in panes.items()}
            elif what == "drop":
                newest += 1
                counted.drop_before(newest - PANES + 1)
                panes = {at: held for at, held in panes.items() if at >= newest - PANES + 1}
            recount = sum(panes.values(), Counter[str]())
            assert {key: counted.total(key) for key in some} == {key: recount[key] for key in some}
            assert len(recount) + len(some) <= max_keys or counted.is_full_for(len(some))
        assert dict(counted.totals()) == dict(sum(panes.values(), Counter[str]()))
        assert sorted(counted.each_key()) == sorted(sum(panes.values(), Counter[str]()))
