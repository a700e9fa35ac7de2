"""Capacity against need under each way of scaling, as one SVG file that needs nothing else."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape

from remediation.scaling.backtest.played import Outcome
from remediation.scaling.backtest.trace import Column
from remediation.scaling.needs import dollars

_WIDTH, _LEFT, _RIGHT, _TOP = 900, 70, 24, 76
_PANEL, _GAP, _FOOT = 130, 46, 30
_LOAD, _CAPACITY, _THROTTLED, _GRID, _INK = "#9a9a9a", "#1f6feb", "#d1242f", "#e4e4e4", "#1b1b1b"
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 50_000, 100_000, 1_000_000)
_STEPS_SECONDS = (60, 300, 900, 3_600, 3 * 3_600, 6 * 3_600, 86_400, 7 * 86_400, 30 * 86_400)
_LINES_MAX, _MARKS_MAX = 4, 10
_DAY_MS = 86_400_000


def capacity_picture(title: str, outcomes: Sequence[Outcome]) -> str:
    """The SVG: a panel for each way, all over the same time and up to the same height; time is UTC."""
    height = _TOP + len(outcomes) * (_PANEL + _GAP) + _FOOT - _GAP
    drawn = [list(outcome.trace.columns()) for outcome in outcomes]
    scale = _Scale(drawn)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}">',
        "<style>text { font: 13px system-ui, sans-serif }</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(16, 24, title),
        *_legend(),
    ]
    for number, (outcome, columns) in enumerate(zip(outcomes, drawn, strict=True)):
        top = _TOP + number * (_PANEL + _GAP)
        parts += [*_grid(scale, top), _text(_LEFT, top - 6, _said(outcome)), *_panel(scale, top, columns)]
    parts += _times(scale, height - _FOOT + 18)
    return "\n".join([*parts, "</svg>"]) + "\n"


class _Scale:
    """Where a moment and a load are drawn."""

    def __init__(self, drawn: Sequence[Sequence[tuple[int, Column]]]) -> None:
        moments = [at_ms for columns in drawn for at_ms, _ in columns]
        highest = max((max(one.load, one.capacity) for columns in drawn for _, one in columns), default=1.0)
        self.first_ms, self.last_ms = min(moments, default=0), max(moments, default=1)
        self.step = next((one for one in _STEPS if highest / one <= _LINES_MAX), _STEPS[-1])
        self.lines = int(max(highest, 1e-9) // self.step) + 1

    def x(self, at_ms: int) -> float:
        """Pixels from the left."""
        share = (at_ms - self.first_ms) / max(1, self.last_ms - self.first_ms)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, top: int, load: float) -> float:
        """Pixels from above."""
        return round(top + _PANEL * (1 - load / (self.lines * self.step)), 1)


def _panel(scale: _Scale, top: int, columns: Sequence[tuple[int, Column]]) -> Iterator[str]:
    if not columns:
        return
    load = " ".join(f"{scale.x(at_ms)},{scale.y(top, one.load)}" for at_ms, one in columns)
    left, right, foot = scale.x(columns[0][0]), scale.x(columns[-1][0]), top + _PANEL
    yield f'<polygon points="{left},{foot} {load} {right},{foot}" fill="{_LOAD}" fill-opacity="0.55"/>'
    points: list[str] = []
    for at_ms, one in columns:
        x, y = scale.x(at_ms), scale.y(top, one.capacity)
        # A step and no slope: capacity is there or it is not.
        points += [f"{x},{points[-1].partition(',')[2]}"] if points else []
        points.append(f"{x},{y}")
    yield f'<polyline points="{" ".join(points)}" fill="none" stroke="{_CAPACITY}" stroke-width="1.5"/>'
    for at_ms, one in columns:
        if one.throttled_ms:
            title = escape(f"{_time(at_ms)}: {one.throttled_ms / 1000:g} s throttled, {one.load:.0f} requests/s")
            yield (
                f'<rect x="{scale.x(at_ms) - 1}" y="{top}" width="2" height="{_PANEL}" fill="{_THROTTLED}" '
                f'fill-opacity="0.8"><title>{title}</title></rect>'
            )


def _grid(scale: _Scale, top: int) -> Iterator[str]:
    for line in range(scale.lines + 1):
        y = scale.y(top, line * scale.step)
        yield f'<line x1="{_LEFT}" y1="{y}" x2="{_WIDTH - _RIGHT}" y2="{y}" stroke="{_GRID}"/>'
        yield _text(_LEFT - 8, y + 4, f"{line * scale.step:,}", "end")


def _times(scale: _Scale, y: int) -> Iterator[str]:
    seconds = (scale.last_ms - scale.first_ms) / 1000
    step_ms = 1000 * next((one for one in _STEPS_SECONDS if seconds / one <= _MARKS_MAX), _STEPS_SECONDS[-1])
    for at_ms in range(-(-scale.first_ms // step_ms) * step_ms, scale.last_ms + 1, step_ms):
        yield _text(scale.x(at_ms), y, _time(at_ms)[5:10] if step_ms >= _DAY_MS else _time(at_ms)[11:16], "middle")


def _legend() -> Iterator[str]:
    left = 16
    for colour, words in (
        (_LOAD, "requests a second"),
        (_CAPACITY, "what the units carry"),
        (_THROTTLED, "requests turned away"),
    ):
        yield f'<rect x="{left}" y="36" width="10" height="10" fill="{colour}"/>'
        yield _text(left + 16, 46, words)
        left += 40 + 7 * len(words)


def _said(outcome: Outcome) -> str:
    result = outcome.result
    return (
        f"{outcome.way}: {result.throttled_seconds:,.0f} s throttled, {dollars(result.microdollars)}, "
        f"{result.least_units} to {result.most_units} units, {result.changes} changes"
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{_INK}">{escape(text)}</text>'


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
