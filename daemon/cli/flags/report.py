"""``tillwatch flags report``: what each variant of a flag did to payments, what can be told of it, and how surely."""

from typing import Annotated

import msgspec
import typer

from daemon.cli.asking_daemon import ask, name_of
from daemon.cli.options import Json, Token, Url
from daemon.cli.output import print_json, say
from remediation.flags.experiments.findings import FlagReport, VariantReport, Verdict
from remediation.flags.experiments.outcomes import Metric

NOTHING = "-"
COLUMNS = (
    ("variant", 16),
    ("share", 7),
    ("payments", 9),
    ("succeed", 8),
    ("fail", 7),
    ("mean ms", 8),
    ("p99 ms", 8),
    ("c/payment", 10),
    ("customers", 10),
    ("of their first payments succeed", 0),
)
"""Heads and widths of the table; the last one ends the line."""


class _List(msgspec.Struct):
    reports: list[FlagReport]


def report(
    flag: Annotated[str, typer.Argument(help="A flag; every one with an experiment when left out.")] = "",
    url: Url = "",
    token: Token = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Show an experiment's variants and verdict; exit 1 for a flag that has none.

    Verdicts hold however often you look: alike variants are called different in 5 % of experiments at the most.

    Examples: tillwatch flags report card-testing-challenge; tillwatch flags report --json
    """
    place = f"flags/report?flag={name_of(flag, 'a flag')}" if flag else "flags/report"
    found: _List = ask("GET", url, token, place, _List)
    if as_json:
        print_json(found)
        return
    if not found.reports:
        say("no flag has an experiment: draw customers to variants by targeting, with metadata.experiment, or ramp one")
    for place_of, one in enumerate(found.reports):
        if place_of:
            say("")
        for line in report_lines(one):
            say(line)


def report_lines(one: FlagReport) -> list[str]:
    """One experiment as people read it."""
    over = ", has ended" if one.ended_ms else ""
    lines = [f"{one.flag}: {one.verdict.replace('_', ' ')}{over}", f"  {one.words}"]
    if one.not_compared:
        lines.append(f"  not compared now: {one.not_compared}")
    if one.sample_ratio.is_wrong:
        lines.append(f"  WARNING {one.sample_ratio.words}")
    lines.append("  " + "".join(head.ljust(width) for head, width in COLUMNS))
    lines += [f"  {_row(variant)}" for variant in one.variants]
    told = () if one.verdict is Verdict.NO_DATA else one.comparisons
    lines += [f"  {comparison.variant}: {comparison.words}" for comparison in told]
    if not one.sample_ratio.is_wrong and told:
        lines.append(f"  {one.sample_ratio.words}")
    if one.unnamed:
        lines.append(f"  {one.unnamed:,} payments without a customer are counted and not compared")
    lines.append(
        f"  compared are first payments, one of each customer; alike variants are called different in "
        f"{one.false_alarm * 100:g} % of experiments at the most, and a right split wrong in "
        f"{one.sample_ratio.false_alarm * 100:g} %, however often you look; means, p99 and costs are not compared"
    )
    return lines


def _row(one: VariantReport) -> str:
    interval = one.intervals[Metric.CONVERSION]
    cells = (
        f"{one.variant[:14]}{'*' if one.is_control else ''}",
        f"{one.share * 100:.3g} %" if one.share else NOTHING,
        f"{one.payments:,}",
        _percent(one.conversion),
        _percent(one.error_ratio),
        _number(one.latency_mean_ms, 0),
        _number(one.latency_p99_ms, 0),
        _number(one.cost_cents_per_payment, 2),
        f"{one.customers:,}",
        f"{interval.low * 100:.1f} to {interval.high * 100:.1f} %" if one.customers else NOTHING,
    )
    return "".join(cell.ljust(width) for cell, (_, width) in zip(cells, COLUMNS, strict=True))


def _percent(ratio: float | None) -> str:
    return NOTHING if ratio is None else f"{ratio * 100:.2f} %"


def _number(value: float | None, digits: int) -> str:
    return NOTHING if value is None else f"{value:,.{digits}f}"
