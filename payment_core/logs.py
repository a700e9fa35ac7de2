"""Logs as JSON lines on stderr, so that stdout stays the answer alone."""

import logging
import sys

import structlog


def configure_logs() -> None:
    """One JSON object a line: level, time in UTC, a constant message and its fields."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
