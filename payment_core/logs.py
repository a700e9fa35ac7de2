"""Logs as JSON lines on stderr, so that stdout stays the answer alone."""

import logging
import sys
from collections.abc import MutableMapping

import structlog

from checks.card_numbers import mask_card_numbers


def configure_logs() -> None:
    """One JSON object a line: level, time in UTC, a constant message and its fields."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _render(logger: object, name: str, event: MutableMapping[str, object]) -> str:
    """One line without anything that looks like a card number."""
    return mask_card_numbers(str(structlog.processors.JSONRenderer(sort_keys=True)(logger, name, event)))
