"""``tillwatch sop drill``: the business-continuity plan rehearsed on a system of its own, and measured."""

import hashlib
import secrets
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import typer
import uvloop

from config.load import DEFAULTS, load_configuration, load_scenario
from config.loading.loader import load_yaml
from config.loading.problems import ConfigurationError
from config.prices import Prices
from config.scenario import LoseRegion, Scenario, StopCore
from daemon.cli.asking_daemon import BESIDE, Declined, Json, Token, Url, refused
from daemon.cli.output import Exit, fail, note, print_json, say
from daemon.cli.sop.record import LocalRecord, RecordUnusable
from daemon.cli.sop.recorder import Recorder
from daemon.clock import SystemClock
from daemon.embedded.environments.far_regions import with_regions
from daemon.embedded.faults import MissingExtra
from daemon.embedded.layout import Layout
from daemon.embedded.processes.ports import free_port
from daemon.embedded.run import Stop
from daemon.embedded.run import run as run_system
from daemon.embedded.stack import HOST, Wishes
from daemon.embedded.telling.continuity import good_by_second, recovered_after_ms
from daemon.embedded.telling.report import Report
from daemon.errors import DaemonError
from daemon.http.words.wording import count, duration
from payment_core.errors import CoreError
from payment_core.logs import configure_logs
from remediation.errors import RemediationError
from remediation.journal.procedure_kinds import ContinuityMeasured

PLAN = ("region-loss", "core-outage")
"""What the plan has an answer for: a region that is gone, and a payment core that is gone."""
OBJECTIVE_SECONDS = 300
"""The owner's "Instant Recovery: < 5 minutes"; what may be lost meanwhile is nothing: "Zero-data-loss"."""
AFTERWARDS_SECONDS = 45.0
"""So long payments are watched behind the last step of a scenario."""


class DrillReport(msgspec.Struct, frozen=True, kw_only=True):
    """One drill, as it is kept beside its Markdown. recovery_ms: None when payments did not go as before again."""

    drill_id: str
    scenario: str
    lost: str
    began_at_ms: int
    recovery_ms: int | None
    objective_ms: int
    attempted: int
    succeeded: int
    lost_payments: int
    lost_events: int
    balanced: bool
    ledger_entries: int
    actions: list[str]
    met: bool


