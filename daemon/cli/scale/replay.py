"""``tillwatch scale replay``: capacity against recorded load, by what is decided now: throttled seconds and dollars."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from config.load import load_configuration
from config.loading.problems import ConfigurationError
from config.scaling import Scaling
from daemon.cli.options import Json, Picture, directory_with
from daemon.cli.output import Exit, errors, fail, note, print_json, say
from daemon.replay.capacity_picture import capacity_picture
from daemon.replay.load_file import LoadRow, LoadUnreadable, read_load
from remediation.scaling.backtest.played import Backtest, Outcome, RowUnusable
from remediation.scaling.backtest.run import Result, Unmeasured
from remediation.scaling.model import Component, components
from remediation.scaling.needs import dollars


@dataclass(frozen=True, slots=True)
class Report:
    """What ``--json`` prints. ways: results by name. forecast_missing: the share of looks that knew too little."""

    component: str
    rows: int
    from_ms: int
    seconds: float
    ways: dict[str, Result]
    forecast_missing: float
    why_no_forecast: str
    picture: str


def replay_load(
    load: Annotated[Path, typer.Argument(metavar="LOAD.csv", help="Rows of at,requests_per_second in their order.")],
    component: Annotated[
        str, typer.Option("--component", help="Of scaling.yaml; the first that says what a unit carries.")
    ] = "",
    since: Annotated[
        str, typer.Option("--from", metavar="TIME", help="Play from here on; what is before it teaches the forecast.")
    ] = "",
    config: Annotated[Path | None, directory_with("the scaling.yaml to decide by")] = None,
    late: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds until a load is known; 90 where CloudWatch tells it.")
    ] = 0.0,
    picture_file: Picture = None,
    *,
    as_json: Json = False,
) -> None:
    """Play recorded load under reactive, scheduled and predictive scaling. Nothing is asked and nothing is changed."""
    try:
        policy = load_configuration(config).scaling
    except ConfigurationError as error:
        fail(str(error), Exit.BAD_INPUT)
    chosen = _component(policy, component)
    from_ms = _instant_ms(since) if since else None
    backtest = Backtest(chosen, policy, from_ms, late_ms=round(late * 1000))
    _play(load, chosen, backtest)
    outcomes = backtest.outcomes()
    if not outcomes:
        what = f"no time is left to play after {since}" if since else "one row says nothing of how long it lasted"
        fail(f"{load}: {what}\n  fix: give rows of a longer time, or an earlier --from", Exit.BAD_INPUT)
    if picture_file is not None:
        _draw(picture_file, f"{chosen.name} under {load.name}", outcomes)
    report = _report(chosen, backtest, outcomes, picture_file)
    if as_json:
        print_json(report)
        return
    for line in _table(report):
        say(line)
    if picture_file is not None:
        say(f"The picture is in {picture_file}")


def _component(policy: Scaling, name: str) -> Component:
    """The component of this name, or the first that can be played."""
    known = components(policy)
    if name:
        found = next((one for one in known if one.name == name), None)
        if found is None:
            names = ", ".join(one.name for one in known) if known else "none"
            fail(f"scaling.yaml has no component {name!r:.60}\n  fix: name one of those: {names}", Exit.BAD_INPUT)
        return found
    measured = next((one for one in known if one.scaled.unit.requests_per_second is not None), None)
    if measured is None:
        what = "no component of scaling.yaml says how many requests a second a unit carries"
        fail(f"{what}\n  fix: write unit.requests_per_second of the one to play", Exit.BAD_INPUT)
    return measured


def _instant_ms(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--from {text!r:.60} is no point in time\n  fix: write it such as 2026-11-27T00:00:00Z", Exit.BAD_INPUT)
    if moment.tzinfo is None:
        fail(f"--from {text!r:.60} has no UTC offset\n  fix: write {text}Z, or another offset", Exit.BAD_INPUT)
    return round(moment.timestamp() * 1000)


def _play(load: Path, component: Component, backtest: Backtest) -> None:
    size = load.stat().st_size if load.is_file() else 0
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("replaying", total=max(1, size))
        try:
            for row in read_load(load, lambda count: progress.advance(task, count)):
                _take(load, row, backtest)
        except LoadUnreadable as fault:
            fail(str(fault), Exit.BAD_INPUT)
        except Unmeasured:
            what = f"nothing says how many requests a second a unit of {component.name} carries"
            fail(f"{what}\n  fix: write its unit.requests_per_second in scaling.yaml", Exit.BAD_INPUT)


def _take(load: Path, row: LoadRow, backtest: Backtest) -> None:
    try:
        backtest.take(row.at_ms, row.requests_per_second)
    except RowUnusable as fault:
        raise LoadUnreadable(load, row.line, fault.what, fault.fix) from fault


def _draw(path: Path, title: str, outcomes: list[Outcome]) -> None:
    try:
        path.write_text(capacity_picture(title, outcomes), encoding="utf-8")
    except OSError as fault:
        fail(f"the picture cannot be written: {fault}\n  fix: name a file that can be made", Exit.BAD_INPUT)


def _report(component: Component, backtest: Backtest, outcomes: list[Outcome], picture: Path | None) -> Report:
    missing = backtest.looks_without_forecast / backtest.looks if backtest.looks else 1.0
    return Report(
        component=component.name,
        rows=backtest.rows,
        from_ms=outcomes[0].trace.first_ms,
        seconds=outcomes[0].result.seconds,
        ways={outcome.way.value: outcome.result for outcome in outcomes},
        forecast_missing=round(missing, 4),
        why_no_forecast=backtest.why_without_forecast,
        picture="" if picture is None else str(picture),
    )


def _table(report: Report) -> Iterator[str]:
    begins = datetime.fromtimestamp(report.from_ms / 1000, UTC)
    yield f"{report.component}: {report.rows:,} rows, {report.seconds / 3600:,.1f} h from {begins:%Y-%m-%d %H:%M} UTC"
    yield f"{'way':<12}{'throttled':>12}{'turned away':>14}{'cost':>12}{'units':>10}{'changes':>9}"
    for way, result in report.ways.items():
        units = f"{result.least_units}-{result.most_units}"
        yield (
            f"{way:<12}{result.throttled_seconds:>10,.0f} s{result.throttled_requests:>14,}"
            f"{dollars(result.microdollars):>12}{units:>10}{result.changes:>9}"
        )
    if report.forecast_missing:
        note(f"no forecast at {report.forecast_missing:.0%} of the looks: {report.why_no_forecast}")
