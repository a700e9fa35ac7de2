"""``tillwatch sop diagnose``: the questions of a procedure, asked until one answer says what to do."""

from typing import Annotated, Any

import msgspec
import typer

from config.procedures.placeholders import filled, placeholders_of
from config.procedures.procedure import Procedure
from config.procedures.tree import NO, UNKNOWN, YES, Question, Target
from daemon.cli.asking_daemon import BESIDE, Declined, refused
from daemon.cli.options import DataDir, Json, Token, Url
from daemon.cli.output import Exit, fail, note, print_json, say
from daemon.cli.sop.files import Directory, Name, loaded, parameters_begun_with, parameters_of, procedure_named
from daemon.cli.sop.person import AtTheTerminal, NobodyAnswered, answers_given
from daemon.cli.sop.record import RUN_ID, LocalRecord, RecordUnusable
from daemon.cli.sop.recorder import Recorder
from daemon.cli.sop.running import Program, Surroundings
from daemon.cli.sop.seen import seen
from daemon.cli.sop.walker import CHECK_SECONDS
from daemon.clock import SystemClock
from remediation.journal.procedure_kinds import ProcedureAnswered

TREE = "?"
"""Before the name of a question, so that no step has its name."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question on the way, with its answer."""

    question: str
    ask: str
    answer: str
    detail: str


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """The way, and where it led: a step, a procedure or a person, of which at most one is named; say: what to do."""

    procedure: str
    way: list[Asked]
    step: str
    procedure_next: str
    call: str
    say: str


def diagnose(
    name: Name,
    start: Annotated[str, typer.Option("--from", help="The question to begin with; the first when left out.")] = "",
    answers: Annotated[
        list[str] | None, typer.Option("--answer", help="QUESTION=ANSWER: what a person says to it, given beforehand.")
    ] = None,
    sets: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE: a parameter of the procedure.")] = None,
    run_id: Annotated[str, typer.Option("--run", help="The run in which it is asked; its answers are recorded.")] = "",
    config: Directory = None,
    data_dir: DataDir = BESIDE,
    url: Url = "",
    token: Token = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Find out what is wrong: looks by itself, asks what only a person sees, and says what to do. Changes nothing."""
    procedure = procedure_named(loaded(config), name)
    first = start if start else procedure.first
    if first is None:
        fail(f"{procedure.name} has no questions\n  fix: see sop show {procedure.name}", Exit.NO)
    if first not in procedure.tree:
        known = ", ".join(procedure.tree)
        fail(f"{procedure.name} has no question {first!r:.60}\n  fix: known: {known}", Exit.BAD_INPUT)
    if run_id and RUN_ID.fullmatch(run_id) is None:
        fail(f"{run_id!r:.60} is no name of a run\n  fix: copy it from sop status", Exit.BAD_INPUT)
    recorder = Recorder(LocalRecord(data_dir), url, token, note)
    options = {
        "--data-dir": "" if data_dir == BESIDE else str(data_dir),
        "--config": "" if config is None else str(config),
    }
    person = AtTheTerminal(answers_given([] if answers is None else answers), harmless_yes=True)
    speak = note if as_json else say
    try:
        run = recorder.take_up(run_id) if run_id else None
        if run_id and (run is None or run.procedure != procedure.name):
            fail(f"{run_id} is no run of {procedure.name}\n  fix: see sop status", Exit.NO)
        asking = _asking(procedure)
        given = [] if sets is None else sets
        parameters = parameters_begun_with(asking, run) if run is not None else parameters_of(asking, given, "")
        ask = _Asking(procedure, parameters, Program(Surroundings(url, token, options)), person, recorder, speak)
        found = ask.from_(first)
    except Declined as no:
        refused(no)
    except RecordUnusable as fault:
        fail(f"{fault}\n  fix: give another --data-dir", Exit.BAD_INPUT)
    except NobodyAnswered:
        fail("nobody answered\n  fix: give --answer QUESTION=ANSWER, or ask at a terminal", Exit.NO)
    if as_json:
        print_json(found)
        return
    for line in _end(found):
        say(line)


class _Asking:
    def __init__(
        self,
        procedure: Procedure,
        parameters: dict[str, str],
        program: Program,
        person: AtTheTerminal,
        recorder: Recorder,
        speak: Any,  # noqa: ANN401 - what prints a line
    ) -> None:
        self._procedure = procedure
        self._parameters = parameters
        self._program = program
        self._person = person
        self._recorder = recorder
        self._speak = speak

    def from_(self, first: str) -> Diagnosis:
        """Ask until an answer leads out of the tree. Raises NobodyAnswered."""
        way: list[Asked] = []
        name: str | None = first
        target = Target(say="nothing")
        while name is not None:
            question = self._procedure.tree[name]
            answer, detail = self._answered(name, question)
            way.append(Asked(question=name, ask=question.asked, answer=answer, detail=detail))
            self._record(name, answer)
            target = question.answers[answer]
            if target.say:
                self._speak(f"  {target.say}")
            name = target.question
        return Diagnosis(
            procedure=self._procedure.name,
            way=way,
            step="" if target.step is None else target.step,
            procedure_next="" if target.procedure is None else target.procedure,
            call="" if target.call is None else target.call,
            say=target.say,
        )

    def _answered(self, name: str, question: Question) -> tuple[str, str]:
        if question.check is None:
            return self._person.answer(name, question.asked, tuple(question.answers)), ""
        command = filled(question.check.command if question.check.command else question.look, self._parameters)
        found = seen(question.check, self._program.run(command, CHECK_SECONDS))
        answer = UNKNOWN if found.passed is None else YES if found.passed else NO
        self._speak(f"{question.asked} {answer}: {found.detail}")
        return answer, found.detail

    def _record(self, name: str, answer: str) -> None:
        run = self._recorder.run
        if run is None or run.is_over:
            return
        now_ms = SystemClock().now_ms()
        self._recorder.record(
            ProcedureAnswered(
                run_id=run.id, number=run.told + 1, said_at_ms=now_ms, about=f"{TREE}{name}", answer=answer
            )
        )


def _asking(procedure: Procedure) -> Procedure:
    """The procedure with the parameters alone that its questions need; others are for its steps."""
    needed = {
        name
        for one in procedure.tree.values()
        for name in placeholders_of((*one.look, *(() if one.check is None else one.check.command)))
    }
    wanted = {name: one for name, one in procedure.parameters.items() if name in needed}
    return procedure.model_copy(update={"parameters": wanted})


def _end(found: Diagnosis) -> list[str]:
    if found.step:
        return [f"do the step {found.step}: tillwatch sop show {found.procedure}"]
    if found.procedure_next:
        return [f"go on with: tillwatch sop run {found.procedure_next}"]
    if found.call:
        return [f"call {found.call}: tillwatch sop contacts"]
    return []
