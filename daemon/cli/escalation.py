"""``tillwatch escalation``: who is told of an incident and when, who is on duty, as the files say."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from checks.findings import Finding, State
from config.escalation.escalation_file import Escalation
from config.load import load_configuration
from config.loading.problems import ConfigurationError
from daemon.channels.trial import Trial
from daemon.cli.asking_daemon import ask
from daemon.cli.moments import moment_ms, shown
from daemon.cli.options import At, Json, Token, Url, directory_with
from daemon.cli.output import Exit, fail, print_json, say
from daemon.clock import SystemClock
from daemon.http.doors.trials import TrialDocument
from remediation.escalation.chain import PlannedStep
from remediation.escalation.holding import Holding
from remediation.escalation.on_call import Duty, duties, gaps
from remediation.escalation.planning import OPENED, started, steps_of
from remediation.state import SEVERITY_LEVELS, Incident, IncidentState
from remediation.state import State as Folded

escalation_app = typer.Typer(no_args_is_help=True, help="Who is told of an incident and when, and who is on duty.")

DAY_MS = 86_400_000
MINUTE_MS = 60_000
SHOWN_DAYS = 14
GAP_DAYS = 60
"""Rotations and overrides of two months are looked through for hours in which nobody is on duty."""

Directory = Annotated[Path | None, directory_with("escalation.yaml")]


class DutyLine(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's time on duty; person is empty where nobody is."""

    schedule: str
    person: str
    name: str
    layer: str
    starts_at_ms: int
    ends_at_ms: int


class OnDutyNow(msgspec.Struct, frozen=True, kw_only=True):
    """One line for each schedule."""

    at_ms: int
    on_duty: list[DutyLine]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """policies: the steps of an incident that opened now. duties: of two weeks. gaps: of two months."""

    policies: dict[str, tuple[PlannedStep, ...]]
    duties: list[DutyLine]
    gaps: list[DutyLine]


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """Whom an incident would reach. reaches_nobody: it has no step that tells anybody."""

    policy: str
    steps: tuple[PlannedStep, ...]
    reaches_nobody: bool


