"""``tillwatch up``: the whole system on this machine, with traffic and a scenario."""

import asyncio
import signal
import sqlite3
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from rich.table import Table

from checks.rules import compile_rules
from config.load import DEFAULTS, deployment_of, load_configuration, load_scenario
from config.loading.loader import load_yaml
from config.loading.problems import ConfigurationError
from config.model import Duration
from config.prices import Prices
from daemon.cli.options import DataDir, Json
from daemon.cli.output import Exit, console, fail, note, plain, print_json
from daemon.clock import SystemClock
from daemon.embedded.environments.far_regions import with_regions
from daemon.embedded.faults import MissingExtra
from daemon.embedded.run import Stop, run
from daemon.embedded.stack import Wishes
from daemon.embedded.telling.report import Report
from daemon.errors import DaemonError
from daemon.http.words.wording import subject_text
from payment_core.errors import CoreError
from payment_core.logs import configure_logs
from payment_core.loop import run_loop
from remediation.errors import RemediationError


def up(
    scenario: Annotated[str, typer.Option(help="Name of a packaged scenario, or path of a YAML file.")] = "healthy",
    for_: Annotated[
        str | None, typer.Option("--for", help="Time of traffic, such as 90s; until Ctrl-C when left out.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where daemon and console listen, on 127.0.0.1.")] = 8080,
    data_dir: DataDir = Path("data"),
    time_scale: Annotated[float, typer.Option(min=0.01, max=1000.0, help="How much faster the scenario plays.")] = 1.0,
    config: Annotated[
        Path | None,
        typer.Option(
            help="Directory whose policy.yaml, deployment.yaml and rules/ are used; as packaged when left out."
        ),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Run the whole system on this machine: AWS stand-in, two payment cores, daemon, console, traffic, a scenario."""
    configure_logs(level=30)
    wishes = _wishes(scenario, for_, port, _directory(data_dir), time_scale, config)
    try:
        report = run_loop(_run(wishes))
    except MissingExtra as fault:
        fail(str(fault), Exit.BAD_INPUT)
    except (DaemonError, RemediationError, CoreError, sqlite3.Error, OSError) as fault:
        fail(str(fault), Exit.WORLD_REFUSED)
    if report is None:
        fail("stopped before everything was up", Exit.NO)
    if as_json:
        print_json(report)
    else:
        console.print(_summary(report, _watching(config)))


def _directory(data_dir: Path) -> Path:
    if data_dir.exists() and not data_dir.is_dir():
        fail(
            f"{data_dir}: this is no directory\n  fix: name one with --data-dir; it is made if need be", Exit.BAD_INPUT
        )
    return data_dir


def _wishes(
    scenario: str, for_: str | None, port: int, data_dir: Path, time_scale: float, config: Path | None
) -> Wishes:
    try:
        configuration = load_configuration(config, {})
        compile_rules(configuration.rule_files)
        loaded = load_scenario(scenario)
        chosen = loaded.value
        return Wishes(
            scenario=chosen,
            policy=with_regions(configuration.policy, chosen),
            prices=load_yaml(DEFAULTS / "prices.yaml", Prices).value,
            data_directory=data_dir,
            port=port,
            seconds=None if for_ is None else _seconds(for_),
            time_scale=time_scale,
            configuration=config,
            deployment=deployment_of(loaded) if config is None else None,
        )
    except ConfigurationError as problems:
        fail(str(problems), Exit.BAD_INPUT)


def _seconds(text: str) -> float:
    try:
        seconds: float = TypeAdapter(Duration).validate_python(text)
    except ValidationError:
        fail(f"--for {text}: this is no time span\n  fix: write a number and a unit, such as 90s or 5m", Exit.BAD_INPUT)
    return seconds


async def _run(wishes: Wishes) -> Report | None:
    stop = Stop()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.ask)
    return await run(wishes, stop, SystemClock(), note)


def _watching(config: Path | None) -> set[str]:
    """The rules that only watch: what they say is no fault of the run."""
    rule_files = load_configuration(config, {}).rule_files
    return {rule.id for file in rule_files for rule in file.value.rules if rule.mode == "shadow"}


def _summary(report: Report, watching: set[str]) -> Table:
    table = Table(title=plain(f"{report.scenario}, {report.seconds:.0f} s"), show_header=False, title_justify="left")
    payments, events, savings = report.payments, report.events, report.savings
    parts = ("attempted", "succeeded", "declined", "failed", "processing", "not_sent")
    told = [(name.replace("_", " "), getattr(payments, name)) for name in parts]
    # With them the others add up.
    seldom = [one for one in told[4:] if one[1]]
    table.add_row("payments", ", ".join(f"{number} {name}" for name, number in [*told[:4], *seldom]))
    table.add_row(
        "events, all runs",
        f"{events.published} published, {events.consumed} consumed, {events.duplicates} duplicates, {events.lost} lost",
    )
    subjects: dict[str, list[str]] = {}
    for finding in report.findings:
        subjects.setdefault(finding.rule, []).append(finding.subject)
    for rule, found in sorted(subjects.items(), key=lambda one: one[0] in watching):
        label = "in shadow" if rule in watching else "breached"
        table.add_row(label, plain(f"{rule} for {subject_text(found[0]) if len(found) == 1 else f'{len(found)} keys'}"))
    for action in report.actions:
        delay = "" if action.cause_to_call_ms is None else f", {action.cause_to_call_ms:.0f} ms after its cause"
        table.add_row("action", plain(f"{action.kind} {action.target}: {action.outcome}{delay}"))
    for incident in report.incidents:
        table.add_row("incident", plain(f"{incident.id}, severity {incident.severity}, {incident.state}"))
    for deployment in report.deployments:
        table.add_row("deployment", plain(f"{deployment.id} of {deployment.version}: {deployment.outcome}"))
    balanced = "balanced" if report.ledger.balanced else "NOT BALANCED: run `tillwatch ledger verify`"
    table.add_row("ledger", f"{balanced}, {report.ledger.entries} entries")
    saved = "not measured" if savings.percent is None else f"{savings.percent} %, {savings.cents_per_100} c per $100"
    table.add_row("savings", plain(f"{saved} ({savings.cohort})"))
    return table
