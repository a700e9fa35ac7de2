"""``tillwatch health``: probe the components now and judge them."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from checks.facts import HealthProbed, HealthStatus
from checks.health import ComponentHealth, judge, overall
from config.load import load_configuration
from config.problems import ConfigurationError
from config.settings import Settings
from daemon.aws.session import AwsClients
from daemon.cli.output import Exit, fail, print_json, say
from daemon.clock import SystemClock
from daemon.embedded.surroundings import ACCESS_KEY
from daemon.errors import DaemonError
from daemon.probes.core import COMPONENT
from daemon.probes.opened import Probes, open_probes

_EXIT: dict[HealthStatus, Exit] = {
    "healthy": Exit.DONE,
    "degraded": Exit.NO,
    "unhealthy": Exit.BAD_INPUT,
    "unknown": Exit.BAD_INPUT,
}
"""0 healthy, 1 degraded, 2 unhealthy; what could not be looked at is never healthy."""


def health(
    component: Annotated[str | None, typer.Option(help="Only this one, such as aws-payment-processor")] = None,
    config: Annotated[
        Path | None, typer.Option(help="Folder with tillwatch.yaml; default: what `up` wrote below data-dir")
    ] = None,
    data_dir: Annotated[Path, typer.Option(help="Data folder of `tillwatch up`")] = Path("data"),
    *,
    comprehensive: Annotated[bool, typer.Option("--comprehensive", help="Every component (the default)")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout")] = False,
) -> None:
    """Probe the payment core and what it lives on; exit 0 healthy, 1 degraded, 2 unhealthy or unknown."""
    if comprehensive and component is not None:
        fail("--comprehensive and --component exclude each other; give one of them", Exit.BAD_INPUT)
    embedded = config is None and (data_dir / "config").is_dir()
    settings = _settings(data_dir / "config" if embedded else config)
    # What `up` starts takes any key, and must never be given a real one.
    clients = AwsClients(settings.aws, ACCESS_KEY, ACCESS_KEY) if embedded else AwsClients(settings.aws)
    try:
        components = asyncio.run(_look(settings, clients, component))
    except DaemonError as fault:
        fail(str(fault), Exit.WORLD_REFUSED)
    status = overall(components)
    if as_json:
        print_json({"status": status, "components": components})
    else:
        for one in components:
            place = f" ({one.environment})" if one.environment else ""
            say(f"{one.status:<9}  {one.component}{place}: {one.detail}, {one.latency_ms:.0f} ms")
        say(f"{status} in all")
    raise typer.Exit(_EXIT[status])


def _settings(directory: Path | None) -> Settings:
    try:
        return load_configuration(directory).settings
    except ConfigurationError as problems:
        fail(str(problems), Exit.BAD_INPUT)


async def _look(settings: Settings, clients: AwsClients, component: str | None) -> tuple[ComponentHealth, ...]:
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        sqs = await stack.enter_async_context(clients.client("sqs"))
        probes = await open_probes(stack, settings, sqs, clock)
        if component is not None and component not in probes.names:
            fail(f"no component is called {component!r}; known: {', '.join(probes.names)}", Exit.BAD_INPUT)
        facts = await _facts(probes, component, clock.now_ms())
        expected = probes.names if component is None else (component,)
        return judge(facts, expected, clock.now_ms())


async def _facts(probes: Probes, component: str | None, now_ms: int) -> list[HealthProbed]:
    if component == COMPONENT:
        return await probes.core.probe_all(now_ms)
    if component is not None:
        return [await probes.components.probe(component, now_ms)]
    core, others = await asyncio.gather(probes.core.probe_all(now_ms), probes.components.probe_all(now_ms))
    return [*core, *others]
