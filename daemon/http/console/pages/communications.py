"""The page of what the outside is told: what waits for a person, what can be read there now, and what was told."""

from collections.abc import Iterator
from dataclasses import dataclass

from daemon.http.console.figures.shown import Figure, Tone
from daemon.http.console.incident.words import WordsRow, words_rows
from daemon.http.console.pages.declared import ConsolePage
from daemon.http.console.pages.scene import Scene
from daemon.http.words.wording import NO_DATA, count, words
from daemon.status_page.document import ItemDocument, Status, StatusDocument
from remediation.public.state import LetterState, Standing, UpdateState

PAST_ROWS = 40
"""Rows that fit a person's attention; the API has the rest."""
_TONE_BY_STATUS: dict[Status, Tone] = {"operational": "good", "outage": "bad"}


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One thing that the status page shows as lasting. newest: its newest words. at: when they were published."""

    id: str
    title: str
    phase: str
    newest: str
    at: str


@dataclass(frozen=True, slots=True)
class CommunicationsPage:
    """told: whether the outside is told anything from here. status: of the page in words. read: what it shows as open.

    past_hidden: how many more there are.
    """

    told: bool
    figures: tuple[Figure, ...]
    waiting: tuple[WordsRow, ...]
    status: str
    read: tuple[ReadRow, ...]
    past: tuple[WordsRow, ...]
    past_hidden: int


def compose(scene: Scene, _of: str) -> CommunicationsPage:
    """From the journal's state, and the page as it is written."""
    found = _newest(scene)
    waiting = [one for one in found if one.standing is Standing.WAITING]
    past = [one for one in found if one.standing is not Standing.WAITING]
    document = _document(scene)
    return CommunicationsPage(
        told=scene.options.public is not None,
        figures=tuple(_figures(found, document)),
        waiting=words_rows(waiting, scene.now_ms),
        status="" if document is None else words(document.status),
        read=() if document is None else tuple(_read(one) for one in (*document.open, *document.scheduled)),
        past=words_rows(past[:PAST_ROWS], scene.now_ms),
        past_hidden=max(0, len(past) - PAST_ROWS),
    )


def glance(scene: Scene) -> Figure:
    """What the outside reads, or that somebody has to say something first."""
    href = "/console/communications"
    if scene.options.public is None:
        return Figure("Told outside", NO_DATA, "the outside is told nothing from here", href=href)
    found = _newest(scene)
    waiting = sum(one.standing is Standing.WAITING for one in found)
    failed = sum(one.standing is Standing.FAILED for one in found)
    if waiting:
        return Figure("Told outside", f"{count(waiting)} wait" if waiting > 1 else "1 waits", "for a yes", "odd", href)
    if failed:
        return Figure("Told outside", f"{count(failed)} failed", "letters that not all have", "bad", href)
    document = _document(scene)
    if document is None:
        return Figure("Told outside", "nothing waits", "no status page is written", href=href)
    return Figure("Told outside", words(document.status), "says the status page", _tone(document), href)


def _newest(scene: Scene) -> list[UpdateState | LetterState]:
    book = scene.state.public
    found: list[UpdateState | LetterState] = [*book.updates.values(), *book.letters.values()]
    return sorted(found, key=lambda one: -one.at_ms)


def _document(scene: Scene) -> StatusDocument | None:
    parts = scene.options.public
    # Of the publisher's last look, a second ago: to make it anew for every change would cost more than all else here.
    return None if parts is None or parts.page is None else parts.page.newest


def _tone(document: StatusDocument) -> Tone:
    return _TONE_BY_STATUS.get(document.status, "odd")


def _read(one: ItemDocument) -> ReadRow:
    newest = one.updates[0] if one.updates else None
    return ReadRow(
        id=one.id,
        title=one.title,
        phase=words(one.phase),
        newest="" if newest is None else newest.text,
        at="" if newest is None else newest.at,
    )


def _figures(found: list[UpdateState | LetterState], document: StatusDocument | None) -> Iterator[Figure]:
    status = NO_DATA if document is None else words(document.status)
    yield Figure("Status page says", status, "none is written" if document is None else "", _page_tone(document))
    counts = {standing: sum(one.standing is standing for one in found) for standing in Standing}
    waits = counts[Standing.WAITING]
    yield Figure(
        "Wait for a person", count(waits), "nobody outside reads them" if waits else "", "odd" if waits else ""
    )
    yield Figure("Letters on their way", count(counts[Standing.OPEN]))
    failed = counts[Standing.FAILED]
    yield Figure("Not delivered to all", count(failed), "", "bad" if failed else "")
    yield Figure("Told", count(counts[Standing.DONE]), f"{count(counts[Standing.REJECTED])} refused")


def _page_tone(document: StatusDocument | None) -> Tone:
    return "" if document is None else _tone(document)


COMMUNICATIONS = ConsolePage(
    name="communications",
    title="Communications",
    path="/console/communications",
    section="communications",
    panels=("figures", "words-waiting", "words-read", "words-past"),
    compose=compose,
)
