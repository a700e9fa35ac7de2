"""``tillwatch sop drill``: the business-continuity plan rehearsed on a system of its own, and measured."""

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from daemon.cli.asking_daemon import BESIDE, Declined, refused
from daemon.cli.options import DataDir, Json, Token, Url
from daemon.cli.output import Exit, fail, note, print_json, say
from daemon.cli.sop.drill_report import DrillReport, report_markdown, report_words
from daemon.cli.sop.record import LocalRecord, RecordUnusable
from daemon.cli.sop.recorder import Recorder
from daemon.clock import SystemClock
from payment_core.logs import configure_logs
from remediation.journal.procedure_kinds import ContinuityMeasured

PLAN = ("region-loss", "core-outage")
"""What the plan has an answer for: a region that is gone, and a payment core that is gone."""
OBJECTIVE_SECONDS = 300
"""The owner's "Instant Recovery: < 5 minutes"; what may be lost meanwhile is nothing: "Zero-data-loss"."""


class DrillList(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured, and whether all of it is in the daemon's journal."""

    drills: list[ContinuityMeasured]
    journaled: bool


def drill(
    scenario: Annotated[list[str] | None, typer.Option(help="Of the plan; all of it when left out.")] = None,
    objective: Annotated[int, typer.Option(min=1, help="Seconds within which payments have to go as before.")] = (
        OBJECTIVE_SECONDS
    ),
    out: Annotated[Path | None, typer.Option(help="Where reports go; `reports` in --data-dir when left out.")] = None,
    data_dir: DataDir = BESIDE,
    url: Url = "",
    token: Token = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Lose a region and a core of a system of its own, and measure how payments went on. Exit 1 for too late."""
    from daemon.cli.sop.rehearsing import rehearse, scenario_of  # noqa: PLC0415 - the whole system is loaded for this command alone.

    configure_logs(level=30)
    names = list(PLAN) if scenario is None else scenario
    place = data_dir / "reports" if out is None else out
    recorder = Recorder(LocalRecord(data_dir), url, token, note)
    measured, journaled = [], True
    chosen = [scenario_of(name) for name in names]
    # A drill takes minutes: what would keep its report from being written is told before.
    _made(place)
    for scenario_file in chosen:
        report = rehearse(scenario_file, objective)
        one = _kept(report, place)
        try:
            journaled = recorder.drill(one) and journaled
        except Declined as no:
            refused(no)
        except RecordUnusable as fault:
            fail(f"{fault}\n  fix: give another --data-dir", Exit.BAD_INPUT)
        measured.append(one)
        if not as_json:
            say(report_words(report))
    if as_json:
        print_json(DrillList(drills=measured, journaled=journaled))
    if not all(one.met for one in measured):
        fail("the plan does not hold what it promises\n  fix: the reports say what took how long", Exit.NO)


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        fail(f"{folder!s:.300} cannot be made: {fault.strerror}\n  fix: give another place by --out", Exit.BAD_INPUT)


def _kept(report: DrillReport, folder: Path) -> ContinuityMeasured:
    """Write the report as JSON and as Markdown; the journal has the hash of the first."""
    content = msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
    path = folder / f"{report.drill_id}-{report.scenario}.json"
    try:
        path.write_bytes(content)
        path.with_suffix(".md").write_text(report_markdown(report), encoding="utf-8")
    except OSError as fault:
        fail(f"{path} cannot be written: {fault}\n  fix: give another place by --out", Exit.BAD_INPUT)
    return ContinuityMeasured(
        drill_id=report.drill_id,
        scenario=report.scenario,
        recovery_ms=report.recovery_ms,
        objective_ms=report.objective_ms,
        lost_events=report.lost_events,
        lost_payments=report.lost_payments,
        balanced=report.balanced,
        met=report.met,
        sha256=hashlib.sha256(content).hexdigest(),
        place=str(path),
        said_at_ms=SystemClock().now_ms(),
    )
