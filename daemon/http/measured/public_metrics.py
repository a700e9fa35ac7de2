"""The metrics of what the outside is told: how old the status page is, and what waits for a person."""

from daemon.http.metric_name import MetricName, Values
from daemon.public.parts import PublicParts
from remediation.public.state import PublicBook, Standing

PAGE_WRITTEN = MetricName(
    "till_status_page_written_timestamp_seconds",
    "gauge",
    "Unix time at which every place last had the newest status page; absent before the first, and without a page.",
)
PAGE_FAILURES = MetricName(
    "till_status_page_failures_total", "counter", "Writes of the status page that failed; each is tried again."
)
WORDS_WAITING = MetricName(
    "till_public_words_waiting", "gauge", "Words for the page and letters that wait for a person.", ("what",)
)
LETTERS = MetricName(
    "till_public_letters", "gauge", "Letters that are on their way, sent to all contacts, or failed.", ("state",)
)
_APPROVED = (Standing.OPEN, Standing.DONE, Standing.FAILED)
PUBLIC_METRICS = (PAGE_WRITTEN, PAGE_FAILURES, WORDS_WAITING, LETTERS)


def public_values(parts: PublicParts | None, book: PublicBook) -> dict[MetricName, Values]:
    """Everything, read now; of a page without a value where none is kept."""
    page = None if parts is None else parts.page
    letters = [one.standing for one in book.letters.values()]
    return {
        PAGE_WRITTEN: {} if page is None or not page.written_at_ms else {(): page.written_at_ms / 1000},
        PAGE_FAILURES: {} if page is None else {(): page.failures},
        WORDS_WAITING: {
            ("update",): sum(one.standing is Standing.WAITING for one in book.updates.values()),
            ("letter",): letters.count(Standing.WAITING),
        },
        LETTERS: {(standing.value,): letters.count(standing) for standing in _APPROVED},
    }
