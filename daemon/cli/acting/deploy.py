"""``tillwatch deploy``: a new version through the six phases, or with ``--dry-run`` what would be done."""

import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from config.delivery.deployment_plan import DeploymentPlan
from config.loading.loader import load_yaml
from config.loading.problems import ConfigurationError
from daemon.cli.acting.deployment_words import View, line_of, plan_table, state_of
from daemon.cli.asking_daemon import ask, confirmed
from daemon.cli.options import DryRun, Force, Json, Token, Url
from daemon.cli.output import Exit, console, fail, note, print_json, say
from remediation.deployment.plan import Plan
from remediation.deployment.run import RunOutcome

POLL_SECONDS = 1.0


class _Planned(msgspec.Struct):
    plan: Plan


def deploy(
    version: Annotated[str, typer.Option(help="Three numbers, such as 2.0.0; needed unless the plan names it.")] = "",
    strategy: Annotated[str, typer.Option(help="blue-green (when left out), canary or rolling.")] = "",
    regions: Annotated[str, typer.Option(help="One after the other; those of deployment.yaml when left out.")] = "",
    plan: Annotated[Path | None, typer.Option(help="A YAML file with these options; what is given here wins.")] = None,
    cohort: Annotated[str, typer.Option(help="Who goes first: merchant=mer_12, or header=x-canary:1.")] = "",
    reason: Annotated[str, typer.Option(help="Goes into the journal beside your name.")] = "",
    differential: Annotated[bool, typer.Option(help="Begin with red gates: the old version is the limit.")] = False,  # noqa: FBT002 - a flag.
    dry_run: DryRun = False,  # noqa: FBT002 - a flag.
    wait: Annotated[bool, typer.Option(help="Follow it to its end.")] = True,  # noqa: FBT002 - a flag.
    url: Url = "",
    token: Token = "",
    force: Force = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Bring out a version. Exit 0 when it succeeded (or is on its way, with --no-wait), 1 when it did not."""
    wanted = _file(plan)
    body: dict[str, object] = {
        "version": version or wanted.version,
        "strategy": strategy or wanted.strategy,
        "regions": [one.strip() for one in regions.split(",")] if regions else list(wanted.regions),
        "cohort": cohort or wanted.cohort,
        "reason": reason or wanted.reason,
        "differential": differential or wanted.differential,
    }
    if not body["version"]:
        fail("which version?\n  fix: give --version 2.0.0, or a --plan that names one", Exit.BAD_INPUT)
    if dry_run:
        _show_plan(ask("POST", url, token, "deployments", _Planned, body | {"dry_run": True}), as_json=as_json)
        return
    what = f"{body['version']} by {body['strategy']}"
    skipped = confirmed(f"Bring out {what}? It takes all traffic when nothing speaks against it.", force=force)
    view: View = ask("POST", url, token, "deployments", View, body | {"force": bool(skipped)})
    if wait:
        note(line_of(view))
        view = _followed(view, url, token)
    end(view, as_json=as_json, waited=wait)


def end(view: View, *, as_json: bool, waited: bool) -> None:
    """Print the deployment and end with its exit code."""
    if as_json:
        print_json(view)
    else:
        say(line_of(view))
        if view.run.detail:
            say(view.run.detail)
    if waited and view.run.outcome is not RunOutcome.SUCCEEDED:
        raise typer.Exit(Exit.NO)


def _file(path: Path | None) -> DeploymentPlan:
    if path is None:
        return DeploymentPlan()
    try:
        return load_yaml(path, DeploymentPlan).value
    except ConfigurationError as error:
        fail(str(error), Exit.BAD_INPUT)


def _show_plan(planned: _Planned, *, as_json: bool) -> None:
    if as_json:
        print_json(planned)
        return
    console.print(plan_table(planned.plan))
    seconds = sum(step.within_seconds for step in planned.plan.steps)
    say(f"{len(planned.plan.steps)} steps, at most {seconds / 60:.0f} min; nothing was begun")


def _followed(view: View, url: str, token: str) -> View:
    """Tell each step and each change of state on stderr until the end. Ctrl-C leaves the deployment on its way."""
    told = ""
    try:
        while view.run.outcome is None:
            step = view.run.step
            seen = f"{state_of(view)}: {step.id if step is not None else 'ending'}"
            if view.held:
                seen = f"{seen}: {view.held}"
            if seen != told:
                note(seen)
                told = seen
            time.sleep(POLL_SECONDS)
            view = ask("GET", url, token, f"deployments/{view.run.id}", View)
    except KeyboardInterrupt:
        note(f"{view.run.id} goes on; `tillwatch deployments show {view.run.id}` says where it is")
        raise typer.Exit(Exit.DONE) from None
    return view
