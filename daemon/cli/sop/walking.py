"""``tillwatch sop run`` and ``sop resume``: a procedure walked at the terminal, and gone on with where it stood."""

import re
import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from config.load import Configuration
from config.procedures.placeholders import filled
from config.procedures.procedure import Procedure
from daemon.cli.asking_daemon import BESIDE, Declined, refused
from daemon.cli.options import DataDir, DryRun, Json, Token, Url
from daemon.cli.output import Exit, fail, note, print_json, say
from daemon.cli.sop.files import Directory, Name, loaded, parameters_begun_with, parameters_of, procedure_named
from daemon.cli.sop.person import AtTheTerminal, answers_given, options_given
from daemon.cli.sop.record import RUN_ID, LocalRecord, RecordUnusable
from daemon.cli.sop.recorder import Recorder
from daemon.cli.sop.running import Program, Surroundings
from daemon.cli.sop.walker import End, Walked, Walker, end_of
from daemon.clock import SystemClock
from remediation.journal.procedure_kinds import ProcedureBegun
from remediation.procedures.model import FIRST_NUMBER, ProcedureRun, RunOutcome, StepState

INCIDENT = re.compile(r"inc-[0-9]{1,16}", re.ASCII)

Answers = Annotated[
    list[str] | None, typer.Option("--answer", help="STEP=ANSWER: what a person says to that step, given beforehand.")
]
Options = Annotated[
    list[str] | None,
    typer.Option("--option", help="--NAME=VALUE: given to every command that takes it, such as --kms-key=alias/till."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do without asking what cannot harm; what can is asked all the same.")]


class RunDocument(msgspec.Struct, frozen=True, kw_only=True):
    """end: done, stopped or waits. step: where it stands. journaled: all of it is in the daemon's journal."""

    run: ProcedureRun
    end: str
    step: str
    detail: str
    journaled: bool


def undo(
    run_id: Annotated[str, typer.Argument(help="Such as run-20261127t034500z-3fa9c1.", metavar="RUN")],
    only: Annotated[str, typer.Option("--step", help="This one alone; every one that was done when left out.")] = "",
    answers: Answers = None,
    option: Options = None,
    config: Directory = None,
    data_dir: DataDir = BESIDE,
    url: Url = "",
    token: Token = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Take back what a run has done, the last step first; each is asked about. Exit 1 when one cannot be."""
    at = Terminal(url, token, data_dir, config, answers, option, yes=False, as_json=as_json)
    recorder, procedure, found = _taken_up(run_id, at)
    done = [
        step
        for step in procedure.steps
        if step.undo and step.id in found.results and only in {"", step.id} and _may_be_done(found, step.id)
    ]
    if not done:
        fail(f"{run_id} has done nothing that can be taken back\n  fix: see sop status {run_id}", Exit.NO)
    with _ending(run_id):
        walked = _walker(procedure, recorder, at).take_back(done)
        _told(recorder, walked, as_json=as_json)
    if walked.end is not End.DONE:
        fail(f"not taken back: {walked.step}: {walked.detail}", Exit.NO)


def _may_be_done(found: ProcedureRun, step: str) -> bool:
    return found.results[step].state not in {StepState.SKIPPED, StepState.UNDONE}


class PlannedStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step as it would be done. nature: looks, mild, harms, or person where there is no command."""

    step: str
    title: str
    command: tuple[str, ...]
    nature: str
    blocks: bool
    second_person: bool
    undo: tuple[str, ...]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a dry run says."""

    procedure: str
    parameters: dict[str, str]
    steps: list[PlannedStep]


@dataclass(frozen=True, slots=True)
class Terminal:
    """What was typed beside the procedure's name."""

    url: str
    token: str
    data_dir: Path
    config: Path | None
    answers: list[str] | None
    given: list[str] | None
    yes: bool
    as_json: bool

    @property
    def options(self) -> dict[str, str]:
        """For every command that takes them; what a command would take by itself is left to it."""
        data_dir = "" if self.data_dir == BESIDE else str(self.data_dir)
        config = "" if self.config is None else str(self.config)
        return {"--data-dir": data_dir, "--config": config, **options_given(self.given)}


def run(
    name: Name,
    sets: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE: a parameter of the procedure.")] = None,
    incident: Annotated[str, typer.Option(help="For which incident it is walked, such as inc-25.")] = "",
    answers: Answers = None,
    option: Options = None,
    config: Directory = None,
    data_dir: DataDir = BESIDE,
    url: Url = "",
    token: Token = "",
    dry_run: DryRun = False,  # noqa: FBT002 - a flag.
    yes: Yes = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Walk a procedure. What looks runs by itself, what harms is asked before. Exit 1 where it stopped or waits."""
    configuration = loaded(config)
    procedure = procedure_named(configuration, name)
    if incident and INCIDENT.fullmatch(incident) is None:
        fail(f"{incident!r:.40} is no incident\n  fix: copy its name from incidents list", Exit.BAD_INPUT)
    parameters = parameters_of(procedure, [] if sets is None else sets, incident)
    if dry_run:
        _say_plan(procedure, parameters, as_json=as_json)
        return
    now_ms = SystemClock().now_ms()
    begun = ProcedureBegun(
        run_id=run_id_at(now_ms),
        number=FIRST_NUMBER,
        said_at_ms=now_ms,
        procedure=procedure.name,
        digest=procedure.digest,
        steps=tuple(step.id for step in procedure.steps),
        parameters=parameters,
        incident_id=incident,
    )
    recorder = Recorder(LocalRecord(data_dir), url, token, note)
    at = Terminal(url, token, data_dir, config, answers, option, yes=yes, as_json=as_json)
    with _ending(begun.run_id):
        recorder.record(begun)
        _walk(procedure, recorder, at)


def resume(
    run_id: Annotated[str, typer.Argument(help="Such as run-20261127t034500z-3fa9c1.", metavar="RUN")],
    answers: Answers = None,
    option: Options = None,
    config: Directory = None,
    data_dir: DataDir = BESIDE,
    url: Url = "",
    token: Token = "",
    abandon: Annotated[str, typer.Option(help="End it instead, with this reason.")] = "",
    yes: Yes = False,  # noqa: FBT002 - a flag.
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Go on with a run where it stood, also after a crash. What may have been done is looked at, and not repeated."""
    at = Terminal(url, token, data_dir, config, answers, option, yes=yes, as_json=as_json)
    recorder, procedure, found = _taken_up(run_id, at)
    with _ending(run_id):
        if abandon:
            recorder.record(end_of(found, RunOutcome.ABANDONED, abandon, SystemClock().now_ms()))
            _told(recorder, Walked(End.DONE, "", f"given up: {abandon}"), as_json=as_json)
            return
        _walk(procedure, recorder, at)


def run_id_at(now_ms: int) -> str:
    """A name of its own. Letters stand between its digits, so that it never looks like a card number."""
    return f"run-{datetime.fromtimestamp(now_ms / 1000, UTC):%Y%m%dt%H%M%Sz}-x{secrets.token_hex(3)}"


def _taken_up(run_id: str, at: Terminal) -> tuple[Recorder, Procedure, ProcedureRun]:
    """A run that goes on, with its procedure as it was begun. Ends the command when there is none."""
    if RUN_ID.fullmatch(run_id) is None:
        fail(f"{run_id!r:.60} is no name of a run\n  fix: copy it from sop status", Exit.BAD_INPUT)
    configuration = loaded(at.config)
    recorder = Recorder(LocalRecord(at.data_dir), at.url, at.token, note)
    with _ending(run_id):
        found = recorder.take_up(run_id)
    if found is None:
        fail(f"there is no run {run_id} here\n  fix: see sop status --all, or give --data-dir or --url", Exit.NO)
    procedure = _as_begun(configuration, found)
    if found.is_over:
        fail(f"{run_id} has ended: {found.outcome}\n  fix: begin anew with sop run {procedure.name}", Exit.NO)
    return recorder, procedure, found


def _walker(procedure: Procedure, recorder: Recorder, at: Terminal) -> Walker:
    speak = note if at.as_json else say
    if recorder.run is not None:
        parameters_begun_with(procedure, recorder.run)
    around = Surroundings(url=at.url, token=at.token, options=at.options)
    person = AtTheTerminal(answers_given([] if at.answers is None else at.answers), harmless_yes=at.yes)
    return Walker(procedure, recorder, Program(around), person, SystemClock().now_ms, speak)


def _walk(procedure: Procedure, recorder: Recorder, at: Terminal) -> None:
    """Go as far as it goes, and say where that is. Exit 1 when it is not the end."""
    walked = _walker(procedure, recorder, at).walk()
    _told(recorder, walked, as_json=at.as_json)
    if walked.end is not End.DONE:
        run_id = "" if recorder.run is None else recorder.run.id
        step = procedure.step_of(walked.step)
        ask = f" --from {step.trouble}" if step is not None and step.trouble is not None else ""
        help_ = f"\n  what now: tillwatch sop diagnose {procedure.name}{ask} --run {run_id}" if procedure.tree else ""
        stands = "stopped at" if walked.end is End.STOPPED else "waits at"
        fail(f"{stands} {walked.step}: {walked.detail}{help_}\n  go on: tillwatch sop resume {run_id}", Exit.NO)


def _told(recorder: Recorder, walked: Walked, *, as_json: bool) -> None:
    waiting = recorder.catch_up()
    run = recorder.run
    if run is None:
        return
    if as_json:
        print_json(RunDocument(run=run, end=walked.end, step=walked.step, detail=walked.detail, journaled=waiting == 0))
    elif walked.end is End.DONE:
        stands = "is over" if run.is_over else f"stands at {run.stands_at}"
        say(f"{run.id} {stands}" + (f"; {walked.detail}" if walked.detail else ""))
    if waiting:
        note(f"{waiting} entries of {run.id} are written down here alone; sop resume or sop status sends them")


def _as_begun(configuration: Configuration, found: ProcedureRun) -> Procedure:
    """The procedure of the run; another one of its name is not what was begun."""
    procedure = procedure_named(configuration, found.procedure)
    if procedure.digest != found.digest:
        what = f"{found.procedure} was changed since {found.id} began"
        fix = f"give --config with the files that it began with, or end it: sop resume {found.id} --abandon 'changed'"
        fail(f"{what}\n  fix: {fix}", Exit.NO)
    return procedure


def _say_plan(procedure: Procedure, parameters: dict[str, str], *, as_json: bool) -> None:
    """Each step as it would be done."""
    steps = [
        PlannedStep(
            step=one.id,
            title=one.title,
            command=filled(one.command, parameters),
            nature=str(one.nature) if one.command else "person",
            blocks=one.criticality == "blocks",
            second_person=one.approval.second_person,
            undo=filled(one.undo, parameters),
        )
        for one in procedure.steps
    ]
    if as_json:
        print_json(Plan(procedure=procedure.name, parameters=parameters, steps=steps))
        return
    for number, one in enumerate(steps, start=1):
        how = {"looks": "looks", "mild": "asks, harms nobody", "harms": "asks, and harms", "person": "by a person"}
        say(f"{number:>3}. {one.step}: {one.title} ({how[one.nature]})")
        if one.command:
            say(f"     $ {shlex.join(one.command)}")
    say("nothing was done")


@contextmanager
def _ending(run_id: str) -> Iterator[None]:
    """End the command when the daemon says no, what is done cannot be written down, or somebody stops it."""
    try:
        yield
    except Declined as no:
        refused(no)
    except RecordUnusable as fault:
        fail(
            f"{fault}\n  fix: say it otherwise, or give another --data-dir; what is not written down is not done",
            Exit.BAD_INPUT,
        )
    except KeyboardInterrupt:
        fail(f"\nstopped; go on with tillwatch sop resume {run_id}", Exit.NO)
