"""Which trace a finding and all that follows from it belong to, and the trace that is worked on at this moment."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from structlog.contextvars import bound_contextvars

from checks.findings import Finding

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
_TRACEPARENT_LENGTH_MAX = 128
_TRACEPARENT_NOW: ContextVar[str] = ContextVar("traceparent_now", default="")
WHOLE = "whole"
CALLED = "action called"
"""Names of spans that are named before they are told: the parent of all others, and the one that calls the world."""


def trace_id_of(finding: Finding) -> str:
    """32 hexadecimal digits that follow from the finding alone: known as soon as it is, and the same after a restart.

    Every decision about it, also one that is made again on the same evidence, is in this trace.
    """
    parts = ("trace", finding.fingerprint, str(finding.at_ms), finding.fact_id)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def span_id_of(trace_id: str, *names: object) -> str:
    """16 hexadecimal digits that follow from the trace and the names, so that what is sent twice is one span."""
    return hashlib.sha256("\0".join((trace_id, *map(str, names))).encode()).hexdigest()[:16]


def parsed_traceparent(text: str) -> tuple[str, str] | None:
    """Trace and span of a ``traceparent``; None for what is none (W3C Trace Context, section 3.2.2)."""
    found = _TRACEPARENT.fullmatch(text) if len(text) <= _TRACEPARENT_LENGTH_MAX else None
    # Version 00 has exactly these four parts; a later one may have more.
    return None if found is None or (text.startswith("00") and text.count("-") > 3) else (found[1], found[2])  # noqa: PLR2004 - its parts.


def usable_traceparent(text: str) -> str:
    """The same, or nothing: what cannot be read is passed over, as the specification asks for."""
    return text if text and parsed_traceparent(text) is not None else ""


@contextmanager
def traced(trace_id: str, sequence: int) -> Iterator[None]:
    """Within it log lines carry ``trace_id``, and calls of our own services ``traceparent``; empty: nothing changes.

    sequence: of the decision that is carried out; the span of its call is the parent of whatever is called.
    """
    if not trace_id:
        yield
        return
    token = _TRACEPARENT_NOW.set(f"00-{trace_id}-{span_id_of(trace_id, CALLED, sequence)}-01")
    try:
        with bound_contextvars(trace_id=trace_id):
            yield
    finally:
        _TRACEPARENT_NOW.reset(token)


def traceparent_now() -> str:
    """What a call that is made now is to carry; empty outside of any trace."""
    return _TRACEPARENT_NOW.get()
