"""``tillwatch validate``: hold a deployment against what the owner was promised; exit 1 when a line fails."""

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from checks.health import ComponentHealth, judge
from daemon.cli.asking_daemon import NOBODY_THERE
from daemon.cli.core.store import Books, Database, EndpointUrl, Region, Store, Table, asked, store_options
from daemon.cli.options import URL_VARIABLE, DataDir, Json, Token, usable_address
from daemon.cli.output import Exit, fail, print_json, say, waiting
from daemon.cli.probing import Config, Surroundings, opened_probes, probed
from daemon.clock import SystemClock
from daemon.errors import DaemonError
from daemon.probes.daemon_client import DaemonClient, DaemonSilent, RuleNow, SloNow
from daemon.validation import costs as costs_area
from daemon.validation import performance as performance_area
from daemon.validation import security as security_area
from daemon.validation.availability import availability_lines
from daemon.validation.health import health_lines
from daemon.validation.lines import Line, verdict
from payment_core.costs.reading import CostReader
from payment_core.costs.report import CostReport
from payment_core.costs.report import Line as CostLine

T = TypeVar("T")

validate_app = typer.Typer(no_args_is_help=True, help="Hold a deployment against what the owner was promised.")

Url = Annotated[
    str,
    typer.Option(
        help="The running daemon; the address of its settings when left out.",
        envvar=URL_VARIABLE,
        callback=usable_address,
    ),
]
Probes = Annotated[int, typer.Option(min=1, max=200, help="Health payments at each environment.")]

DATA = Path("data")
LIST_MARKS = {"passed": "passed", "warned": "warned", "failed": "FAILED"}


@validate_app.command("health")
def health_command(config: Config = None, data_dir: DataDir = DATA, *, as_json: Json = False) -> None:
    """Probe all components now; unhealthy and unknown fail, degraded is warned of."""
    around = Surroundings(config, data_dir)
    _tell("health", health_lines(_run(_components(around, None))), as_json=as_json)


@validate_app.command("performance")
def performance_command(
    config: Config = None,
    data_dir: DataDir = DATA,
    url: Url = "",
    token: Token = "",
    probes: Probes = 20,
    *,
    as_json: Json = False,
) -> None:
    """Response time, success, errors and availability: what the daemon measured, and a short run of health payments."""
    around = Surroundings(config, data_dir)

    async def look() -> list[Line]:
        rules, slos, silent = await _measured(around, url, token)
        async with opened_probes(around) as opened:
            environments = opened.core.environments
            runs = await performance_area.run_probes(opened.payments, environments, probes, SystemClock().now_ms())
        run_lines = [line for run in runs for line in performance_area.run_lines(run)]
        available = availability_lines(runs, slos, silent)
        return [*performance_area.reading_lines(rules, silent), *run_lines, *available]

    _tell("performance", _run(look()), as_json=as_json)


@validate_app.command("costs")
def costs_command(
    config: Config = None,
    data_dir: DataDir = DATA,
    url: Url = "",
    token: Token = "",
    database: Database = None,
    store: Store = "sqlite",
    table: Table = "",
    endpoint_url: EndpointUrl = "",
    region: Region = "",
    *,
    as_json: Json = False,
) -> None:
    """Savings against the named baseline, the age of prices and costs, and cost variance."""
    around = Surroundings(config, data_dir)
    options = store_options(
        store, data_dir=data_dir, database=database, table=table, endpoint_url=endpoint_url, region=region
    )

    async def add_up(books: Books) -> Sequence[CostLine]:
        reader = CostReader(books, around.configuration.prices)
        await reader.load()
        report = CostReport()
        async for payment in reader.payments():
            report.add(await reader.breakdown(payment))
        return report.lines()

    report = asked(options, add_up)

    async def look() -> tuple[list[ComponentHealth], list[RuleNow]]:
        return await _components(around, "cost-optimization"), await _rules(around, url, token)

    prices, rules = _run(look())
    _tell("costs", costs_area.cost_lines(report, prices, rules), as_json=as_json)


