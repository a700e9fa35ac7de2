"""Brings a system of its own up for a drill, lets something be lost in it, and counts how payments went on."""

import secrets
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from config.load import DEFAULTS, load_configuration, load_scenario
from config.loading.loader import load_yaml
from config.loading.problems import ConfigurationError
from config.prices import Prices
from config.scenario import LoseRegion, Scenario, StopCore
from daemon.cli.output import Exit, fail, note
from daemon.cli.sop.drill_report import DrillReport
from daemon.clock import SystemClock
from daemon.embedded.environments.far_regions import with_regions
from daemon.embedded.faults import MissingExtra
from daemon.embedded.layout import Layout
from daemon.embedded.processes.ports import free_port
from daemon.embedded.run import Stop, run
from daemon.embedded.stack import HOST, Wishes
from daemon.embedded.telling.continuity import good_by_second, recovered_after_ms
from daemon.embedded.telling.report import Report
from daemon.errors import DaemonError
from payment_core.errors import CoreError
from remediation.errors import RemediationError

AFTERWARDS_SECONDS = 45.0
"""So long payments are watched behind the last step of a scenario."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a run left in its files."""

    recovery_ms: int | None
    stored: int


def scenario_of(name: str) -> Scenario:
    """The scenario of this name, in which something is lost. Ends the command with 2 for another one."""
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


def rehearse(scenario: Scenario, objective_seconds: int) -> DrillReport:
    """Bring a system up in a folder that is gone afterwards. Ends the command when it cannot be brought up."""
    folder = Path(tempfile.mkdtemp(prefix="tillwatch-drill-"))
    began_ms = SystemClock().now_ms()
    try:
        report = uvloop.run(run(_wishes(scenario, folder), Stop(), SystemClock(), note))
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
        drill_id=f"continuity-{datetime.fromtimestamp(began_ms / 1000, UTC):%Y%m%dt%H%M%Sz}-x{secrets.token_hex(3)}",
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
