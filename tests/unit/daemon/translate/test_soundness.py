"""Looking at many facts at once finds every fact that looking at each of them finds."""

from hypothesis import given
from hypothesis import strategies as st

from checks.facts import CostLine, Fact, PaymentAttempted, PayoutRequested
from daemon.translate.soundness import LATEST_MS, MAX_ID, MAX_INTEGER, all_sound, unsound

edges = st.sampled_from([-MAX_INTEGER - 1, -1, 0, 1, 10**18, 10**18 + 1, MAX_INTEGER, MAX_INTEGER + 1])
numbers = st.one_of(st.integers(1, 10_000), edges)
common = {
    "id": st.sampled_from(["a", "b" * MAX_ID, "", "c" * (MAX_ID + 1)]),
    "at_ms": st.one_of(st.integers(1, 10_000), st.sampled_from([0, -1, LATEST_MS - 1, LATEST_MS])),
    "subject": st.just("s"),
    "sequence": numbers,
}
facts = st.one_of(
    st.builds(
        PaymentAttempted,
        **common,
        rail=st.just("card"),
        outcome=st.just("failed"),
        amount_cents=numbers,
        latency_ms=st.one_of(st.floats(-1, 1), st.just(1e300)),
    ),
    st.builds(CostLine, **common, source=st.just("measured"), amount_microcents=numbers, expected_microcents=numbers),
    st.builds(PayoutRequested, **common, rail=st.just("ach"), amount_cents=numbers, latitude_microdegrees=numbers),
)


@given(st.lists(facts, max_size=6))
def test_facts_that_are_sound_together_are_sound_one_by_one(given: list[Fact]) -> None:
    if all_sound(given):
        assert not any(unsound(fact) for fact in given)


def test_ordinary_facts_are_sound_together() -> None:
    line = CostLine(id="c", at_ms=1, subject="s", source="measured", amount_microcents=-5)
    payment = PaymentAttempted(id="p", at_ms=1, subject="s", rail="card", outcome="failed", amount_cents=0)
    assert all_sound([])
    assert all_sound([line, payment, line])
