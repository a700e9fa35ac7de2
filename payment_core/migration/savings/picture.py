"""A simulation as one SVG file that needs nothing else: what each cohort saves, by each way, against the aim."""

from collections.abc import Iterator
from html import escape

from payment_core.migration.savings.amounts import cents, percent
from payment_core.migration.savings.model import CohortResult, Simulation, WayCost
from payment_core.migration.savings.wording import not_compared, summary

_WIDTH, _LEFT, _RIGHT, _TOP = 960, 220, 210, 92
_LANE, _BAR, _GAP = 16, 12, 14
_WORDS_MAX = 130
_WHOLE = 10_000
_LABELS = 'aria-labelledby="title description"'
_MARKS = (0, 2_500, 5_000, 7_500, 10_000)

_STYLE = """
svg { color-scheme: light dark; background: #ffffff }
text { font-family: system-ui, sans-serif; font-size: 12px; fill: #1b1b1b }
.title { font-size: 15px; font-weight: 600 }
.line { stroke: #d0d0d0 }
.aim { stroke: #b35900; stroke-width: 2; stroke-dasharray: 5 3 }
.aimed { fill: #8a4500 }
.way0 { fill: #1f6feb } .way1 { fill: #6aa5f8 } .way2 { fill: #1a7f37 } .way3 { fill: #6fbf84 }
@media (prefers-color-scheme: dark) {
  svg { background: #14171a }
  text { fill: #e8e8e8 }
  .line { stroke: #3a4046 }
  .aim { stroke: #ffb454 }
  .aimed { fill: #ffb454 }
  .way0 { fill: #4c8dff } .way1 { fill: #2c5aa8 } .way2 { fill: #3fb55a } .way3 { fill: #2a6f3b }
}
"""


def picture(simulation: Simulation) -> str:
    """The SVG; it is read aloud as a title, a description and one sentence for each bar."""
    names = [way.name for way in simulation.total]
    tops, bottom = _tops(simulation.cohorts)
    left_out = [f"Not compared: {sentence}" for sentence in not_compared(simulation)]
    height = bottom + _LANE * len(left_out)
    aim = percent(simulation.target_basis_points)
    title = f"What leaving the processor saves, aim {aim}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" {_LABELS}>',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(" ".join([summary(simulation), *left_out]))}</desc>',
        f"<style>{_STYLE}</style>",
        f'<text x="16" y="26" class="title">{escape(title)}</text>',
        *_legend(names),
        *_scale(simulation.target_basis_points, bottom),
    ]
    for cohort, top in zip(simulation.cohorts, tops, strict=True):
        parts += _cohort(cohort, names, top)
    if not simulation.cohorts:
        parts.append(_text(16, _TOP + 20, "No payment of the export can be compared."))
    for number, sentence in enumerate(left_out):
        parts.append(_text(16, height - _LANE * (len(left_out) - number), sentence))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _tops(cohorts: tuple[CohortResult, ...]) -> tuple[list[int], int]:
    tops, top = [], _TOP
    for cohort in cohorts:
        tops.append(top)
        top += _LANE * max(1, len(cohort.ways)) + _GAP
    return tops, max(top, _TOP + 40) + 16


def _legend(names: list[str]) -> Iterator[str]:
    left = 16
    for number, name in enumerate(names):
        yield f'<rect x="{left}" y="42" width="20" height="{_BAR}" class="way{number}"/>'
        yield _text(left + 26, 52, name)
        left += 46 + 7 * len(name)


def _scale(target: int, height: int) -> Iterator[str]:
    bottom = height - 12
    for mark in _MARKS:
        x = _x(mark)
        yield f'<line x1="{x}" y1="{_TOP - 8}" x2="{x}" y2="{bottom}" class="line"/>'
        yield f'<text x="{x}" y="{_TOP - 14}" text-anchor="middle">{mark // 100} %</text>'
    aim = _x(target)
    yield f'<line x1="{aim}" y1="{_TOP - 8}" x2="{aim}" y2="{bottom}" class="aim"><title>the aim</title></line>'


def _cohort(cohort: CohortResult, names: list[str], top: int) -> Iterator[str]:
    yield _text(16, top + _BAR - 1, f"{'bank debit' if cohort.rail == 'ach' else cohort.rail} {cohort.band}")
    yield _text(16, top + _BAR + 14, f"{cohort.payments:,} payments")
    if not cohort.ways:
        yield _text(_LEFT, top + _BAR - 1, "no rail here")
    for number, way in enumerate(cohort.ways):
        yield from _bar(way, names.index(way.name), top + _LANE * number, cohort)


def _bar(way: WayCost, colour: int, top: int, cohort: CohortResult) -> Iterator[str]:
    """A bar begins at 0 %; one that costs more than before has none, and its number says so."""
    width = max(0, _x(min(_WHOLE, way.saving_basis_points)) - _LEFT)
    told = f"{cohort.rail} {cohort.band}, {way.name}: {percent(way.saving_basis_points)} saved"
    yield (
        f'<rect x="{_LEFT}" y="{top}" width="{max(width, 1)}" height="{_BAR}" class="way{colour}">'
        f"<title>{escape(told)}</title></rect>"
    )
    # Not by colour alone: what reaches the aim is ticked.
    words = f"{percent(way.saving_basis_points)}, {cents(way.per_100_microcents)} of $100{' ✓' if way.reaches else ''}"
    aimed = ' class="aimed"' if way.reaches else ""
    yield f'<text x="{_x(_WHOLE) + 12}" y="{top + _BAR - 2}"{aimed}>{escape(words)}</text>'


def _x(basis_points: int) -> int:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * max(0, basis_points) // _WHOLE


def _text(x: int, y: int, text: str) -> str:
    return f'<text x="{x}" y="{y}">{escape(text[:_WORDS_MAX])}</text>'