class DrillList(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured, and whether all of it is in the daemon's journal."""

    drills: list[ContinuityMeasured]
    journaled: bool


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a run left in its files."""

    recovery_ms: int | None
    stored: int


def drill(
    scenario: Annotated[list[str] | None, typer.Option(help="Of the plan; all of it when left out.")] = None,
    objective: Annotated[int, typer.Option(min=1, help="Seconds within which payments have to go as before.")] = (
        OBJECTIVE_SECONDS
    ),
    out: Annotated[Path | None, typer.Option(help="Where reports go; `reports` in --data-dir when left out.")] = None,
    data_dir: Annotated[
        Path, typer.Option(help="Data folder of `tillwatch up`, which the drill does not touch.")
    ] = BESIDE,
    url: Url = "",
    token: Token = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Lose a region and a core of a system of its own, and measure how payments went on. Exit 1 for too late."""
    configure_logs(level=30)
    names = list(PLAN) if scenario is None else scenario
    place = data_dir / "reports" if out is None else out
    recorder = Recorder(LocalRecord(data_dir), url, token, note)
    measured, journaled = [], True
    for name in names:
        report = _rehearse(_scenario(name), objective)
        one = _kept(report, place)
        try:
            journaled = recorder.drill(one) and journaled
        except Declined as no:
            refused(no)
        except RecordUnusable as fault:
            fail(f"{fault}\n  fix: give another --data-dir", Exit.BAD_INPUT)
        measured.append(one)
        if not as_json:
            say(_words(report))
    if as_json:
        print_json(DrillList(drills=measured, journaled=journaled))
    if not all(one.met for one in measured):
        fail("the plan does not hold what it promises\n  fix: the reports say what took how long", Exit.NO)


def _scenario(name: str) -> Scenario:
    try:
        found = load_scenario(name).value
    except ConfigurationError as error:
        fail(str(error), Exit.BAD_INPUT)
    if _loss(found) is None:
        fail(f"{name} loses nothing\n  fix: name one with a step lose_region or stop_core", Exit.BAD_INPUT)
    return found


def _loss(scenario: Scenario) -> LoseRegion | StopCore | None:
    """The step by which something is lost."""
    return next((step for step in scenario.steps if isinstance(step, LoseRegion | StopCore)), None)


def _rehearse(scenario: Scenario, objective_seconds: int) -> DrillReport:
    """Bring a system up in a folder that is gone afterwards. Ends the command when it cannot be brought up."""
    folder = Path(tempfile.mkdtemp(prefix="tillwatch-drill-"))
    began_ms = SystemClock().now_ms()
    try:
        report = uvloop.run(run_system(_wishes(scenario, folder), Stop(), SystemClock(), note))
        if report is None:
            fail("stopped before everything was up", Exit.NO)
        found = _counted(scenario, folder, report)
    except MissingExtra as fault:
        fail(str(fault), Exit.BAD_INPUT)
    except (DaemonError, RemediationError, CoreError, sqlite3.Error, OSError) as fault:
        fail(str(fault), Exit.WORLD_REFUSED)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _report(scenario, report, found, objective_seconds * 1000, began_ms)


def _wishes(scenario: Scenario, folder: Path) -> Wishes:
    return Wishes(
        scenario=scenario,
        policy=with_regions(load_configuration(None, {}).policy, scenario),
        prices=load_yaml(DEFAULTS / "prices.yaml", Prices).value,
        data_directory=folder,
        port=free_port(HOST),
        seconds=scenario.steps[-1].at + AFTERWARDS_SECONDS,
        time_scale=1.0,
        configuration=None,
        deployment=None,
    )


def _counted(scenario: Scenario, folder: Path, report: Report) -> _Counted:
    good = good_by_second(Layout(folder).payments)
    loss = _loss(scenario)
    if loss is None or not good:
        return _Counted(None, sum(good.values()))
    first = min(good)
    lost_second = first + int(loss.at)
    return _Counted(recovered_after_ms(good, lost_second, first + int(report.seconds)), sum(good.values()))


def _report(scenario: Scenario, report: Report, found: _Counted, objective_ms: int, began_ms: int) -> DrillReport:
    told = report.payments.succeeded
    lost_payments = max(0, told - found.stored)
    in_time = found.recovery_ms is not None and found.recovery_ms <= objective_ms
    whole = lost_payments == 0 and report.events.lost == 0 and report.ledger.balanced
    loss = _loss(scenario)
    return DrillReport(
        drill_id=f"continuity-{began_ms}-{secrets.token_hex(3)}",
        scenario=scenario.name,
        lost=loss.region if isinstance(loss, LoseRegion) else "" if loss is None else loss.environment,
        began_at_ms=began_ms,
        recovery_ms=found.recovery_ms,
        objective_ms=objective_ms,
        attempted=report.payments.attempted,
        succeeded=told,
        lost_payments=lost_payments,
        lost_events=report.events.lost,
        balanced=report.ledger.balanced,
        ledger_entries=report.ledger.entries,
        actions=[f"{one.kind} {one.target}: {one.outcome}" for one in report.actions],
        met=in_time and whole,
    )


def _kept(report: DrillReport, folder: Path) -> ContinuityMeasured:
    """Write the report as JSON and as Markdown; the journal has the hash of the first."""
    content = msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
    path = folder / f"{report.drill_id}-{report.scenario}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.with_suffix(".md").write_text(_markdown(report), encoding="utf-8")
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


def _words(one: DrillReport) -> str:
    took = "never" if one.recovery_ms is None else f"after {duration(one.recovery_ms)}"
    kept = "kept" if one.met else "NOT KEPT"
    return (
        f"{one.scenario}: {one.lost} lost, payments as before {took} (promised within {duration(one.objective_ms)}), "
        f"{count(one.lost_payments)} payments and {count(one.lost_events)} events lost, "
        f"ledger {'balanced' if one.balanced else 'NOT BALANCED'}: {kept}"
    )


def _markdown(one: DrillReport) -> str:
    took = "not within the drill" if one.recovery_ms is None else duration(one.recovery_ms)
    rows = [
        ("lost", one.lost),
        ("recovery time, until payments went as before", took),
        ("promised", f"within {duration(one.objective_ms)}"),
        ("payments attempted, told a success", f"{count(one.attempted)}, {count(one.succeeded)}"),
        ("payments told a success and not there afterwards", count(one.lost_payments)),
        ("events published and not taken over", count(one.lost_events)),
        ("ledger", f"{'balanced' if one.balanced else 'not balanced'}, {count(one.ledger_entries)} entries"),
        ("promise", "kept" if one.met else "not kept"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    done = "\n".join(f"- {action}" for action in one.actions) if one.actions else "- nothing"
    return f"# Continuity drill: {one.scenario}\n\n| | |\n|---|---|\n{table}\n\n## What was done by itself\n\n{done}\n"
