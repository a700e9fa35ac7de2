"""The set of arrived positions agrees with a plain set, whatever the order of arrival."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.storage import outbox_gaps
from daemon.storage.outbox_gaps import Received


def members(received: Received) -> set[int]:
    return {sequence for first, last in received.stretches() for sequence in range(first, last + 1)}


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 8))))
def test_it_holds_exactly_what_was_added(stretches: list[tuple[int, int]]) -> None:
    received, model = Received(), set[int]()
    for first, more in stretches:
        received.add(first, first + more if more else None)
        model.update(range(first, first + more + 1))
    assert members(received) == model
    assert all((sequence in received) == (sequence in model) for sequence in range(80))
    watermark = next(sequence for sequence in range(100) if sequence + 1 not in model)
    assert received.watermark == watermark
    assert received.highest == max(model, default=0)
    missing = {sequence for first, last in received.gaps() for sequence in range(first, last + 1)}
    assert missing == set(range(1, received.highest + 1)) - model
    ordered = received.stretches()
    assert all(before[1] + 1 < after[0] for before, after in pairwise(ordered))
    assert members(Received(ordered)) == model


def test_a_copy_is_independent() -> None:
    received = Received([(1, 3)])
    twin = received.copy()
    twin.add(4)
    assert (received.watermark, twin.watermark) == (3, 4)


def test_the_oldest_gap_is_given_up_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_gaps, "MAX_STRETCHES", 3)
    received = Received([(1, 2), (5, 5), (9, 9)])
    received.add(20)
    assert received.stretches() == [(1, 5), (9, 9), (20, 20)]
