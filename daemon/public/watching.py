"""Whether what is measured can be believed now: otherwise the page does not say that anything works."""

from collections.abc import Callable, Sequence

from daemon.view.system import Polled
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock


class Watching:
    """fault: why nothing is decided or taken in; empty when everything is. sources: those that the page stands on."""

    def __init__(
        self, sources: Sequence[Polled], fault: Callable[[], str], writer: JournalWriter, clock: Clock
    ) -> None:
        self._sources = tuple(sources)
        self._fault = fault
        self._writer = writer
        self._clock = clock
        self._started_ms = clock.now_ms()

    def is_believed(self) -> bool:
        """Now."""
        now_ms = self._clock.now_ms()
        if self._fault() or now_ms >= self._writer.lease.until_ms:
            return False
        return all(now_ms - max(one.heard_at_ms, self._started_ms) <= one.silent_after_ms for one in self._sources)
