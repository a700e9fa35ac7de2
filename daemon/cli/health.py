"""``tillwatch health``: probe the components now and judge them."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from checks.facts import HealthStatus
from checks.health import ComponentHealth, judge, overall
from daemon.cli.options import DataDir, Json
from daemon.cli.output import Exit, fail, note, print_json, say, waiting
from daemon.cli.probing import Config, Surroundings, opened_probes, probed
from daemon.clock import SystemClock
from daemon.errors import DaemonError

_EXIT: dict[HealthStatus, Exit] = {
    "healthy": Exit.DONE,
    "degraded": Exit.NO,
    "unhealthy": Exit.BAD_INPUT,
    "unknown": Exit.BAD_INPUT,
}
"""0 healthy, 1 degraded, 2 unhealthy; what could not be looked at is never healthy."""

Findings = dict[str, tuple[str, ...]]


def health(
    component: Annotated[str | None, typer.Option(help="Only this one, such as aws-payment-processor.")] = None,
    config: Config = None,
    data_dir: DataDir = Path("data"),
    *,
    comprehensive: Annotated[bool, typer.Option("--comprehensive", help="Every component, as without it.")] = False,
    as_json: Json = False,
) -> None:
    """Probe the payment core and everything around it; exit 0 healthy, 1 degraded, 2 unhealthy or unknown."""
    if comprehensive and component is not None:
        fail("--comprehensive and --component exclude each other\n  fix: give one of them", Exit.BAD_INPUT)
    around = Surroundings(config, data_dir)
    try:
        with waiting("trying every component" if component is None else f"trying {component}"):
            components, findings = asyncio.run(_look(around, component))
    except DaemonError as fault:
        fail(str(fault), Exit.WORLD_REFUSED)
    status = overall(components)
    if as_json:
        rows = [asdict(one) | {"findings": findings.get(one.component, ())} for one in components]
        print_json({"status": status, "components": rows})
    else:
        for one in components:
            _show(one, findings.get(one.component, ()))
        say(f"{status} in all")
        if not around.configuration.settings.cores:
            fix = "name what `up` wrote by --data-dir, or a directory with tillwatch.yaml by --config"
            note(f"no core is configured here\n  fix: {fix}")
    raise typer.Exit(_EXIT[status])


async def _look(around: Surroundings, component: str | None) -> tuple[tuple[ComponentHealth, ...], Findings]:
    clock = SystemClock()
    async with opened_probes(around) as probes:
        if component is not None and component not in probes.names:
            fail(f"no component is called {component!r:.60}\n  fix: known: {', '.join(probes.names)}", Exit.BAD_INPUT)
        facts = await probed(probes, component, clock.now_ms())
        expected = probes.names if component is None else (component,)
        return judge(facts, expected, clock.now_ms()), dict(probes.components.findings)


def _show(one: ComponentHealth, findings: tuple[str, ...]) -> None:
    place = f" ({one.environment})" if one.environment else ""
    say(f"{one.status:<9}  {one.component}{place}: {one.detail}, {one.latency_ms:.0f} ms")
    for finding in findings[1:]:
        say(f"{'':<11}also: {finding}")
