"""Logs as JSON lines on stderr: a constant message, an action, and fields that never hold a card number."""

import logging
import re
import sys
import unicodedata
from collections.abc import MutableMapping
from typing import cast

import structlog
from stdnum import luhn

_CARD_LIKE = re.compile(r"(?<![0-9a-zA-Z])[2-6](?:[ \-]?\d){12,18}(?![0-9a-zA-Z])")
"""13 to 19 digits, spaced or dashed, from the ranges that card schemes issue; times in milliseconds begin with 1."""


def mask_card_numbers(_: object, __: str, event: str) -> str:
    """Mask anything that looks like a card number in the rendered line, as the last processor."""
    return _CARD_LIKE.sub(_mask_if_card, unicodedata.normalize("NFKC", event))


def _mask_if_card(match: re.Match[str]) -> str:
    return "[masked]" if luhn.is_valid(re.sub(r"\D", "", match.group())) else match.group()


def configure_logs(level: int = logging.INFO) -> None:
    """Send structlog and the standard library's warnings to stderr."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _render,
            mask_card_numbers,  # type: ignore[list-item]  # takes the rendered line, as the last processor may
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _render(logger: object, name: str, event: MutableMapping[str, object]) -> str:
    return cast("str", structlog.processors.JSONRenderer(sort_keys=True)(logger, name, event))
