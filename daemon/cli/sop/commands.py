"""``tillwatch sop``: the procedures that there are, who is to be called, and the doors to walking one."""

import shlex
from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer

from config.procedures.check import AnswerCheck
from config.procedures.commands import Nature
from config.procedures.procedure import Procedure, Step
from config.procedures.tree import Question
from daemon.cli.options import Json
from daemon.cli.output import Exit, fail, print_json, say
from daemon.cli.sop.contacts import contacts
from daemon.cli.sop.diagnosing import diagnose
from daemon.cli.sop.drill import drill
from daemon.cli.sop.files import Directory, Name, loaded, procedure_named
from daemon.cli.sop.standing import status
from daemon.cli.sop.walking import resume, run, undo
from daemon.http.words.wording import duration

sop_app = typer.Typer(
    no_args_is_help=True,
    help="Procedures: list them, walk one step by step, find out what is wrong, rehearse the continuity plan.",
)
NATURE_WORDS = {Nature.LOOKS: "only looks", Nature.MILD: "harms nobody", Nature.HARMS: "asks before it is done"}


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One procedure, as a list has it; within and every: seconds."""

    name: str
    title: str
    family: str
    owner: str
    within_seconds: float
    every_seconds: float
    steps: int
    runbooks: tuple[str, ...]


class ProcedureListing(msgspec.Struct, frozen=True, kw_only=True):
    """By family and name."""

    procedures: list[Listed]


@sop_app.command("list")
def list_(
    config: Directory = None,
    family: Annotated[str, typer.Option(help="emergency, incident, routine or continuity alone.")] = "",
    as_json: Json = False,  # noqa: FBT002 - a flag.
) -> None:
    """Every procedure: what it is for, who does it, how soon, and the runbooks of rules that it answers."""
    if family not in {"", *FAMILIES}:
        fail(f"no procedure is of a family {family!r:.60}\n  fix: name one of {', '.join(FAMILIES)}", Exit.BAD_INPUT)
    known = [one.value for one in loaded(config).procedures if family in {"", one.value.family}]
    known.sort(key=lambda one: (FAMILIES.index(one.family), one.name))
    if as_json:
        print_json(ProcedureListing(procedures=[_listed(one) for one in known]))
        return
    for one in known:
        often = f", every {duration(one.every * 1000)}" if one.every is not None else ""
        say(f"{one.family:<10}  {one.name}: {one.title} (within {duration(one.within * 1000)}{often})")
        if one.runbooks:
            say(f"{'':<12}for {', '.join(one.runbooks)}")


@sop_app.command("show")
def show(name: Name, config: Directory = None, as_json: Json = False) -> None:  # noqa: FBT002 - a flag.
    """One procedure: each step with its command, what is to be seen, who does it, and the tree of questions."""
    procedure = procedure_named(loaded(config), name)
    if as_json:
        print_json(procedure.model_dump(mode="json"))
        return
    for line in _lines(procedure):
        say(line)


FAMILIES = ("emergency", "incident", "continuity", "routine")


def _listed(one: Procedure) -> Listed:
    return Listed(
        name=one.name,
        title=one.title,
        family=one.family,
        owner=one.owner,
        within_seconds=one.within,
        every_seconds=0.0 if one.every is None else one.every,
        steps=len(one.steps),
        runbooks=one.runbooks,
    )


def _lines(one: Procedure) -> Iterator[str]:
    yield f"{one.name}: {one.title}"
    yield f"  {one.purpose}"
    yield f"  by {one.owner}, within {duration(one.within * 1000)}"
    if one.contacts:
        yield f"  call {', '.join(one.contacts)} (tillwatch sop contacts)"
    for name, parameter in one.parameters.items():
        default = f", {parameter.default} when left out" if parameter.default else ""
        yield f"  --set {name}=: {parameter.about}{default}"
    for number, step in enumerate(one.steps, start=1):
        yield from _step(number, step)
    if one.first is not None:
        yield f"  when something is not as expected: tillwatch sop diagnose {one.name}"
        for name, question in one.tree.items():
            yield from _question(name, question)


def _step(number: int, step: Step) -> Iterator[str]:
    yield f"{number:>3}. {step.id}: {step.title}" + (" (goes on when it fails)" if step.criticality == "warns" else "")
    if step.do:
        yield f"     {step.do}"
    if step.command:
        yield f"     $ {shlex.join(step.command)}   ({NATURE_WORDS[step.nature]})"
    if isinstance(step.check, AnswerCheck):
        yield f"     a person answers: {step.check.asked}"
    if step.expect:
        yield f"     expect: {step.expect}"
    needs = [] if step.approval.role == "operator" else [f"the role {step.approval.role}"]
    needs += ["the approval of a second person"] if step.approval.second_person else []
    if needs:
        yield f"     needs {' and '.join(needs)}"
    if step.undo:
        yield f"     taken back by: {shlex.join(step.undo)}"
    if step.trouble is not None:
        yield f"     when it fails: {step.trouble}"


def _question(name: str, question: Question) -> Iterator[str]:
    yield f"     {name}: {question.asked}"
    for answer, target in question.answers.items():
        places = (target.question, target.step, target.procedure, target.call)
        leads = next((place for place in places if place is not None), "")
        words = ("", "step ", "procedure ", "call ")
        kind = next((word for word, place in zip(words, places, strict=True) if place is not None), "")
        yield f"       {answer}: {' '.join(part for part in (f'{kind}{leads}', target.say) if part)}"


sop_app.command("run")(run)
sop_app.command("resume")(resume)
sop_app.command("undo")(undo)
sop_app.command("status")(status)
sop_app.command("diagnose")(diagnose)
sop_app.command("contacts")(contacts)
sop_app.command("drill")(drill)
