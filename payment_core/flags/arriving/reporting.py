"""What a process says of the flags that it runs: to the daemon over the broker, and to whoever asks it."""

import secrets

from payment_core.flags.envelope import Report
from payment_core.flags.serving import Flags
from payment_core.origin import Origin

NAME_BYTES = 4
"""Tells processes of one place apart, also a process from the one that it replaces."""


def process_name(origin: Origin, worker: int) -> str:
    """A name that no other process has, usable in a topic: ``us-east-1.blue.0.9f3a51c2``."""
    return f"{origin.region}.{origin.environment}.{worker}.{secrets.token_hex(NAME_BYTES)}"


class Reporting:
    """Makes the reports of one process."""

    def __init__(self, flags: Flags, origin: Origin, process: str) -> None:
        self._flags = flags
        self._origin = origin
        self._process = process

    def report(self) -> Report:
        """What it runs now."""
        serving, origin = self._flags.serving, self._origin
        return Report(
            process=self._process,
            region=origin.region,
            environment=origin.environment,
            release=origin.release,
            version=serving.version,
            applied_at_ms=serving.applied_at_ms,
            source=serving.source,
            missing=self._flags.missing(),
            ignored=sum(self._flags.counts.ignored.values()),
        )
