"""What a test does to logging ends with it."""

import io

import pytest
import structlog

log = structlog.get_logger()


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_logger_that_was_used_with_a_closed_stream_works_in_the_next_test(turn: str) -> None:
    log.info("still works", action="logged", turn=turn)
    stream = io.StringIO()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(stream), cache_logger_on_first_use=True)
    log.info("into the stream", action="logged", turn=turn)
    stream.close()
