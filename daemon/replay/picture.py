"""A timeline of what fired and what was done, as one SVG file that needs nothing else."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape

from checks.replay.firings import Firing
from daemon.replay.rehearsal import Acted
from daemon.replay.run import Replayed

ROWS_MAX = 60
"""More rows are no picture; they are counted below it."""

_WIDTH, _LEFT, _RIGHT, _TOP = 1280, 420, 24, 78
_LANE, _GAP = 9, 12
_LABEL_LENGTH = 56
_COLOURS = ("#1f6feb", "#9a9a9a")
"""Of the rules that are asked about, and of those they are compared with."""
_ACTION = "#d1242f"
_STEPS_SECONDS = (1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400)
_MARKS_MAX = 10
_DAY_MS = 86_400_000

Row = tuple[str, str]


def picture(replayed: Replayed, names: Sequence[str]) -> str:
    """The SVG. names: of the sides, in their order."""
    rows = _rows(replayed)
    shown = rows[:ROWS_MAX]
    lane = _LANE * len(names) + _GAP
    height = _TOP + lane * max(1, len(shown)) + 44
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}">',
        "<style>text { font-family: system-ui, sans-serif }</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(16, 24, f"{replayed.facts:,} facts, {_time(replayed.first_ms)} to {_time(replayed.last_ms)} UTC", 15),
        *_legend(names),
        *_axis(replayed, height),
    ]
    places = {row: _TOP + lane * position for position, row in enumerate(shown)}
    for row, top in places.items():
        parts.append(_text(16, top + lane - _GAP, _label(row)))
    for number, side in enumerate(replayed.sides):
        drop = _LANE * number
        parts += [
            _bar(replayed, firing, places[_row(firing)] + drop, _COLOURS[number])
            for firing in side.firings
            if _row(firing) in places
        ]
        parts += [_mark(replayed, acted, places[_row(acted)] + drop) for acted in side.actions if _row(acted) in places]
    parts.append(_text(16, height - 14, _footer(replayed, rows)))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _rows(replayed: Replayed) -> list[Row]:
    """Every rule and key that fired, in the order of the rules."""
    order = {rule.id: place for side in replayed.sides for place, rule in enumerate(side.rules)}
    rows = {_row(firing) for side in replayed.sides for firing in side.firings}
    return sorted(rows, key=lambda row: (order[row[0]], row))


def _row(about: Firing | Acted) -> Row:
    return about.rule_id, ", ".join(about.key.values())


def _label(row: Row) -> str:
    """The rule and its key, as much of it as there is room for."""
    whole = " ".join(part for part in row if part)
    return whole if len(whole) <= _LABEL_LENGTH else f"{whole[: _LABEL_LENGTH - 1]}…"


def _footer(replayed: Replayed, rows: Sequence[Row]) -> str:
    hidden = len(rows) - ROWS_MAX
    left_out = sum(side.left_out for side in replayed.sides)
    said = [] if rows else ["Nothing fired."]
    said += [f"{hidden} more rules and keys fired."] if hidden > 0 else []
    said += [f"{left_out} more firings are not drawn."] if left_out else []
    return " ".join(said)


def _legend(names: Sequence[str]) -> Iterator[str]:
    left = 16
    for number, name in enumerate(names):
        yield f'<rect x="{left}" y="38" width="22" height="{_LANE}" fill="{_COLOURS[number]}"/>'
        yield _text(left + 28, 47, f"fires under {name}"[:70])
        left += 60 + 7 * len(f"fires under {name}"[:70])
    yield _triangle(left + 4, 38)
    yield _text(left + 16, 47, "would have acted")


def _axis(replayed: Replayed, height: int) -> Iterator[str]:
    seconds = max(1.0, (replayed.last_ms - replayed.first_ms) / 1000)
    step_ms = 1000 * next((step for step in _STEPS_SECONDS if seconds / step <= _MARKS_MAX), _STEPS_SECONDS[-1])
    for at_ms in range(-(-replayed.first_ms // step_ms) * step_ms, replayed.last_ms + 1, step_ms):
        x = _x(replayed, at_ms)
        yield f'<line x1="{x}" y1="{_TOP - 8}" x2="{x}" y2="{height - 34}" stroke="#e4e4e4"/>'
        yield _text(x - 24, _TOP - 12, _time(at_ms)[5 if step_ms >= _DAY_MS else 11 :], 10)


def _x(replayed: Replayed, at_ms: int) -> float:
    whole = max(1, replayed.last_ms - replayed.first_ms)
    share = min(1.0, max(0.0, (at_ms - replayed.first_ms) / whole))
    return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)


def _bar(replayed: Replayed, firing: Firing, top: int, colour: str) -> str:
    ended_ms = firing.ended_ms if firing.ended_ms else replayed.last_ms
    left = _x(replayed, firing.began_ms)
    width = max(2.0, round(_x(replayed, ended_ms) - left, 1))
    until = _time(firing.ended_ms) if firing.ended_ms else "the end"
    title = f"{firing.rule_id} {', '.join(firing.key.values())}: {_time(firing.began_ms)} to {until}"
    return (
        f'<rect x="{left}" y="{top}" width="{width}" height="{_LANE - 2}" fill="{colour}">'
        f"<title>{escape(title)}</title></rect>"
    )


def _mark(replayed: Replayed, acted: Acted, top: int) -> str:
    title = f"{_time(acted.at_ms)} {acted.action}: {acted.detail}"
    return _triangle(_x(replayed, acted.at_ms), top, f"<title>{escape(title)}</title>")


def _triangle(x: float, top: int, inside: str = "") -> str:
    points = f"{x - 5},{top - 1} {x + 5},{top - 1} {x},{top + _LANE}"
    return f'<polygon points="{points}" fill="{_ACTION}">{inside}</polygon>'


def _text(x: float, y: int, text: str, size: int = 12) -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="#1b1b1b">{escape(text)}</text>'


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