@escalation_app.command("show")
def show(config: Directory = None, at: At = "", as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """Every policy, the next two weeks of every schedule, and its gaps. Exit 1 when a schedule has a gap."""
    escalation, now_ms = _loaded(config), _moment(at)
    planned = [
        line
        for name, plan in escalation.schedules.items()
        for line in _lines(escalation, name, duties(plan, now_ms, now_ms + SHOWN_DAYS * DAY_MS))
    ]
    holes = [
        line
        for name, plan in escalation.schedules.items()
        for line in _lines(escalation, name, gaps(plan, now_ms, now_ms + GAP_DAYS * DAY_MS))
    ]
    found = Shown(
        policies={name: steps_of(policy, escalation, now_ms) for name, policy in escalation.policies.items()},
        duties=planned,
        gaps=holes,
    )
    if as_json:
        print_json(found)
    else:
        _say_shown(escalation, found, now_ms)
    if holes:
        raise typer.Exit(Exit.NO)


@escalation_app.command("who")
def who(
    schedule: Annotated[str, typer.Argument(help="Which schedule; every one when left out.")] = "",
    config: Directory = None,
    at: At = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Who is on duty at a moment. Exit 1 when nobody is, 2 when there is no such schedule."""
    escalation, at_ms = _loaded(config), _moment(at)
    if schedule and schedule not in escalation.schedules:
        fix = f"name one of {', '.join(escalation.schedules)}" if escalation.schedules else "add one to escalation.yaml"
        fail(f"there is no schedule {schedule!r:.60}\n  fix: {fix}", Exit.BAD_INPUT)
    asked = {name: plan for name, plan in escalation.schedules.items() if schedule in {"", name}}
    seen_until_ms = at_ms + SHOWN_DAYS * DAY_MS
    found = [_lines(escalation, name, duties(plan, at_ms, seen_until_ms))[0] for name, plan in asked.items()]
    if as_json:
        print_json(OnDutyNow(at_ms=at_ms, on_duty=found))
    else:
        for line in found:
            longer = "" if line.ends_at_ms < seen_until_ms else " at least"
            say(f"{line.schedule}: {_named(line)} until {shown(line.ends_at_ms)}{longer}")
    if not found or any(not line.person for line in found):
        raise typer.Exit(Exit.NO)


@escalation_app.command("test")
def try_out(
    config: Directory = None,
    at: At = "",
    severity: Annotated[str, typer.Option(help="critical, high or medium.")] = "critical",
    label: Annotated[list[str] | None, typer.Option(help="Such as family=security or region=us-east-1.")] = None,
    person: Annotated[str, typer.Option(help="Whom to try by each of their channels; asks the daemon.")] = "",
    channel: Annotated[str, typer.Option(help="The channel to try; asks the daemon.")] = "",
    send: Annotated[bool, typer.Option("--send", help="Send it; else what would be sent is shown.")] = False,  # noqa: FBT002
    url: Url = "",
    token: Token = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Whom an incident would reach that opened at a moment, and when. Exit 1 for nobody.

    With --person or --channel: what the running daemon would send as a trial, and with --send it does. No incident is
    opened; the journal has it. Exit 1 when a channel did not take it.
    """
    if person or channel or send:
        _tried(person, channel, url, token, send=send, as_json=as_json)
        return
    escalation, at_ms = _loaded(config), _moment(at)
    incident = _imagined(severity, label, at_ms)
    plan = started(incident, 1, OPENED, escalation, at_ms)
    nobody = not any(step.targets for step in plan.steps)
    if as_json:
        print_json(Tried(policy=plan.policy, steps=plan.steps, reaches_nobody=nobody))
    else:
        say(f"policy {plan.policy}, taken on for {plan.ack_timeout_ms / MINUTE_MS:g} min at most")
        for step in plan.steps:
            say(f"  {_step(step, at_ms)}")
        held = _held(incident, escalation, at_ms)
        if held:
            say(f"but at this moment {held} keeps everybody from being told until it ends")
    if nobody:
        fail("this incident would reach nobody\n  fix: tell somebody in a step of the policy", Exit.NO)


def _tried(person: str, channel: str, url: str, token: str, *, send: bool, as_json: bool) -> None:
    if not person and not channel:
        fail("--send says not to whom\n  fix: give --person NAME or --channel NAME", Exit.BAD_INPUT)
    body = {"person": person, "channel": channel, "send": send}
    found: TrialDocument = ask("POST", url, token, "escalation/test", TrialDocument, body)
    if as_json:
        print_json(found)
    else:
        for one in found.trials:
            say(_trial(one))
        if not found.sent:
            say("nothing was sent; add --send to send it")
    if any(one.outcome == "not_taken" for one in found.trials):
        raise typer.Exit(Exit.NO)


def _trial(one: Trial) -> str:
    whom = f" for {one.person}" if one.person else ""
    head = f"{one.channel} ({one.kind}){whom}, {one.dedup_key}"
    if one.outcome == "would_send":
        return f"{head}, would be sent:\n{one.payload}"
    return f"{head}: {one.outcome.replace('_', ' ')}, {one.detail}"


def _loaded(config: Path | None) -> Escalation:
    try:
        return load_configuration(config).escalation
    except ConfigurationError as error:
        fail(str(error), Exit.BAD_INPUT)


def _moment(at: str) -> int:
    return moment_ms(at) if at else SystemClock().now_ms()


def _lines(escalation: Escalation, schedule: str, found: Iterable[Duty]) -> list[DutyLine]:
    return [
        DutyLine(
            schedule=schedule,
            person=one.person,
            name=escalation.people[one.person].name if one.person else "",
            layer=one.layer,
            starts_at_ms=one.starts_at_ms,
            ends_at_ms=one.ends_at_ms,
        )
        for one in found
    ]


def _imagined(severity: str, labels: list[str] | None, at_ms: int) -> Incident:
    """An incident of these labels, as a rule would open it."""
    level = SEVERITY_LEVELS.get(severity)
    if level is None:
        known = ", ".join(SEVERITY_LEVELS)
        fail(f"{severity!r:.40} opens no incident\n  fix: write one of {known}", Exit.BAD_INPUT)
    key = {}
    for text in () if labels is None else labels:
        name, equals, value = text.partition("=")
        if not equals or not name:
            fail(f"{text!r:.60} is no label\n  fix: write NAME=VALUE, such as family=security", Exit.BAD_INPUT)
        key[name] = value
    rule, family, runbook = (key.pop(name, "") for name in ("rule", "family", "runbook"))
    finding = Finding(
        rule_id=rule,
        family=family,
        state=State.BREACHED,
        key=key,
        value=None,
        breach="",
        samples=0,
        window_seconds=0.0,
        at_ms=at_ms,
        fact_id="",
        severity=severity,
        mode="enforce",
        do=(),
        runbook=runbook,
    )
    return Incident(
        id="inc-0",
        fingerprint=finding.fingerprint,
        rule_id=rule,
        subject=finding.subject,
        severity=level,
        runbook=runbook,
        state=IncidentState.OPEN,
        opened_at_ms=at_ms,
        findings=(finding,),
    )


def _held(incident: Incident, escalation: Escalation, at_ms: int) -> str:
    """What a file can know of it: windows that come back. Silences are a daemon's."""
    return Holding(Folded(incidents={incident.id: incident}), escalation, at_ms).of(incident)


def _say_shown(escalation: Escalation, found: Shown, now_ms: int) -> None:
    for name, steps in found.policies.items():
        usual = " (where no route matches)" if name == escalation.usual else ""
        say(f"policy {name}{usual}")
        for step in steps:
            say(f"  {_step(step, now_ms)}")
    for tier, meaning in escalation.tiers.items():
        say(f"{tier}: {meaning}")
    for line in found.duties:
        say(f"{line.schedule}: {shown(line.starts_at_ms)} to {shown(line.ends_at_ms)}  {_named(line)}")
    for line in found.gaps:
        say(f"gap: nobody is on duty in {line.schedule} from {shown(line.starts_at_ms)} to {shown(line.ends_at_ms)}")


def _step(step: PlannedStep, begins_ms: int) -> str:
    whom = ", ".join(f"{one.person} by {one.channel}" for one in step.targets)
    told = whom if whom else "nobody"
    action = f", tries {step.action}" if step.action else ""
    after_ms = step.at_ms - begins_ms
    after = f"{after_ms / 1000:g} s" if 0 < after_ms < MINUTE_MS else f"{after_ms / MINUTE_MS:g} min"
    return f"{after}  {step.level} ({step.tier}): {told}{action}"


def _named(line: DutyLine) -> str:
    return f"{line.name} ({line.person}, {line.layer})" if line.person else "nobody"
