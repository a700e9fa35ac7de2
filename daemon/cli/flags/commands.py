"""``tillwatch flags``: what each flag serves and who lags, and changes of one, with who and why."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.asking_daemon import ask, confirmed, name_of
from daemon.cli.flags.report import report
from daemon.cli.options import DryRun, Json, Reason, Token, Url
from daemon.cli.output import Exit, fail, note, print_json, say
from daemon.flags.desk import FlagAnswer
from daemon.flags.view import ChangeRow, FlagDocument, FlagHistory, FlagList, FlagRow
from remediation.flags.words import DONE_WORDS

POLL_SECONDS = 0.1
flags_app = typer.Typer(
    no_args_is_help=True,
    help="The quick lever: what each flag serves, and set, ramp, kill or revive one. "
    "Exit 1 when it was refused, with the reason.",
)

Key = Annotated[str, typer.Argument(help="Such as instant-payouts, from the list.", metavar="FLAG")]
Force = Annotated[
    bool, typer.Option("--force", help="Do not ask before, and pass a freeze of changes over; approvals still hold.")
]
Wait = Annotated[
    float,
    typer.Option(help="Seconds until every process has to report it; exit 3 when one does not. 0: do not wait.", min=0),
]

OF_A_FLAG_ALONE = {
    "revert": (
        "Take the last change of {} back?",
        "Serve again what the flag did before its last change, or before the whole of its ramp.",
    ),
    "kill": (
        "Kill {}: its safe default for every payment, within milliseconds?",
        (
            "Serve the flag's safe default to everybody, whatever else is set, until it is revived. "
            "No approval is needed.\n\n"
            'Example: tillwatch flags kill instant-payouts --reason "payouts arrive twice" --wait 5'
        ),
    ),
    "revive": (
        "Revive {}, for every payment from now on?",
        (
            "Take a kill back: the flag serves exactly what it did before. "
            "A critical flag needs another person's approval."
        ),
    ),
}
"""The commands that take no value: what is asked before, and what they say of themselves."""


@flags_app.command("list")
def list_(url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """What each flag serves, and which processes lag behind. Exit 0."""
    found: FlagList = ask("GET", url, token, "flags", FlagList)
    if as_json:
        print_json(found)
        return
    width = max((len(row.key) for row in found.flags), default=0)
    for row in found.flags:
        say(f"{row.key:<{width}}  {_mark(row):<8}  {row.serves}{_changed(row)}")
    for line in _processes(found):
        say(line)


@flags_app.command("get")
def get(flag: Key, url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """One flag: its variants, its rules, and what it serves in place of them."""
    found: FlagDocument = ask("GET", url, token, f"flags/{name_of(flag, 'a flag')}", FlagDocument)
    if as_json:
        print_json(found)
        return
    say(f"{found.key}: {found.description}" if found.description else found.key)
    critical = ", critical: another person has to agree to changes" if found.critical else ""
    say(f"  serves     {found.serves}")
    say(f"  variants   {', '.join(found.variants)} (safe default {found.safe_default}){critical}")
    say(f"  document   {found.default_variant}{', with a rule of its own' if found.targeted else ''}")
    if found.killed is not None:
        say(f"  killed by  {found.killed.by}, {_moment(found.killed.at_ms)}: {found.killed.reason}")
        say(f'  way back   tillwatch flags revive {found.key} --reason "..."')
    if found.ramp is not None:
        say(f"  ramp       at {found.ramp.percent} %: {found.ramp_waits or 'not looked at yet'}")
    if found.changed_at_ms and found.killed is None:
        say(f"  changed by {found.changed_by}, {_moment(found.changed_at_ms)}: {found.reason}")
    for rule in (found.targeting, found.definition.get("targeting")):
        if rule:
            say(f"  rule       {json.dumps(rule)}")
            break


@flags_app.command("history")
def history(flag: Key, url: Url = "", token: Token = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """Who changed it, when and why, newest first."""
    found: FlagHistory = ask("GET", url, token, f"flags/{name_of(flag, 'a flag')}/history", FlagHistory)
    if as_json:
        print_json(found)
        return
    if not found.changes:
        say(f"{flag} is as the document says, and always was")
    for change in found.changes:
        say(_history_line(change))


@flags_app.command("set")
def set_(
    flag: Key,
    reason: Reason,
    variant: Annotated[str, typer.Argument(help="For everybody; left out with --document.", metavar="[VARIANT]")] = "",
    targeting: Annotated[
        Path | None, typer.Option(help="A file with JsonLogic; VARIANT is for whom it gives none.", dir_okay=False)
    ] = None,
    document: Annotated[bool, typer.Option("--document", help="As flags.json says.")] = False,  # noqa: FBT002 - a flag.
    wait: Wait = 0.0,
    url: Url = "",
    token: Token = "",
    dry_run: DryRun = False,  # noqa: FBT002 - a flag.
    force: Force = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Serve one variant to everybody, or by a rule of your own.

    Example: tillwatch flags set automated-escrow off --reason "escrow is being audited"
    """
    if document == bool(variant or targeting):
        fail("to what?\n  fix: name a variant, or give --targeting FILE or --document", Exit.BAD_INPUT)
    body = {"variant": variant if variant else None, "targeting": _rule(targeting)}
    to = "what the document says" if document else variant if targeting is None else f"the rule of {targeting}"
    question = f"Set {flag} to {to}, for every payment from now on?"
    _change("set", flag, reason, body, question, wait, url, token, dry_run=dry_run, force=force, as_json=as_json)


