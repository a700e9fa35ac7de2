"""``tillwatch rollback``: take a release back by hand, and see what it left behind."""

import time
from collections.abc import Callable
from typing import Annotated

import msgspec
import typer

from daemon.amounts import money
from daemon.cli.asking_daemon import ask, confirmed, name_of
from daemon.cli.options import DryRun, Force, Json, Reason, Token, Url
from daemon.cli.output import Exit, fail, note, print_json, say
from daemon.rollbacks.foresight import RollbackPlan
from remediation.compensation.state import CompensationState
from remediation.journal.aftermath_kinds import RollbackMeasured
from remediation.rollback.model import STEPS, RollbackKind, RollbackRun

POLL_SECONDS = 1.0
rollback_app = typer.Typer(
    help="Take a release back: its traffic, in an emergency with payments held, or completely. "
    "With --deployment-id and no command: that release's traffic. Exit 1 when it was refused or is partial."
)

Deployment = Annotated[str, typer.Option("--deployment-id", help="The newest release when left out.")]
QUESTIONS = {
    RollbackKind.EMERGENCY: "Kill the release's flag, hold every payment, and give all traffic back?",
    RollbackKind.TRAFFIC: "Give all traffic back to the version before?",
    RollbackKind.COMPLETE: "Give all traffic back, and drain, reconcile and stop the release?",
}


HELP = {
    RollbackKind.EMERGENCY: "Kill the release's flag, hold every payment, then give the traffic back. "
    "Held payments are sent once when a person ends it: tillwatch actions undo of that kill.switch.",
    RollbackKind.TRAFFIC: "Give all traffic back to the version before, if it is alive.",
    RollbackKind.COMPLETE: "Traffic, flags, payments, books, environment, communication. "
    "It asks another person first; then ask again.",
}


class _Compensations(msgspec.Struct):
    compensations: list[CompensationState]


