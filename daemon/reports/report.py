"""A report: what it is about, its content for machines, and the same for people as Markdown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from daemon.costs.line import MILLION


@dataclass(frozen=True, slots=True)
class Period:
    """UTC days, the last excluded, as ISO 8601."""

    first_day: str
    until_day: str

    @property
    def shown(self) -> str:
        """As a title has it."""
        return f"{self.first_day} until {self.until_day}, UTC, the last day excluded"


@dataclass(frozen=True, slots=True)
class Report:
    """content: encoded as JSON. markdown: without its head. summary: one sentence for the journal."""

    title: str
    period: Period
    content: msgspec.Struct
    markdown: str
    summary: str


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in front of every report's content."""

    job: str
    slot: str
    first_day: str
    until_day: str
    summary: str


def as_json(report: Report, job: str, slot_ms: int) -> bytes:
    """One JSON object: the head, and ``content``. The same facts give the same bytes."""
    head = Head(
        job=job,
        slot=instant(slot_ms),
        first_day=report.period.first_day,
        until_day=report.period.until_day,
        summary=report.summary,
    )
    document = {**msgspec.structs.asdict(head), "content": report.content}
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def as_markdown(report: Report, slot_ms: int) -> bytes:
    """The same for people."""
    head = f"# {report.title}\n\n{report.period.shown}. Due {instant(slot_ms)}.\n\n{report.summary}\n"
    return f"{head}\n{report.markdown.strip()}\n".encode()


def instant(at_ms: int) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).isoformat().replace("+00:00", "Z")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; a bar within a cell does not end it."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in lines
    )


def dollars(microcents: int) -> str:
    """Dollars and cents, cut towards zero."""
    sign, cents = "-" if microcents < 0 else "", abs(microcents) // MILLION
    return f"{sign}${cents // 100:,}.{cents % 100:02d}"


def percent(basis_points: int) -> str:
    """Two digits after the point."""
    sign = "-" if basis_points < 0 else ""
    return f"{sign}{abs(basis_points) // 100}.{abs(basis_points) % 100:02d} %"


def cents(microcents: int) -> str:
    """Cents with three digits, cut towards zero."""
    sign, whole = "-" if microcents < 0 else "", abs(microcents)
    return f"{sign}{whole // MILLION}.{whole % MILLION // 1000:03d} c"
