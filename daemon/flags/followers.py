"""Which payment core process serves which version of the flags: what each said last, and since when it says nothing."""

from collections.abc import Callable, Collection

import msgspec

from payment_core.flags.envelope import Report
from remediation.flags.ports import Propagation

LIVE_MS = 25_000
"""A process reports every ten seconds; one that was not heard for longer may be gone, or out of reach."""
SILENT_MS = 120_000
"""For so long a silent process keeps a change from being called in effect; then it is named and taken to be gone."""
FORGOTTEN_MS = 3_600_000
PROCESSES_MAX = 1_000
"""The one that was silent longest goes first."""

Place = tuple[str, str]
"""Region and environment."""


class Follower(msgspec.Struct, frozen=True, kw_only=True):
    """One process. report: the last. heard_at_ms: when it came. lags: serves an older version. live: heard lately.

    strays: serves a later version than there is, of another journal, and so ignores everything that we publish.
    missed: fell silent so lately that changes wait for it.
    """

    report: Report
    heard_at_ms: int
    lags: bool
    live: bool
    strays: bool = False
    missed: bool = False

    @property
    def follows(self) -> bool:
        """Whether it serves the newest version."""
        return not self.lags and not self.strays


class Followers:
    """Every process that ever reported, bounded. absent: places that run nothing on purpose, so nobody misses them."""

    def __init__(self, absent: Callable[[], Collection[Place]]) -> None:
        self._absent = absent
        self._heard: dict[str, tuple[Report, int]] = {}

    def heard(self, report: Report, now_ms: int) -> None:
        """A process said what it serves, or that it ends; what it said before is forgotten."""
        if report.ended:
            self._heard.pop(report.process, None)
            return
        self._heard[report.process] = (report, now_ms)
        if len(self._heard) > PROCESSES_MAX:
            del self._heard[min(self._heard, key=lambda name: self._heard[name][1])]

    def rows(self, version: int, now_ms: int) -> list[Follower]:
        """Every process by name, held against the newest version; who stopped on purpose or long ago is left out."""
        absent = self._absent()
        found = []
        for name in sorted(self._heard):
            report, heard_at_ms = self._heard[name]
            silent_ms = now_ms - heard_at_ms
            live = silent_ms <= LIVE_MS
            if silent_ms > FORGOTTEN_MS or (not live and (report.region, report.environment) in absent):
                continue
            lags, strays = report.version < version, report.version > version
            missed = not live and silent_ms <= SILENT_MS
            found.append(
                Follower(report=report, heard_at_ms=heard_at_ms, lags=lags, live=live, strays=strays, missed=missed)
            )
        return found

    def propagation(self, version: int, newest: int, now_ms: int) -> Propagation:
        """Who serves this version or one up to the newest, who does not, and who lately fell silent."""
        rows = self.rows(newest, now_ms)
        live = [(one.report.process, one.report.version) for one in rows if one.live]
        return Propagation(
            version=version,
            serving=tuple(name for name, served in live if version <= served <= newest),
            lagging=tuple(f"{name} ({served})" for name, served in live if served < version),
            straying=tuple(f"{name} ({served})" for name, served in live if served > newest),
            silent=tuple(one.report.process for one in rows if one.missed),
        )
