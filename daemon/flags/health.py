"""Says as a fact whether every payment core serves the newest flags: the component ``feature-flags``."""

from checks.facts import HealthProbed, HealthStatus
from daemon.flags.followers import Follower, Followers
from daemon.flags.publisher import FlagPublisher
from daemon.flags.ramps import Ramps
from remediation.flags.state import FlagBook

COMPONENT = "feature-flags"
CHECK = "propagation"
"""Told from the component's probe, which does not know the newest version."""
EMBEDDED = "embedded"
"""The source of a process that follows no daemon, or has not heard of one yet."""
STRAYS = "ignore our flags, because they serve later ones than version {version} from another journal"
NAMES_MAX = 5
"""Of processes in one line."""


class FlagHealth:
    """ramps: one that waits for a person makes it degraded. refused: why ``flags.json`` is not taken over; is set."""

    def __init__(self, followers: Followers, publisher: FlagPublisher, ramps: Ramps, region: str) -> None:
        self._followers = followers
        self._publisher = publisher
        self._ramps = ramps
        self._region = region
        self.refused = ""

    def look(self, book: FlagBook, now_ms: int) -> HealthProbed:
        """One look, as a fact; without any process nothing is known."""
        status, detail = self._judged(self._followers.rows(book.version, now_ms), book)
        return HealthProbed(
            id=f"probe:{COMPONENT}:{now_ms}",
            at_ms=now_ms,
            subject=COMPONENT,
            region=self._region,
            status=status,
            check=CHECK,
            detail=detail,
        )

    def _judged(self, rows: list[Follower], book: FlagBook) -> tuple[HealthStatus, str]:
        live = [one for one in rows if one.live]
        following = [one for one in live if one.report.source != EMBEDDED]
        if not following:
            who = f"{len(live)} payment cores serve their packaged flags and follow no daemon" if live else _NOBODY
            return "unknown", who
        wrong = _served_wrong(following, book.version)
        if wrong:
            return "unhealthy", wrong
        worn = _not_following(live) or self._worn(book.version)
        return ("degraded", worn) if worn else ("healthy", f"{len(live)} processes serve version {book.version}")

    def _worn(self, version: int) -> str:
        """What is not as it should be although every process serves the newest flags."""
        status, held = self._publisher.status, self._ramps.held
        if self.refused:
            return f"flags.json is not taken over: {self.refused}"
        if status.broker and not status.connected:
            return f"all serve version {version}, by polling alone: {status.fault}"
        return next((f"the ramp of {flag} waits for a person: {why}" for flag, why in held.items()), "")


_NOBODY = "no payment core reports which flags it serves"


def _not_following(live: list[Follower]) -> str:
    names = [one.report.process for one in live if one.report.source == EMBEDDED]
    return f"serve their packaged flags and follow no daemon: {_names(names)}" if names else ""


def _served_wrong(live: list[Follower], version: int) -> str:
    missing = sorted({flag for one in live for flag in one.report.missing})
    if missing:
        return f"answered with safe defaults for want of a readable flag: {_names(missing)}"
    lagging = [one.report.process for one in live if one.lags]
    if lagging:
        return f"{len(lagging)} of {len(live)} serve older flags than {version}: {_names(lagging)}"
    straying = [one.report.process for one in live if one.strays]
    return f"{len(straying)} of {len(live)} {STRAYS.format(version=version)}: {_names(straying)}" if straying else ""


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:NAMES_MAX])
    return shown if len(names) <= NAMES_MAX else f"{shown} and {len(names) - NAMES_MAX} more"
