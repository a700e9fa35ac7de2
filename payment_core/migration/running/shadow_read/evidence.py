"""When comparisons are enough to cut over: equal for the stated time, over enough reads, with nothing left open."""

from enum import StrEnum

import msgspec

from payment_core.migration.running.model import ShadowEvidence

GAP_MS = 60_000
"""Between two equal comparisons no more than this counts as having been watched."""

LAG_MS_MAX = 1_000
"""Changes of the old processor may be so far behind."""


class Outcome(StrEnum):
    """What a comparison found."""

    EQUAL = "equal"
    DIFFERING = "differing"
    MISSING = "missing"
    UNREADABLE = "unreadable"


class Tally(msgspec.Struct, frozen=True, gc=False):
    """Comparisons that ended since the last tally. first: the first difference among them, in words."""

    equal: int = 0
    differing: int = 0
    missing: int = 0
    unreadable: int = 0
    first: str = ""

    @property
    def compared(self) -> int:
        """Those that had both sides to compare, or the lack of one."""
        return self.equal + self.differing + self.missing


def counted(evidence: ShadowEvidence, tally: Tally, now_ms: int) -> ShadowEvidence:
    """The evidence after these comparisons. A difference sets the stated time back to nothing.

    Evidence, not minutes: only time between two equal comparisons that are close together counts, so an old processor
    that cannot be read, or a core that compares nothing, adds nothing.
    """
    after = msgspec.structs.replace(
        evidence,
        equal_total=evidence.equal_total + tally.equal,
        differing_total=evidence.differing_total + tally.differing,
        missing_total=evidence.missing_total + tally.missing,
        unreadable_total=evidence.unreadable_total + tally.unreadable,
    )
    if tally.differing + tally.missing > 0:
        return msgspec.structs.replace(
            after, since_ms=now_ms, equal_ms=0, equal=0, last_equal_ms=0, stopped_by=tally.first, stopped_at_ms=now_ms
        )
    if tally.equal == 0:
        return after
    passed_ms = now_ms - evidence.last_equal_ms if evidence.last_equal_ms > 0 else 0
    watched_ms = passed_ms if 0 <= passed_ms <= GAP_MS else 0
    return msgspec.structs.replace(
        after,
        since_ms=evidence.since_ms if evidence.since_ms > 0 else now_ms,
        equal_ms=evidence.equal_ms + watched_ms,
        equal=evidence.equal + tally.equal,
        last_equal_ms=now_ms,
    )


def stated(evidence: ShadowEvidence, stated_ms: int, least: int) -> ShadowEvidence:
    """The evidence under what is asked of it; more than was asked before takes an allowance back, the same does not."""
    stricter = stated_ms > evidence.stated_ms or least > evidence.least
    allowed_at_ms = 0 if stricter else evidence.allowed_at_ms
    return msgspec.structs.replace(evidence, stated_ms=stated_ms, least=least, allowed_at_ms=allowed_at_ms)


def wanting(
    evidence: ShadowEvidence | None,
    *,
    open_differences: int,
    lag_ms: int | None,
    waiting: int,
    jobs_left: tuple[str, ...],
) -> tuple[str, ...]:
    """What is still wanting before anybody is cut over, one sentence each; nothing when all is shown.

    lag_ms: of changes there; None when it is not known, which is not zero. waiting: writes that were not told there.
    """
    found: list[str] = []
    if jobs_left:
        found.append(f"not moved yet: {', '.join(jobs_left)}")
    if evidence is None or evidence.least == 0:
        return (*found, "nobody stated how long reads have to be equal, and how many")
    if open_differences > 0:
        found.append(f"{open_differences} differences are open")
    if evidence.equal < evidence.least:
        found.append(f"{evidence.equal} of {evidence.least} reads compared and equal")
    if evidence.equal_ms < evidence.stated_ms:
        found.append(f"equal for {evidence.equal_ms / 1000:.0f} of {evidence.stated_ms / 1000:.0f} s")
    if lag_ms is None:
        found.append("nobody knows how far the changes of the old processor are behind")
    elif lag_ms >= LAG_MS_MAX:
        found.append(
            f"changes of the old processor are {lag_ms / 1000:.1f} s behind, {LAG_MS_MAX / 1000:g} s are allowed"
        )
    if waiting > 0:
        found.append(f"{waiting} writes wait for the old processor")
    return tuple(found)
