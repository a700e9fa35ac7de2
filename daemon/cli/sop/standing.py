"""``tillwatch sop status``: runs that go on, what is due, and what was written down here and not sent yet."""

from typing import Annotated

import typer

from daemon.cli.asking_daemon import BESIDE, Declined, Unanswered, answered, refused
from daemon.cli.options import DataDir, Json, Token, Url
from daemon.cli.output import Exit, fail, note, print_json, say
from daemon.cli.sop.record import RUN_ID, LocalRecord, RecordUnusable
from daemon.cli.sop.recorder import HERE, Recorder
from daemon.http.doors.procedures import ProcedureList
from daemon.http.words.procedure_sentences import OUTCOME_WORDS, STATE_WORDS
from daemon.http.words.wording import duration, moment
from remediation.procedures.model import ProcedureRun


def status(
    run_id: Annotated[str, typer.Argument(help="One run; those that go on when left out.", metavar="[RUN]")] = "",
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,  # noqa: FBT002 - a flag.
    data_dir: DataDir = BESIDE,
    url: Url = "",
    token: Token = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Runs of procedures and where each stands, what is due to be done again, and drills."""
    if run_id and RUN_ID.fullmatch(run_id) is None:
        fail(f"{run_id!r:.60} is no name of a run\n  fix: copy it from sop status --all", Exit.BAD_INPUT)
    local = LocalRecord(data_dir)
    try:
        _send(local, url, token)
        found = _known(local, url, token)
    except Declined as no:
        refused(no)
    except RecordUnusable as fault:
        fail(f"{fault}\n  fix: give another --data-dir, or move the file away", Exit.BAD_INPUT)
    chosen = [one for one in found.runs if (run_id == one.id if run_id else every or not one.is_over)]
    if run_id and not chosen:
        fail(f"there is no run {run_id}\n  fix: see sop status --all", Exit.NO)
    if as_json:
        print_json(ProcedureList(procedures=found.procedures, runs=chosen, drills=found.drills))
        return
    _say(found, chosen, in_full=bool(run_id))


def _known(local: LocalRecord, url: str, token: str) -> ProcedureList:
    """What the daemon has; without one, what is written down here."""
    try:
        found: ProcedureList = answered("GET", url, token, "procedures", ProcedureList)
    except Unanswered as fault:
        note(f"{fault}; this is what is written down here")
        runs = [run for run_id in local.run_ids() if (run := local.run(run_id, HERE)) is not None]
        return ProcedureList(procedures=[], runs=runs, drills=local.drills())
    return found


def _send(local: LocalRecord, url: str, token: str) -> None:
    """What was written down while no daemon answered goes into the journal now; a no is told, and the others go on."""
    for run_id in local.run_ids():
        recorder = Recorder(local, url, token, lambda _: None)
        try:
            recorder.take_up(run_id)
        except Declined as no:
            note(f"{run_id} stays written down here alone: {no.said}")
        if not recorder.journaled:
            return


def _say(found: ProcedureList, chosen: list[ProcedureRun], *, in_full: bool) -> None:
    for one in chosen:
        for line in _lines(one, in_full=in_full):
            say(line)
    if not chosen:
        # Without a daemon only what was written down here is known.
        is_known = bool(found.procedures)
        say("no procedure is under way" if is_known else "nothing is written down here; a daemon knows the others")
    if in_full:
        return
    for row in found.procedures:
        if row.is_due:
            since = f"was due {moment(row.due_at_ms).text} UTC"
            say(f"due: {row.name}: {row.title} ({since}): tillwatch sop run {row.name}")
    for drill in found.drills[:1]:
        took = "never" if drill.recovery_ms is None else duration(drill.recovery_ms)
        kept = "kept" if drill.met else "not kept"
        say(f"last drill: {drill.scenario} on {moment(drill.said_at_ms).text} UTC, {took}, promise {kept}")


def _lines(one: ProcedureRun, *, in_full: bool) -> list[str]:
    about = f" for {one.incident_id}" if one.incident_id else ""
    begun = f"by {one.begun_by} on {moment(one.begun_at_ms).text} UTC"
    stands = f"stands at {one.stands_at}" if one.outcome is None else OUTCOME_WORDS[one.outcome]
    lines = [f"{one.id}  {one.procedure}{about}, begun {begun}, {stands}"]
    if not in_full:
        return lines
    for name in one.steps:
        result = one.results.get(name)
        said = "is to come" if result is None else f"{STATE_WORDS[result.state]} ({result.by}): {result.detail}"
        lines.append(f"  {name} {said}".rstrip(": "))
    lines += [f"  {answer.about} was answered {answer.answer} by {answer.by}" for answer in one.answers]
    if one.late:
        lines.append("  a part of it was written down while no daemon answered")
    return lines
