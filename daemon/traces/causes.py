"""Which trace the sender of an event was in: taken over with the event, and found again when a rule breaches by it."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from msgspec.structs import replace

from checks.findings import Finding

CAUSES_MAX = 10_000
"""Facts whose trace is remembered: those that a rule waits with, such as for two minutes beyond its limit."""
_ARRIVING: ContextVar[Mapping[str, str]] = ContextVar("arriving", default={})  # noqa: B039 - it is only ever replaced.


@contextmanager
def arriving(traceparents: Mapping[str, str]) -> Iterator[None]:
    """Within it facts are handed over. traceparents: by the fact's id, of those that had one."""
    token = _ARRIVING.set(traceparents)
    try:
        yield
    finally:
        _ARRIVING.reset(token)


class Causes:
    """In memory alone: after a restart a decision's trace has no link to its event's, and is whole otherwise."""

    def __init__(self) -> None:
        self._traceparents: OrderedDict[str, str] = OrderedDict()

    def note(self) -> None:
        """Remember what came with the facts that are being handed over."""
        for fact_id, traceparent in _ARRIVING.get().items():
            self._traceparents[fact_id] = traceparent
            self._traceparents.move_to_end(fact_id)
        while len(self._traceparents) > CAUSES_MAX:
            self._traceparents.popitem(last=False)

    def told(self, findings: Sequence[Finding], heard_at_ms: int = 0) -> list[Finding]:
        """The findings with when their fact was taken over, and with the trace that it came with."""
        return [
            replace(one, heard_at_ms=heard_at_ms, traceparent=self._traceparents.get(one.fact_id, ""))
            if one.fact_id
            else one
            for one in findings
        ]
