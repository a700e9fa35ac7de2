"""Makes the files of the page from its document: HTML, JSON, two feeds, and what the page itself needs."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from daemon.status_page.document import ItemDocument, StatusDocument

_FOLDER = Path(__file__).parent
ASSETS: Mapping[str, str] = MappingProxyType({"status.css": "text/css", "status.js": "text/javascript"})
INDEX = "index.html"
FEED_ENTRIES_MAX = 50
CONTENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        **ASSETS,
        "status.json": "application/json",
        "feed.json": "application/feed+json",
        "feed.atom": "application/atom+xml",
        INDEX: "text/html; charset=utf-8",
    }
)
"""Every file in the order in which they are written: the page itself last, so that what it names is there."""
STATUS_WORDS = {
    "operational": "Operational",
    "degraded": "Degraded",
    "outage": "Outage",
    "maintenance": "Maintenance",
    "unknown": "No data",
    "partly_unknown": "No data for a part of the day",
}
HEADLINES = {
    "operational": "All systems work",
    "degraded": "Some systems are degraded",
    "outage": "There is an outage",
    "maintenance": "Maintenance is under way",
    "unknown": "Nobody can say right now how our systems are",
}
PHASE_WORDS = {"in_progress": "In progress"}


class FeedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One published word, for readers of feeds."""

    id: str
    url: str
    title: str
    text: str
    at: str


class _JsonItem(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    url: str
    title: str
    content_text: str
    date_published: str


class _JsonFeed(msgspec.Struct, frozen=True, kw_only=True):
    """JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

    version: str
    title: str
    home_page_url: str
    feed_url: str
    items: list[_JsonItem]


class Renderer:
    """Templates and assets are read when it is made, so that writing a page reads nothing."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._page = self._environment.get_template("page.html")
        self._atom = self._environment.get_template("feed.atom")
        self._assets = {name: (_FOLDER / "static" / name).read_bytes() for name in ASSETS}

    def files(self, document: StatusDocument) -> dict[str, bytes]:
        """Name and content of each file, in the order of CONTENT_TYPES."""
        entries = feed_entries(document)
        made = {
            **self._assets,
            "status.json": msgspec.json.format(msgspec.json.encode(document), indent=1),
            "feed.json": msgspec.json.encode(_json_feed(document, entries)),
            "feed.atom": self._atom.render(page=document, entries=entries, home=_home(document)).encode(),
            INDEX: self._page.render(
                page=document, headlines=HEADLINES, statuses=STATUS_WORDS, phase_words=phase_words, moment=moment
            ).encode(),
        }
        return {name: made[name] for name in CONTENT_TYPES}


def feed_entries(document: StatusDocument) -> list[FeedEntry]:
    """Every published word, the newest first."""
    home = _home(document)
    found = [entry for item in (*document.open, *document.scheduled, *document.past) for entry in _of_item(item, home)]
    return sorted(found, key=lambda one: (one.at, one.id), reverse=True)[:FEED_ENTRIES_MAX]


def phase_words(phase: str) -> str:
    """``Investigating``."""
    return PHASE_WORDS.get(phase, phase.replace("_", " ").capitalize())


def moment(iso: str) -> str:
    """``2026-11-27 03:42 UTC``."""
    return f"{iso[:10]} {iso[11:16]} UTC" if iso else ""


def _of_item(item: ItemDocument, home: str) -> list[FeedEntry]:
    return [
        FeedEntry(
            id=f"{home}#{item.id}-{len(item.updates) - index}",
            url=f"{home}#{item.id}",
            title=f"{phase_words(update.phase)}: {item.title}",
            text=update.text,
            at=update.at,
        )
        for index, update in enumerate(item.updates)
    ]


def _json_feed(document: StatusDocument, entries: list[FeedEntry]) -> _JsonFeed:
    home = _home(document)
    return _JsonFeed(
        version="https://jsonfeed.org/version/1.1",
        title=f"{document.company} status",
        home_page_url=home,
        feed_url=f"{home}feed.json",
        items=[
            _JsonItem(id=one.id, url=one.url, title=one.title, content_text=one.text, date_published=one.at)
            for one in entries
        ],
    )


def _home(document: StatusDocument) -> str:
    """Where the page is; a feed needs names that never change also where nobody said it."""
    return f"{document.url.rstrip('/')}/" if document.url else "urn:tillwatch:status/"
