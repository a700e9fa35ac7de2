"""What payment cores are busy with, read from their own metrics."""

import re

import msgspec

IN_FLIGHT = "till_core_requests_in_flight"
PROCESSOR = "till_core_processor_seconds_total"
_REQUESTS = re.compile(r'^till_core_request_seconds_count\{route="(/v1/[^"]*)",status="(\d+)"\} (\S+)$', re.MULTILINE)
TURNED_AWAY = frozenset({"429", "503"})
"""Statuses of requests that found no room."""


class ProcessLoad(msgspec.Struct, frozen=True, kw_only=True):
    """One process since it started. slot: its place in the environment.

    in_flight: requests at this moment, without the one that asked. processor_seconds: of the one core that it can use.
    requests: that it answered under ``/v1/``, turned_away those of them that found no room.
    """

    slot: int
    version: str
    in_flight: int
    processor_seconds: float
    requests: int
    turned_away: int


class EnvironmentLoad(msgspec.Struct, frozen=True, kw_only=True):
    """Every running process of an environment. unread: those that did not tell."""

    processes: list[ProcessLoad]
    unread: int = 0


def load_of(text: str, slot: int, version: str) -> ProcessLoad | None:
    """What the metrics of a core say; None when they are not those of one that tells this."""
    in_flight, processor = _value(text, IN_FLIGHT), _value(text, PROCESSOR)
    if in_flight is None or processor is None:
        return None
    counts = [(status, round(float(count))) for _, status, count in _REQUESTS.findall(text)]
    return ProcessLoad(
        slot=slot,
        version=version,
        in_flight=max(0, round(in_flight) - 1),
        processor_seconds=processor,
        requests=sum(count for _, count in counts),
        turned_away=sum(count for status, count in counts if status in TURNED_AWAY),
    )


def _value(text: str, name: str) -> float | None:
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    return None if found is None else float(found.group(1))
