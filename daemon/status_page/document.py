"""What the status page says at a moment, from what was published and from for how long somebody watched."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from config.public.status_page import Component, StatusPage
from remediation.journal.public_kinds import Impact, Phase
from remediation.public.coverage import DAY_MS
from remediation.public.state import PublicBook, Standing, UpdateState
from remediation.public.subjects import public_id

Status = Literal["operational", "degraded", "outage", "maintenance", "unknown"]
DayStatus = Literal["operational", "partly_unknown", "unknown", "degraded", "outage", "maintenance"]
WHOLE_SHARE = 0.95
"""A day that was watched for less is no good day: what happened meanwhile nobody knows."""
_ORDER: tuple[Status, ...] = ("operational", "maintenance", "unknown", "degraded", "outage")
"""From the best to the worst; what nobody knows is worse than what was planned."""
_OVER: frozenset[Phase] = frozenset({"resolved", "completed"})


class UpdateDocument(msgspec.Struct, frozen=True, kw_only=True):
    """Words that were published. at: ISO 8601 in UTC."""

    phase: Phase
    text: str
    at: str


class ItemDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An incident or maintenance. updates: newest first. began, ended: ISO 8601; empty while it is not known."""

    id: str
    title: str
    impact: Impact
    phase: Phase
    components: list[str]
    began: str
    ended: str
    updates: list[UpdateDocument]


class DayDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One UTC day of one part. watched: the share of what has passed of it in which somebody watched."""

    date: str
    status: DayStatus
    watched: float


class ComponentDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the page. uptime_percent: over the days shown, of the time that was watched; None when none was."""

    id: str
    name: str
    description: str
    status: Status
    uptime_percent: float | None
    days: list[DayDocument]


class StatusDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The page. status: of its worst part; ``unknown`` when nobody watches. open: what lasts; past: what is over.

    stale_after_seconds: a page whose ``written_at`` is older is not kept any more.
    """

    company: str
    support: str
    url: str
    status: Status
    written_at: str
    stale_after_seconds: int
    components: list[ComponentDocument]
    open: list[ItemDocument]
    scheduled: list[ItemDocument]
    past: list[ItemDocument]


class _Item(msgspec.Struct, frozen=True):
    """What was published of one thing, and from when until when it was wrong; until_ms None while it lasts."""

    shown: ItemDocument
    components: tuple[str, ...]
    from_ms: int
    until_ms: int | None


def document_of(page: StatusPage, book: PublicBook, *, watched: bool, now_ms: int) -> StatusDocument:
    """watched: whether what is measured can be believed now; without, no part is said to work."""
    items = [_item(updates, page, now_ms) for updates in _published(book)]
    since_ms = now_ms - page.history_days * DAY_MS
    coverage = book.coverage.until(now_ms)
    components = [_component(one, items, page, coverage, watched=watched, now_ms=now_ms) for one in page.components]
    recent = [one for one in items if one.until_ms is None or one.until_ms >= since_ms]
    statuses = [one.status for one in components]
    return StatusDocument(
        company=page.company,
        support=page.support,
        url="" if page.url is None else page.url,
        status=max(statuses, key=_ORDER.index, default="unknown"),
        written_at=_iso(now_ms),
        stale_after_seconds=round(page.rewrite_every * 3),
        components=components,
        open=_shown(one for one in recent if _lasts(one, now_ms)),
        scheduled=_shown(one for one in recent if one.shown.phase == "scheduled" and one.from_ms > now_ms),
        past=_shown(one for one in recent if one.until_ms is not None and one.until_ms <= now_ms),
    )


def _published(book: PublicBook) -> Iterator[list[UpdateState]]:
    """What was published of each thing, oldest first."""
    for updates in book.updates_by_subject().values():
        told = [one for one in updates if one.standing is Standing.DONE]
        if told:
            yield sorted(told, key=lambda one: one.answered_at_ms)


def _item(updates: Sequence[UpdateState], page: StatusPage, now_ms: int) -> _Item:
    first, last = updates[0], updates[-1]
    said = last.said
    names = {one.id: one.name for one in page.components}
    from_ms = said.began_at_ms if said.began_at_ms else first.answered_at_ms
    until_ms = _until_ms(last) if said.phase in _OVER else None
    if until_ms is None and said.impact == "maintenance" and said.phase == "scheduled" and from_ms <= now_ms:
        # It was to begin by now, and whether it did is not published yet.
        from_ms = now_ms + 1
    return _Item(
        ItemDocument(
            id=public_id(first.seal),
            title=said.title,
            impact=said.impact,
            phase=said.phase,
            components=[names[one] for one in said.components if one in names],
            began=_iso(from_ms),
            ended="" if until_ms is None else _iso(until_ms),
            updates=[
                UpdateDocument(phase=one.said.phase, text=one.said.text, at=_iso(one.answered_at_ms))
                for one in reversed(updates)
            ],
        ),
        said.components,
        from_ms,
        until_ms,
    )


def _until_ms(last: UpdateState) -> int:
    return last.said.ended_at_ms if last.said.ended_at_ms else last.answered_at_ms


def _lasts(item: _Item, now_ms: int) -> bool:
    return item.until_ms is None and item.from_ms <= now_ms


def _shown(items: Iterable[_Item]) -> list[ItemDocument]:
    return [one.shown for one in sorted(items, key=lambda one: one.from_ms, reverse=True)]


def _component(
    component: Component,
    items: Sequence[_Item],
    page: StatusPage,
    coverage: dict[int, int],
    *,
    watched: bool,
    now_ms: int,
) -> ComponentDocument:
    mine = [one for one in items if component.id in one.components]
    now = [_status_of(one.shown.impact) for one in mine if _lasts(one, now_ms)]
    usual: Status = "operational" if watched else "unknown"
    today = now_ms // DAY_MS
    days = range(today - page.history_days + 1, today + 1)
    return ComponentDocument(
        id=component.id,
        name=component.name,
        description=component.description,
        status=max(now, key=_ORDER.index, default=usual),
        uptime_percent=_uptime(mine, coverage, days, now_ms),
        days=[_day(day, mine, coverage.get(day, 0), now_ms) for day in days],
    )


def _status_of(impact: Impact) -> Status:
    return impact


def _day(day: int, items: Sequence[_Item], watched_ms: int, now_ms: int) -> DayDocument:
    begin_ms, end_ms = day * DAY_MS, min(now_ms, (day + 1) * DAY_MS)
    touching = [_status_of(one.shown.impact) for one in items if _overlap_ms(one, begin_ms, end_ms) > 0]
    share = min(1.0, watched_ms / max(1, end_ms - begin_ms))
    status: DayStatus
    if touching:
        status = max(touching, key=_ORDER.index)
    elif share == 0:
        status = "unknown"
    else:
        status = "operational" if share >= WHOLE_SHARE else "partly_unknown"
    # Rounded, because every reader compares the whole page with the one before.
    return DayDocument(date=_iso(begin_ms)[:10], status=status, watched=round(share, 2))


def _uptime(items: Sequence[_Item], coverage: dict[int, int], days: range, now_ms: int) -> float | None:
    """Of what was watched, the share without an outage; rounded down, so that no outage is rounded away."""
    watched_ms = sum(coverage.get(day, 0) for day in days)
    if not watched_ms:
        return None
    outages = [one for one in items if one.shown.impact == "outage"]
    down_ms = _union_ms(outages, days.start * DAY_MS, now_ms)
    return max(0, (watched_ms - down_ms) * 10_000 // watched_ms) / 100


def _union_ms(items: Sequence[_Item], begin_ms: int, end_ms: int) -> int:
    """How long at least one of them lasted within the stretch."""
    total, reached_ms = 0, begin_ms
    for one in sorted(items, key=lambda each: each.from_ms):
        until_ms = min(end_ms, end_ms if one.until_ms is None else one.until_ms)
        from_ms = max(reached_ms, one.from_ms)
        if until_ms > from_ms:
            total += until_ms - from_ms
            reached_ms = until_ms
    return total


def _overlap_ms(item: _Item, begin_ms: int, end_ms: int) -> int:
    until_ms = end_ms if item.until_ms is None else item.until_ms
    return min(end_ms, until_ms) - max(begin_ms, item.from_ms)


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
