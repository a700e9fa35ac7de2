"""Histograms hold every observation in the right bucket."""

from hypothesis import given
from hypothesis import strategies as st

from daemon.http.histogram import Histogram

BOUNDS = (0.1, 0.5, 2.0)


@given(st.lists(st.floats(0, 10)))
def test_each_bucket_counts_what_is_at_or_below_its_bound_and_the_last_counts_all(values: list[float]) -> None:
    histogram = Histogram(BOUNDS)
    for value in values:
        histogram.observe(value)
    wanted = [(str(bound), float(sum(value <= bound for value in values))) for bound in BOUNDS]
    assert histogram.buckets() == [*wanted, ("+Inf", float(len(values)))]
    assert abs(histogram.sum - sum(values)) < 1e-6
