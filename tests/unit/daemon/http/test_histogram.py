"""Histograms hold every observation in the right bucket."""

from hypothesis import given
from hypothesis import strategies as st

from daemon.http.histogram import Example, Histogram

BOUNDS = (0.1, 0.5, 2.0)


@given(st.lists(st.floats(0, 10)))
def test_each_bucket_counts_what_is_at_or_below_its_bound_and_the_last_counts_all(values: list[float]) -> None:
    histogram = Histogram(BOUNDS)
    for value in values:
        histogram.observe(value)
    wanted = [(str(bound), float(sum(value <= bound for value in values))) for bound in BOUNDS]
    assert histogram.buckets() == [*wanted, ("+Inf", float(len(values)))]
    assert abs(histogram.sum - sum(values)) < 1e-6


def test_a_bucket_shows_its_newest_trace_and_no_bucket_shows_one_of_another() -> None:
    histogram = Histogram(BOUNDS)
    histogram.observe(0.05, "old", 1_000)
    histogram.observe(0.06, "new", 2_000)
    histogram.observe(0.07)
    histogram.observe(5.0, "slow", 3_000)
    assert histogram.examples() == [Example("new", 0.06, 2.0), None, None, Example("slow", 5.0, 3.0)]
