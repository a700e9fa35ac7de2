"""What a fact costs under 10 to 500 rules: others that want other kinds of facts, others that want the same; drawn."""

import argparse
import gc
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import process_time

from bench.workloads.rules import ONE_KEY, default_rules, of_other_kinds, of_payments
from bench.workloads.stream import batches, facts_of, messages
from checks.compiled_rule import CompiledRule
from checks.engine import Engine
from checks.facts import Fact

FACTS = 60_000
COUNTS = (10, 25, 50, 100, 200, 350, 500)
FIRST = 10
"""Packaged rules over payments, which every number of rules begins with."""
OTHER, SAME = "other_kinds", "same_kind"
LABELS = {OTHER: "the others want other kinds of facts", SAME: "the others want payments too, by provider"}
COLOURS = {OTHER: "#1f6feb", SAME: "#9a9a9a"}
PICTURE = Path(__file__).parents[1] / "docs" / "engine-rules.svg"
ROUNDS = 3
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 430, 70, 30, 84, 56

Curve = Mapping[int, float]
"""Microseconds for a fact by the number of rules."""


def main() -> None:
    """Measure, draw if asked to, and print the figures last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=int, default=FACTS, help="facts for each number of rules")
    parser.add_argument("--picture", type=Path, help=f"an SVG file to draw, such as docs/{PICTURE.name}")
    parser.add_argument("--json", action="store_true", help="kept for all benches: JSON is what is printed")
    chosen = parser.parse_args()
    curves = measure(chosen.facts)
    if chosen.picture is not None:
        chosen.picture.write_text(drawn(curves), encoding="utf-8")
    print(json.dumps({"facts": chosen.facts, **{f"{name}_us_per_fact": curve for name, curve in curves.items()}}))


def measure(count: int) -> dict[str, Curve]:
    """Both curves. All engines see each batch one after the other, so that a busy machine slows all alike."""
    first = [compiled for compiled in default_rules() if compiled.rule.on == "payment.attempted"][:FIRST]
    sets = {
        (name, number): (*first, *more[: number - FIRST])
        for name, more in ((OTHER, of_other_kinds(COUNTS[-1])), (SAME, of_payments(COUNTS[-1], ONE_KEY)))
        for number in COUNTS
    }
    sent = [facts_of(batch) for batch in batches(messages(count))]
    gc.collect()
    gc.freeze()
    best = _seconds(sets, sent)
    for _ in range(ROUNDS - 1):
        best = {which: min(best[which], again) for which, again in _seconds(sets, sent).items()}
    return {name: {number: round(best[name, number] / count * 1e6, 3) for number in COUNTS} for name in (OTHER, SAME)}


def _seconds(
    sets: Mapping[tuple[str, int], Sequence[CompiledRule]], sent: Sequence[Sequence[Fact]]
) -> dict[tuple[str, int], float]:
    engines = {which: Engine(rules) for which, rules in sets.items()}
    seconds = dict.fromkeys(engines, 0.0)
    for facts in sent:
        now_ms = max(fact.at_ms for fact in facts)
        for which, engine in engines.items():
            started = process_time()
            engine.observe(facts, now_ms)
            seconds[which] += process_time() - started
    return seconds


def drawn(curves: Mapping[str, Curve]) -> str:
    """The curves as one SVG file that needs nothing else; rules to the right, time upwards, both from 0."""
    rules = max(number for curve in curves.values() for number in curve)
    highest = max(max(curve.values()) for curve in curves.values())
    step = next(one for one in (0.5, 1, 2, 5, 10, 20, 50, 100, 1_000) if highest / one <= 8)
    scale = (WIDTH - LEFT - RIGHT) / rules, (HEIGHT - TOP - BOTTOM) / (step * (highest // step + 1))

    def place(number: float, us: float) -> tuple[float, float]:
        return round(LEFT + number * scale[0], 1), round(HEIGHT - BOTTOM - us * scale[1], 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">',
        "<style>text { font: 13px system-ui, sans-serif }</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(16, 24, "Microseconds of one core for a fact, by the number of rules"),
    ]
    for line in range(int(highest // step) + 2):
        left, height = place(0, line * step)
        parts.append(f'<line x1="{left}" y1="{height}" x2="{WIDTH - RIGHT}" y2="{height}" stroke="#e4e4e4"/>')
        parts.append(_text(left - 10, height + 4, f"{line * step:g} us", "end"))
    ticks = [(number, place(number, 0)[0]) for number in next(iter(curves.values()))]
    parts += [_text(x, HEIGHT - BOTTOM + 22, f"{number}", "middle") for number, x in ticks]
    for row, (name, curve) in enumerate(curves.items()):
        points = [place(number, us) for number, us in curve.items()]
        path = " ".join(f"{x},{y}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{x}" cy="{y}" r="4" fill="{COLOURS[name]}"><title>{number} rules: {us:g} us</title></circle>'
            for (x, y), (number, us) in zip(points, curve.items(), strict=True)
        ]
        parts.append(f'<rect x="16" y="{36 + 16 * row}" width="10" height="10" fill="{COLOURS[name]}"/>')
        parts.append(_text(32, 46 + 16 * row, LABELS[name]))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{text}</text>'


if __name__ == "__main__":
    main()
