"""Logs as JSON lines on stderr: a constant message, an action, and fields that never hold a card number."""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import TextIO, cast

import structlog

from checks.redaction.card_numbers import mask_card_numbers


class _LogStream:
    """A stream whose loss harms nobody: a full disk or a closed pipe behind stderr must not end a program."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or lose the text."""
        with suppress(OSError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, or leave it."""
        with suppress(OSError):
            self._stream.flush()


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
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _LogStream(sys.stderr))),
        cache_logger_on_first_use=True,
    )


def written(text: str) -> str:
    """The line that an event with this text would be; what a self-test of redaction looks at."""
    return _render(None, "info", {"event": "request noted", "action": "noted", "note": text})


def _render(logger: object, name: str, event: MutableMapping[str, object]) -> str:
    """One line without anything that looks like a card number; an escaped digit would not look like one."""
    renderer = structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False)
    return mask_card_numbers(str(renderer(logger, name, event)))