@validate_app.command("security")
def security_command(
    config: Config = None, data_dir: DataDir = DATA, url: Url = "", token: Token = "", *, as_json: Json = False
) -> None:
    """Compliance, encryption, the API's errors, shut doors, private secrets, intact journal, logs without numbers."""
    around = Surroundings(config, data_dir)

    async def look() -> list[Line]:
        lines: list[Line] = []
        async with opened_probes(around) as opened:
            for component in ("compliance", "encryption", "api"):
                fact = await opened.components.probe(component, SystemClock().now_ms())
                lines += security_area.finding_lines(
                    component,
                    opened.components.findings[component],
                    healthy=fact.status == "healthy",
                    degraded=fact.status == "degraded",
                    detail=fact.detail,
                )
        lines += security_area.alert_lines(await _rules(around, url, token))
        async with DaemonClient(_url(around, url), "") as stranger:
            statuses = {path: await stranger.status_for_stranger(path) for path in security_area.SHUT}
        return [*lines, *security_area.door_lines(statuses), *await asyncio.to_thread(_files, around)]

    _tell("security", _run(look()), as_json=as_json)


def _files(around: Surroundings) -> list[Line]:
    settings, data_dir = around.configuration.settings, around.data_dir
    named = [] if settings.core_token_file is None else [settings.core_token_file]
    secrets = dict.fromkeys([*named, *(data_dir / name for name in security_area.PRIVATE_NAMES)])
    return [
        *security_area.token_lines(settings),
        *security_area.secret_lines(secrets),
        *security_area.journal_lines(data_dir / "journal.db"),
        *security_area.log_lines(data_dir / "logs"),
    ]


async def _components(around: Surroundings, component: str | None) -> list[ComponentHealth]:
    now_ms = SystemClock().now_ms()
    async with opened_probes(around) as opened:
        facts = await probed(opened, component, now_ms)
        return list(judge(facts, opened.names if component is None else (component,), now_ms))


async def _measured(around: Surroundings, url: str, token: str) -> tuple[list[RuleNow], list[SloNow], str]:
    """What the running daemon measured of real payments, or why it does not say: what was asked for anyway is told."""
    try:
        async with await _daemon(around, url, token) as daemon:
            return await daemon.rules(), await daemon.slos(), ""
    except DaemonSilent as fault:
        return [], [], f"no daemon answered: {fault.detail}"


async def _rules(around: Surroundings, url: str, token: str) -> list[RuleNow]:
    """What the running daemon's rules read. Raises DaemonSilent."""
    async with await _daemon(around, url, token) as daemon:
        return await daemon.rules()


async def _daemon(around: Surroundings, url: str, token: str) -> DaemonClient:
    """The daemon of the address or the settings; ``up`` keeps its token below the data directory."""
    kept = around.data_dir / "console-token"
    if token == "" and around.embedded and await asyncio.to_thread(kept.is_file):
        token = (await asyncio.to_thread(kept.read_text, encoding="ascii")).strip()
    return DaemonClient(_url(around, url), token)


def _url(around: Surroundings, url: str) -> str:
    http = around.configuration.settings.http
    return url or f"http://{http.host}:{http.port}"


def _run(work: Coroutine[object, object, T]) -> T:
    try:
        with waiting("measuring; a run of health payments takes its time"):
            return asyncio.run(work)
    except DaemonError as fault:
        fail(f"{fault}\n  fix: {NOBODY_THERE}", Exit.WORLD_REFUSED)


def _tell(area: str, lines: list[Line], *, as_json: bool) -> None:
    found = verdict(area, lines)
    if as_json:
        print_json(found)
    else:
        for one in found.lines:
            limit = f" (limit {one.limit})" if one.limit else ""
            say(f"{LIST_MARKS[one.outcome]:<7} {one.name}: {one.measured}{limit}")
        say(f"{area} is valid" if found.valid else f"{area} is not valid")
    raise typer.Exit(Exit.DONE if found.valid else Exit.NO)