@rollback_app.callback(invoke_without_command=True)
def rollback(
    context: typer.Context,
    deployment_id: Annotated[str, typer.Option("--deployment-id", help="Such as dep-2.0.0-41, from the list.")] = "",
    reason: Reason = "",
    url: Url = "",
    token: Token = "",
    force: Force = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """With --deployment-id alone: give that release's traffic back."""
    if context.invoked_subcommand is not None:
        _refuse_misplaced(context, context.invoked_subcommand)
        return
    if not deployment_id:
        fail("which release?\n  fix: give --deployment-id ID, or one of emergency, traffic, complete", Exit.BAD_INPUT)
    why = reason if reason else f"rollback of {deployment_id}"
    _roll_back(RollbackKind.TRAFFIC, why, deployment_id, url, token, force=force, as_json=as_json)


def _refuse_misplaced(context: typer.Context, command: str) -> None:
    """End with 2 when an option stands before the command: it would be passed over, and another release meant."""
    misplaced = [name for name in context.params if _is_typed(context, name)]
    if misplaced:
        option = f"--{misplaced[0].replace('_', '-')}"
        fail(f"{option} stands before {command}\n  fix: write it after {command}", Exit.BAD_INPUT)


def _is_typed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _command(kind: RollbackKind) -> Callable[..., None]:
    """One command for each sort of rollback: they take the same options and differ in what is done."""

    def command(
        reason: Reason,
        deployment_id: Deployment = "",
        url: Url = "",
        token: Token = "",
        dry_run: DryRun = False,  # noqa: FBT002 - a flag.
        force: Force = False,  # noqa: FBT002 - a flag.
        as_json: Json = False,  # noqa: FBT002 - a flag.
    ) -> None:
        if dry_run:
            _foresee(kind, reason, deployment_id, url, token, as_json=as_json)
        else:
            _roll_back(kind, reason, deployment_id, url, token, force=force, as_json=as_json)

    return command


for _kind in RollbackKind:
    rollback_app.command(_kind.value, help=HELP[_kind])(_command(_kind))


@rollback_app.command("rehearse")
def rehearse(url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """Try the way back now: the destination, the call and the look, without moving a payment. Exit 1 when it fails."""
    measured: RollbackMeasured = ask("POST", url, token, "rehearsals", RollbackMeasured)
    if as_json:
        print_json(measured)
    else:
        say(measured.detail)


@rollback_app.command("payments")
def payments(
    deployment_id: Annotated[str, typer.Option("--deployment-id", help="Look at this one's payments now.")] = "",
    url: Url = "",
    token: Token = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """The payments that releases left wrong, what puts each right, and what was done. Exit 1 when any is left."""
    if deployment_id:
        name = name_of(deployment_id, "a deployment")
        found = [ask("POST", url, token, f"compensations/{name}", CompensationState)]
    else:
        answered: _Compensations = ask("GET", url, token, "compensations", _Compensations)
        found = answered.compensations
    if as_json:
        print_json(_Compensations(found))
    elif not found:
        say("no release was rolled back")
    for listed in found if not as_json else []:
        _say_payments(listed)
    if any(not _is_right(listed, one.payment_id) for listed in found for one in listed.payments):
        raise typer.Exit(Exit.NO)


def _roll_back(
    kind: RollbackKind, reason: str, deployment_id: str, url: str, token: str, *, force: bool, as_json: bool
) -> None:
    skipped = confirmed(QUESTIONS[kind], force=force)
    body = {"kind": kind, "reason": reason, "deployment_id": deployment_id, "force": bool(skipped)}
    run: RollbackRun = ask("POST", url, token, "rollbacks", RollbackRun, body)
    told = 0
    while True:
        told = _tell(run, told)
        if run.ended_at_ms:
            break
        time.sleep(POLL_SECONDS)
        run = ask("GET", url, token, f"rollbacks/{run.id}", RollbackRun)
    if as_json:
        print_json(run)
    else:
        say(f"{run.id}: complete" if run.complete else f"{run.id}: partial, not done: {', '.join(run.failed)}")
    if not run.complete:
        raise typer.Exit(Exit.NO)


def _foresee(kind: RollbackKind, reason: str, deployment_id: str, url: str, token: str, *, as_json: bool) -> None:
    """Say each step that would be done; exit 1 when one would not be."""
    body = {"kind": kind, "reason": reason, "deployment_id": deployment_id, "dry_run": True}
    plan: RollbackPlan = ask("POST", url, token, "rollbacks", RollbackPlan, body)
    if as_json:
        print_json(plan)
    else:
        say(f"would take {plan.deployment_id} back ({plan.version})" if plan.deployment_id else "no release is known")
        for one in plan.steps:
            say(f"  {one.step}: {one.would}" if not one.refusal else f"  {one.step}: not done: {one.refusal}")
        if plan.asks:
            say(f"  {plan.asks}")
    if any(one.refusal for one in plan.steps):
        raise typer.Exit(Exit.NO)


def _tell(run: RollbackRun, told: int) -> int:
    """Say the steps that have ended since; how many are told now."""
    ended = [(step, run.steps[step]) for step in STEPS[run.kind] if step in run.steps]
    for step, result in ended[told:]:
        note(f"{step}: {result.status}: {result.detail}")
    return len(ended)


def _say_payments(listed: CompensationState) -> None:
    more = f", {listed.beyond} more were not looked at" if listed.beyond else ""
    say(f"{listed.deployment_id}: {len(listed.payments)} payments{more}; digest {listed.digest[:12]}")
    for one in listed.payments:
        fix = listed.fixes.get(one.payment_id)
        done = "" if fix is None else f" -> {fix.detail}" if fix.ended else " -> under way"
        say(f"  {one.payment_id}  {one.fix} {money(one.amount_cents)}: {one.why}{done}")


def _is_right(listed: CompensationState, payment_id: str) -> bool:
    fix = listed.fixes.get(payment_id)
    none_needed = any(one.payment_id == payment_id and one.fix == "none" for one in listed.payments)
    return none_needed or (fix is not None and fix.done)
