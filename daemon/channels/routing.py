"""Decides by which channel a notice goes now: the person's own in order, then the one that reaches everybody."""

from collections.abc import Callable, Collection, Sequence

from daemon.channels.setbacks import Setback
from remediation.escalation.chain import Chain
from remediation.escalation.notices import Notice, NoticeStatus

PROBED_AFTER_MS = 60_000
"""A channel that failed is tried again by the next notice after this long, though others would take it at once."""


def ways(notice: Notice, chain: Chain | None, known: Collection[str], fallback: str | None) -> tuple[str, ...]:
    """The channels that may carry it, in order; none when the person is reached by no channel that there is.

    What follows an alert goes where the alert went, because nobody sees it anywhere else.
    """
    if notice.kind != "trigger":
        taken = _taken_by(notice, chain)
        if taken in known:
            return (taken,)
    wanted = (notice.target.channel, *notice.target.fallbacks, *(() if fallback is None else (fallback,)))
    return tuple(name for name in dict.fromkeys(wanted) if name in known)


def way_now(
    left: Sequence[str],
    failing: Callable[[str], Setback | None],
    *,
    after_ms: int,
    now_ms: int,
) -> str:
    """The channel whose turn it is. left: those that have not refused it, in order, at least one.

    failing: since when a channel fails at this notice, or at all. after_ms: how long before the next one is tried. When
    all of them fail for longer, it goes to the one that is to be tried again first.
    """
    setbacks = {name: failing(name) for name in left}
    for name, setback in setbacks.items():
        if setback is None or now_ms - setback.since_ms < after_ms or now_ms - setback.last_ms >= PROBED_AFTER_MS:
            return name
    return min(left, key=lambda name: 0 if (setback := setbacks[name]) is None else setback.until_ms)


def _taken_by(notice: Notice, chain: Chain | None) -> str:
    """The channel that took the alert that this one follows; empty when it is not known any more."""
    for told in () if chain is None else chain.notices:
        same = told.notice.dedup_key == notice.dedup_key and told.notice.target.reference == notice.target.reference
        if same and told.notice.kind == "trigger" and told.status is NoticeStatus.SENT:
            return told.through
    return ""