@flags_app.command("ramp")
def ramp(
    flag: Key,
    variant: Annotated[str, typer.Argument(help="To which variant.")],
    reason: Reason,
    steps: Annotated[str, typer.Option(help="In percent, such as 5,25,100; those of flags.yaml when left out.")] = "",
    wait: Wait = 0.0,
    url: Url = "",
    token: Token = "",
    dry_run: DryRun = False,  # noqa: FBT002 - a flag.
    force: Force = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Give more and more customers a variant, each step on evidence; taken back by itself when it is bad.

    Example: tillwatch flags ramp instant-payouts on --steps 5,25,100 --reason "the new rail is proven"
    """
    percents = [part.strip() for part in steps.split(",")] if steps else []
    if not all(part.isascii() and part.isdecimal() for part in percents):
        fail(f"{steps!r:.60} is no list of percents\n  fix: write --steps 5,25,100", Exit.BAD_INPUT)
    body = {"variant": variant, "steps": [int(part) for part in percents]}
    question = f"Begin to ramp {flag} to {variant}?"
    _change("ramp", flag, reason, body, question, wait, url, token, dry_run=dry_run, force=force, as_json=as_json)


def _command(what: str, question: str) -> Callable[..., None]:
    """A command that says nothing but which flag and why; what it does is its name."""

    def command(
        flag: Key,
        reason: Reason,
        wait: Wait = 0.0,
        url: Url = "",
        token: Token = "",
        dry_run: DryRun = False,  # noqa: FBT002 - a flag.
        force: Force = False,  # noqa: FBT002 - a flag.
        as_json: Json = False,  # noqa: FBT002 - a flag.
    ) -> None:
        asked = question.format(flag)
        _change(what, flag, reason, {}, asked, wait, url, token, dry_run=dry_run, force=force, as_json=as_json)

    return command


for _what, (_question, _help) in OF_A_FLAG_ALONE.items():
    flags_app.command(_what, help=_help)(_command(_what, _question))
flags_app.command("report")(report)


def _change(
    what: str,
    flag: str,
    reason: str,
    body: Mapping[str, object],
    question: str,
    wait_seconds: float,
    url: str,
    token: str,
    *,
    dry_run: bool,
    force: bool,
    as_json: bool,
) -> None:
    name = name_of(flag, "a flag")
    if not dry_run:
        confirmed(question, force=force)
    asked = {**body, "reason": reason, "dry_run": dry_run, "force": force}
    told: FlagAnswer = ask("POST", url, token, f"flags/{name}/{what}", FlagAnswer, asked)
    missing = _followed(told, wait_seconds, url, token) if wait_seconds and not told.planned else ""
    if as_json:
        print_json(told)
    elif told.planned:
        say(f"{name} {told.detail}; nothing was done")
    else:
        already = "" if told.changed else " already"
        say(f"{name} serves {told.detail}{already}, from version {told.version} on")
    if missing:
        fail(missing, Exit.WORLD_REFUSED)


def _followed(told: FlagAnswer, wait_seconds: float, url: str, token: str) -> str:
    """Look until every process reports this version; what is missing when the time is over."""
    deadline = time.monotonic() + wait_seconds
    while True:
        found: FlagList = ask("GET", url, token, "flags", FlagList)
        live = [one for one in found.processes if one.live]
        behind = [one.report.process for one in live if one.report.version < told.version]
        silent = [one.report.process for one in found.processes if one.missed]
        if live and not behind and not silent and not found.straying:
            note(f"all {len(live)} processes serve version {told.version} or newer")
            return ""
        if time.monotonic() >= deadline:
            named = f"behind: {', '.join(behind)}; " if behind else ""
            gone = f"silent: {', '.join(silent)}; " if silent else ""
            other = f"of another journal: {', '.join(found.straying)}; " if found.straying else ""
            nobody = "no process reports; " if not live else ""
            return f"{nobody}{named}{other}{gone}version {told.version} is not seen everywhere after {wait_seconds:g} s"
        time.sleep(POLL_SECONDS)


def _rule(path: Path | None) -> object:
    if path is None:
        return None
    try:
        rule: object = json.loads(path.read_text("utf-8"))
    except OSError as fault:
        fail(f"{path}: {fault.strerror}\n  fix: name a file with one JsonLogic rule", Exit.BAD_INPUT)
    except ValueError as fault:
        fail(f"{path}: {fault}\n  fix: write one JsonLogic rule as JSON", Exit.BAD_INPUT)
    return rule


def _mark(row: FlagRow) -> str:
    if row.killed is not None:
        return "KILLED"
    if row.ramp is not None:
        return f"{row.ramp.percent} %"
    return "set" if row.changed_at_ms and row.serves != "as the document says" else "document"


def _changed(row: FlagRow) -> str:
    if not row.changed_at_ms:
        return f": {row.default_variant}" if row.serves == "as the document says" else ""
    return f" ({row.changed_by}, {_moment(row.changed_at_ms)}: {row.reason})"


def _processes(found: FlagList) -> list[str]:
    live = [one for one in found.processes if one.live]
    current = sum(one.follows for one in live)
    lines = [f"version {found.version}: {current} of {len(live)} processes serve it" if live else _NOBODY]
    lines += [f"lags: {one.report.process} serves {one.report.version}" for one in live if one.lags]
    lines += [f"strays: {one.report.process} serves {one.report.version} {_STRAYS}" for one in live if one.strays]
    lines += [f"silent: {name}" for name in found.silent]
    if found.publisher.broker and not found.publisher.connected:
        lines.append(f"the broker is away: {found.publisher.fault}")
    if found.refused:
        lines.append(f"flags.json is not in effect: {found.refused}")
    return lines


_STRAYS = "of another journal, and ignores us\n  fix: stop it, remove payments.flags.json and its .seen, start it"
_NOBODY = "no process reports which flags it serves"


def _history_line(change: ChangeRow) -> str:
    void = ", void because it was killed" if change.void else ""
    serves = f": {change.serves}" if change.serves else ""
    when = _moment(change.at_ms)
    return f"{change.version}  {when}  {change.by}  {DONE_WORDS[change.what]}{serves}{void} ({change.reason})"


def _moment(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
