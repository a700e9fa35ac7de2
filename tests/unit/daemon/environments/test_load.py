"""What a payment core is busy with is read from its own metrics, and another program's say nothing of it."""

from daemon.environments.load import load_of
from payment_core.metrics.counts import Counts
from payment_core.metrics.process_metrics import exposition
from payment_core.origin import Origin

ORIGIN = Origin("blue", "1.0.0", "us-east-1")


def test_the_metrics_of_a_core_tell_its_load_without_the_request_that_asked() -> None:
    counts = Counts()
    counts.in_flight = 4
    for route, status, times in (("/v1/payments", 201, 5), ("/v1/payments", 503, 2), ("/readyz", 200, 9)):
        for _ in range(times):
            counts.requests[route, status].observe(0.01)
    told = load_of(exposition(counts, ORIGIN, 0, 2_500).decode(), 1, "1.0.0")
    assert told is not None
    assert (told.slot, told.version, told.in_flight, told.processor_seconds) == (1, "1.0.0", 3, 2.5)
    assert (told.requests, told.turned_away) == (7, 2)


def test_what_does_not_tell_its_load_is_no_idle_core() -> None:
    assert load_of("till_core_info 1.0\n", 0, "1.0.0") is None
